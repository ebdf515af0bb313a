"""Putting a referral or booking into the record, in its sender's name: the person, the request, what came with it.

Each resource is the sender's organisation's, as if its own system had sent it by FHIR, through the same write. Beside
them stands a Task of ours, which says how far the request has come. Only somebody whom NHS number, birth date and
name agree with is known; anybody else waits for a person to look (``receiving``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import storing
from commonweal.apps.exchange.bars.limits import limit
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.feeds.bars import tables
from commonweal.feeds.bars.reading import Message
from commonweal.fhir import systems

Json = dict[str, Any]
# About the person, and kept beside the request; the rest of a message is kept as it came, and named in references.
KEPT = frozenset(
    {
        *("AllergyIntolerance", "CarePlan", "Condition", "Encounter", "Flag", "MedicationStatement", "Observation"),
        *("Procedure", "QuestionnaireResponse"),
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """The one person a message is about, and their Patient in the sender's own records ('' for none yet)."""

    person_id: UUID
    patient_id: str


def known(scope: access.SourceScope, message: Message) -> Known | None:
    """Whom a message is about: NHS number, birth date and name agree with one person; None otherwise."""
    who = message.who
    if not who.nhs_number or who.birth_date is None or not who.family:
        return None
    found = identity.search_people(
        name=f"{who.family}, {' '.join(who.given[:1])}", birth_date=who.birth_date, nhs_number=who.nhs_number
    )
    if len(found) != 1:
        return None
    return Known(found[0].person_id, _own_patient(scope, who.nhs_number, str(who.birth_date)))


def _own_patient(scope: access.SourceScope, number: str, born: str) -> str:
    asked = {"identifier": f"{systems.NHS_NUMBER}|{number}", "birthdate": born}
    return next((one.id for one in record.search(scope, "Patient", asked).matches), "")


def put(
    opened: access.AccessSession, scope: access.SourceScope, row: storing.Row, message: Message, who: Known | None
) -> None:
    """Write what ``message`` says of ``row`` into the record, and note where. ``who`` None: nobody known, as they are.

    Raises what the record's write raises; the caller's session then keeps nothing.
    """
    patient = who.patient_id if who and who.patient_id else str(uuid5(row.id, "patient"))
    if who is None and (number := message.who.nhs_number) and message.who.birth_date:
        patient = _own_patient(scope, number, str(message.who.birth_date)) or patient
    kind = str(message.focus["resourceType"])
    resource_id = row.resource_id or str(row.id)
    local = {message.patient_url: f"Patient/{patient}", message.focus_url: f"{kind}/{resource_id}"}
    extra = {}
    for url, one in message.resources.items():
        if one["resourceType"] in KEPT:
            ident = str(uuid5(row.id, url))
            local[url] = f"{one['resourceType']}/{ident}"
            extra[ident] = one
    asks = []
    new_patient = not (who and who.patient_id) and row.compartment is None
    if new_patient and patient == str(uuid5(row.id, "patient")):
        asks.append(_ask({**_localised(message.patient, local, message), "id": patient}))
    focus = _localised(message.focus, local, message)
    if message.step in ("cancel", "mistake") and row.compartment is not None:
        focus = _ended(scope, kind, resource_id, focus)
    if kind == "Appointment" and row.slot_id:
        focus["slot"] = [{"reference": f"Slot/{row.slot_id}"}]
    asks.append(_ask({**focus, "id": resource_id}))
    asks += [_ask({**_localised(one, local, message), "id": ident}) for ident, one in extra.items()]
    asks.append(_ask(task(row, f"{kind}/{resource_id}", f"Patient/{_subject(focus) or patient}")))
    written = record.Writer(opened).write(asks)
    compartment = next((one.done.compartment for one in written if one.done.stored.id == resource_id), None)
    if compartment is None:
        return
    storing.place(row.id, compartment, resource_id)
    if who is not None and new_patient:
        identity.link_verified(compartment, who.person_id)
    relate(row, compartment)


def relate(row: storing.Row, compartment: int) -> None:
    """Let the receiving organisation see the outline of whom it is asked about, for as long as a referral lasts."""
    first = row.made_at.date()
    if tables.statuses()[row.kind, row.state].task in ("rejected", "cancelled", "entered-in-error"):
        last = row.changed_at.date()
    else:
        last = row.made_at.date() + timedelta(days=limit("referred_days", row.made_at.date()))
    access.add_relationships(
        [access.Relationship(row.receiver, compartment, access.RelationshipKind.REFERRED, first, last)], row.sender
    )


def task(row: storing.Row, focus: str, patient: str) -> Json:
    """The Task of a request: who asks whom for what, and how far it has come."""
    return {
        "resourceType": "Task",
        "id": str(uuid5(row.id, "task")),
        "status": tables.statuses()[row.kind, row.state].task,
        "intent": "order",
        "priority": row.priority if row.priority in ("routine", "urgent", "asap", "stat") else "routine",
        "focus": {"reference": focus},
        "for": {"reference": patient},
        "authoredOn": row.made_at.isoformat(timespec="milliseconds"),
        "lastModified": row.changed_at.isoformat(timespec="milliseconds"),
        "requester": {"type": "Organization", "identifier": {"system": systems.ODS, "value": row.sender}},
        "owner": {"type": "Organization", "identifier": {"system": systems.ODS, "value": row.receiver}},
    }


def retask(opened: access.AccessSession, scope: access.SourceScope, row: storing.Row) -> None:
    """Write the Task of ``row`` anew, as it stands."""
    kind = "ServiceRequest" if row.kind == "referral" else "Appointment"
    held = next(iter(record.search(scope, kind, {"_id": row.resource_id}).matches), None)
    if held is None or row.compartment is None:
        return
    patient = _subject(orjson.loads(held.body))
    record.Writer(opened).write([_ask(task(row, f"{kind}/{row.resource_id}", f"Patient/{patient}"))])
    relate(row, row.compartment)


def _ask(resource: Json) -> record.Ask:
    return record.Ask("PUT", resource["resourceType"], resource["id"], text=orjson.dumps(resource).decode())


def _subject(resource: Mapping[str, Any]) -> str:
    """The id of the Patient a request names."""
    actors = (one.get("actor", {}).get("reference", "") for one in resource.get("participant", ()))
    named = [resource.get("subject", {}).get("reference", ""), *actors]
    return next((str(one)[8:] for one in named if str(one).startswith("Patient/")), "")


def _ended(scope: access.SourceScope, kind: str, ident: str, focus: Json) -> Json:
    """What is held, with the status and reason of a cancellation, which says nothing else of it."""
    held = next(iter(record.search(scope, kind, {"_id": ident}).matches), None)
    before: Json = orjson.loads(held.body) if held else {}
    named = ("status", "reasonCode") if kind == "ServiceRequest" else ("status", "cancelationReason")
    return {**(before or focus), **{name: focus[name] for name in named if name in focus}}


def _localised(resource: Mapping[str, Any], local: Mapping[str, str], message: Message) -> Json:
    """``resource`` with references as this record has them; what is not kept is named by its identifier and name."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(one) for one in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("reference")
        if isinstance(reference, str):
            if reference in local:
                return {**value, "reference": local[reference]}
            if reference in message.resources:
                return _named(message.resources[reference])
            if reference.startswith("urn:uuid:"):
                return {"display": value.get("display") or "Not sent"}
        return {name: walk(one) for name, one in value.items()}

    found: Json = walk(dict(resource))
    found.pop("meta", None)
    return found


def _named(resource: Mapping[str, Any]) -> Json:
    said: Json = {"type": resource["resourceType"]}
    identifier = next(iter(resource.get("identifier", ())), None)
    if identifier is not None:
        said["identifier"] = {name: identifier[name] for name in ("system", "value") if name in identifier}
    name = resource.get("name")
    text = name if isinstance(name, str) else next((one.get("text", "") for one in name or ()), "")
    return {**said, "display": text} if text else said if identifier else {"display": str(resource["resourceType"])}
