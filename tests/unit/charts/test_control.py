"""Control charts, funnels and icons: named, described, the same figures beside them, shapes as well as colours."""

from datetime import date
from xml.etree import ElementTree

import pytest
from altair.utils.schemapi import debug_mode

from commonweal.charts import drawings
from commonweal.charts.control import KINDS, Band, Break, Mark, Unit, control_chart, funnel_chart
from commonweal.charts.drawings import Chart
from commonweal.charts.icons import ASSURANCE, VARIATION, icon

SVG = "{http://www.w3.org/2000/svg}"


def mark(month: int, value: float | None, kind: str = "No signal", phase: int = 0) -> Mark:
    label = "no figure" if value is None else f"{value:g}"
    return Mark(date(2020, month, 1), f"month {month}", value, label, kind, "–", 5.0, 2.0, 8.0, 6.0, phase)


def months() -> Chart:
    marks = [
        mark(1, 5.0),
        mark(2, 9.0, "Concern"),
        mark(3, None),
        mark(4, 1.0, "Improvement"),
        mark(5, 4.0, "Provisional", 1),
    ]
    return control_chart(
        name="spc", title="Waits", axis="Percent", marks=marks, breaks=[Break(date(2020, 5, 1), "New <site>")]
    )


def sizes() -> Chart:
    units = [
        Unit("RX1", 100, 5.0, "5", "Within the limits", highlight=True),
        Unit("RX2", 900, 9.0, "9", "Beyond 99.8%", highlight=True),
    ]
    bands = [Band(50, 2, 8, 1, 9), Band(1000, 4, 6, 3, 7)]
    return funnel_chart(
        name="f", title="By size", axis="Percent", size_axis="People", units=units, bands=bands, centre=5
    )


@pytest.mark.parametrize("draw", [months, sizes])
def test_a_chart_names_and_describes_itself_and_fetches_nothing(draw, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(drawings, "CHECK_SPECIFICATIONS", True)
    with debug_mode(True):
        chart = draw()
    root = ElementTree.fromstring(chart.svg)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == chart.title
    assert root.findtext(f"{SVG}desc") == chart.description
    assert "http://" not in chart.svg.replace("http://www.w3.org/", "")
    assert draw().svg == chart.svg


def test_the_table_has_every_period_and_line() -> None:
    chart = months()
    assert chart.columns == ("Period", "Percent", "Mean", "Lower limit", "Upper limit", "Target", "Signal")
    assert [row[:2] for row in chart.rows][1:3] == [("month 2", "9"), ("month 3", "no figure")]
    assert "New &lt;site&gt;" in chart.svg
    for said in ("Mean", "Upper limit", "Lower limit", "Target", "Concern", "Provisional"):
        assert said in chart.svg


def test_signals_differ_by_shape_and_not_by_colour_alone() -> None:
    assert len({shape for _, shape in KINDS.values()}) == len(KINDS)


def test_a_funnel_names_those_beyond_its_limits() -> None:
    chart = sizes()
    assert chart.description == "By size. 1 of 2 lie beyond the 95% limits: RX2."
    assert [row[0] for row in chart.rows] == ["RX1", "RX2"]


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one figure"):
        control_chart(name="x", title="x", axis="x", marks=[mark(1, None)])
    with pytest.raises(ValueError, match="organisations and limits"):
        funnel_chart(name="x", title="x", axis="x", size_axis="x", units=[], bands=[], centre=0)


@pytest.mark.parametrize("kind", [*VARIATION, *ASSURANCE])
def test_each_icon_has_a_text_alternative_and_a_drawing_of_its_own(kind: str) -> None:
    drawn = icon(kind, 'Better "so far" & rising')
    root = ElementTree.fromstring(drawn)
    assert root.get("aria-label") == 'Better "so far" & rising'
    others = [icon(other, "") for other in (VARIATION if kind in VARIATION else ASSURANCE) if other != kind]
    assert icon(kind, "") not in others
