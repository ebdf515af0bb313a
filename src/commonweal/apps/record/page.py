"""The record page: everything a scope opens of one person, arranged for reading.

One query for the person, one round trip for the sources and staff, one for names of organisations. What is not
there is said in words: each section carries the messages of ``access.api.explain``, because an empty list means
five different things.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from orjson import loads

from commonweal.apps.access.api import Message, Scope, explain
from commonweal.apps.places import api as places
from commonweal.apps.record import entries
from commonweal.apps.record.caring import Caring, caring, caring_codes
from commonweal.apps.record.entries import Contact, Entry, Involvement
from commonweal.apps.record.feed_facts import FeedTable, feed_facts
from commonweal.fhir.dates import LONDON, day_of
from commonweal.fhir.demographics import demographics

RECENT = timedelta(days=365)  # how long care that has ended is still shown as involvement
_PAST = frozenset(("inactive", "remission", "resolved"))
_STOPPED = frozenset(("stopped", "completed", "cancelled", "entered-in-error", "ended"))


@dataclass(frozen=True, slots=True)
class Banner:
    """Who the record is about. ``sex`` is a FHIR gender code; empty text and None are "not recorded"."""

    name: str
    birth_date: date | None
    age: int | None
    death_date: date | None
    sex: str
    nhs_number: str
    address: str
    phone: str
    source: str
    source_name: str


@dataclass(frozen=True, slots=True)
class Section:
    """A list and what to say about what is not in it. ``past`` holds what no longer applies."""

    entries: tuple[Entry, ...]
    past: tuple[Entry, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class SourceHeard:
    """One source's feed: when last heard from, whether that is overdue, how much it holds that is shown."""

    source: str
    source_name: str
    feed: str
    feed_name: str
    last_heard: datetime | None
    overdue: bool
    entries: int
    withheld: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """The view model of the record page. ``notices``: what is withheld or overdue, whatever the section."""

    banner: Banner
    notices: tuple[Message, ...]
    allergies: Section
    problems: Section
    medicines: Section
    observations: Section
    involved: tuple[Involvement, ...]
    timeline: tuple[Contact, ...]
    sources: tuple[SourceHeard, ...]
    caring: Caring | None = None


class _Row(NamedTuple):
    """A row as the query gives it; a tuple, because a page makes a hundred and more."""

    kind: str
    resource: dict[str, Any]
    source: str
    feed: str
    category: str
    updated: float  # seconds since 1970: an aware moment costs more to read than the rest of the row


_PERSON = """
SELECT r.type, r.body, s.source, s.feed, r.category, extract(epoch FROM r.updated)::float8
FROM record_resource r JOIN record_source s ON s.id = r.source_id
WHERE r.compartment_id = ANY (%s) AND r.category = ANY (%s) AND NOT r.deleted
ORDER BY r.happened_at DESC NULLS LAST, r.rid DESC
"""
# Two statements in one round trip: when the sources were heard, and the names of staff the contacts refer to.
_BESIDE = """
SELECT source, feed, last_received_at FROM record_source WHERE source = ANY (%s);
SELECT id, body FROM record_resource
WHERE type = 'Practitioner' AND id = ANY (%s) AND compartment_id IS NULL AND NOT deleted
"""
_CONTACTS = frozenset(("Encounter", "EpisodeOfCare", "ServiceRequest"))


def person_page(scope: Scope) -> PersonPage:
    """The record of the scope's person, as its sources sent it; shows no more than the scope opens."""
    now: datetime = settings.COMMONWEAL_NOW()
    held_back = {item.source for item in scope.withheld if item.source}
    with connection.cursor() as cursor:
        cursor.execute(_PERSON, [sorted(scope.compartments), sorted(scope.categories)])
        rows = [_Row(row[0], loads(row[1]), row[2], row[3], row[4], row[5]) for row in cursor.fetchall()]
        contacts = [row for row in rows if row.kind in _CONTACTS and row.resource.get("status") != "entered-in-error"]
        cursor.execute(_BESIDE, [sorted({row.source for row in rows} | held_back), _staff(contacts)])
        heard = {(source, feed): last for source, feed, last in cursor.fetchall()}
        cursor.nextset()
        staff = {f"Practitioner/{i}": entries.full_name(loads(b).get("name", ())) for i, b in cursor.fetchall()}
    by_kind: dict[str, list[_Row]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    names = places.names_of(
        {row.source for row in rows}
        | held_back
        | {entries.organisation_of(row.resource) for row in contacts}
        | {entries.organisation_of(row.resource) for row in by_kind.get("Patient", ())} - {""}
    )
    feeds = {(row.source, row.feed) for row in rows}
    facts = feed_facts(now.date())
    absent = _Absences(scope, feeds, heard, names, now, facts)
    observed = _entries(_sound(by_kind.get("Observation", ())), names)
    return PersonPage(
        banner=_banner(by_kind.get("Patient", ()), names, now.date()),
        notices=absent.general(),
        allergies=_allergies(by_kind.get("AllergyIntolerance", ()), names, absent),
        problems=_problems(by_kind.get("Condition", ()), names, absent),
        medicines=_medicines(
            [*by_kind.get("MedicationRequest", ()), *by_kind.get("MedicationStatement", ())], names, absent
        ),
        observations=_observations(observed, absent),
        involved=_involved(by_kind.get("Patient", ()), contacts, names, now.date(), facts),
        timeline=tuple(
            entries.contact(row.resource, row.category, row.source, names, staff, heard.get((row.source, row.feed)))
            for row in contacts
        ),
        sources=_sources(rows, heard, held_back, names, now, facts),
        caring=caring(observed),
    )


def _staff(contacts: Sequence[_Row]) -> list[str]:
    """Ids of the practitioners that contacts refer to."""
    wanted = {
        reference["reference"].removeprefix("Practitioner/")
        for row in contacts
        for reference in entries.staff_references(row.resource)
        if str(reference.get("reference", "")).startswith("Practitioner/")
    }
    return sorted(wanted)


def _banner(patients: Sequence[_Row], names: Mapping[str, str], today: date) -> Banner:
    """From the practice's own entry if there is one, else the latest; gaps are filled from the others."""
    ranked = sorted(patients, key=lambda row: (row.feed == "gp", row.updated), reverse=True)
    if not ranked:
        return Banner("Name withheld", None, None, None, "", "", "", "", "", "")
    said = [demographics(row.resource) for row in ranked]
    name = next(filter(None, (entries.full_name(row.resource.get("name", ())) for row in ranked)), "Name not recorded")
    birth = next((item.birth_date for item in said if item.birth_date), None)
    death = next((item.death_date for item in said if item.death_date), None)
    age = None
    if birth is not None:
        on = death or today
        age = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return Banner(
        name=name,
        birth_date=birth,
        age=age,
        death_date=death,
        sex=next((item.gender for item in said if item.gender), ""),
        nhs_number=next((item.nhs_number for item in said if item.nhs_number), ""),
        address=next(filter(None, (_address(row.resource) for row in ranked)), ""),
        phone=next((item.phone for item in said if item.phone), ""),
        source=ranked[0].source,
        source_name=names.get(ranked[0].source, ranked[0].source),
    )


def _address(patient: Mapping[str, Any]) -> str:
    current = [item for item in patient.get("address", ()) if item.get("use") != "old"]
    if not current:
        return ""
    best = next((item for item in current if item.get("use") == "home"), current[0])
    return ", ".join([*best.get("line", ()), *filter(None, (best.get("city"), best.get("postalCode")))])


class _Absences:
    """Says why a section shows nothing, or not everything."""

    def __init__(
        self,
        scope: Scope,
        feeds: set[tuple[str, str]],
        heard: Mapping[tuple[str, str], datetime | None],
        names: Mapping[str, str],
        now: datetime,
        facts: FeedTable,
    ) -> None:
        self.scope, self.feeds, self.names, self.facts = scope, sorted(feeds), names, facts
        self.silent = tuple(
            (names[source], last.astimezone(LONDON))
            for (source, feed) in self.feeds
            if (last := heard.get((source, feed))) is not None and now - last > facts[feed].overdue
        )

    def of(self, subject: str, category: str, *, recorded: bool, none_known: bool = False) -> tuple[Message, ...]:
        """Messages of a section whose rows are of ``category``."""
        withheld = any(item.category == category or item.source for item in self.scope.withheld)
        return explain(
            subject,
            recorded=recorded,
            none_known=none_known,
            withheld=withheld,
            may_emergency=self.scope.may_emergency,
            not_shared_by=tuple(
                dict.fromkeys(self.names[source] for source, feed in self.feeds if subject in self.facts[feed].not_sent)
            ),
            others_share=any(subject not in self.facts[feed].not_sent for _, feed in self.feeds),
            silent=self.silent if subject != "Observations" else (),
        )

    def general(self) -> tuple[Message, ...]:
        """What holds for the whole record."""
        return explain(
            "This record",
            recorded=True,
            none_known=False,
            withheld=bool(self.scope.withheld),
            may_emergency=self.scope.may_emergency,
            silent=self.silent,
        )


def _entries(rows: Sequence[_Row], names: Mapping[str, str]) -> list[Entry]:
    return [entries.entry(row.resource, row.source, names[row.source]) for row in rows]


def _sound(rows: Sequence[_Row]) -> list[_Row]:
    """Without what was entered in error or has been refuted."""
    wrong = ("entered-in-error", "refuted")
    return [
        row
        for row in rows
        if row.resource.get("status") not in wrong and entries.verification(row.resource) not in wrong
    ]


def _allergies(rows: Sequence[_Row], names: Mapping[str, str], absent: _Absences) -> Section:
    sound = _sound(rows)
    none_known = [r for r in sound if entries.NO_KNOWN_ALLERGY.intersection(entries.codes_of(r.resource.get("code")))]
    real = _entries([row for row in sound if row not in none_known], names)
    current = tuple(item for item in real if item.status not in _PAST)
    messages = absent.of("Allergies", "clinical", recorded=bool(current), none_known=bool(none_known))
    return Section(current, tuple(item for item in real if item.status in _PAST), messages)


def _problems(rows: Sequence[_Row], names: Mapping[str, str], absent: _Absences) -> Section:
    found = _entries(_sound(rows), names)
    active = tuple(item for item in found if item.status not in _PAST)
    past = tuple(item for item in found if item.status in _PAST)
    return Section(active, past, absent.of("Problems", "clinical", recorded=bool(active or past)))


def _medicines(rows: Sequence[_Row], names: Mapping[str, str], absent: _Absences) -> Section:
    found = [item for item in _entries(rows, names) if item.status != "entered-in-error"]
    current = tuple(item for item in found if item.status not in _STOPPED)
    past = tuple(item for item in found if item.status in _STOPPED)
    return Section(current, past, absent.of("Medicines", "medication", recorded=bool(current or past)))


def _observations(observed: Sequence[Entry], absent: _Absences) -> Section:
    """The latest of each kind (they come latest first); earlier ones are under ``past``; no carer codes."""
    latest: dict[str, Entry] = {}
    past = []
    elsewhere = caring_codes()
    for item in observed:
        if item.code in elsewhere:
            continue
        if item.code in latest:
            past.append(item)
        else:
            latest[item.code] = item
    return Section(tuple(latest.values()), tuple(past), absent.of("Observations", "clinical", recorded=bool(latest)))


def _involved(
    patients: Sequence[_Row], contacts: Sequence[_Row], names: Mapping[str, str], today: date, facts: FeedTable
) -> tuple[Involvement, ...]:
    """Who is looking after the person now, or was within a year: the practice, open episodes, admissions."""
    found: dict[tuple[str, str, str], Involvement] = {}
    for row in patients:
        practice = entries.organisation_of(row.resource) if row.feed == "gp" else ""
        if practice:
            role = facts[row.feed].service
            found[practice, "", role] = Involvement(
                practice, names.get(practice, practice), "", role, None, None, row.source, names[row.source]
            )
    for row in contacts:
        if row.feed == "gp":
            continue
        period = row.resource.get("period") or row.resource.get("occurrencePeriod") or {}
        since, until = day_of(entries.happened(row.resource)), day_of(period.get("end"))
        still = row.resource.get("status") in ("active", "in-progress", "arrived", "onhold", "on-hold")
        if until is None and not still:
            until = since
        if until is not None and today - until > RECENT:
            continue
        organisation = entries.organisation_of(row.resource) or row.source
        key = (organisation, entries.team_of(row.resource), facts[row.feed].service)
        before = found.get(key)
        if before is not None:
            since = min(filter(None, (since, before.since)), default=None)
            until = None if until is None or before.until is None else max(until, before.until)
        found[key] = Involvement(
            organisation,
            names.get(organisation, organisation),
            key[1],
            key[2],
            since,
            until,
            row.source,
            names[row.source],
        )
    order = {role: place for place, role in enumerate(one.service for one in facts.values())}
    return tuple(
        sorted(found.values(), key=lambda i: (i.until is not None, order.get(i.role, 9), i.organisation_name, i.team))
    )


def _sources(
    rows: Sequence[_Row],
    heard: Mapping[tuple[str, str], datetime | None],
    held_back: set[str],
    names: Mapping[str, str],
    now: datetime,
    facts: FeedTable,
) -> tuple[SourceHeard, ...]:
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        counted[row.source, row.feed] = counted.get((row.source, row.feed), 0) + 1
    keys = set(counted) | {key for key in heard if key[0] in held_back}
    return tuple(
        SourceHeard(
            source=source,
            source_name=names.get(source, source),
            feed=feed,
            feed_name=facts[feed].name,
            last_heard=last,
            overdue=last is not None and now - last > facts[feed].overdue,
            entries=counted.get((source, feed), 0),
            withheld=source in held_back,
        )
        for source, feed in sorted(keys)
        for last in [heard.get((source, feed))]
    )
