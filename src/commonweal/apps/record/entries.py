"""From FHIR resources to what a page shows of them: text, date, place, people. Pure: no query, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from commonweal.apps.record import locations
from commonweal.apps.record.staging import happened
from commonweal.fhir import systems
from commonweal.fhir.compartment import team
from commonweal.fhir.dates import day_of, moment_of

Json = dict[str, Any]  # as orjson makes it: an isinstance against Mapping costs more than the rest of the line
UNDESCRIBED = "No description recorded"
NO_KNOWN_ALLERGY = frozenset(("716186003", "409137002", "428607008", "429625007", "428197003"))  # SNOMED CT


class Entry(NamedTuple):
    """One thing in a list. ``when`` is the calendar day (None: not recorded), ``when_text`` as precise as sent.

    ``detail`` is a value, dose or reaction; ``status`` a FHIR code; ``source`` an ODS code. ``also`` are entries
    that say the same thing again, latest first.
    """

    type: str
    id: str
    text: str
    code: str
    detail: str
    status: str
    when: date | None
    when_text: str
    source: str
    source_name: str
    also: tuple["Entry", ...] = ()


class Contact(NamedTuple):
    """One line of the timeline: when, what, where, who with, and who says so.

    ``at`` is the moment, when a time of day was sent; ``until`` the last day (None: one day, or still going on:
    see ``ongoing``); ``last_heard`` is when the source's feed last sent anything.
    """

    type: str
    id: str
    when: date | None
    when_text: str
    at: datetime | None
    until: date | None
    ongoing: bool
    what: str
    where: str
    who: str
    status: str
    category: str
    source: str
    source_name: str
    last_heard: datetime | None


def text_of(concept: Any) -> str:
    """The words for a CodeableConcept (or the first of a list): its text, a display, or the bare code."""
    if isinstance(concept, list):
        concept = concept[0] if concept else None
    if not isinstance(concept, dict):
        return ""
    if concept.get("text"):
        return str(concept["text"])
    for name in ("display", "code"):
        for coding in concept.get("coding", ()):
            if coding.get(name):
                return str(coding[name])
    return ""


def codes_of(concept: Any) -> list[str]:
    """The codes of a CodeableConcept."""
    if not isinstance(concept, dict):
        return []
    return [str(coding["code"]) for coding in concept.get("coding", ()) if coding.get("code")]


def first_code(concept: Any) -> str:
    """The first code of a CodeableConcept, or ''."""
    return next(iter(codes_of(concept)), "")


@lru_cache(maxsize=16384)
def words_for(value: str | None) -> str:
    """A FHIR date as it is read out, no more precise than it was sent: "2019", "May 2019", "3 May 2019"."""
    day = day_of(value)
    if day is None or value is None:
        return ""
    if len(value) == 4:
        return value
    return f"{day:%B %Y}" if len(value) == 7 else f"{day.day} {day:%B %Y}"


# Where a type keeps what it is about, when not in ``code``.
_CONCEPT = {
    "CarePlan": "category",
    "Consent": "category",
    "DocumentReference": "type",
    "EpisodeOfCare": "type",
    "FamilyMemberHistory": "relationship",
    "Immunization": "vaccineCode",
    "MedicationAdministration": "medicationCodeableConcept",
    "MedicationDispense": "medicationCodeableConcept",
    "MedicationRequest": "medicationCodeableConcept",
    "MedicationStatement": "medicationCodeableConcept",
    "Goal": "description",
    "Device": "type",
    "DeviceRequest": "codeCodeableConcept",
}


def entry(resource: Json, source: str, source_name: str) -> Entry:
    """A line of a list, for any type: what it is about, else its title or description, else its type."""
    kind = resource["resourceType"]
    concept = resource.get(_CONCEPT.get(kind, "code"))
    when = happened(resource)
    return Entry(
        type=kind,
        id=resource.get("id", ""),
        text=_title(kind, resource) or text_of(concept) or str(resource.get("description") or UNDESCRIBED),
        code=first_code(concept),
        detail=_DETAILS[kind](resource) if kind in _DETAILS else "",
        status=_status(resource),
        when=day_of(when),
        when_text=words_for(when),
        source=source,
        source_name=source_name,
    )


def _title(kind: str, resource: Json) -> str:
    return str(resource.get("title") or "") if kind == "CarePlan" else ""


def _status(resource: Json) -> str:
    if "clinicalStatus" in resource:
        return first_code(resource["clinicalStatus"])
    return str(resource.get("status") or resource.get("lifecycleStatus") or "")


def verification(resource: Json) -> str:
    """The verification status code of a condition or allergy."""
    return first_code(resource.get("verificationStatus"))


def _dose(resource: Json) -> str:
    return "; ".join(item["text"] for item in resource.get("dosageInstruction", ()) if item.get("text"))


def _reaction(resource: Json) -> str:
    found = [text_of(m) for r in resource.get("reaction", ()) for m in r.get("manifestation", ())]
    critical = resource.get("criticality")
    return ", ".join([*filter(None, found), *(["high risk"] if critical == "high" else [])])


# https://hl7.org/fhir/R4/v3/ObservationInterpretation/cs.html
_JUDGED = {
    "H": "high", "HH": "critically high", "L": "low", "LL": "critically low", "N": "normal", "A": "abnormal",
    "AA": "critically abnormal", "<": "off scale low", ">": "off scale high",
}  # fmt: skip


def _value(resource: Json) -> str:
    """The value with the range it came with; what a source makes of it (high, low) only beside that range."""
    value = _bare_value(resource)
    limits = resource.get("referenceRange")
    if not limits:
        return value
    given = "; ".join(filter(None, (_range(item) for item in limits)))
    if not given:
        return value
    judged = text_of(resource.get("interpretation"))
    judged = _JUDGED.get(judged, judged)
    return f"{value} (range {given}{'; ' + judged if judged else ''})".strip()


def _range(limits: Json) -> str:
    if limits.get("text"):
        return str(limits["text"])
    low, high = limits.get("low"), limits.get("high")
    if low and high:
        return f"{low.get('value', '')} to {_quantity(high)}"
    if low:
        return f"{_quantity(low)} or more"
    return f"{_quantity(high)} or less" if high else ""


def _bare_value(resource: Json) -> str:
    if "valueQuantity" in resource:
        return _quantity(resource["valueQuantity"])
    parts = [
        f"{text_of(item.get('code'))} {_quantity(item['valueQuantity'])}"
        for item in resource.get("component", ())
        if "valueQuantity" in item
    ]
    if parts:
        return ", ".join(parts)
    return text_of(resource.get("valueCodeableConcept")) or str(
        resource.get("valueString", resource.get("valueInteger", ""))
    )


def _quantity(value: Json) -> str:
    number = value.get("value", "")
    return " ".join(str(part) for part in (value.get("comparator", ""), number, value.get("unit", "")) if part != "")


def _plan(resource: Json) -> str:
    said = [str(resource.get("description") or "")]
    said += [str(one.get("detail", {}).get("description") or "") for one in resource.get("activity", ())]
    return "; ".join(filter(None, said))


def _relatives(resource: Json) -> str:
    return ", ".join(filter(None, (text_of(one.get("code")) for one in resource.get("condition", ()))))


def _conclusion(resource: Json) -> str:
    return str(resource.get("conclusion") or "")


def _described(resource: Json) -> str:
    return str(resource.get("description") or "")


_DETAILS = {
    "AllergyIntolerance": _reaction,
    "CarePlan": _plan,
    "DiagnosticReport": _conclusion,
    "DocumentReference": _described,
    "FamilyMemberHistory": _relatives,
    "MedicationRequest": _dose,
    "MedicationStatement": _dose,
    "Observation": _value,
}

_CLASS = {
    "AMB": "Appointment",
    "IMP": "Admission to hospital",
    "ACUTE": "Admission to hospital",
    "NONAC": "Admission to hospital",
    "EMER": "Emergency attendance",
    "HH": "Home visit",
    "FLD": "Visit",
    "VR": "Telephone or video call",
    "SS": "Short stay in hospital",
}


def contact(
    resource: Json,
    category: str,
    source: str,
    names: Mapping[str, str],
    staff: Mapping[str, str],
    heard: datetime | None,
) -> Contact:
    """A line of the timeline. ``names``: organisation names by ODS code; ``staff``: by reference."""
    kind = resource["resourceType"]
    period = resource.get("period") or resource.get("occurrencePeriod") or {}
    start = happened(resource)
    status = str(resource.get("status", ""))
    provider = organisation_of(resource)
    return Contact(
        type=kind,
        id=resource.get("id", ""),
        when=day_of(start),
        when_text=words_for(start),
        at=moment_of(start),
        until=day_of(period.get("end")),
        ongoing=status in ("active", "in-progress", "arrived", "onhold", "on-hold", "planned")
        and not period.get("end"),
        what=what(resource),
        where=_where(resource) or names.get(provider, provider) or names.get(source, source),
        who=", ".join(dict.fromkeys(people(resource, staff))),
        status=status,
        category=category,
        source=source,
        source_name=names.get(source, source),
        last_heard=heard,
    )


def what(resource: Json) -> str:
    """What a contact was: its type, else its class, with the reason."""
    kind = resource["resourceType"]
    concept = text_of(resource.get("type")) or text_of(resource.get("code")) or text_of(resource.get("serviceType"))
    class_code = resource.get("class", {}).get("code", "")
    classed = _CLASS.get(class_code, "")
    reason = text_of(resource.get("reasonCode"))
    if kind == "EpisodeOfCare":
        lead = f"Care began: {concept}" if concept else "Care began"
    elif kind == "ServiceRequest":
        lead = concept or "Referral"
    else:
        lead = concept or classed or "Contact"
        if concept and class_code in ("IMP", "ACUTE", "NONAC", "EMER"):
            lead = f"{classed}: {concept}"
    return f"{lead} ({reason})" if reason else lead


def _where(resource: Json) -> str:
    for item in resource.get("participant", ()) if resource["resourceType"] == "Appointment" else ():
        actor = item.get("actor", {})
        if locations.is_place(actor) and actor.get("display"):
            return str(actor["display"])
    for item in resource.get("location", ()):
        if isinstance(item, dict) and item.get("location", {}).get("display"):
            return str(item["location"]["display"])
    return ""


def organisation_of(resource: Json) -> str:
    """The ODS code of the organisation that provides or manages, or ''."""
    for element in ("serviceProvider", "managingOrganization", "generalPractitioner", "performer"):
        value = resource.get(element)
        if not value:
            continue
        for reference in value if isinstance(value, list) else [value]:
            identifier = reference.get("identifier", {}) if isinstance(reference, dict) else {}
            if identifier.get("system") == systems.ODS:
                return str(identifier.get("value", ""))
    return ""


def team_of(resource: Json) -> str:
    """Who is responsible: of a list of who works with the person its name, else the team, else the care manager."""
    if resource.get("resourceType") == "CareTeam" and resource.get("name"):
        return str(resource["name"])
    return team(resource) or str(resource.get("careManager", {}).get("display", ""))


def staff_references(resource: Json) -> Iterator[Json]:
    """References to the people (or teams) who took part."""
    for participant in resource.get("participant", ()):
        if participant.get("individual"):
            yield participant["individual"]
    if resource.get("careManager"):
        yield resource["careManager"]
    for performer in resource.get("performer", ()):
        if performer.get("display"):
            yield performer


def people(resource: Json, staff: Mapping[str, str]) -> Iterator[str]:
    """Names of those who took part: as sent, or from the source's own staff entries."""
    for reference in staff_references(resource):
        name = reference.get("display") or staff.get(reference.get("reference", ""), "")
        if name:
            yield str(name)
    team = team_of(resource)
    if team:
        yield team


def full_name(names: Iterable[Json]) -> str:
    """The official (or first) HumanName as one line: prefix, given names, family name."""
    found = list(names)
    best = next(
        (n for n in found if n.get("use") == "official"), next((n for n in found if n.get("use") != "old"), None)
    )
    if best is None:
        return ""
    if best.get("text") and not best.get("family"):
        return str(best["text"])
    return " ".join([*best.get("prefix", ()), *best.get("given", ()), best.get("family", "")]).strip()
