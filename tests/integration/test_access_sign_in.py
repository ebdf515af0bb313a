"""Signing in: sessions, limits on guesses, safe redirects, tokens; served in the web role."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "correct horse battery"
BROWSER: dict[str, str] = {"REMOTE_ADDR": "192.0.2.1", "SERVER_NAME": "127.0.0.1"}


@pytest.fixture(scope="module", autouse=True)
def account(database: str) -> None:
    from commonweal.apps.access import api

    api.create_user("dr.ray", PASSWORD, api.Role.CLINICIAN, "P01", "Dr Ray")


@pytest.fixture(scope="module")
def browser(account: None) -> Any:
    from django.test import Client

    return Client(**BROWSER)


@pytest.fixture
def client(browser: Any) -> Iterator[Any]:
    browser.cookies.clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_signin")
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield browser
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def sign_in(client: Any, username: str = "dr.ray", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", {"username": username, "password": password, **more})


def test_the_page_shows_the_form_with_labels(client: Any) -> None:
    page = client.get("/sign-in?next=/people").content.decode()
    assert '<label class="nhsuk-label" for="username">' in page
    assert 'name="next" value="/people"' in page


def test_a_right_password_signs_in_and_goes_on(client: Any) -> None:
    answer = sign_in(client, next="/people?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/people?x=1")
    from commonweal.apps.access.models import User

    assert client.session["_auth_user_id"] == str(User.objects.get(username="dr.ray").pk)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", "http:evil.example", ""],
)
def test_an_address_elsewhere_is_not_followed(client: Any, target: str) -> None:
    assert sign_in(client, next=target)["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_look_the_same(client: Any) -> None:
    answers = [sign_in(client, "dr.ray", "wrong"), sign_in(client, "nobody", "wrong")]
    pages = [answer.content.decode().replace("nobody", "dr.ray") for answer in answers]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "Enter a user name and password that match" in pages[0]
    strip = [re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', "\\1", page) for page in pages]
    assert strip[0] == strip[1]
    assert "wrong" not in pages[0]


def test_empty_fields_are_named(client: Any) -> None:
    page = sign_in(client, "", "").content.decode()
    assert "Enter your user name" in page
    assert "Enter your password" in page


def test_five_failures_close_the_account_for_a_while_even_to_the_right_password(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        assert sign_in(client, password="wrong").status_code == 400
    assert sign_in(client).status_code == 429
    assert sign_in(client, "DR.RAY").status_code == 429
    from commonweal.apps.access import sign_in as module

    later = module.timezone.now() + module.WINDOW + timedelta(seconds=1)
    monkeypatch.setattr(module.timezone, "now", lambda: later)
    assert sign_in(client).status_code == 302


def test_many_names_from_one_address_are_limited_too(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.access import sign_in as module

    monkeypatch.setattr(module, "MOST_BY_ADDRESS", 3)
    for n in range(3):
        assert sign_in(client, f"guess{n}", "x").status_code == 400
    assert sign_in(client, "guess3", "x").status_code == 429


def test_a_success_forgives_earlier_failures(client: Any) -> None:
    for _ in range(4):
        sign_in(client, password="wrong")
    assert sign_in(client).status_code == 302
    for _ in range(4):
        assert sign_in(client, password="wrong").status_code == 400


def test_signing_in_needs_the_csrf_token(client: Any) -> None:
    from django.test import Client

    assert sign_in(Client(enforce_csrf_checks=True, **BROWSER)).status_code == 403


def test_signing_out_is_a_post_and_ends_the_session(client: Any) -> None:
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").status_code == 302
    assert "_auth_user_id" not in client.session


def test_attempts_are_audited_without_the_name_that_was_typed(client: Any) -> None:
    sign_in(client, "hunter2", "wrong")
    sign_in(client)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor, outcome FROM access_audit WHERE action = 'sign_in' ORDER BY id DESC LIMIT 2")
        (ok, allowed), (bad, refused) = cursor.fetchall()
    assert (ok, allowed) == ("user:dr.ray", "allowed")
    assert (bad[:8], refused) == ("unknown:", "refused")
    assert "hunter2" not in bad


def actor_with(header: str | None) -> Any:
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory

    from commonweal.apps.access import api

    request = RequestFactory().get("/", **({"HTTP_AUTHORIZATION": header} if header else {}))
    request.user = AnonymousUser()
    return api.actor_of(request)


def test_a_token_stands_for_its_account_until_it_expires_or_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.access import actors, api
    from commonweal.apps.access.models import Token

    token = api.create_token("dr.ray", 1)
    assert actor_with(f"Bearer {token}").key == "user:dr.ray"
    assert token not in repr(list(Token.objects.values()))
    for header in (None, "Bearer ", "Bearer nonsense", f"Basic {token}", f"Bearer {token}x"):
        with pytest.raises(api.SignInRequired):
            actor_with(header)
    real = actors.timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(actors.timezone, "now", lambda: real + timedelta(days=1, seconds=1))
        with pytest.raises(api.SignInRequired):
            actor_with(f"Bearer {token}")
    Token.objects.update(revoked_at=real)
    with pytest.raises(api.SignInRequired):
        actor_with(f"Bearer {token}")


def test_a_token_needs_an_account_and_a_life(database: str) -> None:
    from commonweal.apps.access import api

    with pytest.raises(ValueError, match="no active account"):
        api.create_token("nobody")
    with pytest.raises(ValueError, match="between 1 and 365"):
        api.create_token("dr.ray", 0)


def test_a_citizens_account_carries_a_person_and_no_other_does(database: str) -> None:
    from uuid import uuid4

    from commonweal.apps.access import api

    with pytest.raises(ValueError, match="person id"):
        api.create_user("c", PASSWORD, api.Role.CITIZEN, "", "C")
    with pytest.raises(ValueError, match="person id"):
        api.create_user("d", PASSWORD, api.Role.ANALYST, "", "D", person_id=uuid4())
