"""A code handed over in person: without it a password that was found out adds no second factor."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from commonweal.domain.access.one_time import code_at

from ..conftest import _point_at
from .test_access_second_factor import secret_on

PASSWORD = "correct horse battery"


@pytest.fixture
def code(database: str) -> Iterator[str]:
    """The code of ``dr.new``, a clinician without a factor, whose role must have one by a code in person."""
    from django.conf import settings

    from commonweal.apps.access import api as access

    path = Path(settings.COMMONWEAL_HOME) / "second_factor.csv"
    before = path.read_text()
    path.write_text("from,role,second_factor\n2015-04-01,clinician,in_person\n")
    access.create_user("dr.new", PASSWORD, access.Role.CLINICIAN, "P01", "Dr New")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_factor")
        cursor.execute("DELETE FROM access_signin")
    made = access.make_enrolment_code("dr.new", by="operator:office")
    _point_at(connection.settings_dict["NAME"], "commonweal_app")
    yield made
    _point_at(connection.settings_dict["NAME"], "commonweal_batch")
    path.write_text(before)


def half_in() -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    answer = client.post("/sign-in", {"username": "dr.new", "password": PASSWORD})
    assert answer["Location"] == "/sign-in/enrol"
    return client


def now_code(page: str) -> str:
    return code_at(secret_on(page), int(timezone.now().timestamp()) // 30)


def test_the_password_alone_adds_nothing(code: str) -> None:
    client = half_in()
    assert "Enter the code you were given" in client.get("/sign-in/enrol").content.decode()
    assert client.post("/sign-in/enrol", {"code": "000000"}).status_code == 400
    assert client.post("/sign-in/enrol", {"enrolment": "aaaa-bbbb-cccc-dddd"}).status_code == 400
    for path in ("/account/second-factor/passkey/challenge", "/account/second-factor/passkey"):
        assert client.post(path)["Location"].startswith("/sign-in")
    assert client.get("/people")["Location"].startswith("/sign-in")


def test_with_the_code_a_factor_is_added_once_and_the_code_is_void(code: str) -> None:
    client = half_in()
    answer = client.post("/sign-in/enrol", {"enrolment": code.upper().replace("-", " ")})
    assert answer["Location"] == "/sign-in/enrol"
    page = client.get("/sign-in/enrol").content.decode()
    done = client.post("/sign-in/enrol", {"code": now_code(page)})
    assert len(re.findall("<code>", done.content.decode())) == 8
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_enrolment")
        assert cursor.fetchone()[0] == 0


def test_guesses_count_with_wrong_passwords(code: str) -> None:
    client = half_in()
    for _ in range(5):
        assert client.post("/sign-in/enrol", {"enrolment": "wrong"}).status_code == 400
    assert client.post("/sign-in/enrol", {"enrolment": code}).status_code == 429


def test_a_code_past_its_days_adds_nothing(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = timezone.now() + timedelta(days=8)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert half_in().post("/sign-in/enrol", {"enrolment": code}).status_code == 400


def test_no_code_for_an_account_that_has_a_factor_or_is_none(code: str) -> None:
    from commonweal.apps.access import api as access

    client = half_in()
    client.post("/sign-in/enrol", {"enrolment": code})
    client.post("/sign-in/enrol", {"code": now_code(client.get("/sign-in/enrol").content.decode())})
    _point_at(connection.settings_dict["NAME"], "commonweal_batch")
    for name in ("dr.new", "nobody"):
        with pytest.raises(ValueError, match=r"second factor|no active account"):
            access.make_enrolment_code(name, by="operator:office")
