"""The stream of alerts: a number, to who was told, for as long as their session lasts; and the page without it."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from commonweal.domain.access.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database")
COUNCIL = "QCC"


@pytest.fixture(scope="module")
def accounts(database: str) -> dict[str, str]:
    """Two workers of one council, one of whom an alert is told to, and a secretary: name → session key."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from commonweal.apps.access import api as access
    from commonweal.apps.access.models import User
    from commonweal.apps.access.sessions import SessionStore

    keys = {}
    for name, role in (
        ("told", Role.SOCIAL_WORKER),
        ("other", Role.SOCIAL_WORKER),
        ("secretary", Role.BOARD_SECRETARY),
    ):
        access.create_user(name, "a long enough word", role, COUNCIL, name.title())
        user = User.objects.get(username=name)
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = "commonweal.apps.access.sessions.Accounts"
        session.save()
        keys[name] = str(session.session_key)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO record_compartment (source, local_id) VALUES ('RXX', 'M1') RETURNING id")
        cursor.execute(
            "INSERT INTO coordination_change (key, stay, source, compartment_id, category, kind, happened_at, place, "
            "noted_at) VALUES ('k', 's', 'RXX', %s, 'clinical', 'admitted', now(), 'WARD 1', now())",
            [cursor.fetchone()[0]],
        )
    return keys


@pytest.fixture
def alert(accounts: dict[str, str]) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM coordination_alert")


def raised() -> int:
    """An alert for ``told`` is raised and announced."""
    from commonweal.apps.coordination import storing

    with connection.cursor() as cursor:
        cursor.execute("SELECT id, compartment_id FROM coordination_change")
        change, compartment = cursor.fetchone()
    from commonweal.domain.coordination.alerts import Kind, Why

    now = settings.COMMONWEAL_NOW()
    kept = storing.Kept(change, "k", "s", compartment, Kind.ADMITTED, now, "WARD 1", "", "live")
    ident = storing.add_alert(kept, COUNCIL, "", {"user:told": Why.TEAM}, now, None, 0, narrow=False)
    storing.announce([COUNCIL])
    return ident


class Page:
    """A browser's end of a stream."""

    def __init__(self, stream: Any, session: str, **headers: str) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.parts: asyncio.Queue[bytes] = asyncio.Queue()
        self._gone = asyncio.Event()
        told = {"cookie": f"{settings.SESSION_COOKIE_NAME}={session}", **headers}
        scope = {
            "type": "http", "method": "GET", "path": "/alerts/stream",
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
        }  # fmt: skip
        self.task = asyncio.ensure_future(stream(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, object]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            await self.parts.put(message["body"])

    async def says(self) -> dict[str, int]:
        """The next that is said of alerts."""
        while True:
            part = await asyncio.wait_for(self.parts.get(), 30)
            if part.startswith(b"event: alerts"):
                found: dict[str, int] = json.loads(part[part.index(b"data: ") + 6 :])
                return found

    async def hangs_up(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self.task, 30)


def test_what_is_pushed_is_a_number_to_who_was_told_and_nobody_else(accounts: dict[str, str], alert: None) -> None:
    from commonweal.apps.coordination.stream import NOTHING, Stream

    async def story() -> tuple[dict[str, int], dict[str, int], int]:
        stream = Stream()
        told, other = Page(stream, accounts["told"]), Page(stream, accounts["other"])
        assert (await told.says(), await other.says()) == (NOTHING, NOTHING)
        ident = await asyncio.get_running_loop().run_in_executor(None, _raised_there)
        heard = await told.says()
        await asyncio.sleep(0.3)
        rest = other.parts.qsize()
        await told.hangs_up()
        await other.hangs_up()
        stream.stop()
        return heard, {"waiting": 1, "newest": ident}, rest

    heard, expected, rest = asyncio.run(story())
    assert heard == expected
    assert rest == 0


def _raised_there() -> int:
    try:
        return raised()
    finally:
        connection.close()


@pytest.mark.parametrize(("name", "status"), [("secretary", 204), ("nobody", 204)])
def test_a_stream_opens_for_care_staff_who_are_signed_in(accounts: dict[str, str], name: str, status: int) -> None:
    from commonweal.apps.coordination.stream import Stream

    async def asked(session: str) -> int:
        stream = Stream()
        page = Page(stream, session)
        await asyncio.wait_for(page.task, 30)
        stream.stop()
        return page.status

    assert asyncio.run(asked(accounts.get(name, "made-up"))) == status


def test_only_a_page_of_the_site_may_read_it_from_another_port(accounts: dict[str, str]) -> None:
    from commonweal.apps.coordination.stream import Stream

    async def allowed(origin: str) -> bytes | None:
        stream = Stream()
        page = Page(stream, "made-up", origin=origin)
        await asyncio.wait_for(page.task, 30)
        stream.stop()
        return page.headers.get(b"access-control-allow-origin")

    assert asyncio.run(allowed("http://127.0.0.1:8000")) == b"http://127.0.0.1:8000"
    for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "null"):
        assert asyncio.run(allowed(origin)) is None, origin


def test_waiting_for_news_keeps_no_session_alive(accounts: dict[str, str], as_app: None) -> None:
    def ends() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT expire_date FROM django_session WHERE session_key = %s", [accounts["told"]])
            return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_session SET expire_date = now() + interval '5 minutes' WHERE session_key = %s",
            [accounts["told"]],
        )
    before = ends()
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies[settings.SESSION_COOKIE_NAME] = accounts["told"]
    assert client.get("/alerts/waiting").json() == {"waiting": 0, "newest": 0}
    assert ends() == before
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_session SET expire_date = %s WHERE session_key = %s",
                       [date(2020, 1, 1), accounts["told"]])  # fmt: skip
    assert client.get("/alerts/waiting").status_code == 401
