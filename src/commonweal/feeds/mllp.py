"""MLLP: HL7 v2 messages on a stream of bytes, each between <VT> and <FS><CR>.

HL7 Minimal Lower Layer Protocol, release 1,
https://www.hl7.org/documentcenter/public/wg/inm/mllp_transport_specification.PDF, 2.1: "SB dddd EB CR". A stream may
be cut anywhere; what is between frames is no message and is counted, not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

START = b"\x0b"
END = b"\x1c\r"
_AGAIN = b"\x0bMSH"  # a sender that began anew inside a frame: what was before it was never ended
_BETWEEN = b"\r\n \t"
MAX_STRAY = 1 << 16  # bytes outside frames from one sender before it is taken for no MLLP sender


@dataclass(frozen=True, slots=True)
class Broken:
    """A frame that cannot be taken: ``rule`` says why, ``beginning`` is its first bytes; ``last``: hang up."""

    rule: str
    beginning: bytes
    last: bool = False


class Frames:
    """Finds frames in bytes that come in pieces; holds ``limit`` bytes of one at most, and looks at each once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._inside = False
        self._seen = 0
        self._stray = 0

    @property
    def unfinished(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    @property
    def held(self) -> int:
        """Bytes held."""
        return len(self._held)

    def feed(self, data: bytes) -> Iterator[bytes | Broken]:
        """The content of each frame that ``data`` completes, and frames that cannot be taken, in order."""
        self._held += data
        while True:
            if not self._inside:
                fault = self._to_start()
                if fault is not None:
                    yield fault
                    return
                if not self._inside:
                    return
            end = self._held.find(END, self._seen)
            again = self._held.find(_AGAIN, self._seen, end if end >= 0 else len(self._held))
            if again >= 0:
                yield Broken("frame-not-ended", bytes(self._held[: min(again, 400)]))
                del self._held[: again + 1]
                self._seen = 0
            elif end >= 0:
                frame = bytes(self._held[:end])
                del self._held[: end + len(END)]
                self._inside, self._seen = False, 0
                if len(frame) > self._limit:
                    yield Broken("frame-too-long", frame[:400], last=True)
                    return
                yield frame
            else:
                if len(self._held) > self._limit:
                    yield Broken("frame-too-long", bytes(self._held[:400]), last=True)
                    self._held.clear()
                self._seen = max(0, len(self._held) - len(_AGAIN))
                return

    def rest(self) -> Broken | None:
        """What was begun and never ended, when the sender has gone or gone silent."""
        return Broken("frame-not-ended", bytes(self._held[:400]), last=True) if self._inside else None

    def _to_start(self) -> Broken | None:
        """Drop what is before the next frame."""
        start = self._held.find(START)
        between = bytes(self._held if start < 0 else self._held[:start])
        self._stray += len(between.strip(_BETWEEN))
        del self._held[: len(between) + (start >= 0)]
        self._inside, self._seen = start >= 0, 0
        return Broken("not-framed", between[:400], last=True) if self._stray > MAX_STRAY else None


def framed(content: bytes) -> bytes:
    """``content`` as a frame."""
    return START + content + END
