"""Which records direct care may show as one person.

Rule (NHS England, The Person_ID Handbook, "Technical details of the data linkage algorithm", DPS cross-check trace:
where NHS number and birth date are provided they are checked against PDS together,
https://digital.nhs.uk/services/personal-demographics-service/master-person-service/the-person_id-handbook/technical-details-of-the-data-linkage-algorithm):
the same usable NHS number *and* the same birth date, neither a filler, with nothing that contradicts it. The later
trace that takes a birth date only partly right (Spine cross-check) is not followed: such a pair goes to review.
A number typed into a twin's record passes the first two tests, so names and sex must not deny it:

- sex differs and neither name agrees: a contradiction;
- given names disagree, whatever the rest: the number may be a brother's or sister's, so not verified;
- a name that is missing neither agrees nor disagrees.

Records that share number and birth date and are still not linked go to the review queue.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import NamedTuple

from commonweal.domain.identity import birth_date
from commonweal.domain.identity.clusters import Sets, components
from commonweal.domain.identity.names import family_agree, given_agree

TWO_PRACTICES = "registered with two practices at once: a move, or a claim that is wrong"
TRACED_IN_PART = "the Personal Demographics Service names this person, but not for certain"
DECIDED = "people who compared them said that they are two people's"


class Traits(NamedTuple):
    """What one record says of its person. ``number`` is usable (``nhs_number.usable``) or None."""

    number: str | None
    born: date | None
    family: str
    given: str
    sex: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two records that look like one person's but must not be linked without a look. ``first`` < ``second``."""

    first: int
    second: int
    reason: str


def contradiction(first: Traits, second: Traits) -> str:
    """Why two records of one number and birth date may not be one person's; empty if nothing speaks against.

    The order of the two does not matter.
    """
    if first.given == second.given and first.family == second.family and (first.given or first.family):
        return ""
    transposed = given_agree(first.given, second.family) and given_agree(first.family, second.given)
    if transposed:
        return ""
    given = given_agree(first.given, second.given)
    family = family_agree(first.family, second.family)
    known_sex = {first.sex, second.sex} <= {"male", "female"}
    named = bool(first.given and second.given)
    if known_sex and first.sex != second.sex and not given and not family:
        return "same number and birth date, but sex and names differ"
    if named and not given:
        return "same number and birth date, but given names differ"
    if not named and first.family and second.family and not family:
        return "same number and birth date, but family names differ and a given name is missing"
    return ""


def links(
    records: Mapping[int, Traits], apart: Collection[tuple[int, int]] = ()
) -> tuple[list[tuple[int, int]], list[Doubt]]:
    """The pairs of record ids to link, and the doubts, among records of any numbers; order does not matter.

    A group of one number and birth date links only as far as nobody in a linked set contradicts another; pairs in
    ``apart`` (lower first) contradict because people who compared them said so.
    """
    groups: dict[tuple[str, date], list[int]] = {}
    for key, traits in records.items():
        if traits.number and traits.born and not birth_date.placeholder(traits.born):
            groups.setdefault((traits.number, traits.born), []).append(key)
    pairs: list[tuple[int, int]] = []
    doubts: list[Doubt] = []
    for members in groups.values():
        if len(members) > 1:
            found, denied = _within([(key, records[key]) for key in sorted(members)], apart)
            pairs += found
            doubts += denied
    return sorted(pairs), sorted(doubts, key=lambda doubt: (doubt.first, doubt.second))


def _within(
    group: Sequence[tuple[int, Traits]], decided: Collection[tuple[int, int]]
) -> tuple[list[tuple[int, int]], list[Doubt]]:
    """Links and doubts of one group: sets joined by agreement, dissolved where a member denies another."""
    denied = [
        Doubt(first, second, why)
        for (first, one), (second, other) in combinations(group, 2)
        if (why := DECIDED if (first, second) in decided else contradiction(one, other))
    ]
    if not denied:
        first = group[0][0]
        return [(first, key) for key, _ in group[1:]], []
    apart = {(doubt.first, doubt.second) for doubt in denied}
    agree = [(first, second) for (first, _), (second, _) in combinations(group, 2) if (first, second) not in apart]
    kept: list[tuple[int, int]] = []
    for members in components((key for key, _ in group), agree):
        inside = list(combinations(sorted(members), 2))
        if not apart & set(inside):
            kept += inside
        else:  # a record that fits both of two people: nobody can say whose it is
            denied += [
                Doubt(first, second, "same number and birth date, but another record of theirs differs")
                for first, second in inside
                if (first, second) not in apart
            ]
    return kept, denied


@dataclass(frozen=True, slots=True)
class People:
    """The sets of records direct care may take for one person each, why records are linked, and the doubts."""

    groups: list[list[int]]
    verified: set[int]  # by number and birth date
    merged: set[int]  # by their own source
    confirmed: set[int]  # by people who compared them
    doubts: list[Doubt]


def people(
    records: Mapping[int, Traits],
    merges: Iterable[tuple[int, int]],
    confirmed: Iterable[tuple[int, int]] = (),
    apart: Collection[tuple[int, int]] = (),
) -> People:
    """The sets of records direct care may take for one person each.

    ``merges`` are pairs a source itself says are one person, oldest first. One that would put two NHS
    numbers in one set is not followed: old and new numbers after adoption or gender recognition are never
    bridged (PDS guidance), and a wrong number is for a person to put right.

    ``confirmed`` and ``apart`` are pairs that people who compared them settled (``review.state``), lower first: the
    first are followed under the same condition, and neither they nor a merge joins what the second keep apart.
    """
    pairs, doubts = links(records, apart)
    sets = Sets(records, {key: traits.number for key, traits in records.items() if traits.number})
    found = People([], set(), set(), set(), doubts)
    for first, second in pairs:
        sets.join(first, second)
        found.verified.update((first, second))

    def denied(first: int, second: int) -> bool:
        joined = {sets.root(first), sets.root(second)}
        return any({sets.root(one), sets.root(other)} == joined for one, other in apart)

    for kind, asked in ((found.merged, merges), (found.confirmed, confirmed)):
        for first, second in asked:
            if sets.root(first) == sets.root(second):
                kind.update((first, second))
            elif len(sets.labels(first) | sets.labels(second)) > 1:
                low, high = sorted((first, second))
                if kind is found.merged:
                    doubts.append(Doubt(low, high, "merged by their source, but their NHS numbers differ"))
            elif not denied(first, second):
                sets.join(first, second)
                kind.update((first, second))
    found.groups.extend(sets.sets())
    return found


def registered_twice(groups: Iterable[Sequence[int]], registrations: Mapping[int, str]) -> list[Doubt]:
    """People whom two practices say are registered with them, as pairs to look at: at most one can be right.

    ``registrations`` is the practice of each record that is itself a practice's registration. A practice that claims
    somebody else's person would open that record to its staff (hazard H4); a move looks just the same.
    """
    found = []
    for members in groups:
        first = next((record for record in members if record in registrations), None)
        for record in members:
            if first is not None and record in registrations and registrations[record] != registrations[first]:
                found.append(Doubt(first, record, TWO_PRACTICES))
    return found


def partly_traced(
    groups: Iterable[Sequence[int]], records: Mapping[int, Traits], candidates: Mapping[int, Sequence[str]]
) -> list[Doubt]:
    """Pairs of a record without a number and the first record of each number PDS named for it without being sure.

    ``candidates``: those numbers, by record. A record that gives a number of its own is not offered: the pair could
    reveal that somebody has had another.
    """
    if not candidates:
        return []
    wanted = {number for numbers in candidates.values() for number in numbers}
    holder: dict[str, int] = {}
    home: dict[int, int] = {}
    for members in groups:
        for record in members:
            home[record] = members[0]
            number = records[record].number
            if number in wanted and number is not None:
                holder[number] = min(record, holder.get(number, record))
    found = []
    for record, numbers in sorted(candidates.items()):
        for number in sorted(numbers):
            other = holder.get(number)
            if other is not None and home[other] != home[record]:
                found.append(Doubt(min(record, other), max(record, other), TRACED_IN_PART))
    return found
