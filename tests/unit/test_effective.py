"""What holds on a day of values that change."""

from datetime import date

import pytest

from commonweal.apps.access import rights
from commonweal.domain.effective import on_day

KNOWN = [(date(2020, 4, 1), "second"), (date(2018, 5, 25), "first"), (date(2026, 1, 1), "third")]


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2000, 1, 1), "first"),
        (date(2018, 5, 25), "first"),
        (date(2020, 3, 31), "first"),
        (date(2020, 4, 1), "second"),
        (date(2030, 1, 1), "third"),
    ],
)
def test_the_newest_not_after_the_day_else_the_oldest(day: date, value: str) -> None:
    assert on_day(KNOWN, day) == value


def test_what_has_no_value_on_any_day_says_so() -> None:
    with pytest.raises(KeyError):
        on_day([], date(2020, 1, 1))


def test_the_months_to_answer_are_read_from_their_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rights.months("months", date(2020, 1, 1)) == 1

    def read(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(rights, "_rows", read)
    assert rights.months("extension", date(2020, 1, 1)) == 2
