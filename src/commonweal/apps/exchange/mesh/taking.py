"""One message of an inbox as plain bytes: its chunks in order, unpacked, never more than the mailbox's limit.

A sender may have packed each chunk by itself or the whole before cutting it; both are gzip members one after another,
so one unpacker that goes on over the chunks reads either. ``Mex-Content-Compressed`` with a second gzip inside is what
older clients send; that is unpacked too.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mesh_client import MeshClient

from commonweal.apps.exchange.mesh.errors import BrokenMessage, MessageTooLarge, MissingChunk
from commonweal.apps.exchange.mesh.mailboxes import Mailbox
from commonweal.apps.exchange.mesh.talking import failing

BLOCK = 1 << 16
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Incoming:
    """A message whose first chunk is being received."""

    ident: str
    sender: str
    workflow: str
    report: bool  # MESH itself tells that a message of ours was not delivered
    about: str  # the message a report is about
    encrypted: bool
    packed: bool
    digest: str  # SHA-256 of the content, if the sender said it so
    chunks: int
    _mailbox: Mailbox
    _client: MeshClient
    _first: Any = field(repr=False)

    def blocks(self, unpack: bool = True) -> Iterator[bytes]:
        """The content; with ``unpack`` off, the bytes of the chunks as they come.

        Raises:
            MissingChunk, MessageTooLarge, MeshUnreachable: it stays in MESH.
            BrokenMessage: it is packed wrongly or cut short.
        """
        found = self._chunks(unpack)
        if unpack and self.packed:
            found = _inner(found)
        size = 0
        for block in found:
            size += len(block)
            if size > self._mailbox.most_bytes:
                raise MessageTooLarge(
                    f"a message is larger than most_bytes of {self._mailbox.name}, {self._mailbox.most_bytes}; it "
                    "stays in MESH until the limit is raised"
                )
            yield block

    def _chunks(self, unpack: bool) -> Iterator[bytes]:
        gunzip = Gunzip()
        packed = False
        for number in range(1, self.chunks + 1):
            with failing(self._mailbox, chunk=number > 1):
                answer = self._first if number == 1 else self._client.retrieve_message_chunk(self.ident, number)
            if _range(answer.headers) != (number, self.chunks):
                raise MissingChunk("MESH gave another chunk than was asked for; the message stays in MESH")
            encoded = answer.headers.get("Content-Encoding", "").casefold() == "gzip"
            if number > 1 and encoded != packed:
                raise BrokenMessage("one chunk is packed and another is not")
            packed = encoded
            with answer:
                for block in self._raw(answer):
                    if unpack and packed:
                        yield from gunzip.more(block)
                    else:
                        yield block
        if unpack and packed:
            gunzip.end()

    def _raw(self, answer: Any) -> Iterator[bytes]:
        while True:
            with failing(self._mailbox):
                block = answer.raw.read(BLOCK, decode_content=False)
            if not block:
                return
            yield block


def begin(mailbox: Mailbox, client: MeshClient, ident: str) -> Incoming:
    """Ask for a message. Raises what ``talking.failing`` names."""
    with failing(mailbox):
        answer = client.retrieve_message_chunk(ident, 1)
    said = answer.headers
    checksum = said.get("Mex-Content-Checksum", "").strip().casefold()
    return Incoming(
        ident=ident,
        sender=said.get("Mex-From", "").strip().upper(),
        workflow=said.get("Mex-WorkflowID", "").strip(),
        report=said.get("Mex-MessageType", "").strip().upper() == "REPORT",
        about=said.get("Mex-LinkedMsgID", "").strip(),
        encrypted=said.get("Mex-Content-Encrypted", "").strip().upper() in ("Y", "TRUE"),
        packed=said.get("Mex-Content-Compressed", "").strip().upper() in ("Y", "TRUE"),
        digest=checksum.removeprefix("sha256:") if checksum.startswith("sha256:") else "",
        chunks=_range(said)[1],
        _mailbox=mailbox,
        _client=client,
        _first=answer,
    )


def _range(said: Any) -> tuple[int, int]:
    """Which chunk of how many."""
    number, _, of = said.get("Mex-Chunk-Range", "1:1").partition(":")
    try:
        return int(number), max(int(of), 1)
    except ValueError:
        raise MissingChunk("MESH does not say which chunk it gave; the message stays in MESH") from None


class Gunzip:
    """Unpacks gzip members one after another, a bounded piece at a time."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(31)
        self._begun = False

    def more(self, packed: bytes) -> Iterator[bytes]:
        """What a further piece unpacks to. Raises ``BrokenMessage``."""
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(31)
            try:
                plain = self._member.decompress(packed, 1 << 20)
            except zlib.error:
                raise BrokenMessage("it is called packed with gzip and is not") from None
            self._begun = True
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if plain:
                yield plain

    def end(self) -> None:
        """Hold it to its end. Raises ``BrokenMessage`` when the last member is cut short."""
        if self._begun and not self._member.eof:
            raise BrokenMessage("it is packed with gzip and cut short")


def _inner(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Content that is packed once more."""
    gunzip: Gunzip | None = None
    head = b""
    decided = False
    for block in blocks:
        if not decided:
            head += block
            if len(head) < len(_GZIP):
                continue
            decided, block = True, head
            gunzip = Gunzip() if head.startswith(_GZIP) else None
        if gunzip is None:
            yield block
        else:
            yield from gunzip.more(block)
    if not decided and head:
        yield head
    if gunzip is not None:
        gunzip.end()
