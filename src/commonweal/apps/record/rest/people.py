"""From what a FHIR request names to the people the gate is asked about: never more than it names."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record.searching import BadSearch

NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"
MOST_PEOPLE = 50
People = dict[UUID, dict[int, str]]


def whose(kind: str, ids: Iterable[str]) -> People:
    """The people, with all their verified compartments, that the resources ``kind``/``ids`` belong to.

    For ``Patient`` an id may also be a person id of this platform.
    """
    wanted = list(ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT compartment_id FROM record_whose(%s, %s)", [kind, wanted])
        compartments = [row[0] for row in cursor.fetchall()]
    people = set(identity.people_of(compartments).values())
    if kind == "Patient":
        people |= {person for ident in wanted if (person := _person(ident))}
    return identity.compartments_of_many(people)


def _person(ident: str) -> UUID | None:
    try:
        return identity.current_person(UUID(ident))
    except ValueError:
        return None


def only(people: People) -> tuple[UUID, dict[int, str]]:
    """The one person of ``people``. Nobody: refused as absent, so that asking is audited all the same."""
    for person_id, compartments in people.items():
        return person_id, compartments
    raise access.Refused(access.RefusedKind.ABSENT, "No such resource")


def patient_ids(value: str) -> list[str]:
    """Ids in the value of ``patient`` or ``subject``: bare, ``Patient/id``, or an address ending in it."""
    ids = []
    for item in value.split(","):
        *before, ident = item.split("/")
        if not ident or (before and before[-1] != "Patient"):
            raise BadSearch(f"{item}: give the id of a Patient, or Patient/ and the id")
        ids.append(ident)
    return ids


def found(params: Iterable[tuple[str, str]]) -> tuple[People, bool]:
    """The people a Patient search describes, and whether there may be more than were found (at most 50).

    ``params`` are the search's (name, value) pairs. An NHS number, a name, or a birth date with a postcode is
    needed.

    Raises:
        BadSearch: none of them is there: this server does not list people.
    """
    number, given, family, postcode = "", "", "", ""
    born: date | None = None
    for name, value in params:
        first = value.split(",")[0]
        if name in ("identifier", "patient.identifier", "subject.identifier"):
            system, bar, code = first.rpartition("|")
            if not bar or system == NHS_NUMBER:
                number = code
        elif name.partition(":")[0] == "given":
            given = first
        elif name.partition(":")[0] in ("family", "name", "phonetic"):
            family = first
        elif name == "birthdate":
            born = _day(first)
        elif name == "address-postalcode":
            postcode = first
    sought = f"{given} {family}".strip()
    if not (number or sought or (born and postcode)):
        raise BadSearch(
            "A search says whose record it is about: patient=, or for Patient an NHS number as identifier, a name, "
            "or birthdate with address-postalcode"
        )
    candidates = identity.search_people(
        name=sought, birth_date=born, nhs_number=number, postcode=postcode, limit=MOST_PEOPLE
    )
    return {c.person_id: dict(c.compartments) for c in candidates}, len(candidates) == MOST_PEOPLE


def _day(value: str) -> date | None:
    """The day of ``birthdate=YYYY-MM-DD`` (or eq); None for a range, which the store's own search then applies."""
    try:
        return date.fromisoformat(value.removeprefix("eq"))
    except ValueError:
        return None
