"""Whether linkage serves everybody alike: link rates and expected errors by group, against funnel limits.

Records of some groups link less often (names that change or are written many ways, no fixed address), and then
those people are missed in every count. What to report: Bohensky et al., "Data linkage: a powerful research tool
with potential problems", BMC Health Services Research 10:346 (2010); and GUILD, Gilbert et al., "GUILD: GUidance for
Information about Linking Data sets", Journal of Public Health 40(1), 2018, step 3. Limits are those of a funnel plot
(``domain.performance.funnel``), but of whole counts: interpolated ones call 12 of 12 an outlier where nearly all link.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from commonweal.domain.performance.funnel import ALARM, WARNING

Floats = NDArray[np.float64]

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


def limits(records: ArrayLike, centre: float, inside: float) -> tuple[Floats, Floats]:
    """Of so many ``records`` each, the fewest and the most links that a share ``inside`` of chance results allows.

    Whole counts, each the least below or at which its share of a binomial distribution's results lies. ``centre``: the
    share that all link together, 0 to 1.
    """
    n = np.asarray(records, dtype=np.int64)

    def most(tail: float) -> Floats:
        if not 0 < centre < 1:  # all or none link: chance has no part
            return np.asarray(n * centre, dtype=np.float64)
        count = np.ceil(special.bdtrik(tail, n, centre))
        fewer = np.maximum(count - 1, 0)  # rounding may have gone one too far
        found: Floats = np.where(special.bdtr(fewer, n, centre) >= tail, fewer, count)
        return found

    return most((1 - inside) / 2), most((1 + inside) / 2)


def judge(counted: Iterable[Counted]) -> list[Judged]:
    """Each group of LEAST records or more against all groups of its kind, kinds and groups in order."""
    kinds: dict[str, list[Counted]] = {}
    for one in counted:
        if one.records >= LEAST:
            kinds.setdefault(one.kind, []).append(one)
    found = []
    for kind in sorted(kinds):
        groups = sorted(kinds[kind], key=lambda one: one.group)
        linked = np.array([one.linked for one in groups])
        records = np.array([one.records for one in groups])
        centre = linked.sum() / records.sum()
        inner, outer = (limits(records, centre, inside) for inside in (WARNING, ALARM))
        place = np.sum([(linked > high).astype(int) - (linked < low) for low, high in (inner, outer)], axis=0)
        for n, one in enumerate(groups):
            found.append(
                Judged(
                    kind,
                    one.group,
                    one.records,
                    one.linked / one.records,
                    float(outer[0][n] / one.records),
                    float(outer[1][n] / one.records),
                    int(place[n]),
                    one.wrong / one.linked if one.linked else 0.0,
                    one.doubts / one.records,
                )
            )
    return found
