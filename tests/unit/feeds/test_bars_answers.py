"""Answers of partners that are not what the standard has: no offer, no answer, and never an error of ours."""

from typing import Any

import pytest

from commonweal.feeds.bars import answers, slots

SLOT: dict[str, Any] = {
    "resourceType": "Slot",
    "id": "one",
    "status": "free",
    "start": "2020-11-05T09:00:00+00:00",
    "end": "2020-11-05T09:10:00+00:00",
    "schedule": {"reference": "https://x.example/Schedule/s"},
}
SCHEDULE = {"resourceType": "Schedule", "id": "s"}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        "none",
        [None, 3],
        [{"resource": None}],
        [{"resource": [SLOT]}],
        [{"resource": {**SLOT, "status": "busy"}}],
        [{"resource": {**SLOT, "end": None}}],
        [{"resource": {**SLOT, "start": "0001-01-01T00:00:00+14:00"}}],
    ],
)
def test_what_is_no_free_slot_is_no_offer(entry: Any) -> None:
    assert slots.offered({"entry": entry}) == []


@pytest.mark.parametrize("schedule", [None, "Schedule/s", {"reference": None}])
def test_a_slot_whose_schedule_is_not_named_is_offered_without_it(schedule: Any) -> None:
    told = {"entry": [None, {"resource": {**SLOT, "schedule": schedule}}, {"resource": SCHEDULE}]}
    assert [(one.id, one.schedule) for one in slots.offered(told)] == [("one", {"resourceType": "Schedule"})]
    told = {"entry": [{"resource": SLOT}, {"resource": SCHEDULE}]}
    assert [one.schedule for one in slots.offered(told)] == [SCHEDULE]


@pytest.mark.parametrize(
    ("issue", "short"),
    [
        (None, "409"),
        ([None], "409"),
        ([{"code": "conflict", "details": None}], "409  conflict"),
        ([{"code": "conflict", "details": {"coding": [None, {"code": "REC_CONFLICT"}]}}], "409 REC_CONFLICT conflict"),
    ],
)
def test_an_outcome_in_short(issue: Any, short: str) -> None:
    assert answers.in_short(409, {"resourceType": "OperationOutcome", "issue": issue}) == short


def test_the_focus_of_an_answer_that_has_none() -> None:
    assert answers.focus_of({"entry": None}, "Appointment") == {}
    assert answers.focus_of({"entry": [{"resource": None}, {"resource": SCHEDULE}]}, "Schedule") == SCHEDULE
