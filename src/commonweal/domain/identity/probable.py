"""What a probable link may not do, and how probable links become the people analysis counts.

Splink weighs the evidence field by field as if the fields were independent. Twins, and a father and son of
one name, are where they are not: same home, surname and practice count several times for one fact. The
rules here refuse such pairs whatever their weight.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from commonweal.domain.identity.clusters import Sets
from commonweal.domain.identity.names import family_agree, given_agree, one_slip
from commonweal.domain.identity.verified import Doubt

LINK = 6.0  # log2 odds (a probability of 0.985) from which two sets of records are one person for analysis
REVIEW = -2.0  # from which a pair not linked is worth a look
MARGIN = 4.0  # a rival this close makes a link ambiguous
OTHER_NAME = "given names differ"  # reviewed only under one NHS number: else every pair of twins would be
SEPARATE = "different NHS numbers and different particulars"  # never reviewed: it could reveal a protected change


class Particulars(NamedTuple):
    """What one record says of its person, fillers removed: None or empty where nothing usable is said."""

    number: str | None
    born: date | None
    family: str
    given: str
    sex: str
    postcode: str
    registration: bool  # the record of the practice where the person is registered


class Pair(NamedTuple):
    """Two records (``first`` < ``second``) and the log2 odds that they are one person's."""

    first: int
    second: int
    weight: float


def near(first: date, second: date) -> bool:
    """Whether two birth dates differ as a slip would make them: one part wrong, or day and month swapped."""
    if first.year == second.year and (first.month, first.day) == (second.day, second.month):
        return True
    return (first.year != second.year) + (first.month != second.month) + (first.day != second.day) <= 1


def veto(one: Particulars, other: Particulars) -> str:
    """Why two records may not be linked whatever their weight; empty if they may."""
    transposed = given_agree(one.given, other.family) and given_agree(one.family, other.given)
    given = transposed or given_agree(one.given, other.given)
    family = transposed or family_agree(one.family, other.family)
    same_number = one.number is not None and one.number == other.number
    same_birth = one.born is not None and one.born == other.born
    given = given or (same_number and same_birth and family and one_slip(one.given, other.given))
    sex_differs = one.sex != other.sex and {one.sex, other.sex} <= {"male", "female"}
    if one.number and other.number and not same_number:
        exact = (one.given, one.family, one.postcode) == (other.given, other.family, other.postcode) and one.postcode
        if not (exact and same_birth and not sex_differs):
            return SEPARATE
    if one.given and other.given and not given:
        return OTHER_NAME
    if one.born and other.born and not same_birth:
        if not near(one.born, other.born) and not (same_number and given and family):
            return "birth dates differ"
        if not given:
            return "birth dates differ a little and a given name is missing"
    if sex_differs and not (given and one.given == other.given) and not transposed:
        return "sex differs and so does the given name"
    if not same_number and not (one.born and other.born) and not (given and family and one.postcode == other.postcode):
        return "no birth date or NHS number in common, and name or postcode differs"
    if not family and not same_number and not same_birth:
        return "family names and birth dates differ"
    return ""


def people(
    groups: Sequence[Sequence[int]],
    particulars: Mapping[int, Particulars],
    pairs: Iterable[Pair],
    denied: Iterable[tuple[int, int]] = (),
) -> tuple[list[list[int]], dict[int, float], list[tuple[Doubt, float]]]:
    """Join verified ``groups`` (each a person already) by probable ``pairs``, strongest first.

    A join is refused where a veto holds between any two records with a pair, where it would put two
    registered NHS numbers in one person, where people who compared the records said no (``denied``), or where a
    rival that cannot be the same person is within MARGIN.

    Returns the sets of records, the weight by which each joined record joined, and the pairs to review.
    """
    home = {record: group[0] for group in groups for record in group}
    best: dict[tuple[int, int], Pair] = {}
    apart = {(min(home[a], home[b]), max(home[a], home[b])) for a, b in denied}
    doubts: dict[tuple[int, int], tuple[Doubt, float]] = {}

    def doubt(pair: Pair, reason: str) -> None:
        one, other = particulars[pair.first], particulars[pair.second]
        alike = one.number is not None and one.number == other.number
        if reason != SEPARATE and pair.weight >= REVIEW and (reason != OTHER_NAME or alike):
            doubts[(pair.first, pair.second)] = (Doubt(pair.first, pair.second, reason), pair.weight)

    for pair in sorted(pairs, key=lambda pair: (-pair.weight, pair.first, pair.second)):
        low, high = sorted((home[pair.first], home[pair.second]))
        if low == high:
            continue
        if reason := veto(particulars[pair.first], particulars[pair.second]):
            apart.add((low, high))
            doubt(pair, reason)
        elif pair.weight >= LINK:
            best.setdefault((low, high), pair)
        else:
            doubt(pair, "weight too low to link, too high to dismiss")

    registered = _registered_numbers(groups, particulars)

    def conflict(one: int, other: int) -> bool:
        ours, theirs = registered.get(one), registered.get(other)
        return tuple(sorted((one, other))) in apart or bool(ours and theirs and ours != theirs)

    ambiguous = _ambiguous(best, apart, conflict)
    sets = Sets(home.values(), registered)
    members = {group[0]: {group[0]} for group in groups}
    joined: dict[int, float] = {}
    by_home = {group[0]: group for group in groups}
    for edge, pair in best.items():  # strongest first: filled in that order
        low, high = sorted((sets.root(edge[0]), sets.root(edge[1])))
        if low == high:
            continue
        if edge in apart or edge in ambiguous:
            doubt(pair, "two people fit almost equally well" if edge in ambiguous else "other records deny it")
        elif any(tuple(sorted((a, b))) in apart for a in members[low] for b in members[high]):
            doubt(pair, "records already joined to one of them deny it")
        elif len(sets.labels(low) | sets.labels(high)) > 1:
            doubt(pair, "two registered NHS numbers")
        else:
            sets.join(low, high)
            members[low] |= members.pop(high)
            for end in edge:
                for record in by_home[end]:
                    joined.setdefault(record, pair.weight)
    final: dict[int, list[int]] = {}
    for record in sorted(home):
        final.setdefault(sets.root(home[record]), []).append(record)
    return list(final.values()), joined, [doubts[key] for key in sorted(doubts)]


def _registered_numbers(groups: Sequence[Sequence[int]], particulars: Mapping[int, Particulars]) -> dict[int, str]:
    """The NHS number each group is sure of: from a practice's record, or said by more than one record."""
    sure: dict[int, str] = {}
    for group in groups:
        said = [particulars[record] for record in group if particulars[record].number]
        if said and (len(said) > 1 or any(record.registration for record in said)):
            sure[group[0]] = min((record.number or "" for record in said if record.registration), default="") or (
                said[0].number or ""
            )
    return sure


def _ambiguous(
    best: Mapping[tuple[int, int], Pair], apart: set[tuple[int, int]], conflict: Callable[[int, int], bool]
) -> set[tuple[int, int]]:
    """Edges of a group to two others that cannot be one person, where neither is clearly the better fit."""
    around: dict[int, list[tuple[float, int]]] = {}
    for edge, pair in best.items():
        if edge not in apart:
            around.setdefault(edge[0], []).append((pair.weight, edge[1]))
            around.setdefault(edge[1], []).append((pair.weight, edge[0]))
    found: set[tuple[int, int]] = set()
    for node, neighbours in around.items():
        if len(neighbours) < 2:
            continue
        ranked = sorted(neighbours, reverse=True)
        for place, (weight, other) in enumerate(ranked):
            for rival_weight, rival in ranked[place + 1 :]:
                if weight - rival_weight < MARGIN and conflict(other, rival):
                    found |= {(min(node, other), max(node, other)), (min(node, rival), max(node, rival))}
    return found
