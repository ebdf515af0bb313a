"""Requests people make about their own record: a copy of it, and somebody to act for them. One table of steps each.

Subject access: UK GDPR, Articles 12 and 15 (https://www.legislation.gov.uk/eur/2016/679/article/15). What must be
looked at before a copy is released: Data Protection Act 2018, Schedule 2, paragraphs 16 and 17 (other people), and
Schedule 3, Parts 2 and 3 (serious harm; https://www.legislation.gov.uk/ukpga/2018/12/schedule/3).
"""

from collections.abc import Collection, Mapping
from enum import StrEnum

from commonweal.domain.access.vocabulary import Category, Role
from commonweal.domain.errors import CommonwealError


class RequestError(CommonwealError):
    """A step that the request does not allow now, or that this person may not take. ``field``: the box to mend."""

    def __init__(self, message: str, field: str = "words") -> None:
        super().__init__(message)
        self.field = field


class CopyState(StrEnum):
    """Where a request for a copy stands. The clock does not run while it is ``asked`` or ``unclear``."""

    ASKED = "asked"
    OPEN = "open"
    UNCLEAR = "unclear"
    REVIEWED = "reviewed"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class CopyStep(StrEnum):
    """What is done with a request for a copy."""

    IDENTIFY = "identify"
    CLARIFY = "clarify"
    ANSWER = "answer"
    FINISH = "finish"
    RETURN = "return"
    RELEASE = "release"
    EXTEND = "extend"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Party(StrEnum):
    """Who takes a step: the person, somebody who cares for them and reads the draft, the officer who signs it off."""

    PERSON = "person"
    REVIEWER = "reviewer"
    OFFICER = "officer"


COPY_STEPS: Mapping[tuple[CopyState, CopyStep], tuple[CopyState, frozenset[Party]]] = {
    (CopyState.ASKED, CopyStep.IDENTIFY): (CopyState.OPEN, frozenset({Party.REVIEWER})),
    (CopyState.ASKED, CopyStep.REFUSE): (CopyState.REFUSED, frozenset({Party.OFFICER})),
    (CopyState.ASKED, CopyStep.WITHDRAW): (CopyState.WITHDRAWN, frozenset({Party.PERSON})),
    (CopyState.OPEN, CopyStep.CLARIFY): (CopyState.UNCLEAR, frozenset({Party.REVIEWER, Party.OFFICER})),
    (CopyState.OPEN, CopyStep.EXTEND): (CopyState.OPEN, frozenset({Party.OFFICER})),
    (CopyState.OPEN, CopyStep.FINISH): (CopyState.REVIEWED, frozenset({Party.REVIEWER})),
    (CopyState.OPEN, CopyStep.REFUSE): (CopyState.REFUSED, frozenset({Party.OFFICER})),
    (CopyState.OPEN, CopyStep.WITHDRAW): (CopyState.WITHDRAWN, frozenset({Party.PERSON})),
    (CopyState.UNCLEAR, CopyStep.ANSWER): (CopyState.OPEN, frozenset({Party.PERSON, Party.REVIEWER})),
    (CopyState.UNCLEAR, CopyStep.WITHDRAW): (CopyState.WITHDRAWN, frozenset({Party.PERSON})),
    (CopyState.REVIEWED, CopyStep.RETURN): (CopyState.OPEN, frozenset({Party.OFFICER})),
    (CopyState.REVIEWED, CopyStep.EXTEND): (CopyState.REVIEWED, frozenset({Party.OFFICER})),
    (CopyState.REVIEWED, CopyStep.RELEASE): (CopyState.RELEASED, frozenset({Party.OFFICER})),
    (CopyState.REVIEWED, CopyStep.WITHDRAW): (CopyState.WITHDRAWN, frozenset({Party.PERSON})),
}
_WORDLESS = frozenset({CopyStep.WITHDRAW, CopyStep.FINISH, CopyStep.RELEASE})
_LEAST = 10  # characters of a reason


def after_copy_step(
    state: CopyState,
    step: CopyStep,
    *,
    party: Party,
    by: str,
    words: str,
    undecided: int = 0,
    reviewers: Collection[str] = (),
    extended: bool = False,
    gathered: bool = True,
) -> CopyState:
    """The state after ``step`` taken by the account ``by`` as ``party``.

    ``undecided``: marked items nobody has decided on; ``reviewers``: who decided items or finished the review.

    Raises:
        RequestError: the state does not allow it, it is not theirs to take, or what must come first has not.
    """
    following = COPY_STEPS.get((state, step))
    if following is None:
        raise RequestError("That cannot be done with this request as it stands now.", "step")
    if party not in following[1]:
        raise RequestError("That is not yours to do: somebody else must.", "step")
    if step not in _WORDLESS and len(words) < _LEAST:
        raise RequestError("Say why, in ten characters or more.")
    if step is CopyStep.FINISH and not gathered:
        raise RequestError("The draft is not put together yet. Try again in a minute.", "step")
    if step is CopyStep.FINISH and undecided:
        raise RequestError(f"{undecided} marked items wait for a decision first.", "step")
    if step is CopyStep.RELEASE and by in reviewers:
        raise RequestError("Somebody else must release what you have reviewed.", "step")
    if step is CopyStep.EXTEND and extended:
        raise RequestError("The time has been extended already; the law allows it once.", "step")
    return following[0]


class Decision(StrEnum):
    """What becomes of an item: all of it, all but its marked parts, or none of it."""

    WHOLE = "whole"
    PART = "part"
    NONE = "none"


class Ground(StrEnum):
    """Why something is left out: Data Protection Act 2018, Schedule 2 paragraph 16; Schedule 3 paragraphs 5 and 11."""

    OTHERS = "others"
    HARM = "harm"


class Mark(StrEnum):
    """Why an item is looked at before it goes out; ``author`` alone needs no decision (Schedule 2, paragraph 17)."""

    OTHERS = "others"
    FREE_TEXT = "free_text"
    HARM = "harm"
    AUTHOR = "author"


NEEDS_DECISION = frozenset({Mark.OTHERS, Mark.FREE_TEXT, Mark.HARM})
_HEALTH = frozenset({Category.CLINICAL, Category.MEDICATION, Category.MENTAL_HEALTH})


def check_decision(role: Role, category: Category, decision: Decision, ground: Ground | None, words: str) -> None:
    """That somebody of ``role`` may decide so about an item of ``category``.

    Whether health data would do serious harm is for a health professional to say (Schedule 3, paragraphs 2 and 6);
    social-work data need none (paragraph 11).

    Raises:
        RequestError: a reason is missing, or it is for a health professional.
    """
    if decision is Decision.WHOLE:
        return
    if ground is None:
        raise RequestError("Say on which ground it is left out.", "ground")
    if len(words) < _LEAST:
        raise RequestError("Say why it is left out, in ten characters or more.")
    if ground is Ground.HARM and category in _HEALTH and role is not Role.CLINICIAN:
        raise RequestError("Only a health professional may find that health information would do serious harm.")
