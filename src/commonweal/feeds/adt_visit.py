"""PV1 → a FHIR Encounter: one visit, from every message about it.

Profile: https://simplifier.net/hl7fhirukcorer4/ukcore-encounter. A visit's state is what its events say together;
an event that a later message cancels still tells where and who, but no longer that it took place.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from commonweal.feeds.adt_events import (
    ADMIT,
    CANCEL_ADMIT,
    CANCEL_CHANGE_DOCTOR,
    CANCEL_DISCHARGE,
    CANCEL_PENDING_ADMIT,
    CANCEL_PREADMIT,
    CANCEL_TRANSFER,
    CANCELS,
    CHANGE_DOCTOR,
    DISCHARGE,
    LEAVE,
    PENDING_ADMIT,
    PENDING_TRANSFER,
    PREADMIT,
    REGISTER,
    RETURN,
    SWAP,
    TO_INPATIENT,
    TO_OUTPATIENT,
    TRANSFER,
    Head,
)
from commonweal.feeds.hl7v2 import DELETE, Message, timestamp
from commonweal.feeds.people import Json, organisation, stable_id
from commonweal.feeds.types import Problem
from commonweal.fhir import systems
from commonweal.fhir.errors import Invalid

# HL7 table 0004 → FHIR v3-ActEncounterCode
_CLASSES = {
    "I": ("IMP", "inpatient encounter"),
    "O": ("AMB", "ambulatory"),
    "E": ("EMER", "emergency"),
    "P": ("PRENC", "pre-admission"),
    "R": ("AMB", "ambulatory"),
    "B": ("IMP", "inpatient encounter"),
    "D": ("SS", "short stay"),
    "DAY": ("SS", "short stay"),
}
# What an event said that goes with it when it is cancelled, and that its cancellation must not bring back.
_TAKEN_BACK = {
    TRANSFER: "place", CANCEL_TRANSFER: "place", PENDING_TRANSFER: "place",
    DISCHARGE: "disposition", CANCEL_DISCHARGE: "disposition",
    CHANGE_DOCTOR: "attending", CANCEL_CHANGE_DOCTOR: "attending",
}  # fmt: skip
_MINUTE = timedelta(minutes=1)
_UNKNOWN_CLASS = ("AMB", "ambulatory")


def cancelled(heads: Sequence[Head]) -> dict[int, Head]:
    """Index in ``heads`` of each event that a later message reverses → that message.

    A cancellation reverses the one event whose time its EVN-6 gives, to the minute, and of several the latest that was
    entered no later than itself; else the latest of its kind entered no later and not reversed already.
    """
    reversed_by: dict[int, Head] = {}
    for cancel in sorted((h for h in heads if h.event in CANCELS), key=lambda h: (h.recorded, h.order)):
        kind = [
            index
            for index, head in enumerate(heads)
            if head.event in CANCELS[cancel.event] and index not in reversed_by
        ]
        before = [index for index in kind if heads[index].recorded <= cancel.recorded]
        meant = _occurred(cancel)
        near = [index for index in before if meant is not None and abs(heads[index].happened - meant) < _MINUTE]
        exact = [index for index in near or kind if heads[index].happened == meant]
        chosen = exact or near or before
        if chosen:
            target = max(chosen, key=lambda index: (heads[index].recorded, heads[index].order))
            reversed_by[target] = cancel
            if cancel.event == CANCEL_ADMIT:
                # What never began was never left either.
                for index, head in enumerate(heads):
                    if head.event in (TRANSFER, DISCHARGE, LEAVE, RETURN) and head.recorded <= cancel.recorded:
                        reversed_by.setdefault(index, cancel)
    return reversed_by


def _occurred(cancel: Head) -> datetime | None:
    try:
        return timestamp(cancel.message.first("EVN", 6), "EVN-6")
    except Invalid:
        return None


class Visit:
    """One visit, heard in order of event."""

    def __init__(self, source: str, mrn: str, key: str, number: str) -> None:
        self._source = source
        self._mrn = mrn
        self._key = key
        self._number = number
        self._held: dict[str, Any] = {}
        self._moves: list[tuple[str, datetime]] = []
        self._void_discharges: set[datetime] = set()
        self.admitted: datetime | None = None
        self.discharged: datetime | None = None
        self._started = self._planned = self._withdrawn = self._away = False

    def hear(self, heads: Sequence[Head]) -> list[Problem]:
        """Take all messages of the visit, sorted by order; problems are of single fields."""
        problems: list[Problem] = []
        dead = cancelled(heads)
        spent = {id(cancel) for cancel in dead.values()}
        for index in dead:
            if heads[index].event == DISCHARGE:
                self._void_discharges.add(_time(heads[index].message, 45, []) or heads[index].happened)
        for index, head in enumerate(heads):
            gone = index in dead or id(head) in spent
            self._fields(head.message, _TAKEN_BACK.get(head.event, "") if gone else "")
            self._times(head, index in dead, problems)
        return problems

    def _times(self, head: Head, is_dead: bool, problems: list[Problem]) -> None:
        message = head.message
        admitted, discharged = _time(message, 44, problems), _time(message, 45, problems)
        if head.event not in CANCELS and admitted and discharged and discharged < admitted - _MINUTE:
            problems.append(_reversed(message.raw, discharged, admitted))
            discharged = None
            if head.event == DISCHARGE:
                return
        if admitted is not None:
            self.admitted = admitted
        event = head.event
        if event in (CANCEL_ADMIT, CANCEL_PREADMIT, CANCEL_PENDING_ADMIT):
            self._withdrawn = True
        if is_dead:
            if event in (ADMIT, REGISTER, PREADMIT, PENDING_ADMIT) and self.admitted is None:
                self.admitted = head.happened
            return
        if event in (ADMIT, REGISTER):
            self._started = True
            start = admitted or head.happened
            self.admitted = start
            if self.discharged is not None and self.discharged < start - _MINUTE:
                self.discharged = None  # admitted again under the same number
        elif event in (PREADMIT, PENDING_ADMIT):
            self._planned = True
        elif event in (TO_INPATIENT, TO_OUTPATIENT):
            self._started = True  # one visit that changes its class; it begins when it began
        elif event in (LEAVE, RETURN):
            self._away = event == LEAVE
        elif event == DISCHARGE:
            self._started = True
            self._away = False
            self.discharged = discharged or head.happened
        elif event not in CANCELS and discharged is not None and discharged not in self._void_discharges:
            self.discharged = discharged
        if event in (ADMIT, REGISTER, TRANSFER, TO_INPATIENT, TO_OUTPATIENT, SWAP):
            self._move(message, head.happened)

    def _move(self, message: Message, at: datetime) -> None:
        place = _place(message)
        if place and (not self._moves or self._moves[-1][0] != place):
            self._moves.append((place, at))

    def _fields(self, message: Message, but: str) -> None:
        """Take what a message says of the visit, all but the field named ``but``."""
        for name, value in (
            ("class", message.first("PV1", 2)),
            ("place", _place(message)),
            ("method", message.first("PV1", 4)),
            ("attending", _clinician(message, 7)),
            ("consultant", _clinician(message, 9)),
            ("specialty", message.first("PV1", 10)),
            ("admitted_from", message.first("PV1", 14)),
            ("disposition", message.first("PV1", 36)),
            ("reason", message.first("PV2", 3, 2) or message.first("PV2", 3, 1)),
        ):
            if name == but:
                continue
            if value == DELETE:
                self._held.pop(name, None)
            elif value:
                self._held[name] = value

    def status(self) -> str:
        """FHIR status: cancelled, planned, in-progress, onleave or finished."""
        if not self._started and self._withdrawn:
            return "cancelled"
        if self.discharged is not None:
            return "finished"
        if self._away:
            return "onleave"
        return "planned" if self._planned and not self._started else "in-progress"

    def resource(self, problems: list[Problem], raw: bytes) -> Json:
        """The Encounter, elements in a fixed order; a discharge before the admission is left out and reported."""
        held = self._held
        code, display = _CLASSES.get(held.get("class", ""), _UNKNOWN_CLASS)
        resource: Json = {
            "resourceType": "Encounter",
            "id": stable_id(self._source, "Encounter", f"{self._mrn}|{self._key}"),
        }
        if self._number:
            assigner = {"identifier": {"system": systems.ODS, "value": self._source}}
            resource["identifier"] = [{"system": systems.LOCAL_VISIT, "value": self._number, "assigner": assigner}]
        resource["status"] = self.status()
        resource["class"] = {"system": systems.ENCOUNTER_CLASS, "code": code, "display": display}
        if "specialty" in held:
            resource["serviceType"] = _concept(systems.TREATMENT_FUNCTION, held["specialty"])
        resource["subject"] = {"reference": f"Patient/{stable_id(self._source, 'Patient', self._mrn)}"}
        consultant, attending = held.get("consultant"), held.get("attending")
        clinicians = [who for who in (consultant, attending if attending != consultant else None) if who]
        if clinicians:
            resource["participant"] = [{"individual": who} for who in clinicians]
        period = self._period(problems, raw)
        if period:
            resource["period"] = period
        if "reason" in held:
            resource["reasonCode"] = [{"text": held["reason"]}]
        hospitalization = _hospitalization(held)
        if hospitalization:
            resource["hospitalization"] = hospitalization
        if self._moves or "place" in held:
            resource["location"] = self._locations(period)
        resource["serviceProvider"] = organisation(self._source)
        return resource

    def _period(self, problems: list[Problem], raw: bytes) -> Json:
        start, end = self.admitted, self.discharged
        if start is not None and end is not None and end < start:
            if start - end < _MINUTE:
                end = start  # one time to the second, the other to the minute
            else:
                problems.append(_reversed(raw, end, start))
                end = None
        period: Json = {}
        if start is not None:
            period["start"] = start.isoformat()
        if end is not None and self.status() == "finished":
            period["end"] = end.isoformat()
        return period

    def _locations(self, period: Json) -> list[Json]:
        moves: list[tuple[str, datetime | None]] = [*self._moves] or [(self._held["place"], None)]
        found: list[Json] = []
        for index, (place, at) in enumerate(moves):
            entry: Json = {"location": {"display": place}}
            spell: Json = {"start": at.isoformat()} if at is not None else {}
            following = moves[index + 1][1] if index + 1 < len(moves) else None
            left = following.isoformat() if following is not None else period.get("end")
            if at is not None and left is not None and at <= datetime.fromisoformat(left):
                spell["end"] = left
            entry["status"] = "completed" if left is not None else "active"
            if spell:
                entry["period"] = spell
            found.append(entry)
        return found


def _reversed(raw: bytes, end: datetime, start: datetime) -> Problem:
    shown = f"{end.isoformat()} < {start.isoformat()}"
    return Problem(0, "PV1-45", "end-before-start", shown, "discharged before admission; correct PV1-44 or PV1-45", raw)


def _time(message: Message, number: int, problems: list[Problem]) -> datetime | None:
    try:
        return timestamp(message.first("PV1", number), f"PV1-{number}")
    except Invalid as bad:
        problems.append(Problem(0, bad.field, bad.rule, bad.value, bad.message, message.raw))
        return None


def _place(message: Message) -> str:
    """Ward, bay and bed of PV1-3 as text; DELETE when the message empties it."""
    if message.field("PV1", 3) == DELETE:
        return DELETE
    for parts in message.repetitions("PV1", 3):
        named = [message.value(parts, number) for number in (1, 2, 3)]
        return ", ".join(dict.fromkeys(text for text in named if text and text != DELETE))
    return ""


def _clinician(message: Message, number: int) -> Any:
    """A reference to a clinician by code and name."""
    if message.field("PV1", number) == DELETE:
        return DELETE
    for parts in message.repetitions("PV1", number):
        code, family, given, prefix = (message.value(parts, index) for index in (1, 2, 3, 6))
        display = " ".join(text for text in (prefix, given, family) if text and text != DELETE)
        reference: Json = {"type": "Practitioner"}
        if code and code != DELETE:
            reference["identifier"] = {"value": code}
        if display:
            reference["display"] = display
        return reference if len(reference) > 1 else ""
    return ""


def _concept(system: str, value: str) -> Json:
    """National codes are two or three digits; a local value is kept as text."""
    return {"coding": [{"system": system, "code": value}]} if value.isdecimal() and len(value) <= 3 else {"text": value}


def _hospitalization(held: dict[str, Any]) -> Json:
    found: Json = {}
    if "method" in held:
        concept = _concept(systems.ADMISSION_METHOD, held["method"])
        found["extension"] = [{"url": systems.ADMISSION_METHOD_EXTENSION, "valueCodeableConcept": concept}]
    if "admitted_from" in held:
        found["admitSource"] = _concept(systems.ADMISSION_SOURCE, held["admitted_from"])
    if "disposition" in held:
        found["dischargeDisposition"] = _concept(systems.DISCHARGE_DESTINATION, held["disposition"])
    return found
