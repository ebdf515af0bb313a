"""The parts of the record below the summary, each from rows already read: no query here.

What stands under a heading of its own is said once; whatever has none is listed under *Other entries*, so that
nothing a source sent is left off the page because nobody thought of its type.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from commonweal.apps.record import entries
from commonweal.apps.record.caring import caring, caring_codes
from commonweal.apps.record.entries import Entry, Involvement
from commonweal.apps.record.feed_facts import FeedTable
from commonweal.apps.record.headings import heading_codes, kind_of
from commonweal.apps.record.page.absences import Absences
from commonweal.apps.record.page.completeness import completeness, expected
from commonweal.apps.record.page.differences import differences
from commonweal.apps.record.page.grouping import grouped
from commonweal.apps.record.page.model import Details, Section, SourceHeard
from commonweal.apps.record.page.reading import Reading, Row, sound
from commonweal.apps.record.page.summary import PAST, entries_of
from commonweal.apps.record.page.trends import trends
from commonweal.fhir.dates import day_of
from commonweal.fhir.demographics import demographics

RECENT = timedelta(days=365)  # how long care that has ended is still shown as involvement
_CASELOAD = "caseload"  # the feed of who works with whom: shown under who is involved, and nowhere else
_STOPPED = frozenset(("stopped", "completed", "cancelled", "entered-in-error", "ended"))
_OPEN = frozenset(("active", "in-progress", "arrived", "onhold", "on-hold", "planned", "draft", "booked", "pending"))
_MEDICINES = ("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")
_SHOWN = frozenset(
    (
        "AllergyIntolerance", "Appointment", "CarePlan", "Condition", "DiagnosticReport", "DocumentReference",
        "Encounter", "EpisodeOfCare", "FamilyMemberHistory", "Flag", "Immunization", "Observation", "Patient",
        "Procedure", "ServiceRequest", *_MEDICINES,
    )
)  # fmt: skip


def details(reading: Reading, absent: Absences) -> Details:
    """Everything below the summary."""
    observed = _observed(reading)
    laboratory = [*reading.of("DiagnosticReport"), *observed["laboratory"]]
    laboratory.sort(key=lambda row: entries.happened(row.resource) or "", reverse=True)
    services, referrals = _services(reading, absent)
    return Details(
        problems=_problems(reading, absent),
        medicines=_medicines(reading, absent),
        results=_latest(laboratory, reading, absent, "Investigation results"),
        observations=_latest(observed["measured"], reading, absent, "Observations"),
        vaccinations=_listed(reading, absent, "Vaccinations", "Immunization"),
        procedures=_listed(reading, absent, "Procedures", "Procedure"),
        services=services,
        referrals=referrals,
        documents=_documents(reading, absent),
        social=_latest(observed["social"], reading, absent, "Social context"),
        family=_listed(reading, absent, "Family history", "FamilyMemberHistory"),
        other=_other(reading, absent),
        involved=_involved(reading),
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
        ),
        differences=differences(reading),
        sources=_sources(reading),
        trends=trends([*observed["laboratory"], *observed["measured"]]),
        caring=caring(entries_of(observed["caring"], reading.names)),
    )


def _observed(reading: Reading) -> dict[str, list[Row]]:
    """Observations by where they are shown: caring, social context, the laboratory's, and the rest."""
    found: dict[str, list[Row]] = {"caring": [], "social": [], "laboratory": [], "measured": []}
    elsewhere = caring_codes()
    for row in reading.of("Observation"):
        categories = {code for one in row.resource.get("category", ()) for code in entries.codes_of(one)}
        if entries.first_code(row.resource.get("code")) in elsewhere:
            found["caring"].append(row)
        elif "social-history" in categories:
            found["social"].append(row)
        elif "laboratory" in categories or "imaging" in categories:
            found["laboratory"].append(row)
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
        item = item._replace(detail=entries.team_of(row.resource))
        if row.kind == "EpisodeOfCare":
            (services if item.status in _OPEN else over).append(item)
        elif row.kind == "ServiceRequest" and item.status in _OPEN:
            referrals.append(item)
    return (
        Section(
            tuple(services), tuple(over), absent.of("Services", "social_care", recorded=bool(services), silent=False)
        ),
        Section(tuple(referrals), (), absent.of("Referrals", "clinical", recorded=bool(referrals), silent=False)),
    )


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
    rows = [row for row in sound(reading.rows) if row.kind not in _SHOWN and row.feed != _CASELOAD]
    found = tuple(item._replace(text=f"{_spaced(item.type)}: {item.text}") for item in entries_of(rows, reading.names))
    return Section(found, (), absent.of("Other entries", "clinical", recorded=bool(found), silent=False))


def _spaced(kind: str) -> str:
    """``RelatedPerson`` → ``Related person``."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind).strip()
    return words[:1].upper() + words[1:]


def _involved(reading: Reading) -> tuple[Involvement, ...]:
    """Who is looking after the person now, or was within a year: the practice, open episodes, admissions."""
    names, facts, today = reading.names, reading.facts, reading.now.date()
    found: dict[tuple[str, str, str], Involvement] = {}
    for row in reading.by_kind.get("Patient", ()):
        practice = entries.organisation_of(row.resource) if row.feed == "gp" else ""
        if practice:
            role = facts[row.feed].service
            found[practice, "", role] = Involvement(
                practice, names.get(practice, practice), "", role, None, None, row.source, names[row.source]
            )
    for row in reading.contacts:
        if row.feed != "gp":
            _involve(row, found, names, facts, today)
    for row in reading.of("CareTeam"):
        if row.feed == _CASELOAD:
            _involve(row, found, names, facts, today)
    order = {role: place for place, role in enumerate(one.service for one in facts.values())}
    return tuple(
        sorted(found.values(), key=lambda i: (i.until is not None, order.get(i.role, 9), i.organisation_name, i.team))
    )


def _involve(
    row: Row,
    found: dict[tuple[str, str, str], Involvement],
    names: Mapping[str, str],
    facts: FeedTable,
    today: date,
) -> None:
    """Add what a contact says of who is involved."""
    period = row.resource.get("period") or row.resource.get("occurrencePeriod") or {}
    since, until = day_of(entries.happened(row.resource)), day_of(period.get("end"))
    # Who works with the person does so until they do not, whatever status the list gives.
    still = row.feed == _CASELOAD or row.resource.get("status") in (
        "active", "in-progress", "arrived", "onhold", "on-hold"
    )  # fmt: skip
    if until is None and not still:
        until = since
    if until is not None and today - until > RECENT:
        return
    organisation = entries.organisation_of(row.resource) or row.source
    key = (organisation, entries.team_of(row.resource), facts[row.feed].service)
    before = found.get(key)
    if before is not None:
        since = min(filter(None, (since, before.since)), default=None)
        until = None if until is None or before.until is None else max(until, before.until)
    found[key] = Involvement(
        organisation, names.get(organisation, organisation), key[1], key[2], since, until, row.source, names[row.source]
    )


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
