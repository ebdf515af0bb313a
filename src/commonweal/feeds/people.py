"""Rows about people → FHIR Patients and stable ids, shared by the feeds that are not FHIR already.

Profile: https://simplifier.net/hl7fhirukcorer4/ukcore-patient
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import orjson

from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir import systems
from commonweal.fhir.compartment import category
from commonweal.fhir.normalise import postcode as normal_postcode
from commonweal.fhir.validate import validate

Json = dict[str, Any]
_NAMESPACE = UUID("b2a4a0d2-7f0c-5d5e-9d0e-5b6f1c1f7a10")
# NHS Data Dictionary PERSON STATED GENDER CODE, v2 table 0001 and the words councils use.
_GENDERS = {
    "1": "male", "m": "male", "male": "male", "2": "female", "f": "female", "female": "female",
    "9": "other", "o": "other", "other": "other", "a": "other", "i": "other", "x": "other", "indeterminate": "other",
    "0": "unknown", "u": "unknown", "n": "unknown", "unknown": "unknown", "not known": "unknown",
    "not stated": "unknown", "not recorded": "unknown",
}  # fmt: skip
LONGEST_NUMBER = 250  # characters of a source's own number of a person: more is no number, and fits in no index


def stable_id(source: str, kind: str, reference: str) -> str:
    """The FHIR id of ``source``'s ``reference`` among its things of a ``kind``: the same in every landing."""
    return str(uuid5(_NAMESPACE, f"{source}|{kind}|{reference}"))


def gender(text: str) -> str | None:
    """The FHIR code of a stated gender, '' for none given, ``None`` for one that is not known here."""
    return _GENDERS.get(text.casefold()) if text else ""


def nhs_digits(text: str) -> str:
    """An NHS number without spaces and hyphens; whether it is valid is identity's business."""
    return text.replace(" ", "").replace("-", "")


@dataclass(slots=True)
class Person:
    """What a feed has said about one person so far, latest last. Empty text says nothing."""

    local_id: str
    nhs_number: str = ""
    family: str = ""
    given: str = ""
    birth_date: str = ""
    death_date: str = ""
    gender: str = ""
    ethnicity: str = ""
    postcode: str = ""
    practice: str = ""
    former_names: dict[tuple[str, str], None] = field(default_factory=dict)
    former_postcodes: dict[str, None] = field(default_factory=dict)
    marks: dict[str, None] = field(default_factory=dict)

    def hear(self, **said: str) -> None:
        """Take what a later row says; former names and postcodes are kept beside the current ones."""
        family = said.get("family", "") or self.family
        given = said.get("given", "") or self.given
        if (self.family or self.given) and (family, given) != (self.family, self.given):
            self.former_names[(self.family, self.given)] = None
        self.former_names.pop((family, given), None)
        postcode = said.get("postcode", "")
        if postcode and self.postcode and postcode != self.postcode:
            self.former_postcodes[self.postcode] = None
        self.former_postcodes.pop(postcode, None)
        for name, value in said.items():
            if value:
                setattr(self, name, value)


def organisation(ods: str) -> Json:
    """A reference to an organisation by its ODS code."""
    return {"type": "Organization", "identifier": {"system": systems.ODS, "value": ods}}


def patient(source: str, person: Person) -> Json:
    """The FHIR Patient of ``person`` as ``source`` knows them."""
    number = nhs_digits(person.nhs_number)
    identifiers = [{"use": "official", "system": systems.NHS_NUMBER, "value": number}] if number else []
    identifiers.append(local_identifier(source, person.local_id))
    resource: Json = {"resourceType": "Patient", "id": stable_id(source, "Patient", person.local_id)}
    extensions = [ethnicity(person.ethnicity)] if person.ethnicity else []
    extensions += [
        {"url": systems.CLIENT_TYPE_EXTENSION, "valueCodeableConcept": client_type(mark)} for mark in person.marks
    ]
    if extensions:
        resource["extension"] = extensions
    resource["identifier"] = identifiers
    names = [human_name(person.family, person.given, "official")] if person.family or person.given else []
    names += [human_name(family, given, "old") for family, given in person.former_names]
    if names:
        resource["name"] = names
    if person.gender:
        resource["gender"] = person.gender
    if person.birth_date:
        resource["birthDate"] = person.birth_date
    if person.death_date:
        resource["deceasedDateTime"] = person.death_date
    addresses = [{"use": "home", "postalCode": normal_postcode(person.postcode)}] if person.postcode else []
    addresses += [{"use": "old", "postalCode": normal_postcode(old)} for old in person.former_postcodes]
    if addresses:
        resource["address"] = addresses
    if person.practice:
        resource["generalPractitioner"] = [organisation(person.practice)]
    resource["managingOrganization"] = organisation(source)
    return resource


def local_identifier(source: str, local_id: str) -> Json:
    """The source's own identifier of a person."""
    return {
        "use": "usual",
        "system": systems.LOCAL_PERSON,
        "value": local_id,
        "assigner": {"identifier": {"system": systems.ODS, "value": source}},
    }


def human_name(family: str, given: str, use: str) -> Json:
    """A FHIR HumanName of a family name and given names separated by spaces."""
    name: Json = {"use": use}
    if family:
        name["family"] = family
    if given:
        name["given"] = given.split()
    return name


def ethnicity(code: str) -> Json:
    """The UK Core extension for an ethnic category of the 2001 census (A to Z, 99)."""
    concept: Json = {"coding": [{"system": systems.ETHNIC_CATEGORY, "code": code}]}
    return {
        "url": systems.ETHNIC_CATEGORY_EXTENSION,
        "valueCodeableConcept": concept if len(code) <= 2 else {"text": code},
    }


def client_type(name: str) -> Json:
    """Service user or carer, as the council counts the person."""
    return {"coding": [{"system": systems.CLIENT_TYPE, "code": name.casefold().replace(" ", "-")}], "text": name}


def coded(system: str, text: str) -> Json:
    """A CodeableConcept of a source's own value, which is its code too (runs of space as one)."""
    return {"coding": [{"system": system, "code": " ".join(text.split())}], "text": text}


def text_extension(url: str, text: str) -> Json:
    """An extension that carries a cell FHIR has no element for."""
    return {"url": url, "valueString": text}


def parsed(line: int, resource: Json, local_person: str | None, feed: str, raw: bytes) -> Parsed | Problem:
    """A mapped resource, or the problem that the mapping does not validate (with the source's own bytes)."""
    errors = [issue for issue in validate(resource) if issue.severity == "error"]
    if errors:
        first = errors[0]
        return Problem(line, first.field, first.rule, first.value, first.message, raw)
    kind: str = resource["resourceType"]
    body = orjson.dumps(resource)
    return Parsed(line, kind, resource["id"], local_person, body, resource, category(resource, feed))


def day_first(text: str) -> date | None:
    """dd/mm/yyyy as a date, ``None`` when there is no such day. Month-first is never guessed."""
    parts = text.split("/")
    if len(parts) != 3 or [len(p) for p in parts] != [2, 2, 4] or not all(p.isascii() and p.isdigit() for p in parts):
        return None
    try:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError:
        return None


def iso_day(text: str) -> date | None:
    """yyyy-mm-dd as a date, ``None`` when there is no such day."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
