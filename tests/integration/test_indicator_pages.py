"""What a definition says is what the page of its figures does: decimals, tails, states, splits, fresh lines."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from commonweal.domain.measurement.figures import Indicator, Kind, Measurement

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)


def put(indicator: Indicator, figures: Iterable[tuple[str, str, str, str]]) -> None:
    """Define and store (period, lens, category, value)."""
    from commonweal.apps.measurement import api

    api.register_indicators([indicator])
    api.put(
        f"test:{indicator.code}",
        [
            Measurement(
                indicator=indicator.code,
                footprint_kind="place",
                footprint="P1",
                period=period,
                value=Decimal(value),
                unit=indicator.unit,
                as_at=None,
                lens=lens,
                category=category,
                kind=Kind.ACTUAL,
                printed=value,
                query="counted",
            )
            for period, lens, category, value in figures
        ],
    )


def test_small_numbers_of_a_split_never_reach_a_page_and_the_split_can_be_chosen() -> None:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.explorer import shown

    months = [f"2020-{month:02}" for month in range(1, 9)]
    groups = (("0-64", "3"), ("65-84", "60"), ("85+", "101"))
    split = [(month, "age", group, value) for month in months for group, value in groups]
    put(
        Indicator("falls_split", "Falls", "Falls.", "people", "lower", disclosure="register counts", lenses=("age",)),
        [*((month, "all", "all", "164") for month in months), *split],
    )
    page = shown(api.assessed("falls_split"), "")
    assert page.splits == (("P1", "the whole"), ("P1/age/85+", "age"))
    assert [row.key for row in page.peers] == ["P1"]
    assert "Counts from 1 to 7 are hidden" in page.disclosure
    old = shown(api.assessed("falls_split"), "P1/age/85+")
    assert [(row.key, row.value) for row in old.peers] == [("P1/age/85+", "100")]  # 65-84 is hidden to hide 0-64
    assert [label for _, label in old.splits] == ["the whole", "age"]
    put(
        Indicator("falls_bare", "Falls", "Falls.", "people", "lower", disclosure="a profile nobody wrote"),
        [*((month, "all", "all", "164") for month in months), *split],
    )
    bare = api.assessed("falls_bare")
    assert "no disclosure profile" in bare.disclosure
    assert [held.key.name for held in bare.held] == ["P1"]
    assert shown(bare, "").splits == (("P1", "the whole"),)


def test_decimals_state_and_the_provisional_mean_of_seven_days_are_shown() -> None:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.comparing import compared
    from commonweal.apps.performance.explorer import shown

    days = [date(2020, 11, 1) + timedelta(days=place) for place in range(12)]
    put(
        Indicator("swabs", "Swabs", "Swabs.", "tests", "higher", rounding=1, provisional_periods=3, standing="paused"),
        [(day.isoformat(), "all", "all", str(10 + place)) for place, day in enumerate(days)],
    )
    found = api.assessed("swabs")
    page = shown(found, "")
    assert page.standing == "Paused"
    assert {fact.label: fact.text for fact in page.facts}["Mean of 7 days"] == "18.0 tests (provisional)"
    assert page.peers[0].value == "21.0"
    assert next(one.standing for one in api.charted() if one.code == "swabs") == "paused"
    table = compared(found.indicator, found.held[0], page.provisional, "")
    assert table.columns[-1] == "Mean of 7 days"
    assert [row[-1] for row in table.rows] == [
        *("18.0 (provisional)", "17.0 (provisional)", "16.0 (provisional)", "15.0", "14.0", "13.0"),
        *["–"] * 6,
    ]


def test_restored_activity_is_the_share_of_the_months_before_the_baseline() -> None:
    from commonweal.apps.performance import api
    from commonweal.apps.performance.comparing import compared

    months = [f"{2019 + (month - 1) // 12}-{(month - 1) % 12 + 1:02}" for month in range(3, 21)]
    put(
        Indicator("clinics", "Clinics", "Clinics.", "appointments", "higher"),
        [(month, "all", "all", "200" if month < "2020-03" else "150") for month in months],
    )
    found = api.assessed("clinics")
    table = compared(found.indicator, found.held[0], frozenset(), "2020-03")
    assert table.rows[0] == ("August 2020", "150", "200", "−50 (−25.0%)", "200 to 200", "75.0%")
    assert table.rows[-1][-1] == "–"
    assert compared(found.indicator, found.held[0], frozenset(), "soon").baseline == ""


def test_two_people_decide_where_lines_start_afresh() -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.performance import api
    from commonweal.apps.performance.recalibrating import effects

    months = [f"{2018 + month // 12}-{month % 12 + 1:02}" for month in range(24)]
    put(
        Indicator("moved", "Moved", "Moved.", "people", "lower"),
        [
            (month, "all", "all", str((20 if month < "2019-01" else 40) + place % 3))
            for place, month in enumerate(months)
        ],
    )
    before = api.assessed("moved").answer.summary(0)
    first, second = measurement.Who("user:1", "First"), measurement.Who("user:2", "Second")
    number = measurement.propose_recalibration("moved", date(2019, 1, 1), None, "A new building", first, NOW)
    assert api.assessed("moved").answer.summary(0) == before
    (waiting,) = measurement.recalibrations("moved", "proposed")
    (effect,) = effects(waiting)
    assert (float(effect.mean), float(effect.mean_after)) == (31, 41)
    assert effect.signals > effect.signals_after == 0
    with pytest.raises(measurement.ReviewError, match="somebody else"):
        measurement.decide_recalibration(number, approve=True, note="", who=first, now=NOW)
    with pytest.raises(measurement.ReviewError, match="stands or waits"):
        measurement.propose_recalibration("moved", date(2019, 1, 1), None, "Again", second, NOW)
    measurement.decide_recalibration(number, approve=True, note="Seen", who=second, now=NOW)
    assert api.assessed("moved").answer.summary(0).mean == 41
    assert [(one.start, one.reason) for one in api.recalibrations("moved")] == [(date(2019, 1, 1), "A new building")]
    with pytest.raises(measurement.ReviewError, match="was approved before"):
        measurement.decide_recalibration(number, approve=False, note="No", who=second, now=NOW)


@pytest.mark.parametrize(
    ("start", "until", "reason", "says"),
    [
        (date(2019, 1, 1), None, " ", "say what changed"),
        (date(2019, 1, 1), date(2018, 1, 1), "x", "before its first"),
        (date(2030, 1, 1), None, "x", "has been"),
    ],
)
def test_a_recalibration_that_cannot_stand_says_why(start: date, until: date | None, reason: str, says: str) -> None:
    from commonweal.apps.measurement import api as measurement

    put(Indicator("still", "Still", "Still.", "people", "lower"), [])
    with pytest.raises(measurement.ReviewError, match=says):
        measurement.propose_recalibration("still", start, until, reason, measurement.Who("user:1", "A"), NOW)
