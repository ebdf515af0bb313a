"""What becomes of an alert, and of a referral that it suspends: one table of transitions each.

Messages and people both move an alert. What messages say is a set, whatever order it comes in; so the steps that they
cause (*withdraw*, *restore*, *supersede*) end in one state from wherever they find it, and keep what a person did.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from commonweal.domain.errors import CommonwealError


class AlertError(CommonwealError):
    """A step that the alert or the referral does not allow now."""


class Kind(StrEnum):
    """What changed. A death that a hospital reports and one that is formally registered are two things."""

    ADMITTED = "admitted"
    TRANSFERRED = "transferred"
    DISCHARGED = "discharged"
    DIED = "died"
    DEATH_REGISTERED = "death_registered"


class Why(StrEnum):
    """Why somebody is told: they work with the person, cover for who does, are in the team of who is away; …"""

    WORKER = "worker"
    COVER = "cover"
    AWAY = "away"
    TEAM = "team"
    DUTY = "duty"
    ESCALATED = "escalated"


class AlertState(StrEnum):
    """Where an alert stands. ``superseded``: a later change of the same stay stands in its place."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class AlertStep(StrEnum):
    """What is done with an alert: the first four by people, the others by messages and by time."""

    ACKNOWLEDGE = "acknowledge"
    RELEASE = "release"
    CLOSE = "close"
    NOTE = "note"
    RAISE = "raise"
    ESCALATE = "escalate"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    CORRECT = "correct"


BY_PEOPLE = (AlertStep.ACKNOWLEDGE, AlertStep.RELEASE, AlertStep.CLOSE, AlertStep.NOTE)
TRANSITIONS: dict[tuple[AlertState, AlertStep], AlertState] = {
    (AlertState.OPEN, AlertStep.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
    (AlertState.ACKNOWLEDGED, AlertStep.RELEASE): AlertState.OPEN,
    (AlertState.ACKNOWLEDGED, AlertStep.CLOSE): AlertState.CLOSED,
    (AlertState.WITHDRAWN, AlertStep.NOTE): AlertState.CLOSED,
    (AlertState.OPEN, AlertStep.ESCALATE): AlertState.OPEN,
    (AlertState.OPEN, AlertStep.SUPERSEDE): AlertState.SUPERSEDED,
    (AlertState.ACKNOWLEDGED, AlertStep.SUPERSEDE): AlertState.SUPERSEDED,
    (AlertState.OPEN, AlertStep.WITHDRAW): AlertState.WITHDRAWN,
    (AlertState.ACKNOWLEDGED, AlertStep.WITHDRAW): AlertState.WITHDRAWN,
    (AlertState.SUPERSEDED, AlertStep.WITHDRAW): AlertState.WITHDRAWN,
    (AlertState.CLOSED, AlertStep.WITHDRAW): AlertState.WITHDRAWN,
    (AlertState.SUPERSEDED, AlertStep.RESTORE): AlertState.OPEN,
    (AlertState.WITHDRAWN, AlertStep.RESTORE): AlertState.OPEN,
    (AlertState.OPEN, AlertStep.CORRECT): AlertState.OPEN,
    (AlertState.ACKNOWLEDGED, AlertStep.CORRECT): AlertState.ACKNOWLEDGED,
}


def after(state: AlertState, step: AlertStep, *, owned: bool = False) -> AlertState:
    """The state after ``step``. Restored, an alert that somebody owned is theirs again.

    Raises:
        AlertError: no such step from here.
    """
    reached = TRANSITIONS.get((state, step))
    if reached is None:
        raise AlertError(f"This alert is {state}: that cannot be done with it now. Open it again to see what changed.")
    if step is AlertStep.RESTORE and owned:
        return AlertState.ACKNOWLEDGED
    return reached


class SuspensionState(StrEnum):
    """A referral beside a stay. ``conflict``: withdrawn by a person for a stay that was then cancelled."""

    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    RESUMED = "resumed"
    RESTORED = "restored"
    CONFLICT = "conflict"


class SuspensionStep(StrEnum):
    """By a person: *confirm* the withdrawal, *resume* the referral. By messages: *cancelled*, *again*."""

    CONFIRM = "confirm"
    RESUME = "resume"
    CANCELLED = "cancelled"
    AGAIN = "again"


SUSPENSIONS: dict[tuple[SuspensionState, SuspensionStep], SuspensionState] = {
    (SuspensionState.SUSPENDED, SuspensionStep.CONFIRM): SuspensionState.WITHDRAWN,
    (SuspensionState.SUSPENDED, SuspensionStep.RESUME): SuspensionState.RESUMED,
    (SuspensionState.CONFLICT, SuspensionStep.CONFIRM): SuspensionState.WITHDRAWN,
    (SuspensionState.CONFLICT, SuspensionStep.RESUME): SuspensionState.RESUMED,
    (SuspensionState.SUSPENDED, SuspensionStep.CANCELLED): SuspensionState.RESTORED,
    (SuspensionState.WITHDRAWN, SuspensionStep.CANCELLED): SuspensionState.CONFLICT,
    (SuspensionState.RESTORED, SuspensionStep.AGAIN): SuspensionState.SUSPENDED,
    (SuspensionState.CONFLICT, SuspensionStep.AGAIN): SuspensionState.WITHDRAWN,
}


def suspended_after(state: SuspensionState, step: SuspensionStep) -> SuspensionState:
    """The state of a suspended referral after ``step``. What messages say of one that was resumed changes nothing.

    Raises:
        AlertError: a person's step that the referral does not allow.
    """
    reached = SUSPENSIONS.get((state, step))
    if reached is None and step in (SuspensionStep.CONFIRM, SuspensionStep.RESUME):
        raise AlertError(f"This referral is {state} already. Open the alert again to see who decided.")
    return reached or state


class Dated(Protocol):
    """Something that happened in a stay."""

    @property
    def happened(self) -> datetime:
        """When."""
        ...

    @property
    def kind(self) -> Kind:
        """What."""
        ...


D = TypeVar("D", bound=Dated)
_RANK = tuple(Kind)


def standing(stay: Iterable[D]) -> D | None:
    """The change of a stay that an alert is about now: the latest; of several at one moment the further on."""
    return max(stay, key=lambda one: (one.happened, _RANK.index(one.kind)), default=None)
