"""FHIR dates on the calendar and clock of the United Kingdom."""

from datetime import UTC, date, datetime

import pytest

from commonweal.fhir.dates import clock, day_of, moment_of


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2019", date(2019, 1, 1)),
        ("2019-05", date(2019, 5, 1)),
        ("2019-05-03", date(2019, 5, 3)),
        ("2020-06-30T23:30:00Z", date(2020, 7, 1)),  # half past midnight, British Summer Time
        ("2020-12-31T23:30:00Z", date(2020, 12, 31)),
        ("2020-01-01T00:30:00+01:00", date(2019, 12, 31)),
        ("2020-06-30T23:30:00", date(2020, 6, 30)),  # no zone: UK time
        ("2019-02-30", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_the_day_is_the_uks(value: str | None, day: date | None) -> None:
    assert day_of(value) == day


def test_a_moment_needs_a_time_of_day() -> None:
    assert moment_of("2020-06-30T23:30:00Z") == datetime(2020, 6, 30, 23, 30, tzinfo=UTC)
    assert str(moment_of("2020-06-30T23:30:00Z")) == "2020-07-01 00:30:00+01:00"
    assert moment_of("2020-06-30T23:30:00") == datetime(2020, 6, 30, 22, 30, tzinfo=UTC)
    assert [moment_of(text) for text in ("2020-06-30", "2020-06-30T25:00:00Z", None)] == [None, None, None]


@pytest.mark.parametrize(
    ("hour", "minute", "said"), [(0, 0, "12am"), (0, 5, "12:05am"), (9, 0, "9am"), (12, 0, "12pm"), (14, 30, "2:30pm")]
)
def test_a_time_of_day_is_the_nhs_style_guides(hour: int, minute: int, said: str) -> None:
    assert clock(datetime(2020, 6, 30, hour, minute, tzinfo=UTC)) == said
