"""Charts of statistical process control: points over time with their limits, and organisations in a funnel.

A signal differs by shape as well as colour; each chart carries the same figures as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import altair as alt

from commonweal.charts import theme
from commonweal.charts.drawings import FIGURES, Chart, finish, remembered
from commonweal.charts.render import svg

ORANGE = "#b84700"
PURPLE = "#7c2855"
GREEN = "#006747"
KINDS: dict[str, tuple[str, str]] = {  # what a point shows: its colour and its shape
    "No signal": (theme.GREY, "circle"),
    "Improvement": (theme.BLUE, "diamond"),
    "Concern": (ORANGE, "square"),
    "Signal": (PURPLE, "triangle-up"),
    "Provisional": (theme.BLACK, "cross"),
}
_SIDES: tuple[tuple[str, Literal["left", "right"], int], ...] = (("false", "left", 9), ("true", "right", -9))
FUNNEL_KINDS: dict[str, tuple[str, str]] = {
    "Within the limits": (theme.GREY, "circle"),
    "Beyond 95%": (theme.BLUE, "diamond"),
    "Beyond 99.8%": (ORANGE, "square"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One time of a chart. ``kind`` is a key of ``KINDS``; ``label`` and ``said`` are its figure and signal as words.

    ``phase`` numbers the stretches between recalibrations; ``value`` None is a missing point.
    """

    on: date
    at: str
    value: float | None
    label: str
    kind: str
    said: str
    mean: float | None
    lower: float | None
    upper: float | None
    target: float | None
    phase: int = 0


@dataclass(frozen=True, slots=True)
class Break:
    """A recalibration: the day from which lines are computed afresh, and why."""

    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One organisation in a funnel: how much it rests on (``size``), its ``value``, and where that lies."""

    name: str
    size: float
    value: float
    label: str
    kind: str
    highlight: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """The limits of a funnel at one size."""

    size: float
    low95: float
    high95: float
    low998: float
    high998: float


@remembered
def control_chart(
    *,
    name: str,
    title: str,
    axis: str,
    marks: Sequence[Mark],
    breaks: Sequence[Break] = (),
    zero: bool = False,
    said: str = "",
) -> Chart:
    """Points in time order with mean, limits and target, lines broken at recalibrations and missing points.

    ``said`` is the sentence that says what the chart shows; ``zero`` starts the axis there. Raises ``ValueError``
    for a chart without a figure.
    """
    if not any(one.value is not None for one in marks):
        raise ValueError("a chart needs at least one figure")
    x = alt.X(
        "on:T",
        scale=alt.Scale(type="utc"),
        title=None,
        axis=alt.Axis(format=_date_format(marks), labelOverlap=True, tickCount=6, grid=False),
    )
    base = alt.Chart(FIGURES).encode(x=x)
    scale = alt.Scale(zero=zero, nice=True)
    y = alt.Y("value:Q", title=axis, scale=scale, axis=alt.Axis(tickCount=6))
    layers: list[Any] = [
        base.transform_filter(f"isValid(datum.{field})")
        .mark_line(
            color=colour,
            strokeDash=dash,
            strokeWidth=width,
            opacity=1,
            interpolate="step-after" if field == "target" else "linear",
        )
        .encode(
            y=alt.Y(f"{field}:Q", title=axis, scale=scale),
            **({} if field == "target" else {"detail": alt.Detail("phase:N")}),
        )
        for field, colour, dash, width in (
            ("lower", theme.GREY, [3, 4], 1.5),
            ("upper", theme.GREY, [3, 4], 1.5),
            ("mean", theme.BLACK, [1, 0], 1.5),
            ("target", GREEN, [10, 4], 2.5),
        )
        if any(getattr(one, field) is not None for one in marks)
    ]
    layers.append(
        base.transform_filter("isValid(datum.value)")
        .mark_line(color=theme.GREY, strokeWidth=1.5)
        .encode(y=y, detail=alt.Detail("run:N"))
    )
    layers += _breaks(breaks, marks)
    layers.append(_points(base.transform_filter("isValid(datum.value)"), y, [one.kind for one in marks], KINDS))
    layers += _line_names(marks)
    description = said or f"{title}. " + "; ".join(f"{one.at}: {one.label}" for one in marks) + "."
    drawn = svg(finish(alt.layer(*layers), 320, _values(marks)), name=name, title=title, description=description)
    aimed = any(one.target is not None for one in marks)
    columns = ("Period", axis, "Mean", "Lower limit", "Upper limit", *(("Target",) if aimed else ()), "Signal")
    rows = tuple(
        (
            one.at,
            one.label,
            *(_figure(line) for line in (one.mean, one.lower, one.upper)),
            *((_figure(one.target),) if aimed else ()),
            one.said,
        )
        for one in marks
    )
    return Chart(name, title, description, drawn, columns, rows)


def _values(marks: Sequence[Mark]) -> list[dict[str, Any]]:
    values, run, before = [], 0, None
    for one in marks:
        if before is not None and (before.value is None or before.phase != one.phase):
            run += 1
        before = one
        values.append(
            {
                "on": one.on.isoformat(),
                "value": one.value,
                "mean": one.mean,
                "lower": one.lower,
                "upper": one.upper,
                "target": one.target,
                "kind": one.kind,
                "phase": one.phase,
                "run": run,
            }
        )
    return values


def _points(base: Any, y: Any, kinds: Sequence[str], known: dict[str, tuple[str, str]]) -> Any:
    shown = [kind for kind in known if kind in kinds]
    legend = alt.Legend(title=None, symbolSize=120, orient="top", columns=3)
    return base.mark_point(size=110, filled=True, opacity=1, stroke="#ffffff", strokeWidth=0.6).encode(
        y=y,
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=shown, range=[known[kind][0] for kind in shown]), legend=legend
        ),
        shape=alt.Shape(
            "kind:N", scale=alt.Scale(domain=shown, range=[known[kind][1] for kind in shown]), legend=legend
        ),
    )


def _breaks(breaks: Sequence[Break], marks: Sequence[Mark]) -> list[Any]:
    """A rule at each recalibration, its reason above the drawing, on the side where there is room."""
    if not breaks:
        return []
    middle = marks[len(marks) // 2].on
    layers: list[Any] = []
    for late in (False, True):
        some = [one for one in breaks if (one.on > middle) is late]
        data = alt.InlineData(values=[{"on": one.on.isoformat(), "reason": one.reason} for one in some])
        base = alt.Chart(data).encode(x=alt.X("on:T", scale=alt.Scale(type="utc")))
        layers.append(base.mark_rule(color=theme.BLACK, strokeDash=[2, 2]))
        layers.append(
            base.mark_text(
                align="right" if late else "left",
                dx=4 if late else -4,
                dy=-4,
                baseline="bottom",
                fontSize=13,
                limit=360,
            ).encode(y=alt.value(0), text=alt.Text("reason:N"))
        )
    return layers


def _line_names(marks: Sequence[Mark]) -> list[Any]:
    """What each line is, at its right end: a reader should not need a legend for four lines."""
    last = marks[-1]
    fields = (("upper", "Upper limit"), ("mean", "Mean"), ("lower", "Lower limit"), ("target", "Target"))
    named = [(label, level) for field, label in fields if (level := getattr(last, field)) is not None]
    if last.mean is not None and last.upper == last.lower:
        named = [("Mean and limits", last.mean), *(one for one in named if one[0] == "Target")]
    if not named:
        return []
    data = alt.InlineData(values=[{"on": last.on.isoformat(), "value": level, "is": label} for label, level in named])
    return [
        alt.Chart(data)
        .mark_text(align="left", dx=10, fontSize=13)
        .encode(x=alt.X("on:T", scale=alt.Scale(type="utc")), y=alt.Y("value:Q"), text=alt.Text("is:N"))
    ]


def _date_format(marks: Sequence[Mark]) -> str:
    days = {one.on.day for one in marks}
    return "%b %Y" if len(days) == 1 else "%-d %b %Y"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.2f}"


@remembered
def funnel_chart(
    *,
    name: str,
    title: str,
    axis: str,
    size_axis: str,
    units: Sequence[Unit],
    bands: Sequence[Band],
    centre: float,
    said: str = "",
) -> Chart:
    """Organisations by size against limits that narrow with it. Raises ``ValueError`` for none."""
    if not units or not bands:
        raise ValueError("a funnel needs organisations and limits")
    lines = [
        {"size": band.size, "level": getattr(band, field), "line": field, "limits": label}
        for band in bands
        for field, label in (("low95", "95%"), ("high95", "95%"), ("low998", "99.8%"), ("high998", "99.8%"))
    ]
    x = alt.X("size:Q", title=size_axis, axis=alt.Axis(tickCount=5, format="~s"), scale=alt.Scale(zero=False))
    y = alt.Y("value:Q", title=axis, axis=alt.Axis(tickCount=6), scale=alt.Scale(zero=False))
    limits = (
        alt.Chart(alt.InlineData(values=lines))
        .mark_line(color=theme.BLACK, strokeWidth=1.5)
        .encode(
            x=x,
            y=alt.Y("level:Q", title=axis, scale=alt.Scale(zero=False)),
            detail=alt.Detail("line:N"),
            strokeDash=alt.StrokeDash(
                "limits:N",
                scale=alt.Scale(domain=["95%", "99.8%"], range=[[2, 3], [8, 4]]),
                legend=alt.Legend(title="Limits", orient="top"),
            ),
        )
    )
    level = (
        alt.Chart(alt.InlineData(values=[{"level": centre}])).mark_rule(color=theme.BLACK).encode(y=alt.Y("level:Q"))
    )
    middle = (min(one.size for one in units) + max(one.size for one in units)) / 2
    values = [
        {
            "size": one.size,
            "value": one.value,
            "kind": one.kind,
            "name": one.name,
            "named": one.highlight,
            "late": one.size > middle,  # its name then stands on the left, where there is room
        }
        for one in units
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(x=x)
    layers = [
        limits,
        level,
        _points(base, y, [one.kind for one in units], FUNNEL_KINDS),
        *(
            base.transform_filter(f"datum.named && datum.late === {late}")
            .mark_text(align=align, dx=dx, fontSize=13)
            .encode(y=y, text=alt.Text("name:N"))
            for late, align, dx in _SIDES
        ),
    ]
    outside = [one for one in units if one.kind != "Within the limits"]
    description = said or (
        f"{title}. {len(outside)} of {len(units)} lie beyond the 95% limits"
        + (": " + ", ".join(one.name for one in outside) if outside else "")
        + "."
    )
    drawn = svg(finish(alt.layer(*layers), 360), name=name, title=title, description=description)
    rows = tuple((one.name, _figure(one.size), one.label, one.kind) for one in units)
    return Chart(name, title, description, drawn, ("Organisation", size_axis, axis, "Where it lies"), rows)
