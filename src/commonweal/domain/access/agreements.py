"""Sharing agreements: who shares what with whom, for what, between which days; and how one is made, amended and ended.

What an agreement records: ICO, Data sharing code of practice, "Data sharing agreements" (parties, purpose, data, legal
basis, retention and review): https://ico.org.uk/for-organisations/uk-gdpr-guidance-and-resources/data-sharing/
data-sharing-a-code-of-practice/data-sharing-agreements/

An agreement is a safeguard and not the basis of sharing for care (public task and the duty to share are: Health and
Social Care Act 2012, section 251B). So one that runs out (*lapsed*) warns and stops uses beyond care, and never care;
one that somebody *ended* stops both, and care then goes on in an emergency only. The policies say so, not this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from commonweal.domain.access.vocabulary import Category, Purpose
from commonweal.domain.errors import CommonwealError

EVERYBODY = "*"


class Standing(StrEnum):
    """How an entry stands with the one who asks for it: their own, or by the best agreement that covers it."""

    OWN = "own"
    IN_FORCE = "in_force"
    LAPSED = "lapsed"
    ENDED = "ended"
    NONE = "none"


class State(StrEnum):
    """Where one version of an agreement stands. Only ``approved`` counts, between its days and until it is ended."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    ENDED = "ended"


class Step(StrEnum):
    """What is done with a version. The first two are for somebody other than its proposer."""

    APPROVE = "approve"
    REFUSE = "refuse"
    SUPERSEDE = "supersede"
    END = "end"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.PROPOSED, Step.APPROVE): State.APPROVED,
    (State.PROPOSED, Step.REFUSE): State.REFUSED,
    (State.APPROVED, Step.SUPERSEDE): State.SUPERSEDED,
    (State.APPROVED, Step.END): State.ENDED,
}

WARNING = timedelta(days=90)
LONGEST = timedelta(days=366 * 5)
LEAST_WORDS = 10


class AgreementError(CommonwealError):
    """An agreement that cannot stand, or a step that cannot be taken. ``field``: which part of it is wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed. ``gives`` and ``receives`` are ODS codes, or ``*`` for everybody; ``ends`` is the last day.

    ``basis``: the articles of UK GDPR. ``confidentiality``: how the common-law duty is met. ``review``: when the
    parties look at it again, at the latest on its last day.
    """

    reference: str
    title: str
    gives: tuple[str, ...]
    receives: tuple[str, ...]
    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    starts: date
    ends: date
    review: date
    dpia: str
    controller: str
    basis: str
    confidentiality: str


def check(terms: Terms) -> None:
    """Raise ``AgreementError``, naming the field, for terms that cannot stand."""
    words = {
        "title": "Give the agreement a title.",
        "dpia": "Give the reference of the data protection impact assessment.",
        "controller": "Say who is the controller, by ODS code, or that the parties are joint controllers.",
        "basis": "Say on which articles of UK GDPR the sharing rests, such as 6(1)(e) and 9(2)(h).",
        "confidentiality": "Say how the common-law duty of confidentiality is met, such as implied consent for care.",
    }
    plain = terms.reference.replace("-", "").replace(".", "")
    if not 3 <= len(terms.reference) <= 40 or not plain.isascii() or not plain.isalnum() or plain == "propose":
        raise AgreementError(
            "Give a reference of 3 to 40 letters, digits and hyphens, such as ISA-2020-01.", "reference"
        )
    for field, message in words.items():
        if not getattr(terms, field).strip():
            raise AgreementError(message, field)
    for field in ("gives", "receives"):
        codes = getattr(terms, field)
        if not codes:
            raise AgreementError("Name the organisations by ODS code, or * for everybody.", field)
        wrong = next((one for one in codes if one != EVERYBODY and not _code(one)), None)
        if wrong is not None:
            raise AgreementError(f"{wrong!r} is no ODS code; one is such as A81001.", field)
    if not terms.categories:
        raise AgreementError("Choose the categories that are shared.", "categories")
    if not terms.purposes:
        raise AgreementError("Choose the purposes it is shared for.", "purposes")
    if not terms.starts <= terms.ends <= terms.starts + LONGEST:
        raise AgreementError("It ends on or after the day it starts, and within five years: agree again then.", "ends")
    if not terms.starts <= terms.review <= terms.ends:
        raise AgreementError("It is reviewed between its first day and its last.", "review")


def _code(text: str) -> bool:
    return 2 <= len(text) <= 12 and text.isascii() and text.isalnum() and text == text.upper()


def after(state: State, step: Step, *, by: str, proposed_by: str, words: str = "") -> State:
    """The state after ``step`` by the account ``by``.

    Raises:
        AgreementError: no such step from here, the proposer would approve, or refusing or ending lacks a reason.
    """
    reached = TRANSITIONS.get((state, step))
    if reached is None:
        raise AgreementError(f"This version is {state}: that cannot be done with it. Open it again.")
    if step in (Step.APPROVE, Step.REFUSE) and by == proposed_by:
        raise AgreementError("Somebody other than who proposed it decides. Ask a second officer.")
    if step in (Step.REFUSE, Step.END) and len(" ".join(words.split())) < LEAST_WORDS:
        raise AgreementError("Say why, in ten characters or more.", "words")
    return reached


def attention(starts: date, ends: date, review: date, on: date) -> str:
    """What an approved version wants of its keeper: ``lapsed``, ``ending``, ``review``, ``future`` or nothing."""
    if on > ends:
        return "lapsed"
    if on < starts:
        return "future"
    if on + WARNING > ends:
        return "ending"
    return "review" if on >= review else ""


def read(document: object) -> tuple[Terms, ...]:
    """The agreements of a file: ``{"agreements": [{"reference": …}]}``, checked. ``parties`` stands for both ways.

    Raises:
        AgreementError: naming the agreement and what is wrong with it.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("agreements"), list):
        raise AgreementError("The file holds no list called agreements.")
    found = []
    for n, one in enumerate(document["agreements"], 1):
        try:
            terms = _terms(one)
            check(terms)
        except AgreementError as fault:
            raise AgreementError(f"agreement {n}: {fault}", fault.field) from fault
        found.append(terms)
    return tuple(found)


_FIELDS = {
    "reference", "title", "parties", "gives", "receives", "categories", "purposes", "from", "to", "review", "dpia",
    "controller", "basis", "confidentiality",
}  # fmt: skip


def _terms(one: object) -> Terms:
    if not isinstance(one, Mapping):
        raise AgreementError("it is not a set of fields and values")
    unknown = sorted(set(map(str, one)) - _FIELDS)
    if unknown:
        raise AgreementError(f"there is no field {unknown[0]!r}", unknown[0])
    parties = one.get("parties", ())
    return Terms(
        reference=str(one.get("reference", "")),
        title=str(one.get("title", "")),
        gives=_codes(one.get("gives", parties), "gives"),
        receives=_codes(one.get("receives", parties), "receives"),
        categories=_words(one.get("categories", ()), Category, "categories"),
        purposes=_words(one.get("purposes", ()), Purpose, "purposes"),
        starts=_day(one.get("from"), "from"),
        ends=_day(one.get("to"), "to"),
        review=_day(one.get("review", one.get("to")), "review"),
        dpia=str(one.get("dpia", "")),
        controller=str(one.get("controller", "")),
        basis=str(one.get("basis", "")),
        confidentiality=str(one.get("confidentiality", "")),
    )


def _codes(said: object, field: str) -> tuple[str, ...]:
    if isinstance(said, str):
        said = said.replace(",", " ").split()
    if not isinstance(said, Iterable):
        raise AgreementError("give a list of ODS codes", field)
    return tuple(dict.fromkeys(str(one).strip().upper() for one in said))


def _words(said: Any, kind: type[Category] | type[Purpose], field: str) -> tuple[Any, ...]:
    try:
        return tuple(dict.fromkeys(kind(str(one)) for one in said))
    except (TypeError, ValueError) as fault:
        raise AgreementError(f"{field}: choose from {', '.join(kind)}", field) from fault


def _day(said: object, field: str) -> date:
    if isinstance(said, date):
        return said
    try:
        return date.fromisoformat(str(said))
    except ValueError as fault:
        raise AgreementError(f"give {field} as year-month-day, such as 2020-10-31", field) from fault
