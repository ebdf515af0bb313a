"""Server-sent events: the moment an alert is raised, the browsers of those it was told to hear that there is one.

https://html.spec.whatwg.org/multipage/server-sent-events.html. What is sent is two numbers and nothing else: how many
alerts this account has not seen, and the newest one's. Who they are about is on the page, which the gate decides and
the audit records.

One asyncio process serves every stream, in the application's role, since a worker of the site cannot be held for hours
by each open page. PostgreSQL wakes it (LISTEN); without PostgreSQL it waits and tells everybody anew when it is back.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination.storing import CHANNEL

log = logging.getLogger(__name__)
ADDRESS = "/alerts/stream"
NOTHING = {"waiting": 0, "newest": 0}
BEAT_SECONDS = 15.0  # a comment, so that proxies and browsers see that the stream is alive
CHECK_SECONDS = 60.0  # whether the session is over
GATHER_SECONDS = 0.05  # several alerts at once are one message
REST_SECONDS = 1.0
MOST = 4_000  # streams; a further one is asked to look by itself
EACH = 10  # streams of one account
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def waiting(accounts: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many alerts each account has not seen, and the number of the newest; accounts with none are left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, waiting, newest FROM coordination_waiting(%s)", [list(accounts)])
        return {account: {"waiting": many, "newest": newest} for account, many, newest in cursor.fetchall()}


def may_be_told(actor: access.Actor) -> bool:
    """Whether there are alerts for somebody of this role: about people, or about feeds."""
    if actor.role in access.CARE_ROLES:
        return True
    return actor.role in access.roles_allowed(access.Action.READ_FEEDS, settings.COMMONWEAL_NOW().date())


@dataclass(eq=False, slots=True)
class _Listener:
    """One open page."""

    actor: access.Actor
    session: str
    said: dict[str, int] | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Stream:
    """An ASGI application of one address."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._known: dict[str, dict[str, int]] = {}
        self._woken: set[str] = set()  # organisations of which something was said
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = ThreadPoolExecutor(1, "alerts-stream")  # which has the database connection

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's own start and stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                self.stop()
                return

    def stop(self) -> None:
        """End what runs beside the requests."""
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._thread.submit(lambda: connection.close()).result()  # noqa: PLW0108  # looked up in that thread

    async def _http(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        extra = _cross_origin(headers)
        if scope["path"] != ADDRESS or scope["method"] != "GET":
            await _answer(send, 404, extra)
            return
        session = _session(headers.get("cookie", ""))
        try:
            actor = await self._ask(access.watching, session) if session else None
        except (OperationalError, InterfaceError):
            await _answer(send, 503, extra)
            return
        if actor is None or not may_be_told(actor):
            await _answer(send, 204, extra)  # what tells an EventSource not to ask again
            return
        mine = sum(one.actor.key == actor.key for one in self._listeners)
        if len(self._listeners) >= MOST or mine >= EACH:
            await _answer(send, 503, extra)
            return
        self._start()
        listener = _Listener(actor, session)
        self._listeners.add(listener)
        self._woken.add(actor.organisation)
        self._wake.set()
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [
                (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"),
                *extra,
            ]})  # fmt: skip
            await _part(send, "retry: 3000\n\n")
            await self._tell(listener, gone, send)
        finally:
            gone.cancel()
            self._listeners.discard(listener)

    async def _tell(self, listener: _Listener, gone: "asyncio.Future[None]", send: Send) -> None:
        """Say what is new until the page is gone or the session is over."""
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while not gone.done():
            news = asyncio.ensure_future(listener.news.wait())
            both: list[asyncio.Future[Any]] = [news, gone]
            await asyncio.wait(both, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            if gone.done():
                return
            if loop.time() - checked > CHECK_SECONDS:
                checked = loop.time()
                if await self._over(listener.session):
                    await _part(send, "event: over\ndata: {}\n\n")
                    return
            if not listener.news.is_set():
                await _part(send, ": \n\n")
                continue
            listener.news.clear()
            known = self._known.get(listener.actor.key, NOTHING)
            if known != listener.said:
                listener.said = known
                await _part(send, f"event: alerts\ndata: {json.dumps(known)}\n\n")

    async def _over(self, session: str) -> bool:
        try:
            return await self._ask(access.watching, session) is None
        except (OperationalError, InterfaceError):
            return False  # nobody can tell now; nothing is said meanwhile either

    def _start(self) -> None:
        """Begin to listen to the database, with the first page."""
        if not self._tasks:
            self._tasks = [asyncio.ensure_future(self._hear()), asyncio.ensure_future(self._count())]

    async def _hear(self) -> None:
        """Note which organisations something is said of, for ever."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listening:
                    await listening.execute(f'LISTEN "{CHANNEL}"')
                    self._woken |= {one.actor.organisation for one in self._listeners}
                    self._wake.set()  # what was said while nobody listened
                    async for said in listening.notifies():
                        self._woken.add(said.payload)
                        self._wake.set()
            except psycopg.Error:
                log.warning("the stream of alerts waits for the database")
            await asyncio.sleep(REST_SECONDS)

    async def _count(self) -> None:
        """Ask how many alerts wait for the accounts concerned, once for all that was said in a moment, for ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._wake.clear()
            woken, self._woken = self._woken, set()
            concerned = [one for one in self._listeners if one.actor.organisation in woken]
            accounts = {one.actor.key for one in concerned}
            if not accounts:
                continue
            try:
                found = await self._ask(waiting, accounts)
            except (OperationalError, InterfaceError):
                self._woken |= woken
                await asyncio.sleep(REST_SECONDS)
                self._wake.set()
                continue
            for account in accounts:
                self._known[account] = found.get(account, NOTHING)
            for one in concerned:
                one.news.set()

    async def _ask(self, question: Callable[..., Any], *values: Any) -> Any:
        """Ask the database, one question at a time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(_closing_broken, question, *values))


def _closing_broken(question: Callable[..., Any], *values: Any) -> Any:
    try:
        return question(*values)
    except (OperationalError, InterfaceError):
        connection.close()
        raise


def _parameters() -> dict[str, Any]:
    """How this process's role reaches the database."""
    held = connection.settings_dict
    return {
        "host": held["HOST"],
        "port": held["PORT"] or None,
        "dbname": held["NAME"],
        "user": held["USER"],
        "password": held["PASSWORD"],
    }


def _session(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""


def _cross_origin(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Leave for a page of the site to read the stream at a port of its own; nobody else's page may."""
    origin = headers.get("origin", "")
    name = origin.partition("://")[2].rpartition(":")[0] or origin.partition("://")[2]
    if origin and name in settings.ALLOWED_HOSTS:
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"origin"),
        ]
    return []


async def _gone(receive: Receive) -> None:
    """Return when the page has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _part(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
