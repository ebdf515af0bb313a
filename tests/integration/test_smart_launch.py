"""SMART App Launch, standalone, in the web role: a person is asked, a code with PKCE, tokens that end with them."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client

from tests.integration.fhir_world import World, make

pytestmark = pytest.mark.usefixtures("database")
BACK = "https://app.example/back?of=us"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "response_type": "code",
    "client_id": "chart-app",
    "redirect_uri": BACK,
    "scope": "launch/patient patient/*.rs online_access",
    "state": "state-1234",
    "aud": "http://127.0.0.1/fhir/R4",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
VICKY = "999 000 0018"


@pytest.fixture(scope="module")
def world(database: str) -> World:
    from commonweal.apps.access import api as access

    made = make()
    access.register_app(
        "chart-app",
        "Growth charts",
        by="operator:it",
        scopes=["launch/patient", "patient/*.rs", "user/Observation.rs", "online_access"],
        redirects=[BACK],
    )
    access.register_app(
        "opened-app",
        "Opened charts",
        by="operator:it",
        scopes=["launch", "patient/*.rs"],
        redirects=[BACK],
        launch_address="https://app.example/launch",
    )
    return made


@pytest.fixture(autouse=True)
def web(world: World) -> Iterator[None]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def signed_in(username: str = "gp", **more: Any) -> Client:
    client = Client(SERVER_NAME="127.0.0.1", **more)
    if not more:
        assert client.post("/sign-in", {"username": username, "password": "a long password"}).status_code == 302
    return client


def address(**more: str) -> str:
    return "/oauth/authorize?" + urlencode({**ASKED, **more})


def told(answer: Any) -> dict[str, str]:
    """What the app is told, and that nobody but it is."""
    at = answer["Refresh"].removeprefix("0;url=") if "Refresh" in answer else answer["Location"]
    assert at.startswith(BACK + "&")
    return {name: values[0] for name, values in parse_qs(urlsplit(at).query).items()}


def code(client: Client, number: str = VICKY, **more: str) -> str:
    answer = client.post(address(**more), {"answer": "yes", "number": number})
    assert answer.status_code == 200, answer.content
    said = told(answer)
    assert said["state"] == ASKED["state"]
    return said["code"]


def exchange(**form: str) -> Any:
    said = {"grant_type": "authorization_code", "client_id": "chart-app", "redirect_uri": BACK}
    return Client(SERVER_NAME="127.0.0.1").post("/oauth/token", {**said, "code_verifier": VERIFIER, **form})


def refreshed(token: str) -> Any:
    return exchange(grant_type="refresh_token", refresh_token=token)


def fhir(token: str, path: str, method: str = "GET") -> int:
    headers: dict[str, Any] = {"Authorization": f"Bearer {token}"}
    client = Client(SERVER_NAME="127.0.0.1", headers=headers)
    return int(client.generic(method, f"/fhir/R4/{path}", "{}", "application/fhir+json").status_code)


def test_somebody_is_asked_in_words_and_the_app_opens_that_person_only(world: World) -> None:
    client = signed_in()
    page = client.get(address()).content.decode()
    assert "Let Growth charts use the record in your name?" in page
    assert "read and search everything in the record" in page
    assert "app.example" in page
    said = exchange(code=code(client)).json()
    assert (said["patient"], said["expires_in"], said["token_type"]) == (str(world.vicky), 300, "Bearer")
    held = said["access_token"]
    assert fhir(held, f"Observation?patient={said['patient']}") == 200
    assert fhir(held, "Patient/vicky") == 200
    assert fhir(held, "Observation?patient=somebody-else") in (200, 404)
    assert fhir(held, "Patient/vicky", "DELETE") == 403  # nothing to write was granted
    assert "Growth charts" in client.get("/account/devices").content.decode()


def test_the_gate_decides_whatever_the_app_was_let(world: World) -> None:
    """Without a relationship an app gets nothing either; nor does one that was let open another person."""
    page = signed_in("stranger").post(address(), {"answer": "yes", "number": VICKY})
    assert page.status_code == 400
    held = exchange(code=code(signed_in("stranger"), scope="user/Observation.rs")).json()["access_token"]
    assert fhir(held, "Patient/vicky") == 403
    from uuid import uuid4

    from commonweal.apps.access import scopes
    from commonweal.domain.access.scope import Actor, Refused
    from commonweal.domain.access.smart import App
    from commonweal.domain.access.vocabulary import Purpose, Role

    fact = scopes.Fact("relationship", 1, "registered", "", "", None)
    from datetime import date

    def opens(app: App | None) -> bool:
        actor = Actor("user:gp", "GP", Role.CLINICIAN, "P01", "", None, app)
        found = scopes.scope_of(actor, Purpose.DIRECT_CARE, date(2020, 1, 1), world.vicky, {1: "P01"}, {1: [fact]})
        return not isinstance(found, Refused)

    assert opens(None)
    assert opens(App("a", ("patient/*.rs",), world.vicky))
    assert not opens(App("a", ("patient/*.rs",), uuid4()))


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": BACK + "&more=1"},
        {"redirect_uri": "https://app.example/back"},
        {"redirect_uri": "https://app.example.evil.example/back?of=us"},
        {"redirect_uri": "HTTPS://app.example/back?of=us"},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": ""},
    ],
)
def test_nobody_is_sent_where_the_app_was_not_registered(change: dict[str, str]) -> None:
    for answer in (signed_in().get(address(**change)), Client(SERVER_NAME="127.0.0.1").get(address(**change))):
        assert answer.status_code == 400
        assert "Location" not in answer
        assert "Refresh" not in answer


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
        ({"scope": "patient/*.cruds launch/patient"}, "invalid_scope"),
        ({"scope": "patient/*.rs"}, "invalid_scope"),
        ({"scope": "launch/patient"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_what_cannot_be_asked_is_told_to_the_app(change: dict[str, str], error: str) -> None:
    client = signed_in()
    for answer in (client.get(address(**change)), client.post(address(**change), {"answer": "yes", "number": VICKY})):
        assert told(answer)["error"] == error


def test_no_is_no_and_a_stranger_signs_in_first() -> None:
    assert told(signed_in().post(address(), {"answer": "no"}))["error"] == "access_denied"
    stranger = Client(SERVER_NAME="127.0.0.1")
    assert stranger.get(address())["Location"].startswith("/sign-in?next=")
    forging = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    page = forging.get("/sign-in").content.decode()
    found = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)
    assert found
    forging.post("/sign-in", {"username": "gp", "password": "a long password", "csrfmiddlewaretoken": found[1]})
    assert forging.post(address(), {"answer": "yes", "number": VICKY}).status_code == 403


def test_a_citizen_is_asked_about_their_own_record(world: World) -> None:
    client = signed_in("citizen")
    assert "NHS number" not in client.get(address()).content.decode()
    assert exchange(code=code(client, "")).json()["patient"] == str(world.vicky)


@pytest.mark.parametrize(
    "form",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example/back"},
        {"client_id": "nobody"},
        {"code": "made-up"},
    ],
)
def test_a_code_needs_its_verifier_its_address_and_its_app(form: dict[str, str]) -> None:
    given = code(signed_in())
    assert exchange(**{"code": given, **form}).status_code in (400, 401)
    if form.keys() & {"code_verifier", "redirect_uri"}:  # whoever has stolen a code has spent it
        assert exchange(code=given).status_code == 400


def test_a_code_or_refresh_token_shown_twice_ends_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    given = code(signed_in())
    held = exchange(code=given).json()["access_token"]
    assert fhir(held, "Patient/vicky") == 200
    assert exchange(code=given).status_code == 400
    assert fhir(held, "Patient/vicky") == 401
    first = exchange(code=code(signed_in())).json()
    second = refreshed(first["refresh_token"]).json()
    assert fhir(second["access_token"], "Patient/vicky") == 200
    assert refreshed(first["refresh_token"]).status_code == 400
    assert fhir(second["access_token"], "Patient/vicky") == 401
    assert refreshed(second["refresh_token"]).status_code == 400


def test_codes_and_tokens_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import timezone

    real = timezone.now()
    given, said = code(signed_in()), exchange(code=code(signed_in())).json()
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: real + timedelta(minutes=6))
        assert exchange(code=given).status_code == 400
        assert fhir(said["access_token"], "Patient/vicky") == 401
        assert refreshed(said["refresh_token"]).status_code == 200
        patch.setattr(timezone, "now", lambda: real + timedelta(hours=9))
        assert refreshed(said["refresh_token"]).status_code == 400


@pytest.mark.parametrize("way", ["sign out", "everywhere", "one app", "revoke", "account closed"])
def test_what_ends_it_ends_it_at_once(way: str) -> None:
    from commonweal.apps.access import api as access

    client = signed_in("referred" if way == "account closed" else "gp")
    said = exchange(code=code(client, scope="user/Observation.rs online_access")).json()
    held, refresh = said["access_token"], said["refresh_token"]
    assert fhir(held, "Observation?patient=vicky") == 200
    if way == "sign out":
        client.post("/sign-out")
    elif way == "everywhere":
        client.post("/account/devices")
    elif way == "one app":
        found = re.search(r'name="grant" value="(\d+)"', client.get("/account/devices").content.decode())
        assert found
        signed_in("sw").post("/account/devices", {"grant": found[1]})  # nobody else's to end
        assert fhir(held, "Observation?patient=vicky") == 200
        client.post("/account/devices", {"grant": found[1]})
    elif way == "revoke":
        client.post("/oauth/revoke", {"token": refresh})
    else:
        connection.close()
        connection.settings_dict["USER"] = "commonweal_batch"
        access.close_account("referred", by="operator:office")
        connection.close()
        connection.settings_dict["USER"] = "commonweal_app"
    assert fhir(held, "Observation?patient=vicky") == 401
    assert refreshed(refresh).status_code == 400


OPENED = {"client_id": "opened-app", "scope": "launch patient/*.rs"}


def launch(client: Client, world: World, app: str = "opened-app") -> str:
    """What the app is opened with from Vicky's record, sent to where it was registered and nowhere else."""
    answer = client.post(f"/people/{world.vicky}/apps", {"app": app})
    at = urlsplit(answer["Refresh"].removeprefix("0;url="))
    assert f"{at.scheme}://{at.netloc}{at.path}" == "https://app.example/launch"
    said = parse_qs(at.query)
    assert said["iss"] == ["http://127.0.0.1/fhir/R4"]
    return said["launch"][0]


def test_an_app_opened_from_a_record_is_told_that_person_and_once(world: World) -> None:
    client = signed_in()
    assert "Open Opened charts" in client.get(f"/people/{world.vicky}/apps").content.decode()
    secret = launch(client, world)
    page = client.get(address(**OPENED, launch=secret)).content.decode()
    assert "know whose record you opened it from" in page
    assert "NHS number" not in page
    said = exchange(code=code(client, "", **OPENED, launch=secret), client_id="opened-app").json()
    assert said["patient"] == str(world.vicky)
    assert fhir(said["access_token"], "Patient/vicky") == 200
    assert fhir(said["access_token"], "Observation?patient=somebody-else") in (200, 404)
    assert told(client.post(address(**OPENED, launch=secret), {"answer": "yes"}))["error"] == "invalid_request"


def test_a_launch_is_of_one_session_one_account_and_one_app(world: World) -> None:
    secret = launch(signed_in(), world)
    for other in (signed_in(), signed_in("sw"), signed_in("stranger")):
        assert told(other.get(address(**OPENED, launch=secret)))["error"] == "invalid_request"
    client = signed_in()
    secret = launch(client, world)
    for change in ({"launch": "made-up"}, {"launch": secret[:-1]}, {"launch": secret, "scope": "patient/*.rs"}, {}):
        answer = client.get(address(**{**OPENED, **change}))
        assert told(answer)["error"] in ("invalid_request", "invalid_scope")
    assert client.get(address(**OPENED, launch=secret)).status_code == 200


def test_who_may_not_open_the_record_opens_no_app_on_it(world: World) -> None:
    assert signed_in("stranger").post(f"/people/{world.vicky}/apps", {"app": "opened-app"}).status_code == 403
    assert signed_in("citizen").post(f"/people/{world.vicky}/apps", {"app": "opened-app"}).status_code in (302, 200)
    assert signed_in("ana").get(f"/people/{world.vicky}/apps").status_code == 404
    assert signed_in().post(f"/people/{world.vicky}/apps", {"app": "chart-app"}).status_code == 400


def test_an_app_that_is_opened_must_ask_for_launch_at_a_safe_address(world: World) -> None:
    from commonweal.apps.access import api as access

    for more in (
        {"launch_address": "http://evil.example/"},
        {"launch_address": "https://a.example/", "scopes": ["patient/*.rs"]},
    ):
        said: dict[str, Any] = {"scopes": ["launch", "patient/*.rs"], "redirects": [BACK], **more}
        with pytest.raises(ValueError, match="opened from a record"):
            access.register_app("other-app", "Other", by="operator:it", **said)
