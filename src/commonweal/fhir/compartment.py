"""Whose a resource is, and which category of sharing it falls under.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from collections.abc import Mapping
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
# What may be about nobody. Everything else says of whom it is, or nobody would ever find it in a record, and
# everybody would be let read it.
ABOUT_NOBODY = frozenset(
    (
        "Endpoint", "HealthcareService", "Location", "Medication", "MedicationKnowledge", "Organization",
        "OrganizationAffiliation", "Practitioner", "PractitionerRole", "Questionnaire", "Schedule", "Slot",
        "Substance",
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

    A Patient is about itself. ``None`` for resources about nobody (Organization), about a group or device, or
    about a Patient named only by identifier, absolute URL or ``urn:``.
    """
    kind = resource.get("resourceType", "")
    if kind == "Patient":
        own = resource.get("id")
        return own if isinstance(own, str) else None
    for name in _PERSON_ELEMENTS.get(kind, _SUBJECT):
        found = _local(resource.get(name))
        if found is not None:
            return found
    if kind == "Appointment":
        for participant in resource.get("participant", ()):
            found = _local(participant.get("actor"))
            if found is not None:
                return found
    return None


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
