"""Organisations and their sites from the reference data as resources of the record, so that every search finds them.

https://hl7.org/fhir/R4/organization.html and https://hl7.org/fhir/R4/location.html. Each is ``ods-`` and its ODS code,
an id that no source is likely to use; each dated form is a version, and succession is an extension that names the
successor. They belong to a source of their own, and are about nobody.
"""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import orjson
from django.db import connection

from commonweal.apps.places import api as places
from commonweal.apps.record.actions import withdraw, write
from commonweal.feeds.types import Parsed
from commonweal.fhir import systems

SOURCE = "reference"
SUCCESSOR = "https://commonweal.example/StructureDefinition/successor"
VALIDITY = "https://commonweal.example/StructureDefinition/validity"
Key = tuple[str, str]


def publish() -> dict[str, int]:
    """Hold the loaded reference data as resources; (``published``, ``withdrawn``): how many versions were written.

    What is unchanged makes no version. A code that the data no longer have is withdrawn; its versions stay.
    """
    forms: dict[str, list[places.Organisation]] = {}
    for form in places.organisations():
        forms.setdefault(form.ods_code, []).append(form)
    before = held()
    histories = [history if ("Organization", f"ods-{code}") not in before else history[-1:]
                 for code, history in forms.items()]  # fmt: skip
    written = 0
    for together in zip_longest(*histories):  # the first form of each, then the second
        items = [item for form in together if form is not None for item in resources(form)]
        counts = write(SOURCE, SOURCE, [parsed(item) for item in items])
        written += counts.accepted + counts.updated
    organisational = {key for key in before if key[0] in ("Organization", "Location")}
    current = {(item["resourceType"], item["id"]) for history in histories for item in resources(history[-1])}
    return {"published": written, "withdrawn": withdraw(SOURCE, sorted(organisational - current))}


def resources(form: places.Organisation) -> list[dict[str, Any]]:
    """One dated form as an Organization and, where it has an address, the Location of its site."""
    ident = f"ods-{form.ods_code}"
    found = [organisation(form, ident)]
    if form.address_postcode:
        reference = {"reference": f"Organization/{ident}", "display": form.name}
        site = {
            "resourceType": "Location",
            "id": ident,
            "extension": _dates(form),
            "identifier": [{"system": systems.ODS_SITE, "value": form.ods_code}],
            "status": "active" if form.valid_to is None else "inactive",
            "name": form.name,
            "mode": "instance",
            "address": {"postalCode": form.address_postcode},
            "managingOrganization": reference,
        }
        found.append(site)
    return found


def organisation(form: places.Organisation, ident: str) -> dict[str, Any]:
    """One dated form as an Organization: active while it is in force."""
    said: dict[str, Any] = {
        "resourceType": "Organization",
        "id": ident,
        "extension": _dates(form),
        "identifier": [{"system": systems.ODS, "value": form.ods_code}],
        "active": form.valid_to is None,
        "type": [{"text": role} for role in form.roles.split(";") if role],
        "name": form.name,
        "address": [{"postalCode": form.address_postcode}],
        "partOf": {"identifier": {"system": systems.ODS, "value": form.parent}},
    }
    if ident != form.ods_code and form.parent:
        said["partOf"] = {"reference": f"Organization/ods-{form.parent}"} | said["partOf"]
    empty = [*(["type"] if not said["type"] else [])]
    empty += [name for name, value in (("address", form.address_postcode), ("partOf", form.parent)) if not value]
    return {name: value for name, value in said.items() if name not in empty}


def _dates(form: places.Organisation) -> list[dict[str, Any]]:
    period = {"start": form.valid_from.isoformat()} | ({"end": form.valid_to.isoformat()} if form.valid_to else {})
    extensions: list[dict[str, Any]] = [{"url": VALIDITY, "valuePeriod": period}]
    if form.successor:
        extensions.append({"url": SUCCESSOR, "valueIdentifier": {"system": systems.ODS, "value": form.successor}})
    return extensions


def parsed(said: dict[str, Any]) -> Parsed:
    """A resource of the reference data, ready to be stored: it is about nobody."""
    return Parsed(0, said["resourceType"], said["id"], None, orjson.dumps(said), said, "demographics")


def held() -> set[Key]:
    """(type, id) of what is held of the reference data."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.type, r.id FROM record_resource r JOIN record_source s ON s.id = r.source_id "
            "WHERE s.source = %s AND NOT r.deleted",
            [SOURCE],
        )
        found: Iterable[Key] = cursor.fetchall()
    return {(kind, ident) for kind, ident in found}
