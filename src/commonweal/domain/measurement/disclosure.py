"""Statistical disclosure control: what may be released of a table of counts of people.

The one place. A dated profile says which small counts are hidden and to what the rest are rounded; then no
hidden count may be found by adding or subtracting: where all but one of a total and its parts are shown, the
smallest shown part is hidden too, until no such group is left.
"""

import csv
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Profile:
    """Rules for a data set between two dates: hide counts from ``hide_from`` to ``hide_to``, round the rest."""

    name: str
    data_set: str
    valid_from: date
    valid_to: date | None
    hide_from: int
    hide_to: int
    round_to: int
    source: str

    @property
    def sentence(self) -> str:
        """The rule in English, for the page that shows hidden figures."""
        return (
            f"Counts from {self.hide_from} to {self.hide_to} are hidden, others are rounded to the nearest "
            f"{self.round_to}, and a further count is hidden where a total would give a hidden one away."
        )

    def hides(self, count: int) -> bool:
        """Whether a count is too small to show."""
        return self.hide_from <= count <= self.hide_to

    def rounded(self, count: int) -> int:
        """A count as shown, halves up."""
        return (count + self.round_to // 2) // self.round_to * self.round_to


def read_profiles(lines: Iterable[str]) -> list[Profile]:
    """Profiles from CSV: name, data_set, valid_from, valid_to, hide_from, hide_to, round_to, source."""
    return [
        Profile(
            row["name"],
            row["data_set"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            int(row["hide_from"]),
            int(row["hide_to"]),
            int(row["round_to"]),
            row["source"],
        )
        for row in csv.DictReader(lines)
    ]


def profile_for(profiles: Iterable[Profile], data_set: str, on: date) -> Profile:
    """The profile in force for a data set; raises ``LookupError`` if there is none, so that nothing is released."""
    for one in profiles:
        if one.data_set == data_set and one.valid_from <= on and (one.valid_to is None or on <= one.valid_to):
            return one
    raise LookupError(f"no disclosure profile for {data_set} on {on}; add one before releasing figures")


def release(counts: Mapping[K, int], totals: Sequence[tuple[K, Sequence[K]]], profile: Profile) -> dict[K, int | None]:
    """Each count as it may be shown, None where it is hidden.

    ``totals`` lists (total, its parts): keys of ``counts`` of which the parts add up to the total. Zeroes are
    shown. Raises ``KeyError`` if a total or part has no count.
    """
    hidden = {key for key, count in counts.items() if profile.hides(count)}
    groups = [(total, tuple(parts)) for total, parts in totals]
    again = True
    while again:
        again = False
        for total, parts in groups:
            out = [part for part in parts if part in hidden]
            shown = [part for part in parts if part not in hidden and counts[part]]
            if total in hidden:
                if out or not shown:
                    continue
            elif len(out) != 1:
                continue
            # With nothing else to hide behind, the total itself gives the part away.
            hidden.add(min(shown, key=lambda part: (counts[part], repr(part))) if shown else total)
            again = True
    return {key: None if key in hidden else profile.rounded(count) for key, count in counts.items()}
