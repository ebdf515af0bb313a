"""MDM^T02 → FHIR DocumentReference: a clinical letter or summary with its text.

Message: http://www.hl7.eu/HL7v2x/v24/std24/ch09.html, segments TXA and OBX; TXA-17: HL7 table 0271, TXA-19: table
0273. A document is known by TXA-12; what a later message says of it counts. A cancelled one is marked so, never
removed.
"""

import base64
from collections.abc import Sequence

from commonweal.feeds.adt_events import Head
from commonweal.feeds.hl7v2 import DELETE
from commonweal.feeds.hl7v2_results import attachment, concept, moment
from commonweal.feeds.people import Json, organisation, parsed, stable_id
from commonweal.feeds.types import Parsed, Problem

_STATUS = {"CA": "entered-in-error", "OB": "superseded"}
_FINISHED = {"AU": "final", "LA": "final", "DO": "preliminary", "DI": "preliminary", "IN": "preliminary",
             "IP": "preliminary", "PA": "preliminary"}  # fmt: skip


def documents(source: str, mrn: str, heads: Sequence[Head], problems: list[Problem]) -> list[Parsed | Problem]:
    """The documents of one person from their MDM messages, sorted by order."""
    latest: dict[str, Head] = {}
    for about in heads:
        latest[about.message.first("TXA", 12) or about.control_id] = about
    return [
        parsed(0, _reference(source, mrn, key, about, problems), mrn, "adt", about.message.raw)
        for key, about in latest.items()
    ]


def _reference(source: str, mrn: str, key: str, about: Head, problems: list[Problem]) -> Json:
    message = about.message
    resource: Json = {
        "resourceType": "DocumentReference",
        "id": stable_id(source, "DocumentReference", f"{mrn}|{key}"),
        "identifier": [{"value": key, "assigner": organisation(source)}],
        "status": _STATUS.get(message.first("TXA", 19), "current"),
    }
    finished = _FINISHED.get(message.first("TXA", 17))
    if finished:
        resource["docStatus"] = finished
    resource["type"] = concept(message, "TXA", 2, 0)
    resource["subject"] = {"reference": f"Patient/{stable_id(source, 'Patient', mrn)}"}
    written = moment(message, "TXA", 6, 0, problems) or moment(message, "TXA", 4, 0, problems)
    resource["date"] = written if "T" in written else about.happened.isoformat()
    author = " ".join(part for part in (message.first("TXA", 9, at) for at in (6, 3, 2)) if part and part != DELETE)
    if author:
        resource["author"] = [{"type": "Practitioner", "display": author}]
    resource["custodian"] = organisation(source)
    resource["content"] = [{"attachment": form} for form in _forms(about)]
    return resource


def _forms(about: Head) -> list[Json]:
    """The text of the OBX segments as one attachment, and each encapsulated file as one of its own."""
    message = about.message
    lines: list[str] = []
    forms: list[Json] = []
    for index in range(message.count("OBX")):
        if message.first("OBX", 2, 1, index) == "ED":
            forms.append(attachment(message, index))
        else:
            lines += [
                " ".join(message.value(parts, number + 1) for number in range(len(parts)))
                for parts in message.repetitions("OBX", 5, index)
            ]
    text = "\n".join(lines).strip()
    if text:
        data = base64.b64encode(text.encode()).decode()
        forms.insert(0, {"contentType": "text/plain; charset=utf-8", "data": data})
    return forms or [{"title": "no content was sent"}]
