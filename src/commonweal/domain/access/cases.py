"""Cases for the privacy officer: an emergency to review, or a look that a person has questioned. One table of steps."""

from enum import StrEnum

from commonweal.domain.errors import CommonwealError


class CaseKind(StrEnum):
    """What a case is about."""

    EMERGENCY = "emergency"
    QUESTION = "question"


class CaseState(StrEnum):
    """Where a case stands. ``doubted``: one officer finds the access not justified, and a second has not yet agreed."""

    WAITING = "waiting"
    ASKED = "asked"
    DOUBTED = "doubted"
    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


class CaseStep(StrEnum):
    """What an officer may do with a case, each with words that say why."""

    ASK = "ask"
    JUSTIFY = "justify"
    DOUBT = "doubt"
    CONFIRM = "confirm"
    RETURN = "return"


TRANSITIONS: dict[tuple[CaseState, CaseStep], CaseState] = {
    (CaseState.WAITING, CaseStep.ASK): CaseState.ASKED,
    (CaseState.WAITING, CaseStep.JUSTIFY): CaseState.JUSTIFIED,
    (CaseState.WAITING, CaseStep.DOUBT): CaseState.DOUBTED,
    (CaseState.ASKED, CaseStep.JUSTIFY): CaseState.JUSTIFIED,
    (CaseState.ASKED, CaseStep.DOUBT): CaseState.DOUBTED,
    (CaseState.DOUBTED, CaseStep.CONFIRM): CaseState.NOT_JUSTIFIED,
    (CaseState.DOUBTED, CaseStep.RETURN): CaseState.WAITING,
}
SECOND_PERSON = frozenset({CaseStep.CONFIRM, CaseStep.RETURN})
CLOSED = frozenset({CaseState.JUSTIFIED, CaseState.NOT_JUSTIFIED})


class CaseError(CommonwealError):
    """A step that the case does not allow now, or that this officer may not take, or without words.

    ``field``: which field of the form is wrong, where there are several.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def after(state: CaseState, step: CaseStep, *, by: str, doubted_by: str, words: str) -> CaseState:
    """The state after ``step``, taken by the officer ``by``; ``doubted_by`` took the last *doubt*.

    Raises:
        CaseError: no such step from here, the same person twice, or fewer than ten characters of reason.
    """
    reached = TRANSITIONS.get((state, step))
    if reached is None:
        raise CaseError(f"This case is {state.replace('_', ' ')}: that cannot be done with it now. Open it again.")
    if step in SECOND_PERSON and by == doubted_by:
        raise CaseError("A second person must look at what you have found not justified.")
    if len(" ".join(words.split())) < 10:
        raise CaseError("Say why, in ten characters or more.")
    return reached


def steps_open(state: CaseState, *, by: str, doubted_by: str) -> tuple[CaseStep, ...]:
    """What the officer ``by`` may do now, in the table's order."""
    return tuple(
        step for (begins, step) in TRANSITIONS if begins is state and not (step in SECOND_PERSON and by == doubted_by)
    )
