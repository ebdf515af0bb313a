"""Figures: replaced by source in one transaction, never without provenance."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from commonweal.domain.measurement.figures import Finding, Indicator, Measurement

pytestmark = pytest.mark.usefixtures("database")

INDICATOR = Indicator(
    code="beds",
    name="Beds available per day",
    sentence="Acute beds available on an average day.",
    unit="beds",
    direction_of_good="higher",
    service_area="Urgent & Emergency Care",
)
ROW = Measurement(
    indicator="beds",
    footprint_kind="system",
    footprint="QT1",
    period="2020-08",
    reported="2020-10",
    kind="actual",
    value=Decimal("1539"),
    unit="beds",
    as_at=date(2020, 8, 31),
    printed="1539",
    source_file="examples.csv",
    source_line="2720",
)
FINDING = Finding("examples.csv", "2720", "beds-in-range", "1539", "1540", "1", "note", "one bed", "2020-10")


def test_what_is_put_comes_back_equal() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([INDICATOR])
    assert api.put("test:beds", [ROW], [FINDING]) == 1
    (got,) = api.get("beds", footprint=("system", "QT1"), reported="2020-10")
    assert replace(got, query=None) == ROW
    assert str(got.value) == "1539"
    assert api.findings("2020-10") == [FINDING]
    assert api.indicators("Urgent & Emergency Care") == [INDICATOR]
    assert "2020-10" in api.reported_periods()


def test_putting_again_replaces_only_that_source() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([INDICATOR])
    api.put("test:other", [replace(ROW, footprint="QT2")])
    api.put("test:beds", [ROW, replace(ROW, source_line="2721", period="2020-09")], [FINDING])
    api.put("test:beds", [replace(ROW, value=Decimal("1540"))])
    assert [row.value for row in api.get("beds", footprint="QT1")] == [Decimal("1540")]
    assert len(api.get("beds", footprint="QT2")) == 1
    assert api.findings(source_key="test:beds") == []


def test_an_undefined_indicator_is_refused_and_nothing_changes() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([INDICATOR])
    api.put("test:beds", [ROW])
    with pytest.raises(api.UnknownIndicatorError, match="no definition of beans"):
        api.put("test:beds", [replace(ROW, indicator="beans")])
    assert [row.indicator for row in api.get(footprint="QT1")] == ["beds"]


@pytest.mark.parametrize(
    "bad",
    [
        replace(ROW, source_file="", source_line=""),
        replace(ROW, kind="guess"),
        replace(ROW, state="green"),
    ],
    ids=["no provenance", "unknown kind", "unknown state"],
)
def test_the_database_refuses_a_figure_without_provenance_or_with_unknown_words(bad: Measurement) -> None:
    from psycopg.errors import CheckViolation

    from commonweal.apps.measurement import api

    api.register_indicators([INDICATOR])
    with pytest.raises(CheckViolation):
        api.put("test:bad", [bad])
    assert not any(row.source_file == "" for row in api.get("beds"))


def test_a_month_is_its_own_reporting_period() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([INDICATOR])
    api.put("test:month", [replace(ROW, footprint="QT3", reported="", source_file="", query="count of beds")])
    (got,) = api.get(footprint="QT3")
    assert (got.reported, got.query, got.source_file) == ("2020-08", "count of beds", "")


@pytest.mark.usefixtures("as_app")
def test_the_app_role_reads_and_writes_nothing_but_imports() -> None:
    from django.db import ProgrammingError

    from commonweal.apps.measurement import api

    assert api.get("beds", footprint="nowhere") == []
    with pytest.raises(ProgrammingError, match="imported figures only"):
        api.put("test:beds", [])
