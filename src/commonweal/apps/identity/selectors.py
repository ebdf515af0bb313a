"""Reads of identity. Only links that direct care may rely on, except where a name says *probable*."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from commonweal.apps.access.api import Category, Scope
from commonweal.apps.identity.models import Demographics, Membership, Person
from commonweal.domain.identity import nhs_number as numbers
from commonweal.fhir.normalise import name_key, phonetic
from commonweal.fhir.normalise import postcode as postcode_key

# For a statement elsewhere that has to know whose a compartment is without asking again: join it by compartment_id.
MEMBERSHIP = "(SELECT compartment_id, person_id FROM identity_membership)"

NOT_RECORDED = "Name not recorded"
WITHHELD = "Name withheld"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person a search found: nothing of them but where to ask. ``compartments`` maps id to source ODS code."""

    person_id: UUID
    compartments: dict[int, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What one compartment's source says of its person, read under row security."""

    compartment_id: int
    source: str
    local_id: str
    nhs_number: str
    number_usable: bool
    family: str
    given: str
    birth_date: date | None
    death_date: date | None
    gender: str
    ethnicity: str
    postcode: str
    address_line: str
    phone: str
    practice: str
    updated: datetime


@dataclass(frozen=True, slots=True)
class Called:
    """What a list or a page calls the open person: as the reader's own organisation knows them, else as another does.

    ``name`` is words to show in any case; ``nhs_number`` is empty unless it is valid.
    """

    name: str
    birth_date: date | None
    nhs_number: str


def compartments_of(person_id: UUID) -> dict[int, str]:
    """The compartments of one person (verified links only), each with its source's ODS code; {} if unknown."""
    return compartments_of_many([person_id]).get(person_id, {})


def compartments_of_many(person_ids: Iterable[UUID]) -> dict[UUID, dict[int, str]]:
    """``compartments_of`` for several people at once. Works in the application role: sources are not personal."""
    found: dict[UUID, dict[int, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, compartment_id, source FROM identity_compartments(%s) ORDER BY compartment_id",
            [list(person_ids)],
        )
        for person_id, compartment_id, source in cursor.fetchall():
            found.setdefault(person_id, {})[compartment_id] = source
    return found


def location_hidden(compartment_ids: Iterable[int]) -> bool:
    """Whether PDS withholds where the person of these compartments lives: then nothing may show or find it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT identity_location_hidden(%s)", [list(compartment_ids)])
        return bool(cursor.fetchone()[0])


def person_of(compartment_id: int) -> UUID | None:
    """The person a compartment belongs to, or None before the first identify run has seen it."""
    return people_of([compartment_id]).get(compartment_id)


def people_of(compartment_ids: Iterable[int]) -> dict[int, UUID]:
    """The person of each compartment that has one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT compartment_id, person_id FROM identity_membership WHERE compartment_id = ANY(%s)",
            [list(compartment_ids)],
        )
        return dict(cursor.fetchall())


def basis_of(compartment_ids: Iterable[int]) -> dict[int, str]:
    """Why each compartment is held to be of its person: verified, alone, merged or confirmed."""
    rows = Membership.objects.filter(compartment_id__in=list(compartment_ids))
    return dict(rows.values_list("compartment_id", "basis"))


def current_person(person_id: UUID) -> UUID | None:
    """The identifier in use for ``person_id``, following merges; None if it was never one."""
    seen: set[UUID] = set()
    while person_id not in seen:
        seen.add(person_id)
        row = Person.objects.filter(person_id=person_id).values_list("merged_into", flat=True).first()
        if row is None:
            return person_id if Person.objects.filter(person_id=person_id).exists() else None
        person_id = row
    return None


def demographics_of(compartment_ids: Iterable[int]) -> dict[int, Known]:
    """What each compartment's source says of its person. In the application role: where demographics are open only."""
    rows = Demographics.objects.filter(compartment_id__in=list(compartment_ids)).order_by("compartment_id")
    return {
        row.compartment_id: Known(
            compartment_id=row.compartment_id,
            source=row.source,
            local_id=row.local_id,
            nhs_number=row.nhs_usable or row.nhs_number,
            number_usable=row.nhs_usable is not None,
            family=row.family,
            given=row.given,
            birth_date=row.birth_date,
            death_date=row.death_date,
            gender=row.gender,
            ethnicity=row.ethnicity,
            postcode=row.postcode,
            address_line=row.address_line,
            phone=row.phone,
            practice=row.practice,
            updated=row.updated,
        )
        for row in rows
    }


def called(scope: Scope, compartment: int | None = None) -> Called:
    """Whom ``scope``, open in the session, is about: what its own organisation says, else ``compartment``, else any.

    Where demographics are withheld from care staff the name says so: withheld is not the same as unknown.
    """
    known = demographics_of(scope.compartments)
    own = [one for one in known.values() if one.source == scope.actor.organisation]
    who = next(iter(own), known.get(compartment or 0) or next(iter(known.values()), None))
    if who is None:
        return Called(WITHHELD if name_withheld(scope) else NOT_RECORDED, None, "")
    name = " ".join(part for part in (who.given, who.family) if part)
    return Called(name or NOT_RECORDED, who.birth_date, who.nhs_number if who.number_usable else "")


def name_withheld(scope: Scope) -> bool:
    """Whether who asks is told that particulars of this person are withheld from them: care staff are."""
    return any(one.covers(Category.DEMOGRAPHICS) for one in scope.withheld)


def born_on(compartment_ids: Iterable[int]) -> date | None:
    """The birth date most sources of the open person say, the earliest of equals; None: nobody says."""
    rows = Demographics.objects.filter(compartment_id__in=list(compartment_ids), birth_date__isnull=False)
    said = list(rows.values_list("birth_date", flat=True))
    return min(set(said), key=lambda day: (-said.count(day), day)) if said else None


_POSTCODE = re.compile(r"\b[A-Za-z]{1,2}\d[A-Za-z\d]?\s*\d[A-Za-z]{2}\b")
_NUMBER = re.compile(r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b")
_DATES = (re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b"), re.compile(r"\b(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})\b"))


def search_people(
    text: str = "",
    *,
    name: str = "",
    birth_date: date | None = None,
    nhs_number: str = "",
    postcode: str = "",
    limit: int = 50,
) -> list[Candidate]:
    """People whose records agree with everything asked for, best first, at most ``limit`` (and 200).

    ``text`` may hold a name, an NHS number, a birth date (day first, or ISO) and a postcode in any order.
    ``name`` is matched by the start of given and family name either way round, or by how the family name
    sounds. An NHS number, a name, or a birth date with a postcode is needed; otherwise nothing is found.

    Returns only identifiers. The caller asks the gate for those compartments and discloses what it opens.
    """
    text, number = _take(_NUMBER, text, nhs_number)
    text, born = _take_date(text, birth_date)
    text, place = _take(_POSTCODE, text, postcode)
    surname, _, rest = (name or text).partition(",")
    keys = [key for key in map(name_key, (f"{rest} {surname}" if rest.strip() else surname).split()) if key]
    # the family name is the last word; failing that, all but the first (de la Cruz)
    families = [keys[-1:], [" ".join(keys[1:])]] if len(keys) > 2 else [keys[-1:]]
    for family in families:
        people = _search(
            numbers.compact(number) or None,
            keys[0] if len(keys) > 1 else None,
            family[0] if family else None,
            born,
            postcode_key(place) or None,
            min(limit, 200),
        )
        if people:
            break
    compartments = compartments_of_many(people)
    return [Candidate(person, compartments[person]) for person in people if person in compartments]


def _search(
    number: str | None, given: str | None, family: str | None, born: date | None, place: str | None, limit: int
) -> list[UUID]:
    """Ids of people found by the database's own search, best first. Keys hold no LIKE wildcard."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id FROM (SELECT person_id, row_number() OVER () AS place"
            " FROM identity_search(%s, %s, %s, %s, %s, %s, %s)) found"
            " GROUP BY person_id ORDER BY min(place) LIMIT %s",
            [
                number,
                given,
                family,
                phonetic(family) or None if family else None,
                born,
                place,
                limit * 8,  # a person has several compartments
                limit,
            ],
        )
        return [row[0] for row in cursor.fetchall()]


def _take(pattern: re.Pattern[str], text: str, given: str) -> tuple[str, str]:
    """``given``, or what ``pattern`` finds in ``text``; and ``text`` without it."""
    found = pattern.search(text)
    if given or not found:
        return text, given
    return text[: found.start()] + " " + text[found.end() :], found[0]


def _take_date(text: str, given: date | None) -> tuple[str, date | None]:
    """A birth date written in ``text``, and ``text`` without it. An impossible date stays text."""
    if given:
        return text, given
    for pattern in _DATES:
        if found := pattern.search(text):
            parts = [int(part) for part in found.groups()]
            year, month, day = parts if parts[0] > 31 else reversed(parts)
            try:
                return text[: found.start()] + " " + text[found.end() :], date(year, month, day)
            except ValueError:
                return text, None
    return text, None
