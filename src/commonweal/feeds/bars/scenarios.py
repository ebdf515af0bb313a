"""A scripted sender that tests a receiver of the standard, step by step, and says what of it conforms.

Each step names the page of Core 1.2.2 it tests. The transport is an argument: HTTPS for a partner's test system, the
simulator, or a test client. Everybody in it is made up: the patient is an argument, and should be a test patient whom
the receiver knows.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson

from commonweal.feeds.bars import slots, writing
from commonweal.feeds.bars.answers import as_json, focus_of, in_short
from commonweal.feeds.bars.headers import Headers
from commonweal.feeds.bars.writing import Envelope, Party

Transport = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""(method, path below the base address, headers, body) → (status, headers, body). Raises ``OSError``."""
PROCESS = "$process-message"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing asked and what came. ``expected``, ``found``: status, code and issue, or what else was looked for."""

    scenario: str
    name: str
    page: str
    expected: str
    found: str

    @property
    def passed(self) -> bool:
        """Whether it is as the standard has it."""
        return self.expected == self.found


@dataclass(slots=True)
class Peer:
    """A receiver under test: how to reach it, and who asks it about whom. ``ident`` makes every id of the run."""

    transport: Transport
    sender: Party
    receiver: Party
    patient: Mapping[str, Any]
    at: datetime
    ident: UUID
    slot: Mapping[str, Any] | None = None  # a free Slot of the receiver's, with its id
    schedule: Mapping[str, Any] = field(default_factory=lambda: {"resourceType": "Schedule"})
    _minutes: int = 0

    def envelope(self, name: str) -> Envelope:
        """An envelope a minute later than the last."""
        self._minutes += 1
        at = self.at + timedelta(minutes=self._minutes)
        return Envelope(uuid5(self.ident, f"bundle {name}"), self.sender, self.receiver, at, "Test Sender")

    def headers(self, name: str, scenario: str) -> Headers:
        """Fresh ids for a message; the correlation id is the scenario's."""
        request, correlation = uuid5(self.ident, f"request {name}"), uuid5(self.ident, f"correlation {scenario}")
        return Headers(request, correlation, self.receiver.service, self.sender.organisation)

    def send(self, given: Mapping[str, str], body: bytes) -> tuple[str, dict[str, Any], Mapping[str, str]]:
        """What a message is answered with: in short, as JSON, and its headers."""
        status, said, answer = self.transport("POST", PROCESS, {**given, "Content-Type": "application/fhir+json"}, body)
        told = as_json(answer)
        return in_short(status, told), told, said


def run(peer: Peer) -> Iterator[Step]:
    """Every scenario in turn. A receiver that does not answer ends the step it happens in, and not the run."""
    for scenario in (_referral, _order, _headers, _payloads, _slots, _bookings):
        try:
            yield from scenario(peer)
        except OSError as lost:
            yield Step(scenario.__name__.strip("_"), "reach the receiver", "", "an answer", type(lost).__name__)


def _referral(peer: Peer) -> Iterator[Step]:
    """New, read, updated, suspended, resumed, cancelled; and twice, and after its end."""
    page = "Transactional Integrity"
    given = peer.headers("new", "referral").made()
    first = writing.referral(peer.envelope("new"), REQUEST, peer.patient)
    short, told, said = peer.send(given, first)
    yield Step("referral", "a new referral is taken", "Standard Pattern for Composites", "200", short)
    got = {name.lower(): value for name, value in said.items()}
    same = all(got.get(name.lower()) == given[name] for name in ("X-Request-Id", "X-Correlation-Id"))
    yield Step("referral", "both ids come back", page, "mirrored", "mirrored" if same else "not mirrored")
    ident = str(focus_of(told, "ServiceRequest").get("id", ""))
    yield Step(
        "referral", "the answer gives the referral its id", "Cancellation: ServiceRequest.id", "id", _uuid(ident)
    )
    short, _, _ = peer.send(given, first)
    yield Step("referral", "the same message again is a duplicate", page, "409 REC_CONFLICT duplicate", short)
    changed = writing.referral(peer.envelope("new"), {**REQUEST, "priority": "urgent"}, peer.patient)
    short, _, _ = peer.send(given, changed)
    yield Step("referral", "another message under its id is a conflict", page, "409 REC_CONFLICT conflict", short)
    yield _read(peer, "ServiceRequest", ident, "active")
    older = peer.envelope("older")
    for name, status in (("update", "active"), ("suspend", "on-hold"), ("resume", "active")):
        body = writing.referral(
            peer.envelope(name), {**REQUEST, "id": ident, "status": status}, peer.patient, (), "update"
        )
        short, _, _ = peer.send(peer.headers(name, "referral").made(), body)
        yield Step("referral", f"{name}: status {status}", "Sending an update", "200", short)
        yield _read(peer, "ServiceRequest", ident, status)
    body = writing.referral(older, {**REQUEST, "id": ident}, peer.patient, (), "update")
    short, _, _ = peer.send(peer.headers("older", "referral").made(), body)
    yield Step("referral", "an update older than what is held", "Data Conflicts", "409 REC_CONFLICT conflict", short)
    other = {**peer.patient, "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000026"}]}
    body = writing.referral_ended(peer.envelope("other"), ident, "revoked", other, "Test")
    short, _, _ = peer.send(peer.headers("other", "referral").made(), body)
    yield Step(
        "referral", "a cancellation about another patient", "Cancellation: Patient", "409 REC_CONFLICT conflict", short
    )
    body = writing.referral_ended(peer.envelope("cancel"), ident, "revoked", peer.patient, "No longer needed")
    short, _, _ = peer.send(peer.headers("cancel", "referral").made(), body)
    yield Step("referral", "a cancellation is taken", "Cancellation", "200", short)
    yield _read(peer, "ServiceRequest", ident, "revoked")
    body = writing.referral_ended(peer.envelope("cancel again"), ident, "revoked", peer.patient, "No longer needed")
    short, _, _ = peer.send(peer.headers("cancel again", "referral").made(), body)
    yield Step("referral", "what is cancelled is not current", "Cancellation", "409 REC_CONFLICT conflict", short)


def _order(peer: Peer) -> Iterator[Step]:
    """Changes of what the receiver never heard of."""
    ident = str(uuid5(peer.ident, "never sent"))
    body = writing.referral(peer.envelope("unknown"), {**REQUEST, "id": ident}, peer.patient, (), "update")
    short, _, _ = peer.send(peer.headers("unknown", "order").made(), body)
    yield Step("order", "an update of something unknown", "Bundle Processing", "404 REC_NOT_FOUND not-found", short)
    body = writing.referral_ended(peer.envelope("unknown end"), ident, "revoked", peer.patient, "Test")
    short, _, _ = peer.send(peer.headers("unknown end", "order").made(), body)
    yield Step("order", "a cancellation of something unknown", "Cancellation", "404 REC_NOT_FOUND not-found", short)
    body = writing.answered(peer.envelope("stray"), REQUEST, peer.patient, ident, "completed")
    short, _, _ = peer.send(peer.headers("stray", "order").made(), body)
    yield Step("order", "a response to nothing", "Bundle Processing", "404 REC_NOT_FOUND not-found", short)


def _headers(peer: Peer) -> Iterator[Step]:
    """Headers that are missing or wrong."""
    body = writing.referral(peer.envelope("headers"), REQUEST, peer.patient)
    page = "Bundle Processing: HTTP Headers"
    for name, wrong, expected in (
        ("X-Request-Id", "", "400 REC_BAD_REQUEST required"),
        ("X-Request-Id", "17", "400 REC_BAD_REQUEST invalid"),
        ("X-Correlation-Id", "", "400 REC_BAD_REQUEST required"),
        ("NHSD-Target-Identifier", "", "400 REC_BAD_REQUEST required"),
        ("NHSD-Target-Identifier", "not base64!", "400 REC_BAD_REQUEST structure"),
        ("NHSD-End-User-Organisation", "", "400 REC_BAD_REQUEST required"),
        ("NHSD-End-User-Organisation", "bm9uZQ==", "400 REC_BAD_REQUEST invalid"),
    ):
        given = peer.headers(f"headers {name} {wrong}", "headers").made()
        if wrong:
            given[name] = wrong
        else:
            del given[name]
        short, _, _ = peer.send(given, body)
        yield Step("headers", f"{name} {'wrong' if wrong else 'missing'}", page, expected, short)
    asked = peer.headers("headers service", "headers")
    given = Headers(asked.request, asked.correlation, "0000000000", asked.organisation).made()
    short, _, _ = peer.send(given, body)
    yield Step("headers", "a service there is none of", "GET /Slots", "404 REC_NOT_FOUND not-found", short)


def _payloads(peer: Peer) -> Iterator[Step]:
    """Bodies that are no message, or not the one they say."""
    cases: list[tuple[str, bytes, str]] = [
        ("no JSON", b"{", "400 REC_BAD_REQUEST structure"),
        ("a Bundle of another type", b'{"resourceType":"Bundle","type":"batch"}', "400 REC_BAD_REQUEST structure"),
    ]
    whole = orjson.loads(writing.referral(peer.envelope("payload"), REQUEST, peer.patient))
    short_of = {**whole, "entry": [one for one in whole["entry"] if one["resource"]["resourceType"] != "Consent"]}
    cases.append(("an entry short of its MessageDefinition", orjson.dumps(short_of), "400 REC_BAD_REQUEST invariant"))
    body = writing.referral(peer.envelope("finished"), {**REQUEST, "status": "completed"}, peer.patient)
    cases.append(("a new referral that is completed", body, "400 REC_BAD_REQUEST invariant"))
    for name, body, expected in cases:
        short, _, _ = peer.send(peer.headers(f"payload {name}", "payloads").made(), body)
        yield Step("payloads", name, "Bundle Processing", expected, short)


def _slots(peer: Peer) -> Iterator[Step]:
    """Free slots asked for rightly and wrongly; the soonest is the one to book, unless the run names another."""
    page = "GET /Slots"
    given = peer.headers("slots", "slots").made()
    asked = slots.path(peer.receiver.service, peer.at, peer.at + timedelta(days=14))
    code, _, answer = peer.transport("GET", asked, given, b"")
    told = as_json(answer)
    yield Step("slots", "free slots are asked for", page, "200", in_short(code, told))
    wrong = asked.replace("status=free&", "")
    code, _, answer = peer.transport("GET", wrong, peer.headers("slots wrong", "slots").made(), b"")
    short = in_short(code, as_json(answer))
    yield Step("slots", "without a status", page, "400 REC_BAD_REQUEST required", short)
    offers = slots.offered(told)
    if peer.slot is None and offers:
        peer.slot, peer.schedule = offers[0].slot, offers[0].schedule


def _bookings(peer: Peer) -> Iterator[Step]:
    """A slot booked, booked again by another, given up, and booked by the other; where a slot is named."""
    if peer.slot is None:
        return
    page = "Bundle Processing: booking-request"
    body = writing.booking(peer.envelope("book"), APPOINTMENT, peer.slot, peer.schedule, peer.patient)
    short, told, _ = peer.send(peer.headers("book", "booking").made(), body)
    yield Step("booking", "a free slot is booked", page, "200", short)
    focus = focus_of(told, "Appointment")
    yield _read(peer, "Appointment", str(focus.get("id", "")), "booked")
    second = writing.booking(peer.envelope("book 2"), APPOINTMENT, peer.slot, peer.schedule, peer.patient)
    short, _, _ = peer.send(peer.headers("book 2", "booking 2").made(), second)
    yield Step("booking", "a slot that is taken", page, "409 REC_CONFLICT conflict", short)
    body = writing.booking_ended(peer.envelope("unbook"), focus or APPOINTMENT, "cancelled", peer.patient)
    short, _, _ = peer.send(peer.headers("unbook", "booking").made(), body)
    yield Step("booking", "a booking is cancelled", "Cancellation", "200", short)
    body = writing.booking_ended(peer.envelope("unbook again"), focus or APPOINTMENT, "cancelled", peer.patient)
    short, _, _ = peer.send(peer.headers("unbook again", "booking").made(), body)
    yield Step("booking", "a cancelled booking is not current", "Cancellation", "409 REC_CONFLICT conflict", short)
    short, _, _ = peer.send(peer.headers("book 2", "booking 2").made(), second)
    yield Step("booking", "what was refused may be tried again once the slot is free", page, "200", short)


def _read(peer: Peer, kind: str, ident: str, status: str) -> Step:
    given = peer.headers(f"read {kind} {ident} {status}", "read").made()
    code, _, answer = peer.transport("GET", f"{kind}/{ident}", given, b"")
    found = str(as_json(answer).get("status", "")) if code == 200 else str(code)
    return Step(kind, f"read it back: {status}", f"GET /{kind}", status, found)


def _uuid(text: str) -> str:
    try:
        UUID(text)
    except ValueError:
        return f"no id: {text[:50]}"
    return "id"


REQUEST: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "plan",
    "priority": "routine",
    "category": [
        {
            "coding": [
                {
                    "system": "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest",
                    "code": "referral",
                    "display": "Transfer of Care",
                }
            ]
        }
    ],
    "code": {"text": "Conformance test"},
    "authoredOn": "2020-10-01T09:00:00+01:00",
}
MADE_UP: dict[str, Any] = {  # NHS numbers that begin with 999 are never anybody's
    "resourceType": "Patient",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
    "name": [{"use": "official", "family": "Testpatient", "given": ["Conformance"]}],
    "gender": "unknown",
    "birthDate": "1980-02-03",
}
APPOINTMENT: dict[str, Any] = {
    "resourceType": "Appointment",
    "status": "booked",
    "description": "Conformance test",
}
