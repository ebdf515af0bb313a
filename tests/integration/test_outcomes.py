"""The outcomes framework: loaded from the papers, traced both ways, and broken where the papers break it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2020, 11, 1, 9, tzinfo=UTC)
PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"


@pytest.fixture(scope="module")
def loaded(database: str) -> None:
    from commonweal.apps.performance import api

    assert database
    api.load_published(PUBLISHED)
    api.load_tables(PUBLISHED, NOW)


@pytest.mark.usefixtures("loaded")
def test_the_framework_of_the_papers_is_whole() -> None:
    from commonweal.apps.performance.outcomes import outcomes

    found = outcomes(NOW.date())
    assert (found.counts["domain"], found.counts["outcome"], found.counts["objective"]) == (3, 28, 44)
    assert sum(len(node.below) for domain in found.tree for node in domain.below) == 28
    without = {one.code for one in found.gaps.outcomes_without_measure}
    assert {"O01", "O03", "O21"} <= without
    assert not without & {"O02", "O13"}
    assert all(not one.parent for one in found.gaps.measures_without_outcome)
    assert {one.code for one in found.gaps.measures_without_outcome} >= {"HC11"}
    assert "OBJ07" in {one.code for one in found.gaps.objectives_without_result}
    assert "OBJ03" not in {one.code for one in found.gaps.objectives_without_result}


@pytest.mark.usefixtures("loaded")
def test_a_figure_is_traced_to_its_aims_and_back() -> None:
    from commonweal.apps.performance.outcomes import trace

    indicator, chains, figures = trace("activity_ae", NOW.date())
    assert indicator is not None
    assert [[aim.code for aim in chain][2:] for chain in chains] == [["O13", "O13.1"]]
    assert chains[0][0].name == "Independence, Care and Quality"
    assert figures[0][0].source_file == "003_activity_plan_actual.csv"
    assert trace("nothing", NOW.date())[0] is None


@pytest.mark.usefixtures("loaded")
def test_before_the_paper_there_is_no_framework_and_loading_again_doubles_nothing() -> None:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.outcomes import outcomes

    assert outcomes(date(2020, 10, 14)).tree == ()
    before = outcomes(NOW.date()).counts
    api.load_tables(PUBLISHED, NOW)
    assert outcomes(NOW.date()).counts == before


@pytest.mark.usefixtures("loaded")
def test_an_indicator_that_names_its_outcome_is_linked() -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.performance.outcomes import outcomes, trace

    measurement.register_indicators(
        [measurement.Indicator("estate_use", "Estate in use", "Share of rooms in use.", "percent", outcome="O23")]
    )
    _, chains, _ = trace("estate_use", NOW.date())
    assert [chain[-1].code for chain in chains] == ["O23"]
    assert "estate_use" in {one.code for one in outcomes(NOW.date()).gaps.indicators_without_owner}


@pytest.mark.usefixtures("loaded")
def test_a_figure_is_held_to_the_target_of_its_day() -> None:
    from dataclasses import replace
    from decimal import Decimal

    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.performance.outcomes import verdict
    from commonweal.domain.measurement.targets import Target

    ((figure, none),) = [pair for pair in _figures("acute_beds") if pair[0].kind == measurement.Kind.ACTUAL]
    assert none == ""
    beds = next(one for one in measurement.indicators() if one.code == "acute_beds")
    rising = (Target(date(2020, 4, 1), value=Decimal(1539)), Target(date(2020, 9, 1), value=Decimal(2000)))
    held = replace(beds, targets=rising)
    assert verdict(held, figure) == "met"
    assert verdict(held, replace(figure, as_at=None, period="2020-09")) == "missed"
    assert verdict(held, replace(figure, as_at=None, period="2020/21")) == ""


def _figures(code: str) -> list[tuple[Any, str]]:
    from commonweal.apps.performance.outcomes import trace

    return list(trace(code, NOW.date())[2])
