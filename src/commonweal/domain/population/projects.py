"""Analysis projects, and lists by which a care provider finds again who analysis found. One table of steps each.

A project is what a data-sharing form asks for: what the data is for, on which basis, whose it is, who works with it and
until when. Who proposes is never who approves, and whoever holds the bridge between two sets of pseudonyms analyses
nothing. A list goes to care by two people's word: an information-governance lead's that it may, and, at each care
provider, a clinician's or social worker's that they will act on it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from commonweal.domain.errors import CommonwealError


class ProjectError(CommonwealError):
    """A project, an extract or a list that cannot be as asked. ``field``: which field of a form is wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ProjectPurpose(StrEnum):
    """What a project's data is for; all are uses beyond a person's own care."""

    POPULATION_HEALTH = "population_health"
    SERVICE_PLANNING = "service_planning"
    RESEARCH = "research"


class ProjectState(StrEnum):
    """Where a project stands. Approved, it is usable between its two days and not otherwise."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ENDED = "ended"


class ProjectStep(StrEnum):
    """What an information-governance lead does with a project, with words that say why."""

    APPROVE = "approve"
    REFUSE = "refuse"
    END = "end"


PROJECT_TRANSITIONS: dict[tuple[ProjectState, ProjectStep], ProjectState] = {
    (ProjectState.PROPOSED, ProjectStep.APPROVE): ProjectState.APPROVED,
    (ProjectState.PROPOSED, ProjectStep.REFUSE): ProjectState.REFUSED,
    (ProjectState.APPROVED, ProjectStep.END): ProjectState.ENDED,
}


class ListState(StrEnum):
    """Where a list of pseudonyms stands. ``allowed``: care providers may take it up, each for its own people."""

    MARKED = "marked"
    ALLOWED = "allowed"
    REFUSED = "refused"
    CLOSED = "closed"


class ListStep(StrEnum):
    """What an information-governance lead does with a list, with words that say why."""

    ALLOW = "allow"
    REFUSE = "refuse"
    CLOSE = "close"


LIST_TRANSITIONS: dict[tuple[ListState, ListStep], ListState] = {
    (ListState.MARKED, ListStep.ALLOW): ListState.ALLOWED,
    (ListState.MARKED, ListStep.REFUSE): ListState.REFUSED,
    (ListState.ALLOWED, ListStep.CLOSE): ListState.CLOSED,
}


class Outcome(StrEnum):
    """What a care provider did about one person of a list."""

    TAKEN_ON = "taken_on"
    DONE = "done"
    NOT_SUITABLE = "not_suitable"
    DECLINED = "declined"


LONGEST_DAYS = 366 * 2  # a project is renewed by a new approval, not by a far end
LEAST_WORDS = 10
MOST_LISTED = 2_000  # a list is for care that somebody will give, not a way to name a population


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a project is proposed as. ``analysts`` and ``custodian`` are account names; ``columns`` of the catalogue.

    ``exemption``: the code of the dated exemption by which an opt-out does not bind this use; empty for none.
    """

    code: str
    title: str
    question: str
    purpose: ProjectPurpose
    lawful_basis: str
    confidentiality: str
    agreement: str
    controller: str
    dpia: str
    starts: date
    ends: date
    custodian: str
    analysts: tuple[str, ...]
    columns: tuple[str, ...]
    exemption: str


def check(proposal: Proposal, catalogue: Collection[str]) -> None:
    """Raise ``ProjectError`` for a proposal that cannot stand, naming the field."""
    one = proposal
    if not (3 <= len(one.code) <= 40) or not all(c.isascii() and (c.isalnum() or c == "-") for c in one.code):
        raise ProjectError("Give a short name of 3 to 40 letters, digits and hyphens, such as frailty-2020.", "code")
    if one.code == "new":
        raise ProjectError("Choose another short name.", "code")
    words = {
        "title": "Give the project a title.",
        "question": "Say what the data is for: the question to be answered.",
        "lawful_basis": "Say on which basis of UK GDPR the data is used, such as Article 6(1)(e) and 9(2)(h).",
        "confidentiality": "Say how the common-law duty of confidentiality is met.",
        "agreement": "Give the reference of the sharing agreement.",
        "controller": "Say who the controller is, by ODS code.",
        "dpia": "Give the reference of the data protection impact assessment.",
        "custodian": "Name the custodian's account.",
    }
    for field, message in words.items():
        if not getattr(one, field).strip():
            raise ProjectError(message, field)
    if one.ends <= one.starts or (one.ends - one.starts).days > LONGEST_DAYS:
        raise ProjectError("A project ends after it starts, and within two years: approve it again after that.", "ends")
    if not one.analysts:
        raise ProjectError("Name the accounts of the analysts who will work with the data.", "analysts")
    if one.custodian in one.analysts:
        raise ProjectError(
            "The custodian holds what joins old pseudonyms to new: name nobody who analyses.", "custodian"
        )
    unknown = sorted(set(one.columns) - set(catalogue))
    if unknown:
        raise ProjectError(f"There is no column {unknown[0]}: choose from the catalogue.", "columns")
    if not one.columns:
        raise ProjectError("Choose the columns that answer the question, and no others.", "columns")


def usable(state: ProjectState, starts: date, ends: date, on: date) -> bool:
    """Whether an extract may be made of the project, read or marked on a day (its last day included)."""
    return state is ProjectState.APPROVED and starts <= on <= ends


def decide_project(
    state: ProjectState, step: ProjectStep, *, by: str, involved: Collection[str], words: str
) -> ProjectState:
    """The state after ``step`` by the account ``by``; ``involved`` proposed it or work with the data.

    Raises:
        ProjectError: no such step from here, somebody's own project, or no reason.
    """
    reached = PROJECT_TRANSITIONS.get((state, step))
    if reached is None:
        raise ProjectError(f"This project is {state}: that cannot be done with it now. Open it again.")
    if step is ProjectStep.APPROVE and by in involved:
        raise ProjectError("Somebody who neither proposed the project nor works with its data must approve it.")
    _said(words)
    return reached


def decide_list(state: ListState, step: ListStep, *, by: str, marked_by: str, words: str) -> ListState:
    """The state after ``step`` by the account ``by``. Raises ``ProjectError`` as ``decide_project`` does."""
    reached = LIST_TRANSITIONS.get((state, step))
    if reached is None:
        raise ProjectError(f"This list is {state}: that cannot be done with it now. Open it again.")
    if by == marked_by:
        raise ProjectError("Somebody else than the one who marked the list decides about it.")
    _said(words)
    return reached


def _said(words: str) -> None:
    if len(" ".join(words.split())) < LEAST_WORDS:
        raise ProjectError("Say why, in ten characters or more.", "words")
