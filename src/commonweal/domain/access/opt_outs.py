"""The two opt-outs from uses beyond a person's own care, and where each truly applies.

*National Data Opt-out*: confidential information about care in England, of any source, social care included, is not
used for research and planning. National data opt-out operational policy guidance, chapter 5 (when it applies) and
chapter 6 (when it does not):
https://digital.nhs.uk/services/national-data-opt-out/operational-policy-guidance-document
*Type 1*: what a GP practice holds does not leave it for anything but the person's own care; it says nothing of what
others hold: https://digital.nhs.uk/about-nhs-digital/our-work/keeping-patient-data-safe/how-we-look-after-your-health-and-care-information/your-information-choices/opting-out-of-sharing-your-confidential-patient-information

Neither touches direct care. Which uses each binds, and what is exempt, are dated rows that the information-governance
lead keeps, not code: the functions here only read them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from commonweal.domain.access.vocabulary import Purpose
from commonweal.domain.errors import CommonwealError


class OptOut(StrEnum):
    """Which opt-out: ``national_data`` binds every source, ``type_1`` the GP practice that recorded it."""

    NATIONAL_DATA = "national_data"
    TYPE_1 = "type_1"


class Form(StrEnum):
    """In what form people's data are used: a row about each of them, or counts released under disclosure control."""

    ROWS = "rows"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class Binding:
    """A dated row: from ``start`` to the day before ``stop``, does ``kind`` bind such a use? With the ground for it."""

    start: date
    stop: date | None
    kind: OptOut
    purpose: Purpose
    form: Form
    applies: bool
    ground: str
    source: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """A dated ground on which the National Data Opt-out does not bind a use, named in that use's approval."""

    code: str
    start: date
    stop: date | None
    kind: OptOut
    ground: str
    source: str


class OptOutFault(CommonwealError):
    """A row of the rules, or of a list of opt-outs, cannot be read; says which and why."""


def read_bindings(rows: Iterable[Mapping[str, str]]) -> tuple[Binding, ...]:
    """The rules of a CSV file, a mapping a row. Raises ``OptOutFault`` with the row's number (the heading is 1)."""
    found = []
    for n, row in enumerate(rows, 2):
        try:
            found.append(
                Binding(
                    date.fromisoformat(row["from"]),
                    date.fromisoformat(row["to"]) if row["to"] else None,
                    OptOut(row["opt_out"]),
                    Purpose(row["purpose"]),
                    Form(row["form"]),
                    {"yes": True, "no": False}[row["applies"]],
                    row["ground"],
                    row["source"],
                )
            )
        except (KeyError, ValueError) as fault:
            raise OptOutFault(f"row {n} of the opt-out rules: {fault}") from fault
    return tuple(found)


def read_exemptions(rows: Iterable[Mapping[str, str]]) -> tuple[Exemption, ...]:
    """The exemptions of a CSV file, a mapping a row. Raises ``OptOutFault`` with the row's number."""
    found = []
    for n, row in enumerate(rows, 2):
        try:
            start, stop = date.fromisoformat(row["from"]), date.fromisoformat(row["to"]) if row["to"] else None
            kind = OptOut(row["opt_out"])
            found.append(Exemption(row["exemption"], start, stop, kind, row["ground"], row["source"]))
        except (KeyError, ValueError) as fault:
            raise OptOutFault(f"row {n} of the exemptions: {fault}") from fault
    return tuple(found)


def exemption(exemptions: Iterable[Exemption], code: str, on: date) -> Exemption:
    """The exemption called ``code``. Raises ``OptOutFault`` when none of that name is in force on the day."""
    for one in exemptions:
        if one.code == code and one.start <= on and (one.stop is None or on < one.stop):
            return one
    raise OptOutFault(f"no exemption {code!r} is in force on {on.isoformat()}")


def binds(rules: Iterable[Binding], kind: OptOut, purpose: Purpose, form: Form, on: date) -> bool:
    """Whether the opt-out binds such a use on a day: as the newest rule in force says, and yes where none says.

    A person's own care, their own record and the running of the platform are no uses beyond care: never bound.
    """
    if purpose not in BEYOND_CARE:
        return False
    said = [
        one
        for one in rules
        if (one.kind, one.purpose, one.form) == (kind, purpose, form)
        and one.start <= on
        and (one.stop is None or on < one.stop)
    ]
    return max(said, key=lambda one: one.start).applies if said else True


def always_binding(rules: Sequence[Binding], exemptions: Iterable[Exemption], on: date) -> frozenset[OptOut]:
    """The opt-outs that bind every use beyond care, in every form, and that no exemption in force frees any from."""
    freed = {one.kind for one in exemptions if one.start <= on and (one.stop is None or on < one.stop)}
    return frozenset(
        kind
        for kind in OptOut
        if kind not in freed and all(binds(rules, kind, purpose, form, on) for purpose in BEYOND_CARE for form in Form)
    )


BEYOND_CARE = frozenset({Purpose.POPULATION_HEALTH, Purpose.SERVICE_PLANNING, Purpose.RESEARCH, Purpose.PERFORMANCE})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Who and what a use must leave out.

    ``people``: wholly. ``compartments``: every compartment to be left out, theirs and, under Type 1, the practice's
    alone. ``counts``: opt-out → how many people it concerns here, to be told beside whatever is counted.
    """

    people: frozenset[UUID]
    compartments: frozenset[int]
    counts: Mapping[str, int]


def left_out(people: Mapping[int, UUID], national: Iterable[int], type_1: Iterable[int]) -> LeftOut:
    """What two sets of opted-out compartments come to, by whom each compartment belongs to (``people``).

    An opt-out on any of a person's compartments is the person's: linking must not lose it.
    """
    opted = {people[one] for one in national if one in people}
    practice = frozenset(type_1)
    whole = {one for one, person in people.items() if person in opted}
    counts = {
        OptOut.NATIONAL_DATA.value: len(opted),
        OptOut.TYPE_1.value: len({people[one] for one in practice if one in people}),
    }
    return LeftOut(frozenset(opted), frozenset(whole) | practice | frozenset(national), counts)
