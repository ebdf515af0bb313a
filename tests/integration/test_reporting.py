"""The board report: published figures and registers in, one self-contained document out."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from commonweal.domain.measurement.figures import Indicator, Measurement

pytestmark = pytest.mark.usefixtures("database")

PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"
RULE = "Counts from 1 to 7 are hidden."


def load() -> None:
    from commonweal.apps.finance import api as finance
    from commonweal.apps.performance import api as performance

    performance.load_published(PUBLISHED)
    finance.load_published(PUBLISHED)


def put_registers() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators(
        [
            Indicator("registered_population", "Registered", "People registered.", "people"),
            Indicator("diabetes", "Diabetes", "People with diabetes.", "people"),
            Indicator("emergency_admissions", "Emergency admissions", "Admissions in a year.", "admissions"),
        ]
    )
    cells = {
        ("system", "QT1"): {"all": (5000, 400, 900), "1": (1000, 110, 250), "5": (1000, 50, 100)},
        ("network", "N01"): {"all": (500, 40, 90), "1": (100, None, 30), "5": (100, 10, 5)},
    }
    rows = []
    for (kind, code), by_category in cells.items():
        for category, counts in by_category.items():
            names = ("registered_population", "diabetes", "emergency_admissions")
            for indicator, count in zip(names, counts, strict=True):
                rows.append(
                    Measurement(
                        indicator=indicator,
                        footprint_kind=kind,
                        footprint=code,
                        period="2020-10",
                        lens="all" if category == "all" else "deprivation_quintile",
                        category=category,
                        value=None if count is None else Decimal(count),
                        unit="admissions" if indicator == "emergency_admissions" else "people",
                        as_at=date(2020, 10, 31),
                        state="suppressed" if count is None else "final",
                        query=f"register {indicator}",
                        note=RULE,
                    )
                )
    api.put("test:registers", rows)


def report():  # type: ignore[no-untyped-def]
    from commonweal.apps.reporting import api

    load()
    put_registers()
    return api.board_report("2020-10")


def page_of(audience: str = "board") -> str:
    """The HTML of this month's pack."""
    from commonweal.apps.reporting import api

    report()
    return api.rendered(api.draft("2020-10", audience), "html").decode()


class Document(HTMLParser):
    """Ids, internal links, outside addresses and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.outside: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "xlink:href"} and value:
                (self.links.add(value[1:]) if value.startswith("#") else self.outside.append(value))


def test_each_service_area_says_how_many_indicators_were_achieved() -> None:
    areas = {area.name: area for area in report().areas}
    achieved = {name: f"{area.achieved.text} of {area.counted.text}" for name, area in areas.items() if area.achieved}
    assert achieved == {
        "Planned Care & Diagnostics": "1 of 7",
        "Cancer": "2 of 8",
        "Urgent & Emergency Care": "7 of 11",
        "Mental Health": "7 of 13",
        "Primary Care": "3 of 5",
        "Quality": "3 of 3",
    }
    assert [name for name, area in areas.items() if area.paused] == ["Personalisation", "LD & Autism", "Maternity"]
    assert list(areas)[-2:] == ["Community & Social Care", "Workforce"]


def test_plan_actual_and_variance_both_ways_with_the_disagreement_marked() -> None:
    lines = {line.name: line for area in report().areas for line in area.lines}
    ae = lines["A&E attendances"]
    assert (ae.plan.text, ae.actual.text, ae.variance.text) == ("104,981", "63,756", "−41,225")
    assert (ae.variance_percent.text, ae.printed_variance.text, ae.disagrees) == ("−39.3%", "-41,225; -39.3%", False)
    assert (ae.judged, lines["Elective admissions"].judged, lines["Referrals"].judged) == ("better", "worse", "")
    bank = lines["Bank staff"]
    assert (bank.variance.text, bank.printed_variance.text, bank.disagrees) == ("+227", "226", True)
    assert lines["Staff sickness absence"].variance.text == "+0.2 points"
    assert lines["Home care packages"].actual.text == "To be confirmed"


def test_the_findings_are_the_known_disagreements_of_the_papers() -> None:
    found = {(one.file, one.rule, one.printed, one.computed, one.severity) for one in report().findings}
    assert found == {
        ("003_workforce_plan_actual.csv", "variance-is-actual-less-plan", "226", "227", "note"),
        ("003_finance_m5_plan_actual.csv", "variance-percent-is-variance-over-plan", "-34.9%", "-35.1", "note"),
        ("003_finance_m5_true_up.csv", "claim-is-the-sum-of-its-states", "62.5", "62.6", "note"),
    }


def test_money_is_kept_in_pence_and_shown_in_millions() -> None:
    from commonweal.apps.measurement import api

    made = report()
    (plan,) = [one for one in api.get("run_rate") if one.kind == "plan"]
    assert (plan.value, plan.printed, plan.unit) == (Decimal(151_160_000_000), "1511.6", "pence")
    first = made.finance.lines[0]
    assert (first.plan.text, first.actual.text, first.variance.text) == ("£1,511.6m", "£1,522.7m", "+£11.1m")
    assert made.finance.claims.rows[0][1].text == "£62.5m"
    assert made.finance.claims.rows[0][2].text == "£62.6m"


def test_the_gap_of_a_register_and_what_is_hidden_stays_hidden() -> None:
    registers = {one.slug: one for one in report().registers}
    assert list(registers) == ["diabetes", "emergency-admissions"]
    (system,) = registers["diabetes"].system
    assert (system.most.text, system.least.text, system.ratio) == ("110.0", "50.0", "2.20")
    assert system.difference.text.startswith("+60.0 (")
    assert system.certain
    (network,) = registers["diabetes"].networks
    assert (network.most.text, network.most.state) == ("Hidden", "hidden")
    assert (network.difference.text, network.ratio, network.certain) == ("–", "–", False)
    assert "110.0 per 1,000" in registers["diabetes"].summary


def test_every_figure_shown_has_a_source_that_is_listed() -> None:
    made = report()
    listed = {source.number for source in made.sources}
    assert listed == set(range(1, len(made.sources) + 1))
    cells = [
        cell
        for area in made.areas
        for line in area.lines
        for cell in (line.plan, line.actual, line.variance, line.printed_variance, line.year_on_year)
    ]
    cells += [fact.value for area in made.areas for fact in (*area.facts, *area.ranks)]
    cells += [cell for register in made.registers for line in register.system for cell in (line.most, line.least)]
    cells += [fact.value for fact in made.finance.facts]
    shown = [cell for cell in cells if cell.text != "–"]
    assert len(shown) > 90
    for cell in shown:
        assert cell.sources, cell
        assert set(cell.sources) <= listed
    texts = [source.text for source in made.sources]
    assert "003_activity_plan_actual.csv line 2 (document 003 line 2699)" in texts
    assert "Query: register diabetes" in texts
    assert len(set(zip(texts, (source.as_at for source in made.sources), strict=True))) == len(texts)


def test_the_file_needs_nothing_else_and_every_link_leads_somewhere() -> None:
    text = page_of()
    page = Document(text)
    assert page.outside == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert page.links <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("h1") == 1
    regions = re.findall(r'role="region" aria-label="([^"]+)"', text)
    assert len(regions) == len(set(regions)) > 20
    assert RULE in text


def test_one_chart_a_section_with_its_figures_beside_it() -> None:
    made = report()
    drawn = [area.name for area in made.areas if area.chart is not None]
    without = [area.name for area in made.areas if area.chart is None]
    assert without == ["Personalisation", "LD & Autism", "Maternity", "Community & Social Care"]  # no figure to draw
    assert len(drawn) == 7
    others = [made.delivery_chart, made.finance.chart, made.ratings.chart, made.priorities.chart]
    assert all(one is not None for one in [*others, *(register.chart for register in made.registers)])


def test_priorities_and_ratings_add_up_to_the_papers_counts() -> None:
    made = report()
    assert made.priorities.summary == (
        "27 priorities: 14 delayed, 7 accelerated, 2 to be confirmed, 2 in progress, 2 new."
    )
    rows = {row[0].text: [cell.text for cell in row[2:]] for row in made.ratings.table.rows}
    assert rows["Residential homes"] == ["16", "165", "39", "2", "8"]
    assert next(iter(rows)) == "NHS trusts"


def test_the_same_measurements_make_the_same_bytes() -> None:
    assert page_of() == page_of()


def test_an_unknown_month_lists_those_there_are() -> None:
    from commonweal.apps.reporting import api

    load()
    with pytest.raises(api.UnknownPeriodError, match=r"no figures were reported in 2031-01; .*2020-10"):
        api.board_report("2031-01")


def test_text_from_a_table_is_never_markup() -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.reporting import api

    load()
    (row,) = measurement.get("maturity")
    nasty = "<script>alert(1)</script>"
    indicator = Indicator("nasty", nasty, nasty, "text", service_area="Workforce")
    measurement.register_indicators([indicator])
    measurement.put("test:nasty", [replace(row, indicator="nasty", printed=nasty, note=f"x; {nasty}")])
    text = api.rendered(api.draft("2020-10", "board"), "html").decode()
    measurement.put("test:nasty", [])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    from commonweal.apps.measurement import api

    load()
    before = api.get(reported="2020-10")
    load()
    assert api.get(reported="2020-10") == before


def test_a_bad_cell_is_named_and_the_table_stays_as_it_was(tmp_path: Path) -> None:
    from commonweal.apps.measurement import api
    from commonweal.apps.performance import api as performance

    load()
    before = api.get("workforce_bank")
    for path in PUBLISHED.glob("003_*.csv"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("1431,1431", "14x31,1431"), encoding="utf-8")
    named = r"003_workforce_plan_actual\.csv line 3, actual_printed: '14x31' is neither"
    with pytest.raises(api.BadTableError, match=named):
        performance.load_published(tmp_path)
    assert api.get("workforce_bank") == before


def test_a_row_with_an_unknown_label_is_named(tmp_path: Path) -> None:
    from commonweal.apps.finance import api as finance
    from commonweal.apps.measurement import api

    for path in PUBLISHED.glob("003_finance*.csv"):
        text = path.read_text(encoding="utf-8").replace("Cash shortfall", "Cash surfeit")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(api.BadTableError, match=r"line 13: no indicator is printed as 'Cash surfeit'"):
        finance.load_published(tmp_path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    from commonweal.apps.measurement import api
    from commonweal.apps.performance import api as performance

    with pytest.raises(api.BadTableError, match=r"003_delivery_dashboard_service_areas\.csv is missing"):
        performance.load_published(tmp_path)


def test_the_command_says_in_one_line_what_it_cannot_do(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from commonweal.cli.main import app

    out = tmp_path / "board.html"
    run = CliRunner().invoke(app, ["report", "board", "--period", "2020-10", "--format", "docx", "--out", str(out)])
    assert run.exit_code == 1
    nowhere = tmp_path / "nowhere" / "board.html"
    run = CliRunner().invoke(app, ["report", "board", "--period", "2020-10", "--out", str(nowhere)])
    assert run.exit_code == 1
    assert not out.exists()
    assert not nowhere.parent.exists()


def test_a_report_is_written_whole_with_nothing_left_beside_it(tmp_path: Path) -> None:
    from commonweal.apps.reporting import api

    out = tmp_path / "board.html"
    report()
    size = api.write_pack(api.draft("2020-10", "board"), "html", out)
    assert out.stat().st_size == size
    assert out.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert list(tmp_path.iterdir()) == [out]
