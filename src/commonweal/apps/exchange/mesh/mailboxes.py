"""The file of mailboxes, ``mesh.yaml`` of the home folder: how to sign in, what comes for which feed, what goes when.

It is checked whole before anything is polled or sent. Passwords and keys are in files of their own, named by it and
readable by their user only.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mesh_client import DEP_ENDPOINT, INT_ENDPOINT, LIVE_ENDPOINT, Endpoint

from commonweal.apps.exchange.arriving import ODS_CODE, check_numbering
from commonweal.apps.exchange.bulk.groups import GROUPS
from commonweal.apps.exchange.mesh.errors import BadMailboxes
from commonweal.apps.exchange.reading import known_feeds
from commonweal.feeds.mapped.language import MappingFault, load, nearest
from commonweal.fhir import definitions

SERVICES = {"live": LIVE_ENDPOINT, "integration": INT_ENDPOINT, "deployment": DEP_ENDPOINT}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERY = ("day", "week", "month")
MOST_BYTES = 2 << 30  # of one message, unpacked
CHUNK_BYTES = 75 << 20  # MESH takes chunks of at most 100 MB outside HSCN, and advises less
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_MAILBOX = ("mailbox", "service", "password", "shared_key")
_MAILBOX_MAY = ("certificate", "key", "authority", "most_bytes", "chunk_bytes", "tries", "receive", "send")
_ROUTE = ("workflow", "from", "feed", "source")
_ROUTE_MAY = ("valid_from", "valid_to", "same_numbering")
_SEND = ("name", "workflow", "to", "organisation", "every")
_SEND_MAY = ("at", "types", "group", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True)
class Route:
    """What comes under one workflow id from some mailboxes is this feed of this organisation, on these days."""

    workflow: str
    senders: tuple[str, ...]
    feed: str
    source: str
    same_numbering: bool = False
    valid_from: date = date.min
    valid_to: date = date.max


@dataclass(frozen=True, slots=True)
class Sending:
    """An export of an organisation's own entries that is sent every so often. ``group``: only of its people."""

    name: str
    workflow: str
    to: str
    organisation: str
    every: str
    at: time = time(6)
    types: tuple[str, ...] = ()
    group: str = ""
    valid_from: date = date.min
    valid_to: date = date.max


@dataclass(frozen=True, slots=True, repr=False)
class Mailbox:
    """One mailbox. Its ``repr`` is its name alone: the rest holds secrets."""

    name: str
    service: str | Endpoint
    password: str
    shared_key: bytes
    certificate: tuple[str, str] | None = None
    authority: str | None = None
    most_bytes: int = MOST_BYTES
    chunk_bytes: int = CHUNK_BYTES
    tries: int = 4
    routes: tuple[Route, ...] = ()
    sendings: tuple[Sending, ...] = ()

    def __repr__(self) -> str:
        return f"Mailbox({self.name!r})"

    def route(self, workflow: str, sender: str, on: date) -> Route | None:
        """Where a message goes, ``None`` if nobody has said."""
        for one in self.routes:
            if one.workflow == workflow and sender in one.senders and one.valid_from <= on <= one.valid_to:
                return one
        return None

    def why_not(self, workflow: str, sender: str) -> tuple[str, str]:
        """Why a message has no route: the rule, and what to do."""
        same = [one for one in self.routes if one.workflow == workflow]
        if not same:
            return "unknown-workflow", "no route of this mailbox is for its workflow id; add one to mesh.yaml"
        if not any(sender in one.senders for one in same):
            return "unknown-sender", "the routes of its workflow id do not name the mailbox it came from"
        return "route-not-in-force", "the routes of its workflow id are not in force today"


def read(path: Path) -> tuple[Mailbox, ...]:
    """Every mailbox of the file.

    Raises:
        BadMailboxes: where in the file, and what to write there.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        what = getattr(bad, "strerror", None) or "not UTF-8"
        raise BadMailboxes(f"{path.name} cannot be read ({what}); see docs/how-to/exchange-by-mesh.md") from None
    try:
        said = load(text, path.name)
    except MappingFault as bad:
        raise BadMailboxes(str(bad)) from None
    reader = _Reader(path.parent, path.name)
    top = reader.table(said, "", ("mailboxes",))
    found = tuple(
        reader.mailbox(one, f"mailboxes[{n}]") for n, one in enumerate(reader.rows(top["mailboxes"], "mailboxes"), 1)
    )
    if not found:
        raise reader.fault("mailboxes", "names no mailbox")
    reader.once([one.name for one in found], "mailboxes")
    reader.once([sending.name for one in found for sending in one.sendings], "send")
    return found


def check_numbering_of(mailboxes: Iterable[Mailbox]) -> None:
    """Hold each route to what has landed (``arriving.check_numbering``). Raises ``NumberedApart``."""
    for one in mailboxes:
        for route in one.routes:
            check_numbering(route.feed, route.source, route.same_numbering)


class _Reader:
    """Reads the parts of the file; each fault says where."""

    def __init__(self, folder: Path, label: str) -> None:
        self.folder = folder
        self.label = label

    def fault(self, where: str, message: str) -> BadMailboxes:
        return BadMailboxes(f"{self.label}: {where}: {message}" if where else f"{self.label}: {message}")

    def table(self, said: Any, where: str, needs: Collection[str], may: Collection[str] = ()) -> Mapping[str, Any]:
        if not isinstance(said, dict):
            raise self.fault(where, f"write {', '.join(needs)} here, each with a colon")
        known = {*needs, *may}
        for key in said:
            if key not in known:
                raise self.fault(where, f"{key!r} is no word here; {nearest(key, known)}")
        for key in needs:
            if said.get(key) in (None, ""):
                raise self.fault(where, f"{key} is missing")
        return said

    def rows(self, said: Any, where: str) -> list[Any]:
        if not isinstance(said, list):
            raise self.fault(where, "write a list here, each item after a dash")
        return said

    def once(self, names: Iterable[str], where: str) -> None:
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise self.fault(where, f"{name!r} is there twice")
            seen.add(name)

    def name(self, said: Any, where: str) -> str:
        if not isinstance(said, str) or not _NAME.fullmatch(said):
            raise self.fault(where, "use letters, digits, underscores, dots and dashes")
        return said

    def one_of(self, said: Any, where: str, known: Collection[str]) -> str:
        if said not in known:
            raise self.fault(where, f"{said!r} is not known; {nearest(str(said), known)}")
        return str(said)

    def whole(self, said: Mapping[str, Any], key: str, where: str, default: int) -> int:
        text = said.get(key, str(default))
        if not isinstance(text, str) or not text.isascii() or not text.isdigit() or int(text) < 1:
            raise self.fault(f"{where}.{key}", "write a whole number above 0")
        return int(text)

    def day(self, said: Mapping[str, Any], key: str, where: str, default: date) -> date:
        text = said.get(key) or default.isoformat()
        try:
            return date.fromisoformat(text)
        except (TypeError, ValueError):
            raise self.fault(f"{where}.{key}", "write a day as 2026-04-01") from None

    def days(self, said: Mapping[str, Any], where: str) -> tuple[date, date]:
        first, last = self.day(said, "valid_from", where, date.min), self.day(said, "valid_to", where, date.max)
        if last < first:
            raise self.fault(where, "valid_to is before valid_from")
        return first, last

    def file(self, said: Any, where: str) -> Path:
        path = self.folder / str(said)
        if not path.is_file():
            raise self.fault(where, f"the file {said} is not there")
        return path

    def secret(self, said: Any, where: str) -> str:
        path = self.file(said, where)
        if path.stat().st_mode & 0o077:
            raise self.fault(where, f"others can read the file {said}; chmod 600 it")
        text = path.read_bytes().strip()
        if not text or not text.isascii():
            raise self.fault(where, f"the file {said} must hold one word of plain characters")
        return text.decode()

    def service(self, said: Any, where: str) -> str | Endpoint:
        if said in SERVICES:
            return SERVICES[said]
        parts = urlsplit(str(said))
        if parts.scheme not in ("http", "https"):
            raise self.fault(where, f"{said!r} is no service; {nearest(str(said), SERVICES)} or an https address")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise self.fault(where, "only a sandbox on this machine may be spoken to without TLS; write https")
        return str(said).rstrip("/")

    def mailbox(self, said: Any, where: str) -> Mailbox:
        said = self.table(said, where, _MAILBOX, _MAILBOX_MAY)
        name = self.name(said["mailbox"], f"{where}.mailbox").upper()
        if ("certificate" in said) != ("key" in said):
            raise self.fault(where, "certificate and key belong together")
        certificate = None
        if "certificate" in said:
            self.secret_file(said["key"], f"{where}.key")
            certificate = (
                str(self.file(said["certificate"], f"{where}.certificate")),
                str(self.file(said["key"], f"{where}.key")),
            )
        routes = tuple(
            self.route(one, f"{where}.receive[{n}]")
            for n, one in enumerate(self.rows(said.get("receive", []), f"{where}.receive"), 1)
        )
        self.no_overlap(routes, f"{where}.receive")
        return Mailbox(
            name=name,
            service=self.service(said["service"], f"{where}.service"),
            password=self.secret(said["password"], f"{where}.password"),
            shared_key=self.secret(said["shared_key"], f"{where}.shared_key").encode(),
            certificate=certificate,
            authority=str(self.file(said["authority"], f"{where}.authority")) if "authority" in said else None,
            most_bytes=self.whole(said, "most_bytes", where, MOST_BYTES),
            chunk_bytes=min(self.whole(said, "chunk_bytes", where, CHUNK_BYTES), CHUNK_BYTES),
            tries=self.whole(said, "tries", where, 4),
            routes=routes,
            sendings=tuple(
                self.sending(one, f"{where}.send[{n}]")
                for n, one in enumerate(self.rows(said.get("send", []), f"{where}.send"), 1)
            ),
        )

    def secret_file(self, said: Any, where: str) -> None:
        if self.file(said, where).stat().st_mode & 0o077:
            raise self.fault(where, f"others can read the file {said}; chmod 600 it")

    def route(self, said: Any, where: str) -> Route:
        said = self.table(said, where, _ROUTE, _ROUTE_MAY)
        senders = said["from"] if isinstance(said["from"], list) else [said["from"]]
        first, last = self.days(said, where)
        return Route(
            workflow=self.name(said["workflow"], f"{where}.workflow"),
            senders=tuple(self.name(one, f"{where}.from").upper() for one in senders),
            feed=self.one_of(said["feed"], f"{where}.feed", known_feeds()),
            source=self.ods(said["source"], f"{where}.source"),
            same_numbering=self.one_of(said.get("same_numbering", "no"), f"{where}.same_numbering", ("yes", "no"))
            == "yes",
            valid_from=first,
            valid_to=last,
        )

    def ods(self, said: Any, where: str) -> str:
        if not isinstance(said, str) or not ODS_CODE.fullmatch(said):
            raise self.fault(where, "write an organisation's ODS code, such as RXX")
        return said

    def no_overlap(self, routes: tuple[Route, ...], where: str) -> None:
        for n, one in enumerate(routes):
            for other in routes[n + 1 :]:
                shared = one.workflow == other.workflow and {*one.senders} & {*other.senders}
                if shared and one.valid_from <= other.valid_to and other.valid_from <= one.valid_to:
                    raise self.fault(where, f"two routes are for {one.workflow!r} from one mailbox on one day")

    def sending(self, said: Any, where: str) -> Sending:
        said = self.table(said, where, _SEND, _SEND_MAY)
        first, last = self.days(said, where)
        kinds = self.rows(said.get("types", []), f"{where}.types")
        for kind in kinds:
            self.one_of(kind, f"{where}.types", definitions.resource_types())
        try:
            at = time.fromisoformat(said.get("at", "06:00"))
        except (TypeError, ValueError):
            raise self.fault(f"{where}.at", 'write a time of day in quotes, as "06:00"') from None
        return Sending(
            name=self.name(said["name"], f"{where}.name"),
            workflow=self.name(said["workflow"], f"{where}.workflow"),
            to=self.name(said["to"], f"{where}.to").upper(),
            organisation=self.ods(said["organisation"], f"{where}.organisation"),
            every=self.one_of(said["every"], f"{where}.every", EVERY),
            at=at.replace(tzinfo=None),
            types=tuple(kinds),
            group=self.one_of(said["group"], f"{where}.group", GROUPS) if said.get("group") else "",
            valid_from=first,
            valid_to=last,
        )


def named(mailboxes: tuple[Mailbox, ...], name: str) -> Mailbox:
    """The mailbox of that name, or the only one for no name. Raises ``BadMailboxes`` with the nearest."""
    if not name:
        if len(mailboxes) == 1:
            return mailboxes[0]
        raise BadMailboxes(f"say which mailbox with --mailbox: {', '.join(one.name for one in mailboxes)}")
    for one in mailboxes:
        if one.name == name.upper():
            return one
    raise BadMailboxes(f"mesh.yaml has no mailbox {name!r}; {nearest(name, [one.name for one in mailboxes])}")
