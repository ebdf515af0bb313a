"""Months put together as the definition says, with what is missing said."""

from decimal import Decimal

import pytest

from commonweal.domain.measurement.figures import Indicator, Measurement

pytestmark = pytest.mark.usefixtures("database")


def month(code: str, footprint: str, period: str, value: int, counts: tuple[int, int] | None = None) -> Measurement:
    return Measurement(
        indicator=code,
        footprint_kind="provider",
        footprint=footprint,
        period=period,
        value=Decimal(value),
        numerator=Decimal(counts[0]) if counts else None,
        denominator=Decimal(counts[1]) if counts else None,
        unit="visits",
        as_at=None,
        kind="actual",
        source_file="a.csv",
        source_line=f"{footprint} {period}",
    )


def test_sums_say_what_they_lack_and_ratios_are_pooled() -> None:
    from commonweal.apps.measurement import api

    visits = Indicator("visits", "Visits", "Visits.", "visits", aggregation="sum", over_footprints="sum", rounding=0)
    share = Indicator(
        "share", "Share", "Share.", "percent", aggregation="pooled_ratio", rounding=1, provisional_periods=1
    )
    api.register_indicators([visits, share])
    api.put(
        "test:totals",
        [
            *(month("visits", "RA1", f"2020-{n:02}", n) for n in (4, 5, 6)),
            *(month("visits", "RA2", f"2020-{n:02}", n) for n in (4, 6)),
            month("share", "RA1", "2020-04", 10, (1, 10)),
            month("share", "RA1", "2020-05", 50, (45, 90)),
        ],
    )
    first, second, over = api.totals_of(visits)
    assert (first.shown, first.total and first.total.complete) == ("15", True)
    assert second.total is not None
    assert (second.shown, second.total.present, second.total.expected, second.total.so_far) == ("", 2, 3, 10)
    assert (over.of, over.shown) == ("all 2 of kind provider, 2020-06", "12")
    (pooled,) = api.totals_of(share)
    assert pooled.total is not None
    assert (pooled.shown, pooled.total.state) == ("46.0", "provisional")


def test_what_must_not_be_put_together_says_so_and_nothing_gives_nothing() -> None:
    from commonweal.apps.measurement import api

    rate = Indicator("rate", "Rate", "Rate.", "percent", aggregation="pooled_ratio")
    plain = Indicator("plain", "Plain", "Plain.", "visits")
    api.register_indicators([rate, plain])
    api.put("test:rate", [month("rate", "RA1", "2020-04", 5), month("plain", "RA1", "2020-04", 5)])
    assert "numerator and denominator" in api.totals_of(rate)[0].why
    assert "not put together" in api.totals_of(plain)[0].why
    assert api.totals_of(Indicator("none_such", "None", "None.", "x")) == []
