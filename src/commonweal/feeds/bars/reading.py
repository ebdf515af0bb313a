"""A message Bundle → what it says: who, what, about which referral or booking. Nothing is believed that is not checked.

https://simplifier.net/guide/nhsbookingandreferralstandard/Home/Core/Standard-Pattern-Composite-Messages (Core 1.2.2):
MessageHeader drives the workflow, its ``focus`` is where to begin, its ``definition`` says what must be there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from commonweal.feeds.bars import tables
from commonweal.feeds.bars.tables import BarsRefused
from commonweal.fhir.demographics import Demographics, demographics
from commonweal.fhir.errors import Invalid, excerpt
from commonweal.fhir.parse import parse_line, twice
from commonweal.fhir.validate import validate

EVENTS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
REASONS = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
MOST = 5 * 1024 * 1024  # bytes of a message
_FOCUS = {"servicerequest": "ServiceRequest", "booking": "Appointment"}
_ENTRIES = 500
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message that adheres to its definition.

    ``kind``: referral or booking; ``step``: what it asks for (workflow.csv); ``resources``: all but the header, by
    full URL; ``updated``: when its focus was last changed, as its sender says.
    """

    bundle: str
    event: str
    reason: str
    step: str
    kind: str
    definition: str
    answers: str
    reply_to: str
    service: str
    focus_url: str
    focus: Json
    patient_url: str
    patient: Json
    resources: dict[str, Json]
    updated: datetime | None

    @property
    def who(self) -> Demographics:
        """Whom it is about."""
        return demographics(self.patient)

    @property
    def ident(self) -> str:
        """The id of the referral or booking, which its receiver gave it; '' in the first message."""
        return str(self.focus.get("id", ""))

    @property
    def slot(self) -> str:
        """The id of the slot of a booking: that of the Slot in the message, or of the reference."""
        for one in self.focus.get("slot", ()):
            reference = str(one.get("reference", ""))
            held = self.resources.get(reference, {})
            return str(held.get("id") or reference.removeprefix("Slot/").removeprefix("urn:uuid:"))
        return ""

    @property
    def title(self) -> str:
        """What is asked for, in the sender's words."""
        code = self.focus.get("code", {})
        codes = [
            *code.get("coding", ()),
            *(c for one in self.focus.get("reasonCode", ()) for c in one.get("coding", ())),
        ]
        said = (
            code.get("text")
            or self.focus.get("description")
            or next((c["display"] for c in codes if "display" in c), "")
        )
        return str(said)


def read(raw: bytes, on: date) -> Message:
    """The message in ``raw``, by the tables in force ``on`` the day. Raises ``BarsRefused``."""
    try:
        bundle = parse_line(raw, MOST)
    except Invalid as bad:
        raise BarsRefused("body-malformed", bad.message) from None
    if name := twice(raw, bundle):
        raise BarsRefused("body-malformed", f"{excerpt(name)} is there twice; which one counts would be a guess")
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "message":
        raise BarsRefused("body-malformed", "send a Bundle of type message")
    resources = dict(_entries(bundle))
    header = next(iter(resources.values()), {})
    if header.get("resourceType") != "MessageHeader":
        raise BarsRefused("body-malformed", "the first entry is the MessageHeader")
    _valid(resources)
    event = _code([header.get("eventCoding", {})], EVENTS)
    reason = _code(header.get("reason", {}).get("coding", ()), REASONS)
    kind, _, _ = event.partition("-")
    if kind not in _FOCUS:
        raise BarsRefused("workflow-unknown", f"event {event or 'none'}")
    focus_url, focus = _focus(header, resources, _FOCUS[kind])
    step = tables.step_of(event, reason, str(focus.get("status", "")), on)
    definition = str(header.get("definition", ""))
    _adheres(definition, event, resources, on)
    answers = str(header.get("response", {}).get("identifier", ""))
    if event.endswith("-response") and not answers:
        raise BarsRefused("workflow-unknown", "a response names the request it answers in MessageHeader.response")
    patient_url = _patient_reference(focus, kind)
    patient = resources.get(patient_url, {})
    if patient.get("resourceType") != "Patient":
        raise BarsRefused("definition-broken", "the focus names a Patient of the message")
    said = str(bundle.get("id", ""))
    if not said:
        raise BarsRefused("body-malformed", "Bundle.id is given by the sender and kept in what follows")
    ours = "referral" if kind == "servicerequest" else "booking"
    if step not in ("new", "book") and not answers:
        _uuid(focus.get("id"), f"{_FOCUS[kind]}.id is what the receiver answered the first message with")
    return Message(
        bundle=said,
        event=event,
        reason=reason,
        step=step,
        kind=ours,
        definition=definition,
        answers=answers,
        reply_to=_service(header.get("source", {}).get("endpoint")),
        service=_service(next((one.get("endpoint") for one in header.get("destination", ())), None)),
        focus_url=focus_url,
        focus=focus,
        patient_url=patient_url,
        patient=patient,
        resources={url: one for url, one in resources.items() if one is not header},
        updated=_moment(focus.get("meta", {}).get("lastUpdated")),
    )


def _entries(bundle: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    entries = bundle.get("entry")
    if not isinstance(entries, list) or not 0 < len(entries) <= _ENTRIES:
        raise BarsRefused("body-malformed", f"send between 1 and {_ENTRIES} entries")
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        url = entry.get("fullUrl") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(url, str) or not url or url in seen:
            raise BarsRefused("body-malformed", f"Bundle.entry[{number}] needs a resource and a fullUrl of its own")
        seen.add(url)
        yield url, resource


def _valid(resources: Mapping[str, Json]) -> None:
    """Each resource is valid R4: non-conformant payloads are rejected in their entirety (Principles, 4)."""
    for number, resource in enumerate(resources.values()):
        bad = next((one for one in validate(resource) if one.severity == "error"), None)
        if bad is not None:
            raise BarsRefused("definition-broken", f"Bundle.entry[{number}] {bad.field}: {bad.rule}")


def _code(codings: Any, system: str) -> str:
    return next((str(one.get("code", "")) for one in codings if one.get("system") == system), "")


def _focus(header: Mapping[str, Any], resources: Mapping[str, Json], kind: str) -> tuple[str, Json]:
    for one in header.get("focus", ()):
        url = str(one.get("reference", ""))
        found = resources.get(url)
        if found is not None and found.get("resourceType") == kind:
            return url, found
    raise BarsRefused("definition-broken", f"MessageHeader.focus refers to the {kind} of the message")


def _adheres(definition: str, event: str, resources: Mapping[str, Json], on: date) -> None:
    held = Counter(str(one.get("resourceType", "")) for one in resources.values())
    wanted = tables.definition(definition, event, on)
    for kind, (fewest, most) in wanted.items():
        if not fewest <= held[kind] <= most:
            many = f"{fewest} to {'any number' if most == tables.MANY else most}"
            raise BarsRefused("definition-broken", f"{held[kind]} of {kind}, where {many} belong")
    if surplus := sorted(held.keys() - wanted.keys()):
        raise BarsRefused("definition-broken", f"no {surplus[0]} belongs in it")


def _patient_reference(focus: Mapping[str, Any], kind: str) -> str:
    if kind == "servicerequest":
        return str(focus.get("subject", {}).get("reference", ""))
    actors = (str(one.get("actor", {}).get("reference", "")) for one in focus.get("participant", ()))
    return next(actors, "")


def _service(endpoint: Any) -> str:
    """The service id of ``system|id``."""
    return str(endpoint or "").rpartition("|")[2].strip()


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _uuid(value: Any, why: str) -> None:
    try:
        UUID(str(value))
    except ValueError:
        raise BarsRefused("workflow-unknown", why) from None
