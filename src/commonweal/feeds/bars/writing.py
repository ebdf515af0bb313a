"""Messages of the standard, made: a referral, a booking, a change of either, an answer; and what answers them.

MessageDefinitions of 2025-03-24 (``definitions.csv``) say what each holds. Ids and times are arguments: the same
arguments make the same bytes, so that a retry is one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import orjson

from commonweal.feeds.bars.headers import SERVICE_ID
from commonweal.feeds.bars.reading import EVENTS, REASONS, Message
from commonweal.feeds.bars.tables import BarsRefused
from commonweal.fhir import systems

Json = dict[str, Any]
VERSION = "1.2.2"
_BUNDLE = "https://fhir.nhs.uk/StructureDefinition/BARSBundleMessage"
_HEADER = "https://fhir.nhs.uk/StructureDefinition/BARSMessageHeader-"
_DEFINITION = "https://fhir.nhs.uk/MessageDefinition/bars-message-"
_CODES = "https://fhir.nhs.uk/Codesystem/http-error-codes"
_OUTCOME = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome"
REFERRAL = f"{_DEFINITION}servicerequest-request-referral"
REFERRAL_CANCELLED = f"{_DEFINITION}servicerequest-request-cancelled"
RESPONSE = f"{_DEFINITION}servicerequest-response-referral"
BOOKING = f"{_DEFINITION}booking-request"
BOOKING_CANCELLED = f"{_DEFINITION}booking-request-cancelled"


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation and the service of it that sends or receives."""

    organisation: str
    name: str
    service: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends what to whom when. ``ident``: Bundle.id, from which every id within is made."""

    ident: UUID
    sender: Party
    receiver: Party
    at: datetime
    by: str = ""  # the practitioner who sends, by name

    def url(self, what: str) -> str:
        """The full URL of one thing in the message."""
        return f"urn:uuid:{uuid5(self.ident, what)}"


def referral(
    envelope: Envelope, request: Mapping[str, Any], patient: Mapping[str, Any], extra: Iterable[Json] = (),
    reason: str = "new",
) -> bytes:  # fmt: skip
    """A referral, new or changed. ``request``: the ServiceRequest; on an update with the id its receiver gave it.

    ``extra``: further resources about the patient (AllergyIntolerance, Condition …), already without ids.
    """
    e = envelope
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"text": "Implied consent for direct care"},
        "patient": {"reference": e.url("patient")},
    }
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": e.url("patient")},
        "period": {"start": _moment(e.at), "end": _moment(e.at)},
    }
    plan = {
        "resourceType": "CarePlan",
        "status": "completed",
        "intent": "plan",
        "subject": {"reference": e.url("patient")},
        "encounter": {"reference": e.url("encounter")},
    }
    said = {**request, "subject": {"reference": e.url("patient")}, "encounter": {"reference": e.url("encounter")}}
    said["basedOn"] = [{"reference": e.url("plan")}]
    said["requester"] = {"reference": e.url("role")}
    said["performer"] = [_organisation(e.receiver)]
    entries = [
        ("request", said),
        ("patient", _patient(patient)),
        ("encounter", encounter),
        ("plan", plan),
        ("consent", consent),
        *_people(e),
        *_organisations(e),
        ("service", _service(e)),
        *((f"extra {n}", {**one, **_about(one, e.url("patient"))}) for n, one in enumerate(extra)),
    ]
    return _message(e, "servicerequest-request", reason, REFERRAL, "request", entries)


def referral_ended(envelope: Envelope, ident: str, status: str, patient: Mapping[str, Any], why: str) -> bytes:
    """A referral withdrawn: ``status`` revoked, or entered-in-error; ``ident`` as its receiver gave it."""
    e = envelope
    request = {
        "resourceType": "ServiceRequest",
        "id": ident,
        "status": status,
        "intent": "plan",
        "subject": {"reference": e.url("patient")},
        "reasonCode": [{"text": why}],
    }
    entries = [("request", request), ("patient", _patient(patient)), *_organisations(e)]
    return _message(e, "servicerequest-request", "update", REFERRAL_CANCELLED, "request", entries)


def answered(
    envelope: Envelope, request: Mapping[str, Any], patient: Mapping[str, Any], first: str, status: str
) -> bytes:
    """The receiver's answer later: ``status`` active (accepted), completed or revoked; ``first``: Bundle.id asked."""
    e = envelope
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "policyRule": {"text": "Implied consent for direct care"},
        "patient": {"reference": e.url("patient")},
    }
    said = {**request, "status": status, "subject": {"reference": e.url("patient")}}
    for name in ("encounter", "basedOn", "requester", "supportingInfo"):
        said.pop(name, None)
    entries = [
        ("request", said),
        ("patient", _patient(patient)),
        ("consent", consent),
        *_people(e),
        *_organisations(e),
        ("service", _service(e)),
    ]
    return _message(e, "servicerequest-response", "new", RESPONSE, "request", entries, answers=first)


def booking(
    envelope: Envelope, appointment: Mapping[str, Any], slot: Mapping[str, Any], schedule: Mapping[str, Any],
    patient: Mapping[str, Any], reason: str = "new",
) -> bytes:  # fmt: skip
    """A booking of ``slot``; on an update ``appointment`` has the id its receiver gave it."""
    e = envelope
    said = {
        **appointment,
        "slot": [{"reference": e.url("slot")}],
        "start": slot["start"],
        "end": slot["end"],
        "created": _moment(e.at),
        "participant": [{"actor": {"reference": e.url("patient")}, "status": "accepted"}],
    }
    held = {**schedule, "actor": [{"reference": e.url("service")}]}
    entries = [
        ("appointment", said),
        ("patient", _patient(patient)),
        ("slot", {**slot, "schedule": {"reference": e.url("schedule")}}),
        ("schedule", held),
        ("service", _service(e)),
        *_organisations(e),
    ]
    return _message(e, "booking-request", reason, BOOKING, "appointment", entries)


def booking_ended(envelope: Envelope, appointment: Mapping[str, Any], status: str, patient: Mapping[str, Any]) -> bytes:
    """A booking withdrawn: ``status`` cancelled, or entered-in-error."""
    e = envelope
    said = {
        **appointment,
        "status": status,
        "participant": [{"actor": {"reference": e.url("patient")}, "status": "accepted"}],
    }
    entries = [("appointment", said), ("patient", _patient(patient)), *_organisations(e)]
    return _message(e, "booking-request", "update", BOOKING_CANCELLED, "appointment", entries)


def response(message: Message, ident: str, at: datetime, status: str) -> bytes:
    """The synchronous answer to a message that was taken: its header and its focus with the id given here."""
    said = {**message.focus, "id": ident, "status": status}
    said["meta"] = {**said.get("meta", {}), "lastUpdated": _moment(at)}
    header = {
        "resourceType": "MessageHeader",
        "id": str(uuid5(UUID(ident), message.bundle)),
        "eventCoding": {"system": EVENTS, "code": message.event},
        "source": {"endpoint": f"{SERVICE_ID}|{message.service}"},
        "destination": [{"endpoint": f"{SERVICE_ID}|{message.reply_to}"}],
        "response": {"identifier": message.bundle, "code": "ok"},
        "reason": {"coding": [{"system": REASONS, "code": message.reason}]},
        "focus": [{"reference": message.focus_url}],
    }
    entries = [
        {"fullUrl": f"urn:uuid:{header['id']}", "resource": header},
        {"fullUrl": message.focus_url, "resource": said},
        {"fullUrl": message.patient_url, "resource": message.patient},
    ]
    bundle = {
        "resourceType": "Bundle",
        "id": str(uuid5(UUID(ident), f"answer {message.bundle}")),
        "type": "message",
        "timestamp": _moment(at),
        "entry": entries,
    }
    return orjson.dumps(bundle)


def outcome(refused: BarsRefused) -> bytes:
    """A refusal as the standard tells it: an OperationOutcome with an http-error-codes code."""
    fault = refused.fault
    coding = {"system": _CODES, "code": fault.code, "display": f"{fault.status} - {fault.code}"}
    issue = {
        "severity": "error",
        "code": fault.issue,
        "details": {"coding": [coding]},
        "diagnostics": refused.diagnostics,
    }
    return orjson.dumps({"resourceType": "OperationOutcome", "meta": {"profile": [_OUTCOME]}, "issue": [issue]})


def _message(
    e: Envelope, event: str, reason: str, definition: str, focus: str, entries: Iterable[tuple[str, Mapping[str, Any]]],
    answers: str = "",
) -> bytes:  # fmt: skip
    header: Json = {
        "resourceType": "MessageHeader",
        "meta": {"profile": [_HEADER + event]},
        "eventCoding": {"system": EVENTS, "code": event},
        "destination": [
            {
                "endpoint": f"{SERVICE_ID}|{e.receiver.service}",
                "receiver": {"reference": e.url("organisation " + e.receiver.organisation)},
            }
        ],
        "sender": {"reference": e.url("organisation " + e.sender.organisation)},
        "source": {"name": e.sender.name, "software": "Commonweal", "endpoint": f"{SERVICE_ID}|{e.sender.service}"},
        "reason": {"coding": [{"system": REASONS, "code": reason}]},
        "focus": [{"reference": e.url(focus)}],
        "definition": definition,
    }
    if answers:
        header["response"] = {"identifier": answers, "code": "ok"}
    listed = [("header", header), *entries]
    bundle = {
        "resourceType": "Bundle",
        "id": str(e.ident),
        "meta": {"versionId": VERSION, "lastUpdated": _moment(e.at), "profile": [_BUNDLE]},
        "type": "message",
        "timestamp": _moment(e.at),
        "entry": [
            {"fullUrl": e.url(name), "resource": {**one, "meta": {**one.get("meta", {}), "lastUpdated": _moment(e.at)}}}
            for name, one in listed
        ],
    }
    return orjson.dumps(bundle)


def _patient(patient: Mapping[str, Any]) -> Json:
    """What a receiver needs to know whom it is about; the sender's own id is not sent."""
    kept = ("identifier", "name", "gender", "birthDate", "address", "telecom", "generalPractitioner")
    return {"resourceType": "Patient", **{name: patient[name] for name in kept if name in patient}}


def _about(resource: Mapping[str, Any], patient: str) -> Json:
    """The element that says whose ``resource`` is, pointing at the patient of the message."""
    return {"patient" if "patient" in resource else "subject": {"reference": patient}}


def _people(e: Envelope) -> list[tuple[str, Json]]:
    practitioner = {"resourceType": "Practitioner", "name": [{"text": e.by or "Not stated"}]}
    role = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": e.url("practitioner")},
        "organization": {"reference": e.url("organisation " + e.sender.organisation)},
    }
    return [("practitioner", practitioner), ("role", role)]


def _organisations(e: Envelope) -> list[tuple[str, Json]]:
    found = []
    for side, party in (("sender", e.sender), ("receiver", e.receiver)):
        organisation = {
            "resourceType": "Organization",
            "identifier": [{"system": systems.ODS, "value": party.organisation}],
            "name": party.name,
        }
        same = side == "receiver" and party.organisation == e.sender.organisation
        found.append((f"organisation {party.organisation}" + (" itself" if same else ""), organisation))
    return found


def _organisation(party: Party) -> Json:
    return {
        "type": "Organization",
        "identifier": {"system": systems.ODS, "value": party.organisation},
        "display": party.name,
    }


def _service(e: Envelope) -> Json:
    return {
        "resourceType": "HealthcareService",
        "identifier": [{"system": SERVICE_ID, "value": e.receiver.service}],
        "name": e.receiver.name,
        "providedBy": {"reference": e.url("organisation " + e.receiver.organisation)},
    }


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
