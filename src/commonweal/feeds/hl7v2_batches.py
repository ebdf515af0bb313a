"""HL7 v2 batch files: the envelope around messages, taken off them, and held to what it says.

http://www.hl7.eu/HL7v2x/v25/std25/ch02.html, 2.10.3: ``[FHS] { [BHS] { messages } [BTS] } [FTS]``, with BTS-1 the
number of messages. A trailer is no part of the message before it: with it, the same message sent alone would be
another. A batch that ends before its trailer was cut, and its last message may have been cut with it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from commonweal.feeds.hl7v2 import MAX_BYTES, Cut, line_ends
from commonweal.feeds.types import Problem

_SEGMENT = re.compile(rb"(?:^|(?<=[\r\n]))(FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9]|$)([^\r\n]*)")
_NAMES = (b"FHS", b"BHS", b"BTS", b"FTS")
_CLOSES = {"BTS": "BHS", "FTS": "FHS"}
_ENDS = b"\r\n \t"
_TOO_LONG = f"a message may have {MAX_BYTES} bytes; nothing of it was taken, and its file is kept; send it in parts"
_CUT = "the batch ends before its trailer, so this may be cut; send the file again whole"


def enveloped(raw: bytes) -> bool:
    """Whether segments of a batch are among a message's."""
    return any(name in raw for name in _NAMES) and _SEGMENT.search(raw) is not None


@dataclass(slots=True)
class _Batch:
    """The envelopes that are open, and how many messages came since the last BHS."""

    open: set[str] = field(default_factory=set)
    messages: int = 0

    def hear(self, line: int, match: "re.Match[bytes]") -> Problem | None:
        """Take a segment of the envelope in; what is wrong with its count."""
        kind = match[1].decode()
        if kind in ("FHS", "BHS"):
            self.open.add(kind)
            self.messages = 0
            return None
        self.open.discard(_CLOSES[kind])
        said = match[2][1:].split(match[2][:1], 1)[0] if match[2] else b""
        if kind != "BTS" or not said.isdigit() or int(said) == self.messages:
            return None
        counted = f"the trailer says {int(said)} messages and {self.messages} came; send what is missing"
        return Problem(line, "BTS-1", "batch-count", said.decode(), counted, match[0])


def unwrapped(messages: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes] | Problem]:
    """Messages (line, bytes) without the envelope, and what is wrong with it.

    The last message of a batch that was cut is a problem: it comes again with the whole file.
    """
    batch = _Batch()
    last: tuple[int, bytes] | None = None  # not given yet: nothing of an envelope came after it so far
    for start, raw in messages:
        if isinstance(raw, Cut):
            if last is not None:
                yield last
                last = None
            batch.messages += 1
            yield Problem(start, "", "message-too-long", "", _TOO_LONG, bytes(raw))
            continue
        at = 0
        for match in [*(_SEGMENT.finditer(raw) if enveloped(raw) else ()), None]:
            body = raw[at : match.start() if match else len(raw)].strip(_ENDS)
            if body:  # beside a message, what belongs to none: nothing is passed over
                if last is not None:
                    yield last
                batch.messages += body.startswith(b"MSH")
                last = (start + line_ends(raw[: raw.index(body, at)]), body)
            if match is None:
                break
            at = match.end()
            if last is not None and match[1] in (b"BTS", b"FTS"):
                yield last
                last = None
            problem = batch.hear(start + line_ends(raw[: match.start()]), match)
            if problem is not None:
                yield problem
    if last is not None and batch.open:
        yield Problem(last[0], "", "batch-cut", "", _CUT, last[1])
    elif last is not None:
        yield last
