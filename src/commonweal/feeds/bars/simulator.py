"""A receiver of the standard on this machine, with a memory and, when told, with the faults of real ones.

It judges by the same tables as the server does, and keeps what it took in memory: a partner's software can be tried
against it without anybody's data. Its troubles answer the first attempts at a message and then end, so that a
sender's retries are seen to work: ``slow`` (an answer after the sender's patience), ``unavailable`` (503),
``failing`` (500) and ``lost`` (the message is taken and the answer never arrives).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import uuid5

import orjson

from commonweal.feeds.bars import headers, judging, parameters, reading, slots, tables, writing
from commonweal.feeds.bars.tables import BarsRefused

TROUBLES = ("slow", "unavailable", "failing", "lost")
Answer = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class _Kept:
    held: judging.Held
    focus: dict[str, Any]
    version: int = 1


@dataclass(slots=True)
class Receiver:
    """What a simulated receiver knows. ``services``: those it answers for; none named: any."""

    now: Callable[[], datetime]
    services: frozenset[str] = frozenset()
    slots: dict[str, str] = field(default_factory=dict)  # slot → the booking that has it
    messages: dict[Any, bytes] = field(default_factory=dict)  # X-Request-Id → digest of what was taken
    kept: dict[str, _Kept] = field(default_factory=dict)
    seen: dict[Any, int] = field(default_factory=dict)  # attempts by X-Request-Id
    lock: Any = field(default_factory=Lock)

    def process(self, given: Mapping[str, str], body: bytes) -> Answer:
        """``POST $process-message``: status, headers and body."""
        try:
            with self.lock:
                status, said = 200, self._taken(given, body)
        except BarsRefused as refused:
            status, said = refused.fault.status, writing.outcome(refused)
        return status, headers.mirrored(given), said

    def read(self, given: Mapping[str, str], kind: str, ident: str) -> Answer:
        """``GET ServiceRequest/id`` or ``Appointment/id``."""
        try:
            headers.read(given)
            found = self.kept.get(ident)
            if found is None or found.focus["resourceType"] != kind:
                raise BarsRefused("not-found")
            return 200, headers.mirrored(given), orjson.dumps(found.focus)
        except BarsRefused as refused:
            return refused.fault.status, headers.mirrored(given), writing.outcome(refused)

    def search(self, given: Mapping[str, str], kind: str, number: str) -> Answer:
        """``GET ServiceRequest?patient:identifier=`` or likewise ``Appointment``: a searchset."""
        try:
            headers.read(given)
        except BarsRefused as refused:
            return refused.fault.status, headers.mirrored(given), writing.outcome(refused)
        found = [one.focus for one in self.kept.values() if one.held.number == number]
        entries = [{"resource": one} for one in found if one["resourceType"] == kind]
        said = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
        return 200, headers.mirrored(given), orjson.dumps(said)

    def offer(self, given: Mapping[str, str], asked: Mapping[str, list[str]]) -> Answer:
        """``GET Slot``: made-up slots of the service, those booked here busy."""
        try:
            service = headers.read(given).service
            if self.services and service not in self.services:
                raise BarsRefused("service-unknown")
            statuses, first, last = parameters.of_slots(asked)
        except BarsRefused as refused:
            return refused.fault.status, headers.mirrored(given), writing.outcome(refused)
        found = slots.made_up(service, first, last)
        for one in found:
            if one["id"] in self.slots:
                one["status"] = "busy"
        shown = [one for one in found if one["resourceType"] != "Slot" or one["status"] in statuses]
        entries = [{"resource": one} for one in shown]
        said = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
        return 200, headers.mirrored(given), orjson.dumps(said)

    def _taken(self, given: Mapping[str, str], body: bytes) -> bytes:
        asked = headers.read(given)
        if self.services and asked.service not in self.services:
            raise BarsRefused("service-unknown")
        if (former := self.messages.get(asked.request)) is not None:
            raise judging.again(former, body)
        at = self.now()
        message = reading.read(body, at.date())
        judging.addressed(message, asked)
        held = self.kept.get(message.ident)
        if message.step in ("new", "book"):
            held = None
        state = judging.judged(message, held.held if held else None)
        ident = message.ident if held else str(uuid5(asked.request, message.focus_url))
        self._slot(message, ident, state)
        status = tables.statuses()[message.kind, state].resource
        answer = writing.response(message, ident, at, status)
        focus = {**(held.focus if held else {}), **message.focus, "id": ident, "status": status}
        version = held.version + 1 if held else 1
        focus["meta"] = {"versionId": str(version), "lastUpdated": at.isoformat(timespec="milliseconds")}
        known = judging.Held(message.kind, state, message.service, message.who.nhs_number, message.updated)
        self.kept[ident] = _Kept(known, focus, version)
        self.messages[asked.request] = judging.digest(body)
        return answer

    def _slot(self, message: reading.Message, ident: str, state: str) -> None:
        if message.kind != "booking":
            return
        if state == "booked":
            if self.slots.get(message.slot, ident) != ident:
                raise BarsRefused("slot-taken")
            self.slots = {slot: one for slot, one in self.slots.items() if one != ident} | {message.slot: ident}
        else:
            self.slots = {slot: one for slot, one in self.slots.items() if one != ident}


def server(receiver: Receiver, port: int, trouble: str = "", times: int = 1, slow: float = 5.0) -> ThreadingHTTPServer:
    """A server of ``receiver`` on 127.0.0.1; ``port`` 0 takes a free one. The caller serves and closes it.

    ``trouble``: one of ``TROUBLES``, met by the first ``times`` attempts at each message; ``slow``: seconds.
    """
    return ThreadingHTTPServer(("127.0.0.1", port), _handler(receiver, trouble, times, slow))


def _handler(receiver: Receiver, trouble: str, times: int, slow: float) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            size = int(length) if length.isdigit() and len(length) < 9 else 0
            body = self.rfile.read(min(size, reading.MOST + 1))
            if not urlsplit(self.path).path.endswith("/$process-message"):
                self._answer(404, {}, writing.outcome(BarsRefused("not-found")))
                return
            given = dict(self.headers.items())
            name = given.get("X-Request-Id", "")
            receiver.seen[name] = receiver.seen.get(name, 0) + 1
            if trouble and receiver.seen[name] <= times and self._troubled(given, body):
                return
            self._answer(*receiver.process(given, body))

        def do_GET(self) -> None:
            address, given = urlsplit(self.path), dict(self.headers.items())
            parts = address.path.strip("/").split("/")
            if parts[-1] == "Slot":
                self._answer(*receiver.offer(given, parse_qs(address.query)))
            elif parts[-1] in ("ServiceRequest", "Appointment"):
                asked = dict(parse_qsl(address.query)).get("patient:identifier", "")
                self._answer(*receiver.search(given, parts[-1], asked.rpartition("|")[2]))
            else:
                self._answer(*receiver.read(given, parts[-2] if len(parts) > 1 else "", parts[-1]))

        def _troubled(self, given: Mapping[str, str], body: bytes) -> bool:
            if trouble == "slow":
                time.sleep(slow)
                return False
            if trouble == "lost":
                receiver.process(given, body)
                self.close_connection = True
                return True
            refused = BarsRefused("away" if trouble == "unavailable" else "failed")
            self._answer(refused.fault.status, headers.mirrored(given), writing.outcome(refused))
            return True

        def _answer(self, status: int, said: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in said.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """A message is about somebody: nothing is written down."""

    return Handler
