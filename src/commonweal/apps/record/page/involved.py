"""Who is looking after the person, by name where one is known, since when; and whom of theirs to ring."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from commonweal.apps.record import entries
from commonweal.apps.record.entries import Entry, Json
from commonweal.apps.record.page.model import Involvement
from commonweal.apps.record.page.reading import Reading, Row, practitioner_code, usual_doctor
from commonweal.apps.record.staging import happened
from commonweal.fhir import systems
from commonweal.fhir.compartment import team
from commonweal.fhir.dates import day_of
from commonweal.fhir.demographics import demographics

RECENT = timedelta(days=365)  # how long care that has ended is still shown as involvement
CASELOAD = "caseload"  # the feed of who works with whom: shown under who is involved, and nowhere else
_STILL = frozenset(("active", "in-progress", "arrived", "onhold", "on-hold"))
Key = tuple[str, str, str]


def involved(reading: Reading) -> tuple[Involvement, ...]:
    """Who is involved now, or was within a year: the practice, open episodes, admissions, named workers."""
    found: dict[Key, Involvement] = {}
    for row in reading.by_kind.get("Patient", ()):
        if row.feed == "gp":
            _practice(row, reading, found)
    for row in [*(one for one in reading.contacts if one.feed != "gp"), *reading.of("CareTeam")]:
        if row.kind != "CareTeam" or row.feed == CASELOAD:
            _contact(row, reading, found)
    order = {role: place for place, role in enumerate(one.service for one in reading.facts.values())}
    return tuple(
        sorted(found.values(), key=lambda i: (i.until is not None, order.get(i.role, 9), i.organisation_name, i.team))
    )


def _practice(row: Row, reading: Reading, found: dict[Key, Involvement]) -> None:
    """The practice the person is registered with, and their usual doctor there."""
    practice = entries.organisation_of(row.resource)
    if not practice or not row.resource.get("generalPractitioner"):
        return  # has left the practice, or lives where it must not be said
    doctor = usual_doctor(row.resource)
    code = practitioner_code(doctor)
    name, post = reading.posts.get((code, practice), (str(doctor.get("display", "")), ""))
    period = _registration(row.resource)
    died = demographics(row.resource).death_date
    until = day_of(period.get("end")) or died
    if until is not None and reading.now.date() - until > RECENT:
        return
    role = reading.facts[row.feed].service
    found[practice, "", role] = Involvement(
        practice, reading.names.get(practice, practice), "", role, day_of(period.get("start")), until,
        row.source, reading.names[row.source], name, post,
    )  # fmt: skip


def _registration(patient: Json) -> Json:
    """The period a Patient gives with its registered practice, as PDS does, or {}."""
    for one in patient.get("generalPractitioner", ()):
        identifier = one.get("identifier", {}) if isinstance(one, dict) else {}
        if identifier.get("system") == systems.ODS:
            period = identifier.get("period", {})
            return period if isinstance(period, dict) else {}
    return {}


def _contact(row: Row, reading: Reading, found: dict[Key, Involvement]) -> None:
    """Add what a contact, or the list of who works with whom, says of who is involved."""
    period = row.resource.get("period") or row.resource.get("occurrencePeriod") or {}
    since, until = day_of(happened(row.resource)), day_of(period.get("end"))
    # Who works with the person does so until they do not, whatever status the list gives.
    if until is None and row.feed != CASELOAD and row.resource.get("status") not in _STILL:
        until = since
    today = reading.now.date()
    if (until is not None and today - until > RECENT) or (since is not None and since > today):
        return
    organisation = entries.organisation_of(row.resource) or row.source
    if row.kind in ("ServiceRequest", "Appointment") and organisation != row.source:
        return  # who was asked is not involved yet: the referral stands under its own heading
    name, post = _in_charge(row, organisation, reading)
    worker = name if row.feed == CASELOAD else ""
    key = (organisation, f"{worker}|{entries.team_of(row.resource)}", reading.facts[row.feed].service)
    before = found.get(key)
    if before is not None:
        since = min(filter(None, (since, before.since)), default=None)
        until = None if until is None or before.until is None else max(until, before.until)
        name, post = (before.who, before.post) if before.who else (name, post)  # contacts come latest first
    shown = team(row.resource) if row.feed == CASELOAD else entries.team_of(row.resource)
    found[key] = Involvement(
        organisation, reading.names.get(organisation, organisation), shown, key[2], since, until,
        row.source, reading.names[row.source], name, post,
    )  # fmt: skip


def _in_charge(row: Row, organisation: str, reading: Reading) -> tuple[str, str]:
    """Name and post of who was in charge of a contact, as the directory has them, else as sent."""
    if row.feed == CASELOAD:
        return str(row.resource.get("name") or ""), ""  # what they are is what they are there for
    for reference in entries.staff_references(row.resource):
        known = reading.posts.get((practitioner_code(reference), organisation))
        if known is not None:
            return known
        name = str(reference.get("display") or reading.staff.get(reference.get("reference", ""), ""))
        if name and row.kind == "Encounter" and name != entries.team_of(row.resource):
            return name, ""
    return "", ""


def kin(reading: Reading) -> tuple[Entry, ...]:
    """Whom of theirs to ring: name, how they are related, telephone; as each source has it, the same person once."""
    found: dict[tuple[str, str], Entry] = {}
    today = reading.now.date()
    for row in [*reading.by_kind.get("Patient", ()), *reading.of("RelatedPerson")]:
        for said in _contacts(row.resource):
            ended = day_of((said.get("period") or {}).get("end"))
            named = said.get("name") or {}
            listed = [named] if isinstance(named, dict) else named
            name = entries.full_name(listed) or str(next((one.get("text") for one in listed if one.get("text")), ""))
            if not name or (ended is not None and ended < today):
                continue
            related = ", ".join(filter(None, (entries.text_of(one) for one in said.get("relationship", ()))))
            phone = next((str(one["value"]) for one in said.get("telecom", ()) if one.get("value")), "")
            found.setdefault(
                (name.casefold(), phone),
                Entry(
                    row.kind, str(row.resource.get("id", "")), name, "", ", ".join(filter(None, (related, phone))), "",
                    None, "", row.source, reading.names[row.source],
                ),
            )  # fmt: skip
    return tuple(found.values())


def _contacts(resource: Json) -> Iterator[dict[str, Any]]:
    if resource["resourceType"] == "Patient":
        yield from (one for one in resource.get("contact", ()) if isinstance(one, dict))
    elif resource.get("active", True):
        yield resource
