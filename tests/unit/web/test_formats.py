"""How dates, NHS numbers and counts are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commonweal.web import formats


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2020, 3, 5), "5 March 2020"),
        ("2020-03-05", "5 March 2020"),
        ("2020-03", "March 2020"),
        ("2020", "2020"),
        ("about 1960", "about 1960"),
        ("", ""),
        (None, ""),
    ],
)
def test_day(value: date | str | None, written: str) -> None:
    assert formats.day(value) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [("9990000018", "999 000 0018"), ("999 000 0018", "999 000 0018"), ("123", "123"), ("", ""), (None, "")],
)
def test_nhs_number(number: str | None, written: str) -> None:
    assert formats.nhs_number(number) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [(1234567, "1,234,567"), (0, "0"), (Decimal("1234.50"), "1,234.5"), (Decimal("12"), "12"), (None, "")],
)
def test_thousands(number: int | Decimal | None, written: str) -> None:
    assert formats.thousands(number) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2020, 3, 5, 14, 7), "5 March 2020, 2:07pm"),
        (datetime(2020, 3, 5, 0, 0), "5 March 2020, 12am"),
        (datetime(2020, 3, 5, 12, 30), "5 March 2020, 12:30pm"),
        (date(2020, 3, 5), "5 March 2020"),
        ("not a time", "not a time"),
        (None, ""),
    ],
)
def test_moment(value: datetime | date | str | None, written: str) -> None:
    assert formats.moment(value) == written


def test_a_moment_is_written_in_united_kingdom_time(home: object) -> None:
    assert formats.moment(datetime(2020, 7, 1, 12, 0, tzinfo=UTC)) == "1 July 2020, 1pm"
