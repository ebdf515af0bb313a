"""What the two readings of the audit as FHIR share: codes, dates, links. https://hl7.org/fhir/R4/auditevent.html"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from commonweal.apps.access import api as access
from commonweal.apps.record.rest.handling import base
from commonweal.apps.record.rest.query import Query
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.searching.values import after, moments

KIND = "AuditEvent"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACTION = "https://commonweal.example/CodeSystem/audit-action"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
_PURPOSES = {
    access.Purpose.DIRECT_CARE: "TREAT",
    access.Purpose.EMERGENCY: "ETREAT",
    access.Purpose.OWN_RECORD: "PATRQT",
    access.Purpose.ON_BEHALF: "PATRQT",
    access.Purpose.POPULATION_HEALTH: "PUBHLTH",
    access.Purpose.PERFORMANCE: "HQUALIMP",
    access.Purpose.OPERATIONS: "HOPERAT",
    access.Purpose.INFORMATION_GOVERNANCE: "HCOMPL",
}
_VERBS = {"create": "C", "update": "U", "patch": "U", "delete": "D", "read": "R", "vread": "R", "history": "R"}
_VERBS |= {"search": "R", "everything": "R", "page": "R"}
# https://hl7.org/fhir/R4/valueset-audit-event-outcome.html : success, and minor and serious failure
OUTCOMES = {"allowed": "0", "mixed": "0", "refused": "4", "failed": "8"}


def verb(action: str) -> str:
    """The one-letter action of an audited one: https://hl7.org/fhir/R4/valueset-audit-event-action.html"""
    return _VERBS.get(action.rpartition(".")[2], "E")


def purpose(name: str) -> dict[str, Any]:
    """A purpose as a CodeableConcept."""
    known = _PURPOSES.get(access.Purpose(name)) if name in set(access.Purpose) else None
    return {"text": name.replace("_", " "), **({"coding": [{"system": REASON, "code": known}]} if known else {})}


def between(query: Query) -> tuple[datetime | None, datetime | None]:
    """From when, and before when, by every ``date`` of the search."""
    since, below = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for value in (value for name, value in query.params if name == "date"):
        sought = moments("date", value, datetime.now(UTC))
        first, last = datetime.fromisoformat(sought.first), datetime.fromisoformat(after(sought.last))
        if sought.prefix in ("ne", "ap"):
            raise BadSearch(f"date={value}: give eq, ge, gt, le, lt, sa or eb")
        if sought.prefix in ("eq", "ge"):
            since = max(since, first)
        if sought.prefix in ("gt", "sa"):
            since = max(since, last)
        if sought.prefix in ("eq", "le"):
            below = min(below, last)
        if sought.prefix in ("lt", "eb"):
            below = min(below, first)
    return (since if since.year > 1 else None), (below if below.year < 9999 else None)


def number(name: str, text: str) -> int | None:
    """The number of an event in ``text``, None for none. Raises ``BadSearch``."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadSearch(f"{name}={text}: give the number of an event")
    return int(text) if text else None


def link(request: HttpRequest, query: Query, cursor: str) -> str:
    """The address of the page of a search that begins after ``cursor``."""
    pairs = [(name, value) for name, value in query.params if name != "_cursor"]
    pairs += [("_count", str(query.count))] if query.count is not None else []
    pairs += [("_cursor", cursor)] if cursor else []
    return f"{base(request)}/{KIND}" + (f"?{urlencode(pairs)}" if pairs else "")
