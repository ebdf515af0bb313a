"""What is to go, and the words by which it is told in bytes that no reader could make a person's.

Destroying what is somebody else's cannot be mended. So a local number counts in what its own organisation sent, where
it means this person, and nowhere else; an NHS number, a long id, and a local number with the code
of its organisation mean them whoever writes them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from commonweal.domain.identity import nhs_number

_SHORT = 4  # characters: a shorter word stands in lines about anybody
_LONG = 16  # characters of an id that nobody else's number, date or code is likely to be
_BLOCK = 1 << 16  # bytes searched at once, at the least
_OVERLAP = 256  # bytes; no word is as long
_JOINED = re.compile(rb"(?<=\d)[ -](?=\d)|\0")  # an NHS number written in groups; half of what UTF-16 writes


@dataclass(frozen=True, slots=True)
class Words:
    """Patterns of words standing alone; ``joined`` is looked for once more where groups of digits are put together."""

    plain: re.Pattern[bytes] | None
    joined: re.Pattern[bytes] | None

    def named(self, raw: bytes) -> bool:
        """Whether a word stands in the bytes."""
        if self.plain is not None and self.plain.search(raw):
            return True
        return self.joined is not None and self.joined.search(_JOINED.sub(b"", raw)) is not None

    def told(self, blocks: Iterable[bytes]) -> bool:
        """Whether a word stands in the bytes, whichever blocks they come in."""
        held = bytearray()
        for block in blocks:
            held += block
            if len(held) >= _BLOCK:
                if self.named(bytes(held)):
                    return True
                del held[:-_OVERLAP]
        return self.named(bytes(held))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go: local people by source, resources by (type, id), ``words`` that may name them, all their sources.

    ``words`` are the ids of the resources, the local numbers and the NHS numbers as they were written.
    """

    people: dict[str, frozenset[str]] = field(default_factory=dict)
    keys: frozenset[tuple[str, str]] = frozenset()
    words: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    @property
    def numbers(self) -> frozenset[str]:
        """The NHS numbers that can identify a person, without spaces."""
        return frozenset(number for word in self.words if (number := nhs_number.usable(word)))

    @property
    def anywhere(self) -> frozenset[str]:
        """Words that name the person whoever writes them.

        A local number does with the organisation that assigned it (the fourth component of the data type CX,
        http://www.hl7.eu/HL7v2x/v24/std24/ch02.html).
        """
        assigned = {f"{local}^^^{source}" for source, theirs in self.people.items() for local in theirs}
        return self.numbers | assigned | {ident for _, ident in self.keys if len(ident) >= _LONG}

    def search(self, source: str = "") -> Words:
        """What names the person in what ``source`` sent; empty: in what came from nobody knows whom."""
        anywhere = self.anywhere
        own = self._of(self.people.get(source, frozenset())) if source in self.sources else frozenset()
        return Words(_any(anywhere | own), _any(anywhere))

    def doubtful(self) -> Words:
        """What names the person in what some source sent, and may be anything elsewhere."""
        pattern = _any(self._everything() - self.anywhere)
        return Words(pattern, pattern)

    def every(self) -> Words:
        """All of these, for copies that are soon deleted and can be sent again."""
        return Words(_any(self._everything()), _any(self.anywhere))

    def _everything(self) -> frozenset[str]:
        return self._of({local for locals_ in self.people.values() for local in locals_})

    def _of(self, locals_: Iterable[str]) -> frozenset[str]:
        """These local numbers, the ids, and the NHS numbers but for fillers, which many people have."""
        idents = {ident for _, ident in self.keys}
        numbers = self.words - idents - {local for theirs in self.people.values() for local in theirs}
        return frozenset({*idents, *locals_, *(one for one in numbers if not nhs_number.known_bad(one))})


def _any(words: Iterable[str]) -> re.Pattern[bytes] | None:
    """Any of the words that are long enough, standing alone."""
    long = sorted(word for word in words if len(word) >= _SHORT)
    if not long:
        return None
    return re.compile(b"(?<![A-Za-z0-9])(?:" + b"|".join(re.escape(w.encode()) for w in long) + b")(?![A-Za-z0-9])")
