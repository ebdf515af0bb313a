"""The second factor: required by dated data, asked for after the password, limited, used once, changed with care."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.authenticators import PRESENT, SoftwareKey

pytestmark = pytest.mark.usefixtures("database")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def workers(database: str) -> None:
    from commonweal.apps.access import api as access

    for name in ("dr.ray", "dr.lee", "dr.new"):
        access.create_user(name, PASSWORD, access.Role.CLINICIAN, "P01", name)


@pytest.fixture(autouse=True)
def clean(workers: None, database: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_factor")
        cursor.execute("DELETE FROM access_signin")
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


@pytest.fixture
def required() -> Iterator[None]:
    """Clinicians must have one here, as the shipped file says."""
    from django.conf import settings

    path = settings.COMMONWEAL_HOME / "second_factor.csv"
    before = path.read_text()
    path.unlink()
    yield
    path.write_text(before)


class Moment:
    """A clock that tests move."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        from django.utils import timezone

        self.now = timezone.now()
        patch.setattr(timezone, "now", lambda: self.now)

    def passes(self, **much: float) -> None:
        self.now += timedelta(**much)


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    return Moment(monkeypatch)


def visitor() -> Client:
    return Client(SERVER_NAME="127.0.0.1")


def password(client: Client, username: str = "dr.ray", **more: str) -> str:
    answer = client.post("/sign-in", {"username": username, "password": PASSWORD, **more})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def is_in(client: Client) -> bool:
    return client.get("/account/devices").status_code == 200


def secret_on(page: str) -> bytes:
    import base64

    found = re.search(r"Key: <strong[^>]*>([A-Z2-7 ]+)<", page)
    assert found
    return base64.b32decode(found[1].replace(" ", ""))


def code_of(secret: bytes, moment: Moment) -> str:
    from commonweal.domain.access.one_time import code_at

    return code_at(secret, int(moment.now.timestamp()) // 30)


def enrolled(moment: Moment, username: str = "dr.ray") -> tuple[Client, bytes, list[str]]:
    """Signed in with an app added: the browser, its secret, the recovery codes."""
    client = visitor()
    password(client, username)
    secret = secret_on(client.get("/account/second-factor/add").content.decode())
    page = client.post("/account/second-factor/add", {"code": code_of(secret, moment)}).content.decode()
    return client, secret, re.findall(r"<code>([^<]+)</code>", page)


def audited(action: str) -> list[tuple[Any, ...]]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor, target, outcome FROM access_audit WHERE action = %s ORDER BY id", [action])
        return list(cursor.fetchall())


def test_a_role_that_must_have_one_enrols_before_anything_opens(required: None, moment: Moment) -> None:
    client = visitor()
    assert password(client, "dr.new", next="/people") == "/sign-in/enrol"
    for address in ("/people", "/account/devices", "/account/second-factor"):
        assert client.get(address)["Location"].startswith("/sign-in")
    assert client.get("/fhir/R4/Patient?_id=x").status_code == 401
    page = client.get("/sign-in/enrol").content.decode()
    assert page == client.get("/sign-in/enrol").content.decode() or secret_on(page)
    assert client.post("/sign-in/enrol", {"code": "000000"}).status_code == 400
    done = client.post("/sign-in/enrol", {"code": code_of(secret_on(page), moment)})
    assert len(re.findall(r"<code>", done.content.decode())) == 8
    assert 'href="/people"' in done.content.decode()
    assert is_in(client)


def test_the_shipped_file_requires_it_of_every_role_of_staff_and_of_one_it_does_not_name(
    required: None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import date

    from django.conf import settings

    from commonweal.apps.access.limits import second_factor
    from commonweal.domain.access.vocabulary import Role

    on = date(2026, 1, 1)
    assert {role for role in Role if not second_factor.required(role, on)} == {Role.CITIZEN}
    assert not second_factor.required(Role.CLINICIAN, date(2020, 1, 1))
    monkeypatch.setattr(settings, "COMMONWEAL_HOME", tmp_path)
    (tmp_path / "second_factor.csv").write_text("from,role,second_factor\n2020-01-01,analyst,offered\n")
    assert second_factor.required(Role.CLINICIAN, on)
    assert not second_factor.required(Role.ANALYST, on)
    for wrong in (
        "nonsense",
        "from,role,second_factor\n2020-01-01,analyst,perhaps\n",
        "from,role,second_factor\nx,y,z\n",
    ):
        (tmp_path / "second_factor.csv").write_text(wrong)
        with pytest.raises(second_factor.BadSecondFactorPolicy):
            second_factor.required(Role.ANALYST, on)


def test_a_password_alone_signs_in_nobody_who_has_one(moment: Moment) -> None:
    _, secret, _ = enrolled(moment)
    moment.passes(seconds=30)
    client = visitor()
    assert password(client, next="/people?x=1") == "/sign-in/second"
    assert not is_in(client)
    assert client.get("/sign-in/enrol")["Location"].startswith("/sign-in")  # nor adds another with it
    answer = client.post("/sign-in/second", {"code": code_of(secret, moment)})
    assert answer["Location"] == "/people?x=1"
    assert "password and app" in client.get("/account/devices").content.decode()


def test_a_code_is_good_once_even_elsewhere(moment: Moment) -> None:
    _, secret, _ = enrolled(moment)
    moment.passes(seconds=30)
    code = code_of(secret, moment)
    answers = []
    for _ in range(2):
        client = visitor()
        password(client)
        answers.append(client.post("/sign-in/second", {"code": code}).status_code)
    assert answers == [302, 400]


def test_wrong_codes_count_with_wrong_passwords_and_a_right_password_forgives_none(moment: Moment) -> None:
    _, secret, _ = enrolled(moment)
    moment.passes(seconds=60)
    for _ in range(5):
        client = visitor()
        password(client)
        assert client.post("/sign-in/second", {"code": "000000"}).status_code == 400
    assert client.post("/sign-in/second", {"code": code_of(secret, moment)}).status_code == 429
    assert visitor().post("/sign-in", {"username": "dr.ray", "password": PASSWORD}).status_code == 429


def test_the_second_step_waits_ten_minutes_and_dies_with_a_new_password(moment: Moment, database: str) -> None:
    _, secret, _ = enrolled(moment)
    late = visitor()
    password(late)
    moment.passes(minutes=11)
    assert late.post("/sign-in/second", {"code": code_of(secret, moment)})["Location"] == "/sign-in"
    stolen = visitor()
    password(stolen)
    from commonweal.apps.access.models import User

    user = User.objects.get(username="dr.ray")
    before = user.password
    user.set_password("another one now")
    user.save(update_fields=["password"])
    assert stolen.post("/sign-in/second", {"code": code_of(secret, moment)})["Location"] == "/sign-in"
    User.objects.filter(pk=user.pk).update(password=before)


def test_the_session_gets_a_new_key_at_each_step(moment: Moment) -> None:
    _, secret, _ = enrolled(moment)
    moment.passes(seconds=30)
    client = visitor()
    planted = client.session
    planted["seen"] = "before"
    planted.save()
    client.cookies["sessionid"] = str(planted.session_key)
    password(client)
    half = client.cookies["sessionid"].value
    client.post("/sign-in/second", {"code": code_of(secret, moment)})
    whole = client.cookies["sessionid"].value
    assert len({str(planted.session_key), half, whole}) == 3
    thief = visitor()
    thief.cookies["sessionid"] = half
    assert not is_in(thief)


def test_a_recovery_code_is_good_once_and_new_ones_void_the_rest(moment: Moment) -> None:
    signed_in, _, codes = enrolled(moment)
    client = visitor()
    password(client)
    assert client.post("/sign-in/second", {"code": codes[0].upper()})["Location"] == "/account/second-factor"
    assert "7 left" in client.get("/account/second-factor").content.decode()
    again = visitor()
    password(again)
    assert again.post("/sign-in/second", {"code": codes[0]}).status_code == 400
    assert signed_in.post("/account/second-factor/recovery").status_code == 200
    assert again.post("/sign-in/second", {"code": codes[1]}).status_code == 400


def test_nothing_is_changed_at_a_screen_left_open(moment: Moment) -> None:
    client, _, _ = enrolled(moment)
    moment.passes(minutes=16)
    assert "sign in again" in client.get("/account/second-factor").content.decode()
    assert client.get("/account/second-factor/add")["Location"].startswith("/sign-in")
    from commonweal.apps.access import factors
    from commonweal.apps.access.models import User

    user = User.objects.get(username="dr.ray")
    [app] = factors.factors(user)
    client.post("/account/second-factor/remove", {"factor": app.id})
    client.post("/account/second-factor/recovery")
    assert factors.factors(user) == [app]
    assert factors.recovery_left(user) == 8


def test_the_last_one_of_a_role_that_must_have_one_stays(moment: Moment, required: None) -> None:
    from commonweal.apps.access import factors
    from commonweal.apps.access.models import User

    client = visitor()
    password(client)
    secret = secret_on(client.get("/sign-in/enrol").content.decode())
    client.post("/sign-in/enrol", {"code": code_of(secret, moment)})
    user = User.objects.get(username="dr.ray")
    [app] = factors.factors(user)
    answer = client.post("/account/second-factor/remove", {"factor": app.id})
    assert answer.status_code == 400
    assert "add another before" in answer.content.decode()


def test_nobody_removes_somebody_elses(moment: Moment) -> None:
    from commonweal.apps.access import factors
    from commonweal.apps.access.models import User

    enrolled(moment)
    moment.passes(seconds=30)
    other, _, _ = enrolled(moment, "dr.lee")
    user = User.objects.get(username="dr.ray")
    [app] = factors.factors(user)
    for value in (app.id, "9" * 40, "-1", "x", ""):
        other.post("/account/second-factor/remove", {"factor": value})
    assert factors.factors(user) == [app]


def test_a_secret_is_kept_enciphered_and_for_its_account_only(moment: Moment) -> None:
    from commonweal.apps.access import factors
    from commonweal.apps.access.models import User

    _, secret, codes = enrolled(moment)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM access_factor")
        kept = b"".join(bytes(row[0]) for row in cursor.fetchall())
        cursor.execute("SELECT secret FROM access_factor WHERE kind = 'app'")
        of_app = bytes(cursor.fetchone()[0])
    assert secret not in kept
    assert codes[0].encode() not in kept
    assert factors.deciphered(of_app, User.objects.get(username="dr.ray")) == secret
    with pytest.raises(factors.FactorRefused):
        factors.deciphered(of_app, User.objects.get(username="dr.lee"))


def test_each_change_and_use_is_audited(moment: Moment) -> None:
    _, secret, _ = enrolled(moment)
    moment.passes(seconds=30)
    client = visitor()
    password(client)
    client.post("/sign-in/second", {"code": "000000"})
    client.post("/sign-in/second", {"code": code_of(secret, moment)})
    assert audited("factor.add")[-1] == ("user:dr.ray", "app", "allowed")
    assert audited("factor.recovery")[-1] == ("user:dr.ray", "8 codes", "allowed")
    assert audited("sign_in.password")[-1] == ("user:dr.ray", "then factor", "allowed")
    assert [row[2] for row in audited("sign_in")[-2:]] == ["refused", "allowed"]
    assert audited("sign_in")[-1][:2] == ("user:dr.ray", "password and app")


def with_passkey(username: str = "dr.ray") -> tuple[Client, SoftwareKey]:
    client, key = visitor(), SoftwareKey()
    password(client, username)
    options = client.post("/account/second-factor/passkey/challenge").json()
    made = client.post("/account/second-factor/passkey", {"passkey": key.create(options), "name": "blue key"})
    assert made.status_code == 200, made.content
    return client, key


def test_a_passkey_is_the_second_step_or_signs_in_alone_when_it_verifies_its_holder() -> None:
    _, key = with_passkey()
    client = visitor()
    assert password(client, next="/people") == "/sign-in/second"
    answer = client.post("/sign-in/passkey", {"passkey": key.get(client.post("/sign-in/passkey/challenge").json())})
    assert answer["Location"] == "/people"
    alone = visitor()
    answer = alone.post("/sign-in/passkey", {"passkey": key.get(alone.post("/sign-in/passkey/challenge").json())})
    assert answer["Location"] == "/"
    assert is_in(alone)
    assert '<td data-label="Signed in by">passkey</td>' in alone.get("/account/devices").content.decode()
    key.flags = PRESENT
    alone = visitor()
    options = alone.post("/sign-in/passkey/challenge").json()
    assert alone.post("/sign-in/passkey", {"passkey": key.get(options)}).status_code == 400


@pytest.mark.parametrize("attack", ["another site", "replayed", "another challenge", "copied", "rubbish", "stranger"])
def test_what_is_no_answer_to_our_challenge_signs_nobody_in(attack: str) -> None:
    _, key = with_passkey()
    client = visitor()
    options = client.post("/sign-in/passkey/challenge").json()
    if attack == "another site":
        key.origin = "https://evil.example"
    if attack == "stranger":
        key.key = SoftwareKey().key
    answer = key.get(options)
    if attack == "replayed":
        assert client.post("/sign-in/passkey", {"passkey": answer}).status_code == 302
        client = visitor()
        client.post("/sign-in/passkey/challenge")
    if attack == "another challenge":
        client.post("/sign-in/passkey/challenge")
    if attack == "copied":
        assert client.post("/sign-in/passkey", {"passkey": answer}).status_code == 302
        key.count -= 1
        client = visitor()
        answer = key.get(client.post("/sign-in/passkey/challenge").json())
    if attack == "rubbish":
        for text in ("", "[]", "{}", "null", '{"id":1}', "{" * 5000, "x" * 50_000):
            assert client.post("/sign-in/passkey", {"passkey": text}).status_code == 400
        return
    assert client.post("/sign-in/passkey", {"passkey": answer}).status_code == 400
    assert not is_in(client)


def test_a_passkey_of_another_account_is_no_second_step() -> None:
    with_passkey()
    _, other = with_passkey("dr.lee")
    client = visitor()
    password(client)
    answer = other.get(client.post("/sign-in/passkey/challenge").json())
    assert client.post("/sign-in/passkey", {"passkey": answer}).status_code == 400
    assert not is_in(client)
