"""The parts of the record below the summary, each from rows already read: no query here.

What stands under a heading of its own is said once; whatever has none is listed under *Other entries*, so that
nothing a source sent is left off the page because nobody thought of its type.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from commonweal.apps.record import entries
from commonweal.apps.record.caring import caring, caring_codes
from commonweal.apps.record.entries import Entry
from commonweal.apps.record.headings import heading_codes, kind_of
from commonweal.apps.record.page.absences import Absences
from commonweal.apps.record.page.completeness import completeness, expected
from commonweal.apps.record.page.differences import differences
from commonweal.apps.record.page.further import TYPES, further, spaced
from commonweal.apps.record.page.grouping import grouped
from commonweal.apps.record.page.involved import CASELOAD, involved, kin
from commonweal.apps.record.page.model import Details, Section, SourceHeard
from commonweal.apps.record.page.reading import Reading, Row, sound
from commonweal.apps.record.page.summary import PAST, entries_of
from commonweal.apps.record.page.trends import trends
from commonweal.apps.record.staging import happened
from commonweal.fhir.dates import LONDON, clock, day_of
from commonweal.fhir.demographics import demographics

_STOPPED = frozenset(("stopped", "completed", "cancelled", "entered-in-error", "ended"))
_OPEN = frozenset(("active", "in-progress", "arrived", "onhold", "on-hold", "planned", "draft", "booked", "pending"))
_BOOKED = frozenset(("planned", "booked", "pending"))
_MEDICINES = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")
_SHOWN = frozenset(
    (
        "AllergyIntolerance", "Appointment", "CarePlan", "Condition", "DiagnosticReport", "DocumentReference",
        "Encounter", "EpisodeOfCare", "FamilyMemberHistory", "Flag", "Immunization", "Observation", "Patient",
        "Procedure", "RelatedPerson", "ServiceRequest", *_MEDICINES,
    )
)  # fmt: skip


_ELSEWHERE = _SHOWN | TYPES


def details(reading: Reading, absent: Absences) -> Details:
    """Everything below the summary."""
    observed = _observed(reading)
    services, referrals = _services(reading, absent)
    today = reading.now.date()
    to_come = [row for row in reading.contacts if _to_come(row, today)]
    booked = {id(row) for row in to_come}
    return Details(
        problems=_problems(reading, absent),
        medicines=_medicines(reading, absent),
        results=_results(observed["laboratory"], reading, absent),
        observations=_latest(observed["measured"], reading, absent, "Observations"),
        vaccinations=_listed(reading, absent, "Vaccinations", "Immunization"),
        procedures=_listed(reading, absent, "Procedures", "Procedure"),
        services=services,
        referrals=referrals,
        documents=_documents(reading, absent),
        social=_latest(observed["social"], reading, absent, "Social context"),
        family=_listed(reading, absent, "Family history", "FamilyMemberHistory"),
        other=_other(reading, absent),
        further=further(reading, observed["survey"]),
        involved=involved(reading),
        timeline=tuple(
            entries.contact(
                row.resource,
                row.category,
                row.source,
                reading.names,
                reading.staff,
                reading.heard.get((row.source, row.feed)),
            )
            for row in reading.contacts
            if id(row) not in booked
        ),
        differences=differences(reading),
        sources=_sources(reading),
        trends=trends([*observed["laboratory"], *observed["measured"], *observed["survey"]]),
        caring=caring(entries_of(observed["caring"], reading.names)),
        appointments=_appointments(to_come, reading, absent),
        kin=kin(reading),
    )


def _observed(reading: Reading) -> dict[str, list[Row]]:
    """Observations by where they are shown: caring, social context, the laboratory's, assessments, and the rest."""
    found: dict[str, list[Row]] = {"caring": [], "social": [], "laboratory": [], "survey": [], "measured": []}
    elsewhere = caring_codes()
    reported = {ident for row in reading.of("DiagnosticReport") for ident in _result_ids(row)}
    for row in reading.of("Observation"):
        categories = {code for one in row.resource.get("category", ()) for code in entries.codes_of(one)}
        if entries.first_code(row.resource.get("code")) in elsewhere:
            found["caring"].append(row)
        elif "social-history" in categories:
            found["social"].append(row)
        elif "laboratory" in categories or "imaging" in categories or row.resource.get("id") in reported:
            found["laboratory"].append(row)
        elif "survey" in categories:  # https://hl7.org/fhir/R4/codesystem-observation-category.html: assessment tools
            found["survey"].append(row)
        else:
            found["measured"].append(row)
    return found


def _problems(reading: Reading, absent: Absences) -> Section:
    found = entries_of(reading.of("Condition"), reading.names)
    active = grouped(item for item in found if item.status not in PAST)
    past = grouped(item for item in found if item.status in PAST)
    return Section(active, past, absent.of("Problems", "clinical", recorded=bool(active or past)))


def _medicines(reading: Reading, absent: Absences) -> Section:
    rows = [row for row in reading.rows if row.kind in _MEDICINES]
    found = [item for item in entries_of(rows, reading.names) if item.status != "entered-in-error"]
    current = grouped(item for item in found if item.status not in _STOPPED)
    past = grouped(item for item in found if item.status in _STOPPED)
    return Section(current, past, absent.of("Medicines", "medication", recorded=bool(current or past)))


def _results(observed: Sequence[Row], reading: Reading, absent: Absences) -> Section:
    """Reports and results; a report without a conclusion says which of the results listed it is of."""
    named = {str(row.resource.get("id")): entries.text_of(row.resource.get("code")) for row in observed}
    reports = reading.of("DiagnosticReport")
    rows = sorted([*reports, *observed], key=lambda row: happened(row.resource) or "", reverse=True)
    of = {str(row.resource.get("id")): ", ".join(filter(None, map(named.get, _result_ids(row)))) for row in reports}
    found = grouped(
        item._replace(detail=f"Results listed here: {of[item.id]}")
        if item.type == "DiagnosticReport" and not item.detail and of[item.id]
        else item
        for item in entries_of(rows, reading.names)
    )
    return Section(found, (), absent.of("Investigation results", "clinical", recorded=bool(found), silent=False))


def _result_ids(report: Row) -> list[str]:
    return [str(one.get("reference", "")).rpartition("/")[2] for one in report.resource.get("result", ())]


def _latest(rows: Sequence[Row], reading: Reading, absent: Absences, subject: str) -> Section:
    """The latest of each kind, with the earlier ones folded under it."""
    found = grouped(entries_of(rows, reading.names))
    return Section(found, (), absent.of(subject, "clinical", recorded=bool(found), silent=False))


def _listed(reading: Reading, absent: Absences, subject: str, kind: str) -> Section:
    found = grouped(entries_of(reading.of(kind), reading.names))
    return Section(found, (), absent.of(subject, "clinical", recorded=bool(found), silent=False))


def _services(reading: Reading, absent: Absences) -> tuple[Section, Section]:
    """Services of care with their status, and referrals or requests still in progress."""
    services: list[Entry] = []
    over: list[Entry] = []
    referrals: list[Entry] = []
    for row in reading.contacts:
        item = entries.entry(row.resource, row.source, reading.names[row.source])
        if row.kind == "EpisodeOfCare":
            end = entries.words_for((row.resource.get("period") or {}).get("end"))
            said = f"{item.when_text} to {end}" if end and item.when_text else item.when_text
            item = item._replace(detail=entries.team_of(row.resource), when_text=said)
            (services if item.status in _OPEN else over).append(item)
        elif row.kind == "ServiceRequest" and item.status in _OPEN:
            referrals.append(item._replace(detail=_referral(row, reading.names)))
    return (
        Section(
            tuple(services),
            tuple(over),
            absent.of("Services", "social_care", recorded=bool(services or over), silent=False),
        ),
        Section(tuple(referrals), (), absent.of("Referrals", "clinical", recorded=bool(referrals), silent=False)),
    )


def _referral(row: Row, names: Mapping[str, str]) -> str:
    """Who was asked, how urgently and why: ``To A Hospital, urgent: breathless when walking``."""
    to = entries.organisation_of(row.resource)
    priority = str(row.resource.get("priority") or "")
    lead = ", ".join(
        filter(None, (f"To {names.get(to, to)}" if to and to != row.source else "", entries.team_of(row.resource)))
    )
    lead = ", ".join(filter(None, (lead, priority)))
    return ": ".join(filter(None, (lead, entries.text_of(row.resource.get("reasonCode")))))


def _to_come(row: Row, today: date) -> bool:
    """Whether a contact is one that is booked or planned for today or later."""
    if row.kind not in ("Appointment", "Encounter") or row.resource.get("status") not in _OPEN:
        return False
    when = day_of(happened(row.resource))
    return when is not None and (when > today or (when == today and row.resource.get("status") in _BOOKED))


def _appointments(rows: Sequence[Row], reading: Reading, absent: Absences) -> Section:
    """What is booked, soonest first: what for, when to the minute, and where."""
    found = []
    for row in sorted(rows, key=lambda one: happened(one.resource) or ""):
        item = entries.contact(row.resource, row.category, row.source, reading.names, reading.staff, None)
        at = f", {clock(item.at.astimezone(LONDON))}" if item.at else ""
        entry = Entry(
            row.kind, item.id, item.what, "", item.where, "", item.when, item.when_text + at, row.source,
            item.source_name,
        )  # fmt: skip
        found.append(entry)
    return Section(tuple(found), (), absent.of("Appointments to come", "clinical", recorded=bool(found), silent=False))


def _documents(reading: Reading, absent: Absences) -> Section:
    """Letters and forms that are no plan: plans stand in the summary."""
    codes = heading_codes("plan", reading.now.date())
    rows = [
        row
        for row in reading.of("DocumentReference")
        if kind_of([row.resource.get("type"), *row.resource.get("category", ())], codes) is None
    ]
    found = tuple(entries_of(rows, reading.names))
    return Section(found, (), absent.of("Documents", "clinical", recorded=bool(found), silent=False))


def _other(reading: Reading, absent: Absences) -> Section:
    rows = [row for row in sound(reading.rows) if row.kind not in _ELSEWHERE and row.feed != CASELOAD]
    found = tuple(item._replace(text=f"{spaced(item.type)}: {item.text}") for item in entries_of(rows, reading.names))
    return Section(found, (), absent.of("Other entries", "clinical", recorded=bool(found), silent=False))


def _sources(reading: Reading) -> tuple[SourceHeard, ...]:
    counted: dict[tuple[str, str], list[Row]] = {}
    for row in reading.rows:
        counted.setdefault((row.source, row.feed), []).append(row)
    wanted = expected(reading.now.date())
    keys = set(counted) | {key for key in reading.heard if key[0] in reading.held_back}
    return tuple(
        SourceHeard(
            source=source,
            source_name=reading.names.get(source, source),
            feed=feed,
            feed_name=reading.facts[feed].name,
            last_heard=last,
            overdue=last is not None and reading.now - last > reading.facts[feed].overdue,
            entries=len(rows),
            withheld=source in reading.held_back,
            completeness=completeness(
                wanted.get(feed, ()),
                [demographics(row.resource) for row in rows if row.kind == "Patient"],
                {row.kind for row in rows},
                reading.scope.categories,
            )
            if rows
            else None,
        )
        for source, feed in sorted(keys)
        for last in [reading.heard.get((source, feed))]
        for rows in [counted.get((source, feed), [])]
    )
