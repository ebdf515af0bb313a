"""Stored figures as charts: series of an indicator with its definition's direction and targets, and their sources."""

from decimal import Decimal
from pathlib import Path

import pytest

from commonweal.domain.measurement.figures import Indicator, Kind, Measurement, State

pytestmark = pytest.mark.usefixtures("database")

PUBLISHED = Path(__file__).resolve().parents[2] / "examples" / "published"


def put(values: dict[str, str | None], **more: object) -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([Indicator("waits", "Waits", "Waits.", "people", "lower", provisional_periods=2)])
    api.put(
        "test:waits",
        [
            Measurement(
                **{
                    "indicator": "waits",
                    "footprint_kind": "place",
                    "footprint": "P1",
                    "period": period,
                    "value": None if value is None else Decimal(value),
                    "unit": "people",
                    "as_at": None,
                    "kind": Kind.ACTUAL,
                    "query": "counted",
                }
                | more
            )
            for period, value in values.items()
        ],
    )


def test_published_figures_over_time_are_charted_with_direction_and_target() -> None:
    from commonweal.apps.performance import api

    api.load_published(PUBLISHED)
    found = api.assessed("ae_four_hours")
    assert [one.key.footprint for one in found.held] == ["R1H", "R1K", "RJ7", "RJC", "RQM", "RRK"]
    last = found.answer.rows(5)[-1]
    # March 2019 at RRK: 10,670 of 32,016 waited longer.
    assert last.target == 95
    assert round(last.value or 0, 2) == 66.67
    assert found.answer.variation[5] == "concern_low"
    assert found.answer.assurance[5] == "consistently_failing"
    assert found.held[5].figures[-1].source_file == "series/ae_attendances.csv"
    listed = {one.code: one for one in api.charted()}
    assert (listed["ae_four_hours"].series, listed["ae_four_hours"].points) == (6, 216)
    # Figures of one month make no series.
    assert listed["activity_ae"].series == 0


def test_missing_provisional_and_overlapping_periods() -> None:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.explorer import shown

    put({f"2020-{month:02}": None if month == 3 else str(100 + month) for month in range(1, 11)} | {"2020/21 YTD": "7"})
    found = api.assessed("waits")
    assert [row.value for row in found.answer.rows(0)][2:4] == [None, 104]
    page = shown(found, "")
    assert "The newest 2 of these figures are provisional and may still change." in page.notes
    assert all(row[-1].startswith("Provisional") for row in page.chart.rows[-2:])
    assert page.sources[0] == "query: counted"
    assert page.funnel is None


def test_what_has_no_series_says_so() -> None:
    from commonweal.apps.performance import api

    with pytest.raises(api.NoSeriesError, match="no indicator nothing"):
        api.assessed("nothing")
    put({"2020-01": "1"})
    with pytest.raises(api.NoSeriesError, match="waits has no series yet"):
        api.assessed("waits")


def test_a_state_is_named_beside_its_source() -> None:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.explorer import shown

    put({f"2020-0{month}": str(month) for month in range(1, 7)}, state=State.PROVISIONAL)
    page = shown(api.assessed("waits"), "P1")
    assert page.sources[-1] == "query: counted; provisional"


def test_a_table_that_cannot_be_read_names_its_line(tmp_path: Path) -> None:
    from commonweal.apps.measurement.api import BadTableError, Labels
    from commonweal.apps.performance.actions import DEFINITIONS
    from commonweal.apps.performance.series_files import load_series

    definitions = Labels(DEFINITIONS).by_code
    assert load_series(tmp_path, definitions) == {}
    (tmp_path / "series").mkdir()
    table = tmp_path / "series" / "ae_attendances.csv"
    head = "period,org_code,org_name,attendances,breaches,admissions\n"
    for text, match in (
        ("period\n", "the columns must be"),
        (head + "2020-01-01,R,N,10,11,1\n", "line 2, breaches: more breaches"),
        (head + "2020-01-01,R,N,ten,1,1\n", "line 2: a day and three whole numbers"),
    ):
        table.write_text(text)
        with pytest.raises(BadTableError, match=match):
            load_series(tmp_path, definitions)
