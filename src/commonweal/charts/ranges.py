"""Groups one below the other: each one's figure as a point on the range that chance would make at its size.

A funnel says the same of many organisations; this is for a few groups with an order and names of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from commonweal.charts import theme
from commonweal.charts.control import FUNNEL_KINDS
from commonweal.charts.drawings import Chart, finish, remembered
from commonweal.charts.render import svg


@dataclass(frozen=True, slots=True)
class Spread:
    """One group: its ``value``, the limits chance keeps it within, and where it lies (a key of ``FUNNEL_KINDS``)."""

    category: str
    value: float
    label: str
    low: float
    high: float
    kind: str


@remembered
def ranges_by_category(
    *, name: str, title: str, axis: str, heading: str, groups: Sequence[Spread], centre: float, said: str = ""
) -> Chart:
    """Points on bars of their limits, with a line where all groups together lie. Groups keep their order.

    ``said`` is the sentence that says what the drawing shows. Raises ``ValueError`` for no groups.
    """
    if not groups:
        raise ValueError("a chart needs at least one group")
    least, most = min(min(one.low, one.value) for one in groups), max(max(one.high, one.value) for one in groups)
    room = max((most - least) * 0.06, 0.5)
    scale = alt.Scale(domain=[least - room, most + room], nice=False, zero=False)
    y = alt.Y(
        "category:N",
        sort=[one.category for one in groups],
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelPadding=8),
    )
    x = alt.X("value:Q", title=axis, scale=scale, axis=alt.Axis(tickCount=5))
    values = [
        {"category": one.category, "value": one.value, "low": one.low, "high": one.high, "kind": one.kind}
        for one in groups
    ]
    kinds = [kind for kind in FUNNEL_KINDS if any(one.kind == kind for one in groups)]
    legend = alt.Legend(title=None, symbolSize=120, orient="top", columns=3)
    looks = [FUNNEL_KINDS[kind] for kind in kinds]
    base = alt.Chart(alt.InlineData(values=values))
    layers = [
        base.mark_bar(height={"band": 0.5}, color=theme.PALE_GREY, stroke=theme.GREY, strokeWidth=0.5).encode(
            y=y, x=alt.X("low:Q", title=axis, scale=scale), x2=alt.X2("high:Q")
        ),
        alt.Chart(alt.InlineData(values=[{"centre": centre}]))
        .mark_rule(color=theme.BLACK, strokeDash=[4, 3])
        .encode(x=alt.X("centre:Q", scale=scale)),
        base.mark_point(size=130, filled=True, opacity=1, stroke="#ffffff", strokeWidth=0.6).encode(
            y=y,
            x=x,
            color=alt.Color("kind:N", scale=alt.Scale(domain=kinds, range=[look[0] for look in looks]), legend=legend),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=[look[1] for look in looks]), legend=legend),
        ),
    ]
    description = said or f"{title}. " + "; ".join(f"{one.category}: {one.label}" for one in groups) + "."
    drawn = svg(finish(alt.layer(*layers), 34 * len(groups)), name=name, title=title, description=description)
    rows = tuple((one.category, one.label, f"{one.low:.1f} to {one.high:.1f}", one.kind) for one in groups)
    return Chart(name, title, description, drawn, (heading, axis, "Limits", "Where it lies"), rows)
