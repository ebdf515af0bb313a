"""Organisations of the loaded reference data as FHIR, by their ODS code. https://hl7.org/fhir/R4/organization.html

What a source sent under the same id comes first; this answers where nobody sent one. Each dated form is a version,
the latest the highest; succession is an extension that names the successor by its code.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from commonweal.apps.places import api as places
from commonweal.apps.record.stored import Stored
from commonweal.fhir import systems

SUCCESSOR = "https://commonweal.example/StructureDefinition/successor"
VALIDITY = "https://commonweal.example/StructureDefinition/validity"


def organisations(ods: str) -> list[Stored]:
    """The forms an organisation has had, latest first; empty for a code that is not loaded."""
    forms = places.forms_of(ods)
    return [_stored(version, form) for version, form in reversed(list(enumerate(forms, 1)))]


def _stored(version: int, form: places.Organisation) -> Stored:
    began = datetime.combine(form.valid_from, datetime.min.time(), UTC)
    return Stored(
        "Organization", form.ods_code, version, began, orjson.dumps(resource(form)), "", "reference", "", None
    )


def resource(form: places.Organisation) -> dict[str, Any]:
    """One dated form as an Organization: active while it is in force."""
    period = {"start": form.valid_from.isoformat()} | ({"end": form.valid_to.isoformat()} if form.valid_to else {})
    extensions: list[dict[str, Any]] = [{"url": VALIDITY, "valuePeriod": period}]
    if form.successor:
        extensions.append({"url": SUCCESSOR, "valueIdentifier": {"system": systems.ODS, "value": form.successor}})
    said: dict[str, Any] = {
        "resourceType": "Organization",
        "id": form.ods_code,
        "extension": extensions,
        "identifier": [{"system": systems.ODS, "value": form.ods_code}],
        "active": form.valid_to is None,
        "type": [{"text": role} for role in form.roles.split(";") if role],
        "name": form.name,
        "address": [{"postalCode": form.address_postcode}],
        "partOf": {"identifier": {"system": systems.ODS, "value": form.parent}},
    }
    empty = [*(["type"] if not said["type"] else [])]
    empty += [name for name, value in (("address", form.address_postcode), ("partOf", form.parent)) if not value]
    return {name: value for name, value in said.items() if name not in empty}
