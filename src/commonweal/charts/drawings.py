"""The drawings reports use. Each takes values, and gives an SVG, a sentence and the same values as a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, ParamSpec

import altair as alt
from altair.utils.schemapi import debug_mode

from commonweal.charts import theme
from commonweal.charts.render import svg

WIDTH = 760
CHECK_SPECIFICATIONS = False
FIGURES = alt.NamedData(name="figures")


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its text alternative: ``columns`` and ``rows`` hold what it shows, ready to print."""

    name: str
    title: str
    description: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``low`` and ``high`` are limits if there are any; ``label`` is the value as to be printed.

    ``value`` None is a figure that is not given (suppressed, paused): its label is printed with no bar.
    """

    category: str
    value: float | None
    label: str
    low: float | None = None
    high: float | None = None
    emphasis: bool = False


@dataclass(frozen=True, slots=True)
class PlanBar:
    """What happened beside what was planned; ``label`` is drawn beside the bar in place of the two figures."""

    category: str
    plan: float | None
    actual: float | None
    plan_label: str
    actual_label: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line; ``at`` orders points and is printed below them."""

    series: str
    at: str
    value: float
    label: str


P = ParamSpec("P")


def remembered(draw: Callable[P, Chart]) -> Callable[P, Chart]:
    """Keep the last drawings: a page asks for the same one at every view, and it depends on nothing but its values.

    Altair checks every piece of a specification against its schema, which is nine tenths of the time; a test
    checks the specifications instead.
    """
    kept = lru_cache(maxsize=512)(draw)

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Chart:
        fixed: Any = {name: tuple(one) if isinstance(one, list) else one for name, one in kwargs.items()}
        with debug_mode(CHECK_SPECIFICATIONS):
            return kept(*args, **fixed)

    return drawn


def finish(chart: Any, height: int, values: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The specification of a drawing at the width and in the looks of them all.

    ``values`` are the rows of ``FIGURES``: a drawing in layers names them, since Altair would copy them layer by layer.
    """
    spec: dict[str, Any] = chart.properties(
        width=WIDTH, height=height, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    ).to_dict(validate=CHECK_SPECIFICATIONS)
    if values:
        spec.setdefault("datasets", {})[FIGURES.name] = list(values)
    spec["config"] = theme.CONFIG
    return spec


@remembered
def bar_by_category(
    *,
    name: str,
    title: str,
    axis: str,
    heading: str,
    bars: Sequence[Bar],
    gap: str = "",
    ticks: Sequence[float] = (),
    whole: bool = False,
) -> Chart:
    """Horizontal bars with their values printed and, where given, their 95% limits.

    ``gap`` is the sentence that says what the drawing shows; ``ticks`` are the marks of the axis, and ``whole``
    keeps them to whole numbers, where the ones chosen by length would mislead. Bars keep their order.
    Raises ``ValueError`` for no bars.
    """
    if not bars:
        raise ValueError("a chart needs at least one bar")
    top = max((bar.high or bar.value or 0.0) for bar in bars)
    values = [
        {
            "category": bar.category,
            "value": bar.value or 0.0,
            "end": max(bar.value or 0.0, bar.high or 0.0),
            "low": bar.low if bar.low is not None else bar.value,
            "high": bar.high if bar.high is not None else bar.value,
            "label": bar.label,
            "emphasis": bar.emphasis,
        }
        for bar in bars
    ]
    limits = any(bar.low is not None for bar in bars)
    order = [bar.category for bar in bars]
    y = alt.Y("category:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    marks: dict[str, Any] = {"values": list(ticks)} if ticks else {"tickCount": 5}
    if whole:
        marks["tickMinStep"] = 1
    scale = alt.Scale(domain=[0, (max(top, *ticks) if ticks else top or 1.0) * 1.25])
    x = alt.X("value:Q", title=axis, scale=scale, axis=alt.Axis(**marks))
    base = alt.Chart(alt.InlineData(values=values))
    layers = [
        base.mark_bar(height={"band": 0.68}).encode(
            y=y,
            x=x,
            color=alt.condition("datum.emphasis", alt.value(theme.DARK_BLUE), alt.value(theme.LIGHT_BLUE)),
        )
    ]
    if limits:
        # A black rule on a wider white one shows on the dark bar and on the white page alike.
        for colour, width in (("#ffffff", 5), (theme.BLACK, 2)):
            layers.append(
                base.mark_rule(color=colour, strokeWidth=width).encode(y=y, x=alt.X("low:Q"), x2=alt.X2("high:Q"))
            )
    layers.append(base.mark_text(align="left", dx=8).encode(y=y, x=alt.X("end:Q"), text=alt.Text("label:N")))
    description = gap or f"{title}. " + "; ".join(f"{bar.category}: {bar.label}" for bar in bars) + "."
    columns: tuple[str, ...] = (heading, axis, "95% limits") if limits else (heading, axis)
    rows = tuple((bar.category, bar.label, _limits(bar))[: len(columns)] for bar in bars)
    drawn = svg(finish(alt.layer(*layers), 40 * len(bars)), name=name, title=title, description=description)
    return Chart(name, title, description, drawn, columns, rows)


def _limits(bar: Bar) -> str:
    if bar.low is None or bar.high is None:
        return "–"
    return f"{bar.low:.1f} to {bar.high:.1f}"


@remembered
def plan_and_actual(*, name: str, title: str, axis: str, heading: str, bars: Sequence[PlanBar]) -> Chart:
    """A bar for what happened and a mark where the plan was, with the actual printed.

    Raises ``ValueError`` for no bars.
    """
    if not bars:
        raise ValueError("a chart needs at least one bar")
    top = max(max(bar.plan or 0.0, bar.actual or 0.0) for bar in bars)
    values = [
        {
            "category": bar.category,
            "actual": bar.actual or 0.0,
            "plan": bar.plan,
            "label": bar.label or _of_plan(bar),
            "end": _label_at(bar, top),
            "Actual": "Actual",
            "Plan": "Plan",
        }
        for bar in bars
    ]
    order = [bar.category for bar in bars]
    y = alt.Y("category:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    scale = alt.Scale(domain=[0, (top or 1.0) * (1.15 if all(bar.label for bar in bars) else 1.6)])
    key = alt.Scale(domain=["Actual", "Plan"], range=[theme.BLUE, theme.BLACK])
    base = alt.Chart(alt.InlineData(values=values))
    layers = [
        base.mark_bar(height={"band": 0.62}, opacity=1).encode(
            y=y,
            x=alt.X("actual:Q", title=axis, scale=scale, axis=alt.Axis(tickCount=5)),
            color=alt.Color("Actual:N", scale=key, legend=alt.Legend(title=None, symbolType="square")),
        ),
        base.transform_filter("isValid(datum.plan)")
        .mark_tick(thickness=4, height=34, opacity=1)
        .encode(y=y, x=alt.X("plan:Q"), color=alt.Color("Plan:N", scale=key, legend=alt.Legend(title=None))),
        base.mark_text(align="left", dx=10).encode(y=y, x=alt.X("end:Q"), text=alt.Text("label:N")),
    ]
    description = (
        f"{title}. "
        + "; ".join(f"{bar.category}: plan {bar.plan_label}, actual {bar.actual_label}" for bar in bars)
        + "."
    )
    drawn = svg(finish(alt.layer(*layers), 48 * len(bars)), name=name, title=title, description=description)
    rows = tuple((bar.category, bar.plan_label, bar.actual_label) for bar in bars)
    return Chart(name, title, description, drawn, (heading, "Plan", "Actual"), rows)


def _label_at(bar: PlanBar, top: float) -> float:
    """Where the label starts: at the bar's end, or past the plan's mark where the two would overlap."""
    actual = bar.actual or 0.0
    overlaps = bar.plan is not None and actual < bar.plan < actual + 0.2 * top
    return bar.plan if overlaps and bar.plan is not None else actual


def _of_plan(bar: PlanBar) -> str:
    return bar.actual_label if bar.plan is None else f"{bar.actual_label} (plan {bar.plan_label})"


@remembered
def line(*, name: str, title: str, axis: str, points: Sequence[Point]) -> Chart:
    """One line a series over ordered points. Series differ by dash as well as colour.

    Raises ``ValueError`` for no points.
    """
    if not points:
        raise ValueError("a chart needs at least one point")
    values = [{"series": one.series, "at": one.at, "value": one.value} for one in points]
    series = list(dict.fromkeys(one.series for one in points))
    colours = [theme.BLUE, theme.BLACK, theme.GREY, theme.DARK_BLUE]
    drawing = (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(strokeWidth=3, point={"size": 60, "filled": True})
        .encode(
            x=alt.X("at:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=axis, axis=alt.Axis(tickCount=5)),
            color=alt.Color(
                "series:N",
                sort=series,
                scale=alt.Scale(domain=series, range=colours[: len(series)]),
                legend=alt.Legend(title=None) if len(series) > 1 else None,
            ),
            strokeDash=alt.StrokeDash("series:N", sort=series, legend=None),
        )
    )
    description = f"{title}. " + "; ".join(f"{one.series} {one.at}: {one.label}" for one in points) + "."
    drawn = svg(finish(drawing, 260), name=name, title=title, description=description)
    rows = tuple((one.series, one.at, one.label) for one in points)
    return Chart(name, title, description, drawn, ("Series", "Period", axis), rows)
