"""HL7 version 2 messages: framing, delimiters, escapes, character sets, timestamps.

http://www.hl7.eu/HL7v2x/v24/std24/ch02.html (message processing rules). Delimiters are the ones MSH-1 and MSH-2
declare, the character set the one MSH-18 declares; neither is guessed.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from typing import BinaryIO

from commonweal.fhir.dates import LONDON
from commonweal.fhir.errors import Invalid, excerpt

BOM = b"\xef\xbb\xbf"
_BLOCK = 1 << 20
MAX_BYTES = 32 * _BLOCK  # without a new message: a file that is no HL7 v2 is not held whole
SHOWN = 4_000  # bytes kept of what is longer than that
_WINDOW = 8  # bytes in which a start is seen, whatever block it ends in
# A message starts at MSH and a delimiter, at the start of a line or after an MLLP start byte. What is before is looked
# at last: a pattern that begins with letters is found a hundred times as fast.
_BEFORE = rb"(?:(?<![\s\S]MSH)|(?<=[\r\n\x0b]MSH)|(?<=\xef\xbb\xbfMSH))"
_START = re.compile(rb"MSH(?=[^A-Za-z0-9\s])" + _BEFORE)
_BREAK = re.compile(rb"\r\n|\r|\n")
_SEGMENTS = re.compile(r"\r\n|\r|\n")
_FRAMING = b"\x0b\x1c\r\n \t"
# HL7 table 0211; an empty MSH-18 is read as UTF-8, of which ASCII is a part.
_CHARACTER_SETS = {
    "": "utf-8",
    "ASCII": "ascii",
    "ISO IR6": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
} | {f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)}
_TIME = re.compile(r"([0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10}|[0-9]{12}|[0-9]{14})(?:\.([0-9]{1,4}))?([+-][0-9]{4})?")
DELETE = '""'  # "delete what you hold", where an empty field says nothing


class Cut(bytes):
    """The beginning of what is too long to be read; where it ends was found, and nothing of it is taken."""


class Message:
    """One parsed message. Fields are addressed as in the standard: ``first("PID", 5, 2)`` is PID-5.2."""

    __slots__ = ("_escapes", "_fields", "_segments", "encoding", "raw", "sequence")

    def __init__(self, raw: bytes) -> None:
        """Parse ``raw`` (framing tolerated). Raises ``Invalid`` for a header or encoding that cannot be read."""
        self.raw = raw
        data = raw.removeprefix(BOM).strip(_FRAMING)
        if not data.startswith(b"MSH") or len(data) < 8:
            raise Invalid("MSH", "message-header-missing", _show(data), "start the message with an MSH segment")
        header = _BREAK.split(data, 1)[0]
        if b"\0" in data:
            message = "remove the NUL byte; the message may be damaged or UTF-16"
            raise Invalid("MSH", "nul-byte", "", message)
        separator = header[3:4]
        declared = header.split(separator)
        marks = declared[1]
        if len(marks) < 2 or len({*marks, *separator}) <= len(marks):
            message = "MSH-2 must name four different delimiters, usually ^~\\&"
            raise Invalid("MSH-2", "delimiters", _show(marks), message)
        encodings = _encodings(declared, marks)
        self.encoding = encodings[0]
        text = self._decoded(data, encodings)
        delimiters = marks.decode("latin-1").ljust(4, "\0")
        self._escapes: tuple[str, ...] = (separator.decode("latin-1"), *delimiters[:4])
        self._segments: dict[str, list[str]] = {}
        self.sequence: list[tuple[str, int]] = []  # every segment in order: its name and which of that name it is
        for segment in _SEGMENTS.split(text):
            if segment.strip():
                alike = self._segments.setdefault(segment[:3], [])
                self.sequence.append((segment[:3], len(alike)))
                alike.append(segment)
        self._fields: dict[tuple[str, int], list[str]] = {}

    def _decoded(self, data: bytes, encodings: list[str]) -> str:
        """The text by the first declared set that has all its bytes (MSH-18 repeats for alternates)."""
        first: UnicodeDecodeError | None = None
        for encoding in encodings:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as bad:
                first = first or bad
            else:
                self.encoding = encoding
                return text
        if first is None:
            raise ValueError("a message declares at least one character set")
        raise self._undecodable(data, first)

    def _undecodable(self, data: bytes, bad: UnicodeDecodeError) -> Invalid:
        rule = "encoding-not-utf-8" if self.encoding == "utf-8" else "encoding-not-as-declared"
        segment = _BREAK.split(data[: bad.start])[-1][:3].decode("latin-1")
        shown = _show(data[max(0, bad.start - 20) : bad.start + 20])
        byte = f"byte {bad.start + 1} (0x{data[bad.start]:02x}) is not {self.encoding}"
        return Invalid(segment, rule, shown, f"{byte}; declare the character set that is used in MSH-18")

    def has(self, segment: str) -> bool:
        """Whether the message has such a segment."""
        return segment in self._segments

    def count(self, segment: str) -> int:
        """How many segments of this name the message has."""
        return len(self._segments.get(segment, ()))

    def halves(self, opening: str) -> list[bytes]:
        """A message about several people as one each: what stands before the first ``opening`` segment, then theirs."""
        common: list[str] = []
        groups: list[list[str]] = []
        for name, index in self.sequence:
            if name == opening:
                groups.append([])
            (groups[-1] if groups else common).append(self._segments[name][index])
        return ["\r".join([*common, *group]).encode(self.encoding) for group in groups]

    def width(self, segment: str, occurrence: int = 0) -> int:
        """One more than the number of the last field that a segment has; 0 where there is no such segment."""
        self.field(segment, 0, occurrence)
        return len(self._fields[(segment, occurrence)])

    def field(self, segment: str, number: int, occurrence: int = 0) -> str:
        """The raw text of a field, '' where absent; the first segment of that name unless told."""
        key = (segment, occurrence)
        fields = self._fields.get(key)
        if fields is None:
            listed = self._segments.get(segment, ())
            fields = listed[occurrence].split(self._escapes[0]) if occurrence < len(listed) else []
            if segment == "MSH" and fields:
                fields.insert(1, self._escapes[0])  # MSH-1 is the separator itself
            self._fields[key] = fields
        return fields[number] if number < len(fields) else ""

    def repetitions(self, segment: str, number: int, occurrence: int = 0) -> list[list[str]]:
        """Each repetition of a field as its components (raw: subcomponents and escapes untouched)."""
        fields = self._fields.get((segment, occurrence))
        if fields is not None and number < len(fields):
            text = fields[number]
        else:
            text = self.field(segment, number, occurrence)
        if not text:
            return []
        _, component, repetition, _, _ = self._escapes
        if repetition not in text:
            return [text.split(component)]
        return [repeat.split(component) for repeat in text.split(repetition)]

    def first(self, segment: str, number: int, component: int = 1, occurrence: int = 0) -> str:
        """First subcomponent of a component of the first repetition, unescaped; ``""`` stays :data:`DELETE`."""
        text = self.field(segment, number, occurrence)
        if not text:
            return ""
        _, between, repetition, _, _ = self._escapes
        if repetition in text:
            text = text.partition(repetition)[0]
        return self.value(text.split(between), component)

    def value(self, components: list[str], number: int, sub: int = 1) -> str:
        """A subcomponent of a repetition's component, unescaped and stripped of surrounding space."""
        if number > len(components):
            return ""
        text = components[number - 1]
        if not text:
            return ""
        _, _, _, escape, between = self._escapes
        if between not in text and sub == 1:
            return text.strip() if escape not in text else self.unescape(text).strip()
        parts = text.split(between)
        return self.unescape(parts[sub - 1]).strip() if sub <= len(parts) else ""

    def unescape(self, text: str) -> str:
        r"""Resolve \F\ \S\ \T\ \R\ \E\ \X..\ and \.br\; highlighting is dropped, anything else left as it is."""
        field, component, repetition, escape, sub = self._escapes
        if escape not in text or escape == "\0":
            return text
        known = {"F": field, "S": component, "T": sub, "R": repetition, "E": escape, ".br": "\n", "H": "", "N": ""}

        def resolved(match: re.Match[str]) -> str:
            code: str = match[1]
            if code in known:
                return known[code]
            try:
                return bytes.fromhex(code[1:]).decode(self.encoding)
            except ValueError:
                return str(match[0])

        return _escape_pattern(escape).sub(resolved, text)


@lru_cache(maxsize=64)
def _escape_pattern(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(rf"{mark}([FSTREHN]|\.br|X(?:[0-9A-Fa-f]{{2}})+){mark}")


def _encodings(declared: list[bytes], marks: bytes) -> list[str]:
    """The declared character sets in their order; the first is the message's, the others its alternates."""
    names = declared[17].decode("latin-1").upper().split(chr(marks[1])) if len(declared) > 17 else [""]
    found: list[str] = []
    for name in (name.strip() for name in names):
        if name not in _CHARACTER_SETS:
            message = f"declare one of: {', '.join(n for n in _CHARACTER_SETS if n)}"
            raise Invalid("MSH-18", "character-set-unknown", excerpt(name), message)
        if name or not found:
            found.append(_CHARACTER_SETS[name])
    return found


def timestamp(text: str, field: str) -> datetime | None:
    """An HL7 TS as an aware moment; ``None`` for '' or ``""``. Raises ``Invalid`` for one that does not exist.

    Without an offset it is UK local time. The hour that comes twice in October is read as the first, summer-time,
    one; the hour that is skipped in March as if the clocks had not yet gone forward.
    """
    if text in ("", DELETE):
        return None
    try:
        return _moment(text.strip())
    except (ValueError, OverflowError):
        message = "not a time that exists; send YYYYMMDDHHMMSS, UK local or with +ZZZZ"
        raise Invalid(field, "format-timestamp", excerpt(text), message) from None


@lru_cache(maxsize=65_536)
def _moment(stamp: str) -> datetime | None:
    if stamp in ("", DELETE):
        return None
    match = _TIME.fullmatch(stamp)
    if match is None:
        raise ValueError(stamp)
    digits, fraction, offset = match[1], match[2] or "", match[3]
    year, month, day, hour, minute, second = (
        int(digits[begin:end] or least)
        for begin, end, least in ((0, 4, 1), (4, 6, 1), (6, 8, 1), (8, 10, 0), (10, 12, 0), (12, 14, 0))
    )
    microsecond = int(fraction.ljust(6, "0")) if fraction else 0
    if not offset:
        local = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=LONDON)
        return local.astimezone(UTC).astimezone(LONDON)
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone).astimezone(LONDON)


def starts(data: bytes | bytearray, at: int = 0) -> list[int]:
    """Where messages start in ``data``, from ``at`` on."""
    return [match.start() for match in _START.finditer(data, at)]


def messages(stream: BinaryIO, start_line: int = 1) -> Iterator[tuple[int, bytes]]:
    """(line, bytes) of each message of a stream, in order, and of anything before the first.

    Segments may end in CR, LF or CRLF, messages follow each other with or without blank lines or MLLP bytes,
    and each line end counts as a line. What does not start with MSH is yielded too: nothing is skipped. What is longer
    than ``MAX_BYTES`` is yielded as ``Cut``.
    """
    held = bytearray()
    line, looked = start_line, 0
    cut: tuple[int, Cut] | None = None  # what is being passed over
    while block := stream.read(_BLOCK):
        held += block
        # The last message may go on in the next block, and a CRLF may be cut in two: keep from the last start on.
        found = [at for at in starts(held, looked) if at > 0]
        if found:
            complete = bytes(held[: found[-1]])
            del held[: found[-1]]
            if cut is not None:
                yield cut
                cut = None
                line += line_ends(complete[: found[0]])
                complete = complete[found[0] :]
            yield from _pieces(line, complete)
            line += line_ends(complete)
        elif cut is not None or len(held) > MAX_BYTES:
            cut = cut or (line, Cut(held[:SHOWN]))
            over = len(held) - _WINDOW - held[:-_WINDOW].endswith(b"\r")
            line += line_ends(held[:over])
            del held[:over]
        looked = max(0, len(held) - _WINDOW)
    if cut is not None:
        yield cut
    else:
        yield from _pieces(line, bytes(held))


def _pieces(line: int, held: bytes) -> Iterator[tuple[int, bytes]]:
    edges = sorted({0, *starts(held), len(held)})
    for begin, end in pairwise(edges):
        yield from _piece(line, held[begin:end])
        line += line_ends(held[begin:end])


def _piece(line: int, piece: bytes) -> Iterator[tuple[int, bytes]]:
    body = piece.removeprefix(BOM).lstrip(_FRAMING)
    if body:
        yield line + line_ends(piece[: len(piece) - len(body)]), body.rstrip(_FRAMING)


def line_ends(data: bytes | bytearray) -> int:
    """How many lines end in ``data``: by CR, LF or CRLF."""
    return data.count(b"\r") + data.count(b"\n") - data.count(b"\r\n")


def _show(data: bytes) -> str:
    return excerpt(data[:120].decode("utf-8", "replace"))
