"""The HTTP headers of the standard, read and made.

https://simplifier.net/guide/nhsbookingandreferralstandard/Home/Core/End-to-end-workflow (Core 1.2.2): transaction
integrity (X-Request-Id, X-Correlation-Id), routing (NHSD-Target-Identifier) and access control
(NHSD-End-User-Organisation). The last two are Base64 of JSON.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from commonweal.feeds.bars.tables import BarsRefused
from commonweal.fhir import systems

SERVICE_ID = "https://fhir.nhs.uk/Id/dos-service-id"
_MOST = 8_000  # characters of one header


@dataclass(frozen=True, slots=True)
class Headers:
    """Who asks whom. ``service``: the id of the service it is for; ``organisation``: ODS code of the end user's."""

    request: UUID
    correlation: UUID
    service: str
    organisation: str

    def made(self, name: str = "") -> dict[str, str]:
        """These as HTTP headers; ``name`` of the organisation."""
        organisation: dict[str, Any] = {
            "resourceType": "Organization",
            "identifier": [{"system": systems.ODS, "value": self.organisation}],
        }
        if name:
            organisation["name"] = name
        return {
            "X-Request-Id": str(self.request),
            "X-Correlation-Id": str(self.correlation),
            "NHSD-Target-Identifier": _packed({"system": SERVICE_ID, "value": self.service}),
            "NHSD-End-User-Organisation": _packed(organisation),
        }


def mirrored(given: Mapping[str, str]) -> dict[str, str]:
    """The two ids as they came, to be sent back at all times (Receiver responsibilities); only where they are ids."""
    found = {}
    for name in ("X-Request-Id", "X-Correlation-Id"):
        try:
            found[name] = str(UUID(_value(given, name)))
        except ValueError:
            continue
    return found


def read(given: Mapping[str, str]) -> Headers:
    """The headers of a request, names in any case. Raises ``BarsRefused``."""
    ids = []
    for name in ("X-Request-Id", "X-Correlation-Id"):
        text = _value(given, name)
        if not text:
            raise BarsRefused("headers-missing", name)
        try:
            if len(text) != 36:
                raise ValueError
            ids.append(UUID(text))
        except ValueError:
            raise BarsRefused("headers-invalid", f"{name} is a UUID") from None
    target = _unpacked(given, "NHSD-Target-Identifier", "target-malformed")
    system, service = target.get("system"), target.get("value")
    if not isinstance(system, str) or not isinstance(service, str) or not service:
        raise BarsRefused("target-malformed")
    if system.lower() != SERVICE_ID.lower():
        raise BarsRefused("service-unknown", f"services are known here by {SERVICE_ID}")
    organisation = _unpacked(given, "NHSD-End-User-Organisation", "headers-invalid")
    identifiers = organisation.get("identifier")
    for one in identifiers if isinstance(identifiers, list) else ():
        if isinstance(one, dict) and one.get("system") == systems.ODS and isinstance(one.get("value"), str):
            return Headers(ids[0], ids[1], service, one["value"])
    raise BarsRefused("headers-invalid", "NHSD-End-User-Organisation names no ODS code")


def _value(given: Mapping[str, str], name: str) -> str:
    found = given.get(name)
    if found is None:
        found = next((value for key, value in given.items() if key.lower() == name.lower()), "")
    return found.strip()


def _unpacked(given: Mapping[str, str], name: str, rule: str) -> dict[str, Any]:
    text = _value(given, name)
    if not text:
        raise BarsRefused("headers-missing", name)
    try:
        said = json.loads(base64.b64decode(text[:_MOST], validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise BarsRefused(rule, f"{name} is Base64 of a JSON object") from None
    if not isinstance(said, dict):
        raise BarsRefused(rule, f"{name} is Base64 of a JSON object")
    return said


def _packed(said: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()
