"""Charts: the same bytes each time, named and described, nothing fetched, the figures as a table beside them."""

import re
from xml.etree import ElementTree

import altair as alt
import pytest

from commonweal.charts import drawings, render, theme
from commonweal.charts.drawings import Bar, Chart, PlanBar, Point, bar_by_category, line, plan_and_actual

SVG = "{http://www.w3.org/2000/svg}"


def bars() -> Chart:
    return bar_by_category(
        name="one",
        title="Diabetes by deprivation",
        axis="Per 1,000",
        heading="Fifth",
        bars=[
            Bar("1 (most deprived)", 80.0, "80.0", 70.0, 90.0, emphasis=True),
            Bar("2", 60.0, "60.0", 55.0, 64.0),
            Bar("3 <& less>", None, "hidden"),
        ],
    )


def planned() -> Chart:
    return plan_and_actual(
        name="two",
        title="Activity",
        axis="Count",
        heading="Measure",
        bars=[PlanBar("Referrals", 100.0, 73.1, "70,036", "51,197"), PlanBar("No plan", None, 5.0, "–", "5")],
    )


def lines() -> Chart:
    points = [
        Point("Plan", "2020-07", 3.0, "3"),
        Point("Plan", "2020-08", 4.0, "4"),
        Point("Actual", "2020-07", 2.0, "2"),
    ]
    return line(name="three", title="Trend", axis="Count", points=points)


@pytest.mark.parametrize("draw", [bars, planned, lines])
def test_the_specification_meets_the_schema(draw, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(drawings, "CHECK_SPECIFICATIONS", True)
    real = getattr(drawings, {bars: "bar_by_category", planned: "plan_and_actual", lines: "line"}[draw])
    monkeypatch.setitem(globals(), real.__name__, drawings.remembered(real.__wrapped__))
    assert draw().svg


@pytest.mark.parametrize("draw", [bars, planned, lines])
def test_the_same_values_give_the_same_bytes(draw, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    first = draw()
    real = getattr(drawings, {bars: "bar_by_category", planned: "plan_and_actual", lines: "line"}[draw])
    monkeypatch.setitem(globals(), real.__name__, drawings.remembered(real.__wrapped__))
    again = draw()
    assert again == first
    assert again is not first  # drawn afresh, not handed out again


@pytest.mark.parametrize("draw", [bars, planned, lines])
def test_a_chart_is_named_described_and_self_contained(draw) -> None:  # type: ignore[no-untyped-def]
    chart = draw()
    root = ElementTree.fromstring(chart.svg)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{chart.name}-title {chart.name}-desc"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert (title.text, description.text) == (chart.title, chart.description)
    assert (title.get("id"), description.get("id")) == (f"{chart.name}-title", f"{chart.name}-desc")
    assert "<script" not in chart.svg
    assert not re.search(r'(?:href|src)="(?!#)', chart.svg)
    # Only the root carries a role: hundreds of named marks would drown the name and the description.
    assert [one for one in root.iter() if one is not root and one.get("role")] == []


def test_every_id_is_the_charts_own_and_every_reference_is_met() -> None:
    for chart in (bars(), planned(), lines()):
        ids = re.findall(r'\bid="([^"]+)"', chart.svg)
        assert len(ids) == len(set(ids))
        assert all(one.startswith(f"{chart.name}-") for one in ids)
        assert set(re.findall(r"url\(#([^)]+)\)", chart.svg)) <= set(ids)


def test_values_are_drawn_and_tabled_alike() -> None:
    chart = bars()
    assert chart.columns == ("Fifth", "Per 1,000", "95% limits")
    assert chart.rows[0] == ("1 (most deprived)", "80.0", "70.0 to 90.0")
    assert chart.rows[2] == ("3 <& less>", "hidden", "–")
    assert ">80.0<" in chart.svg
    assert ">hidden<" in chart.svg


def test_a_plan_is_drawn_only_where_there_is_one() -> None:
    chart = planned()
    assert chart.rows == (("Referrals", "70,036", "51,197"), ("No plan", "–", "5"))
    assert "51,197 (plan 70,036)" in chart.svg
    drawn = [one for one in re.findall(r"<path[^>]*>", chart.svg) if f'fill="{theme.BLACK}"' in one]
    assert len(drawn) == 2  # the one plan, and its mark in the key


@pytest.mark.parametrize("draw", [bar_by_category, plan_and_actual])
def test_no_bars_is_refused(draw) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="at least one bar"):
        draw(name="n", title="t", axis="a", heading="h", bars=[])


def test_no_points_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one point"):
        line(name="n", title="t", axis="a", points=[])


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("colour", "least"),
    [(theme.BLUE, 3), (theme.DARK_BLUE, 3), (theme.LIGHT_BLUE, 3), (theme.GREY, 3), (theme.BLACK, 4.5)],
)
def test_colours_stand_out_from_the_page(colour: str, least: float) -> None:
    # WCAG 2.2: 3:1 for what is drawn (1.4.11), 4.5:1 for text (1.4.3).
    assert 1.05 / (luminance(colour) + 0.05) >= least


def test_altair_writes_the_vega_lite_version_that_is_rendered() -> None:
    assert alt.SCHEMA_VERSION.startswith(f"v{render.VEGA_LITE}.")


def test_text_of_a_partner_is_never_markup() -> None:
    """A drawing goes into a page as it is, so a name that is markup must be drawn as a name."""
    evil = "<script>alert(1)</script><img src=x>\"'" + ' onload="alert(1)" &lt;svg onload=alert(1)&gt; ]]>'
    chart = bar_by_category(name="n", title=evil, axis=evil, heading=evil, bars=[Bar(evil, 1.0, evil)])
    drawn = ElementTree.fromstring(chart.svg)
    assert {element.tag.removeprefix(SVG) for element in drawn.iter()} <= {
        "svg", "title", "desc", "g", "path", "line", "text", "rect", "defs", "clipPath",
    }  # fmt: skip
    assert [name for element in drawn.iter() for name in element.attrib if name.lower().startswith("on")] == []
