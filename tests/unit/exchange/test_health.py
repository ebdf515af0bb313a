"""How a feed is: late, out of the ordinary, thin, or full of faults. Gold values of the chart are numpy's by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from commonweal.domain.exchange.health import Arrival, Schedule, Trouble, health, volumes

NOW = datetime(2020, 10, 31, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = Schedule("adt", DAY, DAY)
LIMITS = {"nhs_number_valid": 0.75, "quarantine": 0.05}


def arrival(days_ago: float, rows: int = 100, aside: int = 0, **filled: int) -> Arrival:
    return Arrival(NOW - timedelta(days=days_ago), rows, aside, filled)


def troubles(arrivals: list[Arrival], schedule: Schedule | None = DAILY) -> list[Trouble]:
    return [trouble for trouble, _ in health("RZ1", "adt", arrivals, schedule, NOW, LIMITS).troubles]


@pytest.mark.parametrize(("days_ago", "late"), [(1.9, False), (2, False), (2.1, True)])
def test_a_feed_is_late_when_schedule_and_grace_are_over(days_ago: float, late: bool) -> None:
    assert (Trouble.STOPPED in troubles([arrival(days_ago)])) is late


def test_without_a_schedule_nothing_is_late_and_a_named_source_that_never_sent_is_told() -> None:
    assert troubles([arrival(900)], None) == []
    assert troubles([], Schedule("adt", DAY, DAY, "RZ1")) == [Trouble.NEVER_HEARD]
    assert troubles([]) == []


def test_the_limits_of_a_period_are_those_of_the_periods_before_it() -> None:
    rows = [100, 104, 98, 102, 96, 100]
    points = volumes([arrival(6 - n, count) for n, count in enumerate(rows)], DAY, NOW)
    assert [point.rows for point in points] == rows
    assert points[0].start == date(2020, 10, 25)
    assert [point.mean for point in points[:5]] == [None] * 5
    # mean of the first five, and 2.66 times their mean moving range (4 + 6 + 4 + 6) / 4
    assert points[5].mean == pytest.approx(100.0)
    assert points[5].upper == pytest.approx(100 + 2.66 * 5)
    assert points[5].lower == pytest.approx(100 - 2.66 * 5)


def test_the_period_that_is_still_running_is_left_out() -> None:
    assert volumes([arrival(0.1)], DAY, NOW) == ()


@pytest.mark.parametrize(("rows", "beyond"), [(20, -1), (100, 0), (220, 1)])
def test_a_volume_beyond_the_limits_is_told(rows: int, beyond: int) -> None:
    arrivals = [arrival(n, 100 + n % 3) for n in range(2, 20)] + [arrival(1, rows)]
    found = health("RZ1", "adt", arrivals, DAILY, NOW, LIMITS)
    assert found.points[-1].beyond == beyond
    assert ([trouble for trouble, _ in found.troubles] == [Trouble.VOLUME]) is bool(beyond)


def test_a_stop_in_the_past_does_not_hide_the_next() -> None:
    arrivals = [arrival(n, 100 + n % 3) for n in range(2, 25) if n not in (12, 13)] + [arrival(1, 20)]
    assert health("RZ1", "adt", arrivals, DAILY, NOW, LIMITS).points[-1].beyond == -1


def test_months_and_weeks_are_the_calendars() -> None:
    monthly = volumes([arrival(95), arrival(40)], timedelta(days=31), NOW)
    assert [(point.start, point.rows) for point in monthly] == [
        (date(2020, 7, 1), 100), (date(2020, 8, 1), 0), (date(2020, 9, 1), 100),
    ]  # fmt: skip
    weekly = volumes([arrival(10)], timedelta(days=7), NOW)
    assert [point.start for point in weekly] == [date(2020, 10, 19)]


def test_shares_are_of_people_and_are_held_to_limits() -> None:
    found = health("RZ1", "adt", [arrival(1, 100, 6, people=10, nhs_number_valid=7, postcode=9)], DAILY, NOW, LIMITS)
    assert found.nhs_number_valid == pytest.approx(0.7)
    assert found.completeness == (("postcode", 0.9),)
    assert found.quarantined == pytest.approx(0.06)
    assert [trouble for trouble, _ in found.troubles] == [Trouble.NHS_NUMBER, Trouble.QUARANTINE]
