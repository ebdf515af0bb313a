"""Whether linkage serves everybody alike: link rates and expected errors by group, against funnel limits.

Records of some groups link less often (names that change or are written many ways, no fixed address), and then
those people are missed in every count. What to report: Bohensky et al., "Data linkage: a powerful research tool
with potential problems", BMC Health Services Research 10:346 (2010); and GUILD, Gilbert et al., "GUILD: GUidance for
Information about Linking Data sets", Journal of Public Health 40(1), 2018, step 3. Limits are the exact binomial
ones of ``domain.performance.funnel``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from commonweal.domain.performance.funnel import funnel

LEAST = 10  # records below which a group is not compared: its limits would be as wide as the scale


@dataclass(frozen=True, slots=True)
class Counted:
    """One group of one kind (``age``, ``sex``, …): its records, those linked, doubts, and wrong links expected."""

    kind: str
    group: str
    records: int
    linked: int
    doubts: int
    wrong: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A group's link rate between its 99.8% limits. ``place`` is -2 or 2 beyond them, ±1 beyond 95%, 0 inside.

    ``wrong`` is the share of links expected to be wrong by their weights, ``doubted`` the share of records in doubt.
    """

    kind: str
    group: str
    records: int
    rate: float
    low: float
    high: float
    place: int
    wrong: float
    doubted: float


def judge(counted: Iterable[Counted]) -> list[Judged]:
    """Each group of LEAST records or more against all groups of its kind, kinds and groups in order."""
    kinds: dict[str, list[Counted]] = {}
    for one in counted:
        if one.records >= LEAST:
            kinds.setdefault(one.kind, []).append(one)
    found = []
    for kind in sorted(kinds):
        groups = sorted(kinds[kind], key=lambda one: one.group)
        drawn = funnel([one.linked for one in groups], [one.records for one in groups])
        for place, one in enumerate(groups):
            found.append(
                Judged(
                    kind,
                    one.group,
                    one.records,
                    one.linked / one.records,
                    float(drawn.low998[place]),
                    float(drawn.high998[place]),
                    int(drawn.place[place]),
                    one.wrong / one.linked if one.linked else 0.0,
                    one.doubts / one.records,
                )
            )
    return found
