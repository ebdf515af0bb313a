"""What must not be shown of somebody whose location PDS withholds: where they live, and where they can be met.

The person is shown; their address, postcode, telephone, practice and the places of their contacts are not, nor is
anybody found by them.
https://digital.nhs.uk/developer/api-catalogue/personal-demographics-service-fhir, *Restricted patients*.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from commonweal.apps.record.stored import Stored

_REDACTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "REDACTED"}
# Elements that say where the person is, by type; below them nothing is kept.
_WHERE: Mapping[str, tuple[str, ...]] = {
    "Patient": ("address", "telecom", "contact", "generalPractitioner", "managingOrganization", "text", "contained"),
    "RelatedPerson": ("address", "telecom", "text", "contained"),
    "Encounter": ("location", "text", "contained"),
    "Appointment": ("text", "contained"),
    "EpisodeOfCare": ("managingOrganization", "text", "contained"),
    "ServiceRequest": ("locationReference", "locationCode", "text", "contained"),
    "Task": ("location", "text", "contained"),
    "Procedure": ("location", "text", "contained"),
    "Immunization": ("location", "text", "contained"),
    "CarePlan": ("text", "contained"),
}
_SEARCHES = ("address", "phone", "telecom", "email", "general-practitioner", "organization", "location", "_filter")
PRACTICE = "A GP practice"


def without(resource: Mapping[str, Any]) -> dict[str, Any]:
    """``resource`` less what says where the person is, labelled REDACTED if anything was left out."""
    gone = [name for name in _WHERE.get(str(resource.get("resourceType")), ()) if name in resource]
    gone += [f"_{name}" for name in gone if f"_{name}" in resource]
    kept = {name: value for name, value in resource.items() if name not in gone}
    participants = kept.get("participant")
    if resource.get("resourceType") == "Appointment" and isinstance(participants, list):
        kept["participant"] = [one for one in participants if not is_place(one.get("actor") or {})]
    stay = kept.get("hospitalization")
    if resource.get("resourceType") == "Encounter" and isinstance(stay, dict):
        kept["hospitalization"] = {name: value for name, value in stay.items() if name not in ("origin", "destination")}
    return kept if kept == resource else labelled(kept)


def labelled(resource: Mapping[str, Any]) -> dict[str, Any]:
    """``resource`` with the label that something was left out of it; once."""
    meta = dict(resource.get("meta") or {})
    said = meta.get("security") or []
    meta["security"] = said if _REDACTED in said else [*said, _REDACTED]
    return {**resource, "meta": meta}


def is_place(reference: Mapping[str, Any]) -> bool:
    """Whether a reference is to a Location, by what it points to or by what it says it is."""
    return str(reference.get("reference", "")).startswith("Location/") or reference.get("type") == "Location"


def shown(stored: Stored) -> Stored:
    """``stored`` as it may be shown of somebody whose location is hidden."""
    if stored.type not in _WHERE or stored.deleted or not stored.body:
        return stored
    return replace(stored, body=orjson.dumps(without(orjson.loads(stored.body))))


def searches(names: Iterable[str]) -> bool:
    """Whether any parameter, chained ones as well, could find somebody by where they are."""
    parts = {part for name in names for part in name.replace(":", ".").split(".")}
    return any(part.startswith(_SEARCHES) for part in parts)
