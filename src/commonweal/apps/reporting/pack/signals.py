"""Control charts of the pack: every series with figures up to the month reported, those that call for action first."""

import calendar
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from commonweal.apps.measurement.api import Indicator
from commonweal.apps.performance import api as performance
from commonweal.apps.places import api as places
from commonweal.apps.reporting.formats import NONE, month
from commonweal.apps.reporting.model import Cell, Headline, Table
from commonweal.apps.reporting.pack.model import Bullets, Icons, Para, Section
from commonweal.charts.drawings import Chart
from commonweal.charts.icons import icon
from commonweal.domain.measurement.targets import required, says, target_on
from commonweal.domain.performance.assess import Answer, Summary, assess
from commonweal.domain.performance.icons import Assurance, Variation
from commonweal.domain.performance.series import Series
from commonweal.domain.performance.words import ASSURANCE_WORDS, VARIATION_WORDS, Finding

MOST_CHARTS = 12
_FRESH = 3  # months after which a newest point is old news
_CONCERN = (Variation.CONCERN_HIGH, Variation.CONCERN_LOW)
_IMPROVEMENT = (Variation.IMPROVEMENT_HIGH, Variation.IMPROVEMENT_LOW)


@dataclass(frozen=True, slots=True)
class Signalled:
    """One series as its newest point up to the month reported leaves it."""

    indicator: Indicator
    where: str
    slug: str
    answer: Answer
    which: int
    summary: Summary
    latest: tuple[Finding, ...]
    old: bool
    provisional: frozenset[date]
    sources: tuple[str, ...]

    @property
    def concern(self) -> bool:
        """Whether the newest point is a special cause of concerning nature."""
        return self.summary.variation in _CONCERN

    @property
    def improvement(self) -> bool:
        """Whether the newest point is a special cause of improving nature."""
        return self.summary.variation in _IMPROVEMENT

    @property
    def failing(self) -> bool:
        """Whether the target lies beyond what the process can do."""
        return self.summary.assurance == Assurance.FAILING

    @property
    def value(self) -> str:
        """The newest figure with its unit."""
        return _worth(self.summary.value, self.indicator.unit)

    @property
    def at(self) -> str:
        """The newest period."""
        return f"{self.summary.date:%B %Y}"

    @property
    def since(self) -> str:
        """When the signal the newest point is part of began, in words; "" without one."""
        if not self.latest:
            return ""
        first = min(one.start for one in self.latest)
        return f"{self.answer.series[self.which].dates[first]:%B %Y}"

    @property
    def target(self) -> str:
        """The target in force in words, "" without one."""
        held = target_on(self.indicator.targets, self.summary.date)
        return says(held, self.indicator.unit) if held is not None else ""

    def chart(self) -> Chart:
        """Its control chart."""
        return performance.chart_of(
            self.answer,
            self.which,
            title=f"{self.indicator.name}: {self.where}",
            axis=self.indicator.unit.capitalize(),
            name=f"chart-{self.slug}",
            provisional=self.provisional,
        )


def signalled(period: str) -> list[Signalled]:
    """Every series with points up to a month, those of concern first, then those failing, improving, the rest."""
    year, number = (int(part) for part in period.split("-"))
    end = date(year, number, calendar.monthrange(year, number)[1])
    names = {one.code: one.name for one in places.footprints()}
    found: list[Signalled] = []
    for held in performance.charted():
        if held.series:
            found += _of(held.code, end, names)
    rank = {True: 0, False: 1}
    return sorted(
        found,
        key=lambda one: (
            rank[one.concern],
            rank[one.failing],
            rank[one.improvement],
            one.indicator.code,
            one.where,
        ),
    )


def _of(code: str, end: date, names: dict[str, str]) -> Iterable[Signalled]:
    whole = performance.assessed(code)
    kept = [(one, sum(day <= end for day in one.series.dates)) for one in whole.held]
    kept = [(one, count) for one, count in kept if count >= 2]
    if not kept:
        return
    series = [
        Series(
            one.series.name,
            one.series.dates[:count],
            one.series.values[:count],
            tuple(day for day in one.series.missing if day <= end),
        )
        for one, count in kept
    ]
    answer = assess(series, whole.answer.question)
    for which, (one, count) in enumerate(kept):
        summary = answer.summary(which)
        last = one.figures[count - 1]
        noted = last.note if one.key.footprint_kind == "organisation" else ""
        where = names.get(one.key.footprint) or noted or one.key.footprint
        if one.key.lens != "all":
            where += f", {one.key.lens.replace('_', ' ')} {one.key.category}"
        end_place = series[which].dates.index(summary.date)
        age = (end.year - summary.date.year) * 12 + end.month - summary.date.month
        came = [f"{f.source_file} line {f.source_line}" if f.source_file else f"query: {f.query}" for f in one.figures]
        yield Signalled(
            whole.indicator,
            where,
            f"{code}-{one.key.name}".replace("/", "-").replace("_", "-").replace(".", "-").replace(" ", "-").lower(),
            answer,
            which,
            summary,
            tuple(said for said in answer.findings(which) if said.end == end_place),
            age > _FRESH,
            one.provisional,
            (came[0], came[count - 1]),
        )


def _worth(value: float | None, unit: str) -> str:
    if value is None:
        return "no figure"
    text = f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"
    return f"{text}%" if unit == "percent" else f"{text} {unit}"


def trajectory(indicator: Indicator, on: date) -> str:
    """What the target will ask for next, "" where no trajectory is set."""
    held = target_on(indicator.targets, on)
    if held is None or not held.points:
        return ""
    asked = required(held, on)
    now = f"{asked:f} is asked for now; " if asked is not None else ""
    return now + says(held, indicator.unit)


def headlines_of(found: Sequence[Signalled]) -> list[Headline]:
    """A sentence for each indicator with fresh signals, and for each that cannot reach its target."""
    said: list[Headline] = []
    rules: tuple[tuple[str, str, Callable[[Signalled], bool], str], ...] = (
        ("signal-of-concern", "worse", lambda one: one.concern, "special cause of concern"),
        ("signal-of-improvement", "better", lambda one: one.improvement, "special cause of improvement"),
        ("target-not-capable", "worse", lambda one: one.failing, "target will be missed unless something changes"),
    )
    codes = list(dict.fromkeys(one.indicator.code for one in found))
    for code in codes:
        own = [one for one in found if one.indicator.code == code]
        for rule, tone, holds, words in rules:
            some = [one for one in own if holds(one)]
            if not some:
                continue
            age = f" (newest figures {some[0].at})" if some[0].old else ""
            named = "; ".join(f"{one.where} {one.value}" for one in some[:3])
            more = f" and {len(some) - 3} more" if len(some) > 3 else ""
            text = f"{own[0].indicator.name}: {words}{age}. {named}{more}"
            said.append(Headline(f"{len(some)} of {len(own)} series", text, tone, f"spc-{some[0].slug}", rule))
    return said


def pages(found: Sequence[Signalled], period: str, most: int) -> list[Section]:
    """The summary of every series, then a page for each of the first ``most``."""
    if not found:
        said = (
            f"No indicator has two or more figures over time up to {month(period)}, so no control chart can be drawn."
        )
        return [Section("signals", "Change told from chance", 2, (Para(said),))]
    shown = found[:most]
    rows = tuple(
        (
            Cell(one.indicator.name, note=one.where),
            Cell(one.at, note="Old" if one.old else ""),
            Cell(one.value),
            Cell(VARIATION_WORDS[one.summary.variation]),
            Cell(ASSURANCE_WORDS[one.summary.assurance]),
        )
        for one in found
    )
    columns = ("Indicator", "Newest", "Figure", "Variation", "Assurance")
    lead = (
        f"{len(found)} series, each judged by the Making Data Count rules. "
        f"{sum(one.concern for one in found)} show concern, {sum(one.improvement for one in found)} improvement; "
        f"{sum(one.failing for one in found)} cannot reach their target unless something changes. "
        + (f"The {len(shown)} that call for action first are drawn." if len(shown) < len(found) else "All are drawn.")
    )
    made = [Section("signals", "Change told from chance", 2, (Para(lead), Table("Every series", columns, rows, (2,))))]
    return made + [_page(one) for one in shown]


def _page(one: Signalled) -> Section:
    summary = one.summary
    variation, assurance = VARIATION_WORDS[summary.variation], ASSURANCE_WORDS[summary.assurance]
    icons = Icons(((icon(summary.variation, variation), variation), (icon(summary.assurance, assurance), assurance)))
    said = [finding.sentence for finding in one.latest] or ["The newest point shows no signal: the change is chance."]
    if one.old:
        said.append(f"The newest figure is of {one.at}: it does not say how things stand now.")
    said += list(summary.notes)
    said.append(f"Target: {one.target}." if one.target else "No target has been recorded.")
    said.append(f"Figures: {one.sources[0]} to {one.sources[1]}." if one.sources[0] != NONE else "")
    blocks = (icons, one.chart(), Bullets(tuple(text for text in said if text)))
    return Section(f"spc-{one.slug}", f"{one.indicator.name}: {one.where}", 3, blocks)
