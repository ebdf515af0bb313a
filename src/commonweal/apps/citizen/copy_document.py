"""A released copy: what UK GDPR Article 15 asks for, as a document with headings and as a FHIR Bundle.

https://www.legislation.gov.uk/eur/2016/679/article/15: paragraph 1 the data and what is done with it, paragraph 3 the
copy. Entries are read at the version that was held when it was asked for.
"""

from base64 import b64decode
from binascii import Error
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localtime
from orjson import dumps, loads

from commonweal.apps.access import api as access
from commonweal.apps.citizen.looks import Visit, visits
from commonweal.apps.citizen.own import born_on, name_of
from commonweal.apps.coordination import api as coordination
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record
from commonweal.domain.access.copy_marks import rules_for, without_marked
from commonweal.domain.access.copy_words import goes_out, particulars
from commonweal.domain.access.requests import Decision

# Headings in the order in which somebody reads a record; what is not named comes under its type, last.
HEADINGS = {
    "Patient": "Who you are",
    "Flag": "Things to be aware of",
    "AllergyIntolerance": "Allergies",
    "Condition": "Conditions",
    "MedicationStatement": "Medicines you take",
    "MedicationRequest": "Medicines prescribed",
    "Immunization": "Vaccinations",
    "Observation": "Measurements and results",
    "DiagnosticReport": "Reports",
    "Procedure": "Operations and treatments",
    "Encounter": "Appointments and stays",
    "EpisodeOfCare": "Care you receive or received",
    "Appointment": "Bookings",
    "ServiceRequest": "Referrals",
    "CarePlan": "Plans",
    "DocumentReference": "Letters and documents",
    "Consent": "What you have agreed or objected to",
    "FamilyMemberHistory": "Illness in your family",
    "RelatedPerson": "People close to you",
}
_KINDS = ("Type", "Category", "Service type", "Class", "Reason code")  # what says of which kind an entry is
BASES = {
    "verified": "by NHS number and birth date",
    "confirmed": "confirmed by a person who compared them",
    "alone": "the first record we held",
    "merged": "its source says that two of its records are yours",
}


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """One entry: what and when in a line, who wrote it, every particular, and the text of a letter."""

    title: str
    on: date | None
    when: str
    source: str
    particulars: tuple[tuple[str, str], ...]
    text: str
    shortened: bool


@dataclass(frozen=True, slots=True)
class CopySection:
    """Entries under one heading."""

    slug: str
    title: str
    entries: tuple[CopyEntry, ...]


@dataclass(frozen=True, slots=True)
class CopyDocument:
    """The whole of it. ``left_out``: how many entries were left out, or shortened, because they are about others."""

    number: int
    name: str
    born: date | None
    asked_on: date
    released_on: date | None
    sources: tuple[tuple[str, str], ...]
    sections: tuple[CopySection, ...]
    looks: tuple[Visit, ...]
    told: tuple[tuple[str, datetime, str], ...]
    proxies: tuple[tuple[str, str, str], ...]
    choices: tuple[str, ...]
    left_out: int
    shortened: int


def document_of(scope: access.Scope, asked: access.copies.Copy) -> CopyDocument:
    """The released copy in words, within the scope of the person's own record."""
    items = list(_released(scope, asked))
    names = places.names_of({one.source for _, one, _ in items} | {asked.organisation} - {""})
    grouped: dict[str, list[CopyEntry]] = defaultdict(list)
    for item, one, resource in items:
        grouped[one.type].append(_entry(item, one, resource, names))
    order = [*HEADINGS, *sorted(set(grouped) - set(HEADINGS))]
    known = identity.demographics_of(scope.compartments)
    basis = identity.basis_of(scope.compartments)
    decided = access.copies.items_of(asked.id)
    return CopyDocument(
        number=asked.id,
        name=name_of(scope),
        born=born_on(scope),
        asked_on=asked.received_on,
        released_on=asked.ended_on,
        sources=tuple(
            (places.name_of(one.source), BASES.get(basis.get(ident, ""), "by NHS number and birth date"))
            for ident, one in known.items()
        ),
        sections=tuple(
            CopySection(
                kind.lower(),
                HEADINGS.get(kind, _spaced(kind)),
                tuple(sorted(grouped[kind], key=lambda one: one.on or date.min, reverse=True)),
            )
            for kind in order
            if kind in grouped
        ),
        looks=tuple(one for one in visits(scope) if one.at <= asked.asked_at),
        told=tuple(
            (one.kind.replace("_", " ").capitalize(), one.happened_at, one.place)
            for one in coordination.told_about(scope)
        ),
        proxies=tuple(
            (one.name, one.evidence.value, one.state.value) for one in access.proxies.proxies_about(scope.compartments)
        ),
        choices=tuple(_choices(scope)),
        # What would do serious harm is not counted: to say that it is there is to say it.
        left_out=sum(one.decision is Decision.NONE and one.ground == "others" for one in decided),
        shortened=sum(one.decision is Decision.PART for one in decided),
    )


def _choices(scope: access.Scope) -> Iterator[str]:
    """What the person has chosen about sharing, and what came of it, a sentence each."""
    for kind, (since, told_by) in access.opt_outs_of(scope.compartments).items():
        day = localtime(since)
        yield f"Opted out ({kind.value.replace('_', ' ')}) since {day:%-d %B %Y}, by the word of {told_by}."
    for one in access.restricting.objections_of(scope):
        what = one.category.replace("_", " ") or "everything"
        yield f"Objected to sharing {what}: “{one.words}”. {one.state.value.capitalize()}. {one.reason}".strip()


def bundle_of(scope: access.Scope, asked: access.copies.Copy) -> bytes:
    """The same entries as a FHIR R4 collection Bundle, as their sources wrote them but for parts left out."""
    entries = [
        {"fullUrl": f"https://commonweal.example/fhir/R4/{one.type}/{one.id}", "resource": resource}
        for _, one, resource in _released(scope, asked)
    ]
    return dumps(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "timestamp": asked.asked_at.isoformat(),
            "entry": entries,
        }
    )


Read = tuple[access.copies.Item, Any, dict[str, Any]]


def _released(scope: access.Scope, asked: access.copies.Copy) -> Iterator[Read]:
    """What goes out: item, what the store holds, and the resource as it goes out."""
    rules = access.rights.mark_rules()
    for item, one in versions(scope, access.copies.items_of(asked.id)):
        if not goes_out(item.decision, item.needed):
            continue
        resource = loads(one.body)
        if item.decision is Decision.PART:
            resource = without_marked(resource, rules_for(rules, one.type, one.category, asked.received_on))
        yield item, one, resource


def versions(scope: access.Scope, items: Iterable[access.copies.Item]) -> Iterator[tuple[access.copies.Item, Any]]:
    """Each item with the version it is of, as far as the scope opens it; one that has been removed is passed over."""
    held = {(one.type, one.id): one for one in record.everything(scope)}
    for item in items:
        one = held.get((item.kind, item.ident))
        if one is None or one.version != item.version:
            former = record.history(scope, item.kind, item.ident)
            one = next((past for past in former if past.version == item.version and not past.deleted), None)
        if one is not None:
            yield item, one


def entry_of(one: Any, resource: Mapping[str, Any], names: Mapping[str, str], shortened: bool = False) -> CopyEntry:
    """One entry in words."""
    line = record.entry(dict(resource), one.source, names.get(one.source, one.source))
    said = tuple((label, value) for label, value in particulars(resource) if value != line.text)
    title = line.text if line.text != "No description recorded" else _title(one.type, dict(said))
    return CopyEntry(title, line.when, line.when_text, line.source_name, said, _text(resource), shortened)


def _entry(item: access.copies.Item, one: Any, resource: Mapping[str, Any], names: Mapping[str, str]) -> CopyEntry:
    return entry_of(one, resource, names, item.decision is Decision.PART)


def _title(kind: str, said: Mapping[str, str]) -> str:
    """A line for an entry that has no words of its own: its heading, and what it says first of its kind."""
    more = next(
        (said[name] for name in ("Type", "Category", "Service type", "Class", "Reason code") if name in said), ""
    )
    heading = HEADINGS.get(kind, _spaced(kind))
    return f"{heading}: {more}" if more else heading


def _text(resource: Mapping[str, Any]) -> str:
    """The words of a letter sent as plain text."""
    found = []
    for content in resource.get("content", ()) if resource.get("resourceType") == "DocumentReference" else ():
        attachment = content.get("attachment") or {}
        if str(attachment.get("contentType", "")).startswith("text/") and isinstance(attachment.get("data"), str):
            try:
                found.append(b64decode(attachment["data"]).decode("utf-8", "replace"))
            except (Error, ValueError):
                found.append("This letter cannot be read: its source sent it damaged.")
    return "\n".join(found)


def _spaced(kind: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind).strip().capitalize()


def counts(items: Iterable[access.copies.Item]) -> list[tuple[str, str, int]]:
    """(heading, decision, how many) of a draft, for whoever releases it without reading it."""
    found = Counter(
        (
            HEADINGS.get(one.kind, _spaced(one.kind)),
            one.decision.value if one.decision else ("waits" if one.needed else "whole"),
        )
        for one in items
    )
    return [(*key, many) for key, many in sorted(found.items())]
