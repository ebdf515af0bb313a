"""Who a resource shows to be caring for its person, and from which day to which."""

from datetime import date

from commonweal.apps.record.relationships import Related, related, retracted, union
from commonweal.fhir import systems


def admission(start: str, end: str | None = None, status: str = "finished") -> dict[str, object]:
    period = {"start": start} | ({"end": end} if end else {})
    provider = {"identifier": {"system": systems.ODS, "value": "RXA"}}
    return {
        "resourceType": "Encounter",
        "status": status,
        "class": {"code": "IMP"},
        "period": period,
        "serviceProvider": provider,
    }


def test_a_day_is_the_uks_and_discharge_is_followed_by_four_weeks() -> None:
    (found,) = related("RXA", "adt", admission("2020-06-30T23:30:00Z", "2020-07-03T10:00:00+01:00"))
    assert found == Related("RXA", "under_care", date(2020, 7, 1), date(2020, 7, 31), feed="adt")


def test_what_was_entered_in_error_shows_nobody() -> None:
    assert related("RXA", "adt", admission("2020-06-30T23:30:00Z", status="entered-in-error")) == ()


def test_of_two_ends_for_one_start_the_later_counts_and_an_open_one_is_later_still() -> None:
    start = date(2020, 7, 1)
    short, long, still = (Related("RXA", "under_care", start, end) for end in (start, date(2020, 8, 1), None))
    assert list(union([short, long]).values()) == [long]
    assert list(union([still, long]).values()) == [still]


def test_a_mistake_never_held_and_a_registration_ended_yesterday() -> None:
    today = date(2020, 10, 31)
    mistake = retracted(Related("RXA", "under_care", date(2020, 7, 1), None), today)
    assert mistake.end is not None
    assert mistake.end < mistake.start
    assert retracted(Related("Y1", "registered", date(1900, 1, 1), None), today).end == date(2020, 10, 30)
