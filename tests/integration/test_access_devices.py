"""A session ends when idle, when its day is over, when its owner says so, and when the account is closed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@pytest.fixture
def worker(database: str) -> str:
    from commonweal.apps.access import api as access

    access.create_user("dr.ray", PASSWORD, access.Role.CLINICIAN, "P01", "Dr Ray")
    access.create_user("dr.lee", PASSWORD, access.Role.CLINICIAN, "P99", "Dr Lee")
    return "dr.ray"


def signed_in(username: str = "dr.ray") -> Client:
    client = Client(SERVER_NAME="127.0.0.1", headers={"User-Agent": FIREFOX})
    assert client.post("/sign-in", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/devices").status_code == 200


def clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: now)


def start() -> datetime:
    from django.utils import timezone

    return timezone.now()


def test_an_idle_session_ends(worker: str, as_app: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client, began = signed_in(), start()
    clock(monkeypatch, began + timedelta(minutes=29))
    assert is_in(client)
    clock(monkeypatch, began + timedelta(minutes=58))  # used in between, so not idle
    assert is_in(client)
    clock(monkeypatch, began + timedelta(minutes=58 + 31))
    assert not is_in(client)


def test_a_busy_session_ends_with_its_day(worker: str, as_app: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client, began = signed_in(), start()
    for minutes in range(25, 8 * 60, 25):
        clock(monkeypatch, began + timedelta(minutes=minutes))
        assert is_in(client), minutes
    clock(monkeypatch, began + timedelta(hours=8, minutes=1))
    assert not is_in(client)


def test_a_session_that_does_not_say_when_it_began_is_over(worker: str, as_app: None) -> None:
    client = signed_in()
    kept = client.session
    del kept["started"]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_session SET session_data = %s WHERE session_key = %s",
            [kept.encode(dict(kept.items())), kept.session_key],
        )
    assert not is_in(client)


def test_a_session_gets_a_new_key_at_sign_in(worker: str, as_app: None) -> None:
    """Session fixation: a key planted before is worth nothing afterwards."""
    client = Client(SERVER_NAME="127.0.0.1")
    planted = client.session
    planted["seen"] = "before"
    planted.save()
    key = str(planted.session_key)
    client.cookies["sessionid"] = key
    client.post("/sign-in", {"username": worker, "password": PASSWORD})
    assert client.cookies["sessionid"].value != key
    thief = Client(SERVER_NAME="127.0.0.1")
    thief.cookies["sessionid"] = key
    assert not is_in(thief)


def test_the_list_shows_where_and_signs_out_one_place(worker: str, as_app: None) -> None:
    here = signed_in()
    before = here.get("/account/devices").content.decode().count("of Firefox on Linux since")
    there = signed_in()
    page = here.get("/account/devices").content.decode()
    assert page.count("of Firefox on Linux since") == before + 1
    assert page.count("This one") == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM access_device WHERE session_key = %s", [there.session.session_key])
        device = cursor.fetchone()[0]
    here.post("/account/devices", {"device": device})
    assert (is_in(here), is_in(there)) == (True, False)


def test_nobody_signs_out_somebody_else(worker: str, as_app: None) -> None:
    other, own = signed_in("dr.lee"), signed_in()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM access_device WHERE session_key = %s", [other.session.session_key])
        device = cursor.fetchone()[0]
    for value in (device, "9" * 40, "x", "-1"):
        own.post("/account/devices", {"device": value})
    assert is_in(other)
    assert "dr.lee" not in own.get("/account/devices").content.decode()


def test_sign_out_everywhere(worker: str, as_app: None) -> None:
    clients = [signed_in(), signed_in(), signed_in()]
    other = signed_in("dr.lee")
    assert clients[0].post("/account/devices").headers["Location"] == "/sign-in"
    assert [is_in(client) for client in clients] == [False] * 3
    assert is_in(other)


def test_a_worker_who_leaves_is_out_at_once(worker: str, database: str) -> None:
    from commonweal.apps.access import api as access

    client = signed_in()
    token = access.create_token(worker)
    bearer: dict[str, Any] = {"Authorization": f"Bearer {token}"}
    assert client.get("/people").status_code == 200
    access.close_account(worker, by="operator:office")
    assert not is_in(client)
    assert client.get("/people").status_code == 302
    assert Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient?_id=x", headers=bearer).status_code == 401
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session WHERE session_key = %s", [client.session.session_key])
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT actor FROM access_audit WHERE action = 'account.close' ORDER BY id DESC LIMIT 1")
        assert cursor.fetchone()[0] == "operator:office"
    # Opened again, the old session and token stay dead
    access.create_user(worker, PASSWORD, access.Role.CLINICIAN, "P01", "Dr Ray")
    assert not is_in(client)
    assert Client(SERVER_NAME="127.0.0.1").get("/fhir/R4/Patient?_id=x", headers=bearer).status_code == 401


def test_what_a_browser_says_is_put_in_words() -> None:
    from commonweal.apps.access.devices import browser_of

    assert browser_of(FIREFOX) == "Firefox on Linux"
    assert browser_of("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0") == "Edge on Windows"
    assert browser_of("<script>alert(1)</script>\r\nX: y") == "A browser"


def test_a_host_that_is_not_ours_is_refused_and_not_a_fault(database: str) -> None:
    """Header injection by way of Host: nothing is built from it, and the refusal page needs nobody signed in."""
    answer = Client(SERVER_NAME="evil.example").get("/sign-in")
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
