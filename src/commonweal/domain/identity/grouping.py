"""From weighed pairs to groups of records: the strongest pair first, and never against the rest of a group.

Following every likely pair (connected components) lets one wrong pair join two people with all their records.
Here two groups join when the *average* weight over every pair between them allows it (average linkage: Sokal
and Michener, "A Statistical Method for Evaluating Systematic Relationships", University of Kansas Science
Bulletin 38, 1958), a pair nobody weighed counting as unlikely.
"""

from collections.abc import Iterable, Sequence

UNWEIGHED = -3.0  # log2 odds a pair that was not weighed counts with
AVERAGE = -1.0  # average log2 odds from which two groups may be one
_MOST = 20.0  # a single pair counts for no more than this

Pair = tuple[int, int, float]


def groups(records: Iterable[int], pairs: Iterable[Pair], least: float) -> dict[int, int]:
    """Each record's group, named by its lowest record, joining pairs of at least ``least`` log2 odds.

    The order of records and pairs does not matter.
    """
    home = {record: record for record in records}
    size = dict.fromkeys(home, 1)
    between: dict[int, dict[int, tuple[float, int]]] = {record: {} for record in home}
    ordered = sorted(((min(a, b), max(a, b), weight) for a, b, weight in pairs), key=lambda p: (-p[2], p[0], p[1]))
    for a, b, weight in ordered:
        counted = max(min(weight, _MOST), UNWEIGHED)
        between[a][b] = between[b][a] = (counted, 1)
    for first, second, weight in ordered:
        if weight < least:
            break
        a, b = _root(home, first), _root(home, second)
        if a == b:
            continue
        total, weighed = between[a].get(b, (0.0, 0))
        all_pairs = size[a] * size[b]
        if (total + UNWEIGHED * (all_pairs - weighed)) / all_pairs < AVERAGE:
            continue
        if len(between[a]) < len(between[b]):
            a, b = b, a
        home[b] = a
        size[a] += size[b]
        between[a].pop(b, None)
        for other, (more, count) in between.pop(b).items():
            if other == a:
                continue
            known, before = between[a].get(other, (0.0, 0))
            between[a][other] = between[other][a] = (known + more, before + count)
            between[other].pop(b, None)
    lowest: dict[int, int] = {}
    for record in sorted(home):
        lowest.setdefault(_root(home, record), record)
    return {record: lowest[_root(home, record)] for record in home}


def _root(home: dict[int, int], record: int) -> int:
    while home[record] != record:
        home[record] = home[home[record]]
        record = home[record]
    return record


def one_to_one(pairs: Iterable[Pair], side: Sequence[int], least: float) -> list[Pair]:
    """The pairs to keep where no file holds a person twice: strongest first, each record once a file.

    ``side`` gives each record's file by record number. With two files a record is in one pair at most; with
    more, in one pair with each other file.
    """
    used: set[tuple[int, int]] = set()
    kept = []
    for a, b, weight in sorted(pairs, key=lambda p: (-p[2], p[0], p[1])):
        if weight < least or side[a] == side[b]:
            continue
        if (a, side[b]) not in used and (b, side[a]) not in used:
            used |= {(a, side[b]), (b, side[a])}
            kept.append((a, b, weight))
    return kept
