"""Whose a resource is, and which category of sharing it falls under.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from commonweal.fhir import systems

# Where each type names its person; the rest use `subject`. Order matters only for types with several.
_PERSON_ELEMENTS: Mapping[str, tuple[str, ...]] = {
    "Account": ("subject",),
    "AllergyIntolerance": ("patient",),
    "Claim": ("patient",),
    "Consent": ("patient",),
    "Coverage": ("beneficiary",),
    "Device": ("patient",),
    "EpisodeOfCare": ("patient",),
    "ExplanationOfBenefit": ("patient",),
    "FamilyMemberHistory": ("patient",),
    "Immunization": ("patient",),
    "ImmunizationEvaluation": ("patient",),
    "ImmunizationRecommendation": ("patient",),
    "NutritionOrder": ("patient",),
    "RelatedPerson": ("patient",),
    "Task": ("for",),
    "VisionPrescription": ("patient",),
}
_SUBJECT = ("subject", "patient")
_NOT_FILED = frozenset(("AuditEvent",))  # who looked is kept where it happened, and is no part of a record


@cache
def _table() -> dict[str, Any]:
    """``r4-compartment.json``, which ``distil_compartment`` makes."""
    table: dict[str, Any] = json.loads(files("commonweal.fhir").joinpath("r4-compartment.json").read_bytes())
    return table


# What may be about nobody. Everything else says of whom it is, or nobody would ever find it in a record, and
# everybody would be let read it.
ABOUT_NOBODY = frozenset(
    (
        "CatalogEntry", "DeviceDefinition", "Endpoint", "HealthcareService", "InsurancePlan", "Location", "Medication",
        "MedicationKnowledge", "MedicinalProduct", "MedicinalProductAuthorization", "MedicinalProductContraindication",
        "MedicinalProductIndication", "MedicinalProductIngredient", "MedicinalProductInteraction",
        "MedicinalProductManufactured", "MedicinalProductPackaged", "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect", "NamingSystem", "ObservationDefinition",
        "Organization", "OrganizationAffiliation", "Practitioner",
        "PractitionerRole", "ResearchStudy", "Schedule", "Slot", "SpecimenDefinition", "Substance",
        "SubstanceSpecification", *_table()["definitions"],
    )
)  # fmt: skip
_DEMOGRAPHIC = frozenset(
    ("Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "RelatedPerson", "HealthcareService")
)
_MEDICATION = frozenset(
    ("Medication", "MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense")
)
_FEED_CATEGORY = {"cld": "social_care", "mh": "mental_health"}


def person_reference(resource: Mapping[str, Any]) -> str | None:
    """The id of the Patient (of the same source) that ``resource`` is about, without ``Patient/``.

    A Patient is about itself. Where no element says whom it is about, the one Patient that puts it in a compartment
    counts (a Provenance's target, a Group's member, the author of answers). ``None`` for resources about nobody
    (Organization), about a device or a place, about a Patient named only by identifier, absolute URL or ``urn:``, and
    about several people (a Group of two): whoever opens one of them would read of the others.
    """
    kind = resource.get("resourceType", "")
    if kind == "Patient":
        own = resource.get("id")
        return own if isinstance(own, str) else None
    for name in _PERSON_ELEMENTS.get(kind, _SUBJECT):
        found = _local(resource.get(name))
        if found is not None:
            return found
    if kind in ABOUT_NOBODY or kind in _NOT_FILED:
        return None
    named = {
        found
        for path in _table()["elements"].get(kind, ())
        for reference in _at(resource, path.split("."))
        if (found := _local(reference)) is not None
    }
    return named.pop() if len(named) == 1 else None


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What is at ``path`` of ``value``, every item of what repeats."""
    if value.__class__ is list:
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif value.__class__ is dict and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def person_elements(kind: str) -> tuple[str, ...]:
    """The elements that say whose a resource of this type is; empty for Patient, which is its own."""
    return () if kind == "Patient" else _PERSON_ELEMENTS.get(kind, _SUBJECT)


def personal(kind: str) -> bool:
    """Whether resources of this type are about a person, and so need one to be opened."""
    return kind not in ABOUT_NOBODY


def is_of_nobody(resource: Mapping[str, Any]) -> bool:
    """Whether ``resource``, and all that is ``contained`` in it, is of a type that is about nobody."""
    inside = [item for item in resource.get("contained", ()) if item.__class__ is dict]
    return all(item.get("resourceType", "") in ABOUT_NOBODY for item in (resource, *inside))


def _local(reference: Any) -> str | None:
    if reference.__class__ is not dict:
        return None
    literal = reference.get("reference")
    if literal.__class__ is str and literal.startswith("Patient/"):
        own: str = literal[8:]
        return own.partition("/_history/")[0] if "/" in own else own
    return None


def team(resource: Mapping[str, Any]) -> str:
    """The team a social care or mental-health resource names as responsible, '' for none."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == systems.TEAM_EXTENSION:
            return str(extension.get("valueString", ""))
    return ""


def category(resource: Mapping[str, Any], feed: str) -> str:
    """``demographics``, ``medication``, ``mental_health``, ``social_care`` or ``clinical``.

    What a feed is decides before what a resource is, but demographics stay demographics in every feed.
    """
    kind = resource.get("resourceType", "")
    if kind in _DEMOGRAPHIC:
        return "demographics"
    if feed in _FEED_CATEGORY:
        return _FEED_CATEGORY[feed]
    return "medication" if kind in _MEDICATION else "clinical"
