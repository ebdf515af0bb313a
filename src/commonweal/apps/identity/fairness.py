"""What the page of the bias report shows: each kind of group in plain words, as a chart and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.apps.identity import bias
from commonweal.apps.places import api as places
from commonweal.charts.control import Band, Unit, funnel_chart
from commonweal.charts.drawings import Chart
from commonweal.charts.ranges import Spread, ranges_by_category
from commonweal.domain.identity.bias import LEAST, Judged, limits
from commonweal.domain.performance.funnel import ALARM, WARNING
from commonweal.domain.population.categories import CATEGORIES

MANY = 20  # groups from which a funnel says more than a list of points
_ELSEWHERE = "Records of hospitals, councils and others that found a partner"
_PLACES = ("Within the limits", "Beyond 95%", "Beyond 99.8%")
_WORDS = {
    -2: "Fewer",
    -1: "Perhaps fewer",
    0: "As expected",
    1: "Perhaps more",
    2: "More",
}
# Each kind in the order of the page: heading, of what, and what to bear in mind.
_KINDS = {
    "ethnicity": ("Ethnicity", _ELSEWHERE, "As the record itself says, which may differ from the practice’s."),
    "deprivation": ("Deprivation", _ELSEWHERE, "By the postcode on the record; without a usable one, not known."),
    "age": ("Age", _ELSEWHERE, "On the day of the run."),
    "sex": ("Sex", _ELSEWHERE, ""),
    "source": (
        "Who holds the record",
        _ELSEWHERE,
        "A source that serves visitors and people registered elsewhere links less often, and rightly.",
    ),
    "practice": (
        "GP practice",
        "Registrations that found a partner",
        "Not everybody has been to a hospital or council: this says how alike practices are, not how many links are "
        "missed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Group:
    """One row: shares in percent, ``wrong`` links expected of 10,000, ``doubted`` records of 1,000."""

    name: str
    records: int
    rate: float
    low: float
    high: float
    place: int
    words: str
    wrong: float
    doubted: float


@dataclass(frozen=True, slots=True)
class Kind:
    """All groups of one kind; ``average`` is the share linked of all together, in percent."""

    key: str
    heading: str
    what: str
    note: str
    average: float
    groups: tuple[Group, ...]
    chart: Chart | None
    said: str


@dataclass(frozen=True, slots=True)
class Fairness:
    """The last run's report, worst groups first in ``served_worse``; ``runs`` newest first; None before any run."""

    kinds: tuple[Kind, ...]
    served_worse: tuple[tuple[str, Group], ...]
    runs: tuple[bias.Run, ...]
    least: int = LEAST


def fairness() -> Fairness | None:
    """The bias report as its page shows it. It holds numbers of groups and nothing of anybody."""
    runs = bias.runs()
    if not runs:
        return None
    judged = bias.report()
    codes = {one.group for one in judged if one.kind in ("source", "practice")}
    names = places.names_of(codes)
    kinds = tuple(_kind(key, found, names) for key in _KINDS if (found := [one for one in judged if one.kind == key]))
    worse = [(kind.heading, one) for kind in kinds if kind.key != "practice" for one in kind.groups if one.place == -2]
    worse.sort(key=lambda pair: pair[1].rate - pair[1].low)
    return Fairness(kinds, tuple(worse), tuple(runs))


def _kind(key: str, judged: Sequence[Judged], names: dict[str, str]) -> Kind:
    heading, what, note = _KINDS[key]
    known = CATEGORIES.get({"deprivation": "deprivation_quintile"}.get(key, key), {})
    order = {code: place for place, code in enumerate(known)}
    ordered = sorted(judged, key=lambda one: (order.get(one.group, -1), one.group == "unknown", one.group))
    groups = tuple(_group(one, _name(key, one.group, {**names, **known})) for one in ordered)
    records = sum(one.records for one in judged)
    average = 100 * sum(one.rate * one.records for one in judged) / records
    outside = sum(abs(one.place) == 2 for one in groups)
    lies = "None" if not outside else str(outside)
    said = (
        f"{average:.1f}% of {records:,} records. {lies} of {len(groups)} groups {'lies' if outside < 2 else 'lie'} "
        "beyond the 99.8% limits."
    )
    return Kind(key, heading, what, note, average, groups, _chart(key, heading, what, groups, average, said), said)


def _chart(key: str, heading: str, what: str, groups: Sequence[Group], average: float, said: str) -> Chart | None:
    """A funnel of many groups, points and ranges of a few, nothing of one."""
    title = f"{what}, by {'GP practice' if key == 'practice' else heading.lower()}"
    if len(groups) < 2:
        return None
    if len(groups) > MANY:
        return _funnel(key, title, groups, average, said)
    spreads = [
        Spread(one.name, one.rate, f"{one.rate:.1f}%", one.low, one.high, _PLACES[abs(one.place)]) for one in groups
    ]
    return ranges_by_category(
        name=f"linked-{key}",
        title=title,
        axis="Percent linked",
        heading=heading,
        groups=spreads,
        centre=average,
        said=f"{title}. {said}",
    )


def bands(sizes: Sequence[int], centre: float) -> list[Band]:
    """The limits by which ``bias.judge`` places groups, in percent, over and at all their ``sizes``, ascending."""
    around = np.linspace(max(1.0, min(sizes) * 0.9), max(sizes) * 1.05, 80)
    at = np.unique(np.concatenate([np.round(around).astype(np.int64), np.asarray(sizes, dtype=np.int64)]))
    counts = (*limits(at, centre, WARNING), *limits(at, centre, ALARM))
    return [
        Band(float(size), *(100 * float(count / size) for count in ends))
        for size, *ends in zip(at, *counts, strict=True)
    ]


def _funnel(key: str, title: str, groups: Sequence[Group], average: float, said: str) -> Chart:
    return funnel_chart(
        name=f"linked-{key}",
        title=title,
        axis="Percent linked",
        size_axis="Records",
        units=[
            Unit(one.name, one.records, one.rate, f"{one.rate:.1f}%", _PLACES[abs(one.place)], abs(one.place) == 2)
            for one in groups
        ],
        bands=bands([one.records for one in groups], average / 100),
        centre=average,
        said=f"{title}. {said}",
    )


def _group(one: Judged, name: str) -> Group:
    return Group(
        name,
        one.records,
        100 * one.rate,
        100 * one.low,
        100 * one.high,
        one.place,
        _WORDS[one.place],
        10_000 * one.wrong,
        1_000 * one.doubted,
    )


def _name(key: str, group: str, names: dict[str, str]) -> str:
    """What a group is called on the page."""
    if group == "unknown":
        return {"deprivation": "Area not known", "sex": "Not known"}.get(key, "Not recorded")
    if key == "age":
        first = int(group[:2])
        return "90 and over" if first == 90 else f"{first} to {first + 9}"
    return names.get(group, group)
