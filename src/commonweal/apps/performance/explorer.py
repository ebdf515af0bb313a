"""What the indicator pages show: one series charted, explained and traced, among its peers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from commonweal.apps.measurement.api import Direction, Indicator, Measurement, Restated, State, restated
from commonweal.apps.performance.signals import Assessed, Held, Key
from commonweal.apps.places import api as places
from commonweal.charts.assessed import chart_of, figure, funnel_of, period_words
from commonweal.charts.drawings import Chart
from commonweal.charts.icons import icon
from commonweal.domain.measurement.targets import says
from commonweal.domain.performance.assess import Summary, unit_of
from commonweal.domain.performance.compare import Change, ranks, rolling, seasonal, year_on_year
from commonweal.domain.performance.words import ASSURANCE_WORDS, VARIATION_WORDS, Finding

FEWEST_PEERS = 3
WEEK = 7
MOST_RESTATED = 24
STANDINGS = {"paused": "Paused", "to_be_confirmed": "To be confirmed"}
PLURAL_STATES = {
    State.PROVISIONAL: "provisional",
    State.PAUSED: "paused",
    State.TO_BE_CONFIRMED: "to be confirmed",
    State.SUPPRESSED: "hidden, too small to show",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One series of an indicator in the table of all."""

    key: str
    name: str
    value: str
    period: str
    variation_icon: str
    variation: str
    assurance_icon: str
    assurance: str
    rank: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what stands beside it."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """One signal in words, and when it was."""

    when: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: the series chosen and its peers. ``rows`` of ``chart`` and ``sources`` go together, newest last."""

    indicator: Indicator
    key: str
    name: str
    chart: Chart
    sources: tuple[str, ...]
    summary: Summary
    variation_icon: str
    variation: str
    assurance_icon: str
    assurance: str
    facts: tuple[Fact, ...]
    signals: tuple[Said, ...]
    notes: tuple[str, ...]
    targets: tuple[str, ...]
    recalibrations: tuple[str, ...]
    peers: tuple[Row, ...]
    funnel: Chart | None
    splits: tuple[tuple[str, str], ...]
    disclosure: str
    standing: str
    restated: tuple[Restated, ...]
    provisional: frozenset[date]


def shown(found: Assessed, wanted: str) -> Shown:
    """The page of the series named ``wanted``, or of the one that most needs to be seen.

    That is the first of concern, else the first. Names are those of ``Key.name``.
    """
    which = _which(found, wanted)
    held, answer = found.held[which], found.answer
    names = names_of(found.held)
    summary = answer.summary(which)
    unit = unit_of(held.series.dates)
    provisional = _provisional(found.indicator, held)
    name = names[which]
    title = f"{found.indicator.name}: {name}"
    notes = list(summary.notes)
    if provisional:
        notes.append(f"The newest {len(provisional)} of these figures are provisional and may still change.")
    return Shown(
        indicator=found.indicator,
        key=held.key.name,
        name=name,
        chart=chart_of(
            answer,
            which,
            title=title,
            axis=found.indicator.unit.capitalize(),
            provisional=provisional,
            name="spc",
            places=found.indicator.rounding,
        ),
        sources=tuple(_source(one) for one in held.figures),
        summary=summary,
        variation_icon=icon(summary.variation, VARIATION_WORDS[summary.variation]),
        variation=VARIATION_WORDS[summary.variation],
        assurance_icon=icon(summary.assurance, ASSURANCE_WORDS[summary.assurance]),
        assurance=ASSURANCE_WORDS[summary.assurance],
        facts=tuple(_facts(found, which, summary)),
        signals=tuple(_said(held.series.dates, unit, one) for one in reversed(answer.findings(which))),
        notes=tuple(notes),
        targets=tuple(says(one, found.indicator.unit) for one in found.indicator.targets),
        recalibrations=tuple(
            f"From {one.start.day} {one.start:%B %Y}: {one.reason}" for one in answer.question.recalibrations
        ),
        peers=tuple(_peers(found, names, which)),
        funnel=_funnel(found, names, which),
        splits=tuple(_splits(found, which)),
        disclosure=found.disclosure,
        standing=STANDINGS.get(str(found.indicator.standing), ""),
        restated=tuple(one for one in restated(found.indicator.code) if _same(one, held.key))[:MOST_RESTATED],
        provisional=provisional,
    )


def _same(one: Restated, key: Key) -> bool:
    return (one.footprint, one.lens, one.category) == (key.footprint, key.lens, key.category)


def _splits(found: Assessed, which: int) -> Iterator[tuple[str, str]]:
    """(series to show, what it is split by) for each way the indicator is split, the whole first.

    Those the definition declares come before others that have figures; one without figures here has no series.
    """
    here = found.held[which].key
    present = {one.key.lens for one in found.held}
    for lens in dict.fromkeys(["all", *found.indicator.lenses, *sorted(present)]):
        of = [one.key for one in found.held if one.key.lens == lens]
        same = [one for one in of if one.footprint == here.footprint]
        if lens in present or lens != "all":
            yield (same or of)[0].name if of else "", "the whole" if lens == "all" else lens.replace("_", " ")


def _which(found: Assessed, wanted: str) -> int:
    keys = [one.key.name for one in found.held]
    if wanted in keys:
        return keys.index(wanted)
    concern = [place for place, one in enumerate(found.answer.variation) if one.startswith("concern")]
    return concern[0] if concern else 0


def names_of(held: Sequence[Held]) -> list[str]:
    """What a reader calls each series: the place or organisation, and its group."""
    known = {one.code: one.name for one in places.footprints()}
    found = []
    for one in held:
        noted = one.figures[-1].note if one.key.footprint_kind == "organisation" else ""
        name = known.get(one.key.footprint) or noted or one.key.footprint
        if one.key.lens != "all":
            name += f", {one.key.lens.replace('_', ' ')} {one.key.category}"
        found.append(name)
    return found


def _provisional(indicator: Indicator, held: Held) -> frozenset[date]:
    newest = held.series.dates[-indicator.provisional_periods :] if indicator.provisional_periods else ()
    return held.provisional | frozenset(newest)


def _source(one: Measurement) -> str:
    came = f"{one.source_file} line {one.source_line}" if one.source_file else f"query: {one.query}"
    state = PLURAL_STATES.get(State(one.state), "")
    return f"{came}; {state}" if state else came


def _facts(found: Assessed, which: int, summary: Summary) -> list[Fact]:
    held = found.held[which]
    unit = unit_of(held.series.dates)
    facts = [Fact(period_words(summary.date, unit), _measured(summary.value, found.indicator))]
    if summary.mean is not None and summary.lower is not None and summary.upper is not None:
        sign = "%" if found.indicator.unit == "percent" else ""
        facts.append(Fact("Mean", figure(summary.mean) + sign))
        facts.append(Fact("Expected range", f"{figure(summary.lower)} to {figure(summary.upper)}{sign}"))
    if unit == "days":
        tail = len(_provisional(found.indicator, held))
        rolled = rolling(held.series.values, window=WEEK, tail=tail)
        place = held.series.dates.index(summary.date)
        mean = rolled.values[place]
        said = "too few days in a row" if np.isnan(mean) else _measured(float(mean), found.indicator)
        facts.append(Fact("Mean of 7 days", said + (" (provisional)" if rolled.provisional[place] else "")))
    if unit == "months":
        place = held.series.dates.index(summary.date)
        facts.append(
            Fact("On a year before", _changed(year_on_year(held.series.dates, held.series.values)[place], found))
        )
        season = seasonal(held.series.dates, held.series.values)[place]
        if season.low is not None and season.high is not None:
            among = f"{figure(season.low)} to {figure(season.high)}"
            facts.append(Fact(f"Earlier years, {summary.date:%B}", among + (" (outside)" if season.unusual else "")))
    return facts


def _measured(value: float | None, indicator: Indicator) -> str:
    if value is None:
        return "no figure"
    told = figure(value, indicator.rounding)
    return f"{told}%" if indicator.unit == "percent" else f"{told} {indicator.unit}"


def _changed(change: Change, found: Assessed) -> str:
    if change.difference is None:
        return "no figure a year before"
    if found.indicator.unit == "percent":
        return _signed(f"{change.difference:+.1f} percentage points")
    share = f" ({change.percent:+.1f}%)" if change.percent is not None else ""
    return _signed(f"{change.difference:+,.0f}{share}")


def _signed(text: str) -> str:
    """With a minus sign that a screen reader calls one."""
    return text.replace("-", "−")


def _said(dates: Sequence[date], unit: str, one: Finding) -> Said:
    first, last = period_words(dates[one.start], unit), period_words(dates[one.end], unit)
    return Said(first if one.start == one.end else f"{first} to {last}", one.sentence)


def _peers(found: Assessed, names: Sequence[str], which: int) -> list[Row]:
    lens = found.held[which].key.lens  # the whole is compared with wholes, an age group with age groups
    alone = [place for place, one in enumerate(found.held) if one.key.lens == lens]
    summaries = [found.answer.summary(place) for place in alone]
    newest = max(one.date for one in summaries)
    direction = Direction(found.indicator.direction_of_good)
    alike = [one.value if one.date == newest else None for one in summaries]
    places_of = ranks(alike, direction) if direction is not Direction.NEITHER else [None] * len(alike)
    return [
        Row(
            key=found.held[place].key.name,
            name=names[place],
            value=figure(one.value, found.indicator.rounding),
            period=period_words(one.date, unit_of(found.held[place].series.dates)),
            variation_icon=icon(one.variation, ""),
            variation=VARIATION_WORDS[one.variation],
            assurance_icon=icon(one.assurance, ""),
            assurance=ASSURANCE_WORDS[one.assurance],
            rank=rank.text if rank is not None else "–",
            chosen=place == which,
        )
        for place, one, rank in zip(alone, summaries, places_of, strict=True)
    ]


def _funnel(found: Assessed, names: Sequence[str], which: int) -> Chart | None:
    """Peers of the same newest period by their size, where the figures are shares of people or events."""
    if found.indicator.unit != "percent":
        return None
    newest = max(one.series.dates[-1] for one in found.held)
    counted: list[tuple[str, Decimal, Decimal]] = []
    for place, one in enumerate(found.held):
        last = one.figures[-1]
        alike = one.key.lens == found.held[which].key.lens and one.series.dates[-1] == newest
        if alike and last.numerator is not None and last.denominator and last.numerator <= last.denominator:
            counted.append((names[place], last.numerator, last.denominator))
    if len(counted) < FEWEST_PEERS:
        return None
    when = period_words(newest, unit_of(found.held[which].series.dates))
    return funnel_of(
        [name for name, _, _ in counted],
        np.array([float(top) for _, top, _ in counted]),
        np.array([float(bottom) for _, _, bottom in counted]),
        title=f"{found.indicator.name} by size, {when}",
        axis="Percent",
        size_axis="Counted",
        chosen=names[which],
    )
