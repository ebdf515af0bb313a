"""What becomes of alerts and of suspended referrals: the tables, and what they refuse."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.domain.coordination.alerts import (
    SUSPENSIONS,
    TRANSITIONS,
    AlertError,
    AlertState,
    AlertStep,
    Kind,
    SuspensionState,
    SuspensionStep,
    after,
    standing,
    suspended_after,
)


class Happened(NamedTuple):
    happened: datetime
    kind: Kind


@pytest.mark.parametrize("state", list(AlertState))
@pytest.mark.parametrize("step", list(AlertStep))
def test_an_alert_moves_only_as_the_table_says(state: AlertState, step: AlertStep) -> None:
    if (state, step) in TRANSITIONS:
        assert after(state, step) is TRANSITIONS[state, step]
    else:
        with pytest.raises(AlertError, match="Open it again"):
            after(state, step)


def test_nothing_that_was_taken_on_escalates() -> None:
    assert {state for state, step in TRANSITIONS if step is AlertStep.ESCALATE} == {AlertState.OPEN}


def test_what_is_restored_goes_back_to_its_owner() -> None:
    assert after(AlertState.WITHDRAWN, AlertStep.RESTORE, owned=True) is AlertState.ACKNOWLEDGED
    assert after(AlertState.SUPERSEDED, AlertStep.RESTORE) is AlertState.OPEN


def test_no_message_decides_about_a_referral_that_a_person_resumed() -> None:
    for step in (SuspensionStep.CANCELLED, SuspensionStep.AGAIN):
        assert suspended_after(SuspensionState.RESUMED, step) is SuspensionState.RESUMED


def test_a_withdrawal_that_a_cancellation_undercuts_is_for_a_person_to_decide_again() -> None:
    conflict = suspended_after(SuspensionState.WITHDRAWN, SuspensionStep.CANCELLED)
    assert conflict is SuspensionState.CONFLICT
    assert suspended_after(conflict, SuspensionStep.RESUME) is SuspensionState.RESUMED


@pytest.mark.parametrize("state", [SuspensionState.RESUMED, SuspensionState.WITHDRAWN, SuspensionState.RESTORED])
def test_a_referral_is_decided_once(state: SuspensionState) -> None:
    for step in (SuspensionStep.CONFIRM, SuspensionStep.RESUME):
        assert (state, step) not in SUSPENSIONS
        with pytest.raises(AlertError, match=f"{state} already"):
            suspended_after(state, step)


moments = st.integers(0, 5).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n))
stays = st.lists(st.builds(Happened, moments, st.sampled_from(Kind)), max_size=6)


@given(stays, st.randoms(use_true_random=False))
def test_what_stands_for_a_stay_does_not_depend_on_the_order_it_was_heard_in(
    stay: list[Happened], order: object
) -> None:
    shuffled = list(stay)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own Random
    assert standing(shuffled) == standing(stay)
    assert standing([]) is None
