"""One query for the person, one round trip for the sources and staff, one for names of organisations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from orjson import loads

from commonweal.apps.access.api import Scope
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import entries, locations, particulars
from commonweal.apps.record.feed_facts import FeedTable, feed_facts


class Row(NamedTuple):
    """A row as the query gives it; a tuple, because a page makes a hundred and more."""

    kind: str
    resource: dict[str, Any]
    source: str
    feed: str
    category: str
    updated: float  # by the care clock, seconds since 1970: an aware moment costs more to read than the rest of the row


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a page is made of. ``rows`` come latest first; ``names``: of organisations by ODS code.

    ``heard``: when each (source, feed) last sent anything; ``staff``: names by reference; ``posts``: name and role by
    the directory's number of a practitioner and organisation; ``held_back``: sources withheld as a whole.
    """

    scope: Scope
    now: datetime
    rows: Sequence[Row]
    by_kind: Mapping[str, list[Row]]
    contacts: Sequence[Row]
    heard: Mapping[tuple[str, str], datetime | None]
    names: Mapping[str, str]
    staff: Mapping[str, str]
    facts: FeedTable
    held_back: frozenset[str]
    posts: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Row]:
        """Rows of these types, without what was entered in error."""
        return [row for kind in kinds for row in sound(self.by_kind.get(kind, ()))]


PERSON_ROWS = """
SELECT r.type, r.body, s.source, s.feed, r.category, extract(epoch FROM r.updated - now())::float8
FROM record_resource r JOIN record_source s ON s.id = r.source_id
WHERE r.compartment_id = ANY (%s) AND r.category = ANY (%s) AND NOT r.deleted
ORDER BY r.happened_at DESC NULLS LAST, r.rid DESC
"""
# In one round trip: when the sources were heard, the names of staff the contacts refer to, and from the directory the
# posts of those who are named by number.
_BESIDE = """
SELECT source, feed, last_received_at FROM record_source WHERE source = ANY (%s);
SELECT id, body FROM record_resource
WHERE type = 'Practitioner' AND id = ANY (%s) AND compartment_id IS NULL AND NOT deleted;
SELECT r.body FROM unnest(%s::text[], %s::text[]) AS wanted (low, high) JOIN record_resource r
  ON r.type = 'PractitionerRole' AND r.id >= wanted.low AND r.id < wanted.high
WHERE r.compartment_id IS NULL AND NOT r.deleted ORDER BY r.id
"""
CONTACTS = frozenset(("Encounter", "EpisodeOfCare", "ServiceRequest", "Appointment"))
_WRONG = ("entered-in-error", "refuted")


def read_person(scope: Scope) -> Reading:
    """Everything the scope opens of its person; inside the access session that opened it."""
    now: datetime = settings.COMMONWEAL_NOW()
    held_back = frozenset(item.source for item in scope.withheld if item.source and not item.category)
    with connection.cursor() as cursor:
        cursor.execute(PERSON_ROWS, [sorted(scope.compartments), sorted(scope.categories)])
        # What is old by the database's clock is as old by the clock for care, which a demonstration sets behind.
        moment = now.timestamp()
        rows = [Row(row[0], loads(row[1]), row[2], row[3], row[4], moment + row[5]) for row in cursor.fetchall()]
        secret = identity.location_hidden(scope.compartments)
        if secret:
            rows = [row._replace(resource=locations.without(row.resource)) for row in rows]
        if not particulars.open_in(scope):
            rows = [row._replace(resource=particulars.without(row.resource)) for row in rows]
        contacts = [row for row in rows if row.kind in CONTACTS and row.resource.get("status") != "entered-in-error"]
        codes = _codes(rows)
        bounds = [[f"ods-{code}{end}" for code in codes] for end in "-."]  # ids of a code's posts go on with a hyphen
        cursor.execute(_BESIDE, [sorted({row.source for row in rows} | held_back), _staff(contacts), *bounds])
        heard = {(source, feed): last for source, feed, last in cursor.fetchall()}
        cursor.nextset()
        staff = {f"Practitioner/{i}": entries.full_name(loads(b).get("name", ())) for i, b in cursor.fetchall()}
        cursor.nextset()
        posts = _posts(loads(body) for (body,) in cursor.fetchall())
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    names = places.names_of(
        {row.source for row in rows}
        | held_back
        | {entries.organisation_of(row.resource) for row in contacts}
        | {entries.organisation_of(row.resource) for row in by_kind.get("Patient", ())} - {""}
    )
    if secret:
        names = {**names, **{row.source: locations.PRACTICE for row in rows if row.feed == "gp"}}
    facts = feed_facts(now.date())
    return Reading(scope, now, rows, by_kind, contacts, heard, names, staff, facts, held_back, posts)


def _staff(contacts: Sequence[Row]) -> list[str]:
    """Ids of the practitioners that contacts refer to."""
    wanted = {
        reference["reference"].removeprefix("Practitioner/")
        for row in contacts
        for reference in entries.staff_references(row.resource)
        if str(reference.get("reference", "")).startswith("Practitioner/")
    }
    return sorted(wanted)


def practitioner_code(reference: dict[str, Any]) -> str:
    """The number by which a directory knows who a reference names (GMP number, consultant code), or ''."""
    identifier = reference.get("identifier")
    return str(identifier.get("value", "")) if isinstance(identifier, dict) else ""


def usual_doctor(patient: dict[str, Any]) -> dict[str, Any]:
    """The reference to the general practitioner a Patient names beside the practice, or {}."""
    listed: list[dict[str, Any]] = [one for one in patient.get("generalPractitioner", ()) if isinstance(one, dict)]
    return next((one for one in listed if one.get("type") == "Practitioner"), {})


def _codes(rows: Sequence[Row]) -> list[str]:
    """Numbers of the practitioners who are named by one: usual doctors, and who was in charge of a contact."""
    found = {practitioner_code(usual_doctor(row.resource)) for row in rows if row.kind == "Patient"}
    for row in rows:
        if row.kind == "Encounter" and row.feed != "gp":
            found.update(practitioner_code(one) for one in entries.staff_references(row.resource))
    return sorted(found - {""})


def _posts(roles: Iterable[dict[str, Any]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Name and role by number and organisation; a post still held before one that has ended."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for role in sorted(roles, key=lambda one: bool(one.get("active"))):
        code = next((str(one.get("value", "")) for one in role.get("identifier", ())), "")
        at = str(role.get("organization", {}).get("identifier", {}).get("value", ""))
        found[code, at] = (str(role.get("practitioner", {}).get("display", "")), entries.text_of(role.get("code")))
    return found


def sound(rows: Sequence[Row]) -> list[Row]:
    """Without what was entered in error or has been refuted."""
    return [
        row
        for row in rows
        if row.resource.get("status") not in _WRONG
        and row.resource.get("lifecycleStatus") not in _WRONG
        and entries.verification(row.resource) not in _WRONG
    ]
