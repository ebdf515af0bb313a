"""From an assessed series to its chart: words for each point, and the sentence the chart is read by."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from commonweal.charts.control import Band, Break, Mark, Unit, control_chart, funnel_chart
from commonweal.charts.drawings import Chart
from commonweal.domain.performance.assess import Answer, PointRow, unit_of
from commonweal.domain.performance.funnel import Adjustment, funnel, overdispersed
from commonweal.domain.performance.spc import Floats
from commonweal.domain.performance.words import ASSURANCE_WORDS, VARIATION_WORDS

ENOUGH_TO_ADJUST = 10  # fewer organisations do not tell how much they usually differ
_KINDS = {"improvement": "Improvement", "concern": "Concern", "neither": "Signal"}
_SAID = {
    "beyond_limit": "outside the limits",
    "trend": "part of a trend",
    "two_of_three": "two of three near a limit",
    "shift": "part of a shift",
}


def chart_of(
    answer: Answer,
    which: int,
    *,
    title: str,
    axis: str,
    name: str = "spc",
    provisional: frozenset[date] = frozenset(),
    places: int | None = None,
) -> Chart:
    """The chart of one series. ``provisional`` are the days whose figures may still change, drawn as crosses.

    ``places`` is how many decimals the definition says to show, None for as ``figure`` does.
    """
    one = answer.series[which]
    unit = unit_of(one.dates)
    marks = [_mark(row, unit, row.date in provisional, places) for row in answer.rows(which)]
    breaks = [
        Break(change.start, change.reason or "Lines computed afresh")
        for change in answer.question.recalibrations
        if one.dates and one.dates[0] < change.start <= one.dates[-1]
    ]
    said = f"{title}: {len(one.dates)} {unit}. {VARIATION_WORDS[answer.variation[which]]}."
    if answer.question.targets:
        said += f" {ASSURANCE_WORDS[answer.assurance[which]]}."
    return control_chart(name=name, title=title, axis=axis, marks=marks, breaks=breaks, said=said)


def _mark(row: PointRow, unit: str, provisional: bool, places: int | None) -> Mark:
    kind = _KINDS.get(row.judged.partition("_")[0], "No signal")
    said = ", ".join(_SAID[one] for one in row.signals)
    if said and kind != "Signal":
        said = f"{kind}: {said}"
    if provisional:
        kind, said = "Provisional", f"Provisional; {said}" if said else "Provisional"
    return Mark(
        on=row.date,
        at=period_words(row.date, unit),
        value=row.value,
        label=figure(row.value, places),
        kind=kind,
        said=(said[:1].upper() + said[1:]) or "–",
        mean=row.mean,
        lower=row.lower,
        upper=row.upper,
        target=row.target,
        phase=row.phase,
    )


def period_words(day: date, unit: str) -> str:
    """``March 2018`` for a monthly point, ``5 March 2018`` for one of another kind."""
    return f"{day:%B %Y}" if unit in {"months", "quarters"} else f"{day.day} {day:%B %Y}"


def figure(value: float | None, places: int | None = None) -> str:
    """A figure as printed in a table: commas, and ``places`` decimals; None for two where it has any."""
    if value is None:
        return "no figure"
    if places is not None:
        return f"{value:,.{places}f}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def funnel_of(
    names: Sequence[str],
    events: Floats,
    sizes: Floats,
    *,
    title: str,
    axis: str,
    size_axis: str,
    chosen: str = "",
    name: str = "funnel",
    adjustment: Adjustment | None = None,
    scale: float = 100.0,
) -> Chart:
    """Organisations in a funnel of a proportion, drawn in percent; those beyond the limits, and ``chosen``, named.

    Where they differ by more than chance and are many enough to tell by how much, the limits allow for it, unless an
    ``adjustment`` is given.
    """
    found = funnel(events, sizes, adjustment=adjustment or Adjustment.NONE)
    wide = overdispersed(found.phi, len(names))
    if adjustment is None and wide and len(names) >= ENOUGH_TO_ADJUST:
        found = funnel(events, sizes, adjustment=Adjustment.ADDITIVE)
    kinds = ("Within the limits", "Beyond 95%", "Beyond 99.8%")
    units = [
        Unit(
            name=one,
            size=float(found.sizes[place]),
            value=float(found.values[place]) * scale,
            label=figure(float(found.values[place]) * scale),
            kind=kinds[abs(int(found.place[place]))],
            highlight=bool(found.place[place]) or one == chosen,
        )
        for place, one in enumerate(names)
    ]
    smallest, largest = float(found.sizes.min()), float(found.sizes.max())
    at = np.linspace(max(1.0, smallest * 0.9), largest * 1.05, 80)
    bands = [
        Band(float(size), *(float(limit) * scale for limit in limits))
        for size, *limits in zip(at, *found.limits_at(at), strict=True)
    ]
    outside = [one for one in units if one.kind != kinds[0]]
    said = f"{title}. {len(outside)} of {len(units)} lie beyond what chance makes at their size."
    if wide and found.adjustment is Adjustment.NONE:
        said += (
            f" But they differ from one another far more than chance would make them (phi {found.phi:.1f}), so lying "
            "outside is not by itself a finding about any one of them."
        )
    elif wide:
        said += f" The limits are widened, since organisations differ by more than chance (phi {found.phi:.1f})."
    return funnel_chart(
        name=name,
        title=title,
        axis=axis,
        size_axis=size_axis,
        units=units,
        bands=bands,
        centre=found.centre * scale,
        said=said,
    )
