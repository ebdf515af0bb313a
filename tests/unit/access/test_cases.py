"""A case moves by one table of steps; what is not justified takes two people; limits are dated."""

from datetime import date, timedelta
from itertools import product

import pytest

from commonweal.apps.access.limits import limit
from commonweal.domain.access.cases import (
    CLOSED,
    TRANSITIONS,
    CaseError,
    CaseState,
    CaseStep,
    after,
    steps_open,
)

WHY = "a reason that is long enough"


@pytest.mark.parametrize(("state", "step"), list(product(CaseState, CaseStep)))
def test_only_the_steps_of_the_table_are_allowed(state: CaseState, step: CaseStep) -> None:
    if (state, step) in TRANSITIONS:
        assert after(state, step, by="b", doubted_by="a", words=WHY) is TRANSITIONS[(state, step)]
        assert step in steps_open(state, by="b", doubted_by="a")
    else:
        with pytest.raises(CaseError, match="cannot be done"):
            after(state, step, by="b", doubted_by="a", words=WHY)


def test_not_justified_takes_a_second_person() -> None:
    assert TRANSITIONS[(CaseState.WAITING, CaseStep.DOUBT)] is CaseState.DOUBTED
    for step in (CaseStep.CONFIRM, CaseStep.RETURN):
        with pytest.raises(CaseError, match="second person"):
            after(CaseState.DOUBTED, step, by="a", doubted_by="a", words=WHY)
    assert steps_open(CaseState.DOUBTED, by="a", doubted_by="a") == ()
    ways_there = [step for (_, step), reached in TRANSITIONS.items() if reached is CaseState.NOT_JUSTIFIED]
    assert ways_there == [CaseStep.CONFIRM]


@pytest.mark.parametrize("words", ["", "   ", "too short", "x" + " " * 40])
def test_every_step_needs_a_reason(words: str) -> None:
    with pytest.raises(CaseError, match="Say why"):
        after(CaseState.WAITING, CaseStep.JUSTIFY, by="a", doubted_by="", words=words)


def test_every_case_can_be_decided_and_what_is_decided_stays() -> None:
    for state in CaseState:
        assert bool(steps_open(state, by="b", doubted_by="a")) is (state not in CLOSED)


def test_limits_are_those_of_the_day() -> None:
    assert limit("emergency_open", date(2020, 10, 31)) == timedelta(hours=4)
    assert limit("emergency_told", date(1999, 1, 1)) == timedelta(days=28)
    assert limit("emergency_open", date(2026, 1, 1)) <= timedelta(hours=4)  # what the database allows
    assert limit("emergency_held", date(2026, 1, 1)) <= timedelta(days=90)
    with pytest.raises(KeyError):
        limit("no such limit", date(2020, 1, 1))
