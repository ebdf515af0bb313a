"""Objections to sharing for care: raised by the person, decided by the controller with reasons; one table of steps.

UK GDPR Article 21(1): a person may object, on grounds of their own situation, to processing that rests on public task;
the controller stops unless there are compelling legitimate grounds (https://www.legislation.gov.uk/eur/2016/679/article/21).
NHS Constitution for England, section 3a: to request that confidential information is not shared beyond their own care,
to have objections considered, and where wishes cannot be followed to be told the reasons, the legal basis included.
"""

from enum import StrEnum

from commonweal.domain.errors import CommonwealError

LEAST_WORDS = 10
MOST_WORDS = 1000


class ObjectionError(CommonwealError):
    """An objection, a restriction or a step with one that cannot be. ``field``: which part of a form is wrong."""

    def __init__(self, message: str, field: str = "words") -> None:
        super().__init__(message)
        self.field = field


class ObjectionState(StrEnum):
    """Where an objection stands. Upheld, what it names is withheld; the reasons are the person's to read."""

    RAISED = "raised"
    UPHELD = "upheld"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ObjectionStep(StrEnum):
    """What is done with an objection, with reasons."""

    UPHOLD = "uphold"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


TRANSITIONS: dict[tuple[ObjectionState, ObjectionStep], ObjectionState] = {
    (ObjectionState.RAISED, ObjectionStep.UPHOLD): ObjectionState.UPHELD,
    (ObjectionState.RAISED, ObjectionStep.REFUSE): ObjectionState.REFUSED,
    (ObjectionState.RAISED, ObjectionStep.WITHDRAW): ObjectionState.WITHDRAWN,
    (ObjectionState.UPHELD, ObjectionStep.WITHDRAW): ObjectionState.WITHDRAWN,
    (ObjectionState.REFUSED, ObjectionStep.UPHOLD): ObjectionState.UPHELD,
}


def after(state: ObjectionState, step: ObjectionStep, reason: str) -> ObjectionState:
    """The state after ``step``. Raises ``ObjectionError``: no such step from here, or no reason."""
    reached = TRANSITIONS.get((state, step))
    if reached is None:
        raise ObjectionError(f"This objection is {state}: that cannot be done with it. Open it again.")
    said(reason)
    return reached


def steps_open(state: ObjectionState) -> tuple[ObjectionStep, ...]:
    """What may be done with an objection in this state."""
    return tuple(step for step in ObjectionStep if (state, step) in TRANSITIONS)


def said(words: str, what: str = "Say why") -> str:
    """The words in one line, cut to what is kept. Raises ``ObjectionError`` for fewer than ten characters."""
    plain = " ".join(words.split())[:MOST_WORDS]
    if len(plain) < LEAST_WORDS:
        raise ObjectionError(f"{what}, in ten characters or more.")
    return plain


def may_lift(reason: str, *, set_by: str, by: str) -> None:
    """Raise ``ObjectionError`` where whoever set a restriction may not lift it alone: lifting it could do harm."""
    if reason in ("safeguarding", "serious_harm") and set_by == by:
        raise ObjectionError("Somebody other than who set it lifts a restriction that protects from harm.")
