"""SMART backend services in the web role: a token for a signed assertion, narrowed by its scopes; attacks on each part.

https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.test import Client

from tests.integration import acting
from tests.integration.fhir_world import SNOMED, Ask, World, asking, make, patient, weight

pytestmark = pytest.mark.usefixtures("database")
TOKEN = "http://127.0.0.1/oauth/token"
BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP384R1())


def public_keys() -> dict[str, Any]:
    of_rsa = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key()))
    of_ec = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(EC.public_key()))
    return {"keys": [{**of_rsa, "kid": "r", "alg": "RS384"}, {**of_ec, "kid": "e", "alg": "ES384"}]}


@pytest.fixture(scope="module")
def world(database: str) -> World:
    from commonweal.apps.access import api as access

    made = make()
    for client, scopes in (
        ("hospital-sync", ["system/Observation.rs", "system/Patient.r"]),
        ("hospital-all", ["system/*.cruds"]),
    ):
        access.register_app(client, client, by="operator:it", scopes=scopes, system="r01", jwks=public_keys())
    return made


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield asking(world)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def assertion(client: str = "hospital-sync", **more: Any) -> str:
    said = {"iss": client, "sub": client, "aud": TOKEN, "exp": int(time.time()) + 240, "jti": str(time.time_ns())}
    said |= more
    return jwt.encode({name: value for name, value in said.items() if value is not None}, RSA, "RS384", {"kid": "r"})


def asks_for(signed: str, scope: str = "system/Observation.rs", **more: str) -> Any:
    form = {"grant_type": "client_credentials", "client_assertion_type": BEARER, "client_assertion": signed}
    return Client(SERVER_NAME="127.0.0.1").post("/oauth/token", {**form, "scope": scope, **more})


def token(scope: str = "system/Observation.rs", client: str = "hospital-sync") -> str:
    answer = asks_for(assertion(client), scope)
    assert answer.status_code == 200, answer.content
    return str(answer.json()["access_token"])


def fhir(held: str, method: str, path: str, body: Any = None) -> Any:
    headers: dict[str, Any] = {"Authorization": f"Bearer {held}"}
    client = Client(SERVER_NAME="127.0.0.1", headers=headers)
    text = body if isinstance(body, str) else json.dumps(body)
    return client.generic(method, f"/fhir/R4/{path}", text if body else "", "application/fhir+json")


@pytest.fixture
def observation(ask: Ask) -> tuple[str, str]:
    """(Patient, Observation) of the hospital's own."""
    person = str(ask("r01", "POST", "Patient", patient()).json()["id"])
    return person, str(ask("r01", "POST", "Observation", weight(person)).json()["id"])


def test_a_system_gets_a_short_token_for_its_assertion_and_reads_what_it_was_let(
    ask: Ask, observation: tuple[str, str]
) -> None:
    person, weighed = observation
    answer = asks_for(assertion(), "system/Observation.rs system/Patient.r")
    assert answer["Cache-Control"] == "no-store"
    said = answer.json()
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 300)
    assert said["scope"] == "system/Observation.rs system/Patient.r"
    held = said["access_token"]
    assert fhir(held, "GET", f"Observation/{weighed}").status_code == 200
    assert fhir(held, "GET", f"Patient/{person}").status_code == 200
    found = fhir(held, "GET", f"Observation?patient={person}&code={SNOMED}|27113001").json()
    assert [one["resource"]["id"] for one in found["entry"]] == [weighed]


def test_es384_and_no_key_id_do_too(ask: Ask) -> None:
    said = {"iss": "hospital-sync", "sub": "hospital-sync", "aud": TOKEN, "exp": int(time.time()) + 60, "jti": "e1"}
    assert asks_for(jwt.encode(said, EC, "ES384", {"kid": "e"})).status_code == 200
    assert asks_for(jwt.encode({**said, "jti": "e2"}, EC, "ES384")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "Patient?name=x"),
        ("GET", "Condition?patient={p}"),
        ("GET", "Patient/{p}/$everything"),
        ("GET", "Observation?patient={p}&_include=Observation:subject"),
        ("GET", "Observation?subject.name=Moss"),
        ("GET", "Observation?patient.name=Moss"),
        ("GET", "Observation?_has:Provenance:target:agent=x"),
        ("GET", "Patient/{p}/_history"),
        ("GET", "_history"),
        ("GET", "$export"),
        ("GET", "Observation/_history"),
        ("POST", "Observation"),
        ("PUT", "Observation/{o}"),
        ("DELETE", "Observation/{o}"),
        ("DELETE", "Observation?code=x"),
    ],
)
def test_scopes_are_held_at_every_address(ask: Ask, observation: tuple[str, str], method: str, path: str) -> None:
    person, weighed = observation
    held = token()  # system/Observation.rs
    at = path.format(p=person, o=weighed)
    body = json.loads(weight(person)) if method in ("POST", "PUT") else None
    answer = fhir(held, method, at, body)
    if path == "Observation/_history":  # reading versions of one type is within r
        assert answer.status_code == 200
        return
    assert answer.status_code == 403, answer.content
    assert person not in answer.content.decode()
    assert fhir(held, "GET", f"Observation/{weighed}").status_code == 200  # nothing has gone


def test_a_bundle_is_no_way_round(ask: Ask, observation: tuple[str, str]) -> None:
    person, weighed = observation
    reads = [
        {"request": {"method": "GET", "url": f"{kind}"}} for kind in (f"Patient/{person}", f"Observation/{weighed}")
    ]
    answer = fhir(token(), "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": reads}).json()
    assert [entry["response"]["status"] for entry in answer["entry"]] == ["403", "200"]
    write = {"request": {"method": "DELETE", "url": f"Observation/{weighed}"}}
    for kind in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [write]}
        assert fhir(token(), "POST", "", bundle).status_code == 403
    assert fhir(token("system/*.cruds", "hospital-all"), "DELETE", f"Observation/{weighed}").status_code == 204


def test_a_scope_is_never_more_than_the_account_may(ask: Ask) -> None:
    """Another organisation's entries stay where they are, whatever the scope says."""
    held = token("system/*.cruds", "hospital-all")
    assert fhir(held, "GET", "Patient/vicky").status_code == 404
    assert fhir(held, "GET", "Patient?identifier=9990000018").json().get("total", 0) == 0


@pytest.mark.parametrize(
    "scope", ["system/*.rs", "system/Observation.cruds", "user/Observation.rs", "", "openid", "system/Condition.rs"]
)
def test_scopes_beyond_what_was_registered_are_not_given(ask: Ask, scope: str) -> None:
    answer = asks_for(assertion(), scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    both = asks_for(assertion(), f"{scope} system/Observation.r").json()
    assert both["scope"] == "system/Observation.r"


def confused() -> str:
    """HS384 with the public key as the secret."""
    secret = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    said = {"iss": "hospital-sync", "sub": "hospital-sync", "aud": TOKEN, "exp": int(time.time()) + 60, "jti": "c"}
    body = part(b'{"alg":"HS384","kid":"r"}') + "." + part(json.dumps(said).encode())
    return f"{body}.{part(hmac.new(secret, body.encode(), hashlib.sha384).digest())}"


FORGED = rsa.generate_private_key(65537, 2048)
GOOD = {"iss": "hospital-sync", "sub": "hospital-sync", "aud": TOKEN}


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(lambda: assertion(exp=int(time.time()) - 90), id="expired"),
        pytest.param(lambda: assertion(exp=int(time.time()) + 3600), id="lives too long"),
        pytest.param(lambda: assertion(exp=None), id="never expires"),
        pytest.param(lambda: assertion(aud="https://other.example/token"), id="for another"),
        pytest.param(lambda: assertion(aud=None), id="for nobody"),
        pytest.param(lambda: assertion(sub="hospital-all"), id="of another app"),
        pytest.param(lambda: assertion(iss="nobody", sub="nobody"), id="of no app"),
        pytest.param(lambda: assertion(jti=None), id="without a number"),
        pytest.param(lambda: assertion(nbf=int(time.time()) + 600), id="not yet"),
        pytest.param(lambda: jwt.encode({**GOOD, "exp": 9**10, "jti": "n"}, None, "none"), id="unsigned"),
        pytest.param(confused, id="public key as secret"),
        pytest.param(
            lambda: jwt.encode({**GOOD, "exp": int(time.time()) + 60, "jti": "f"}, FORGED, "RS384", {"kid": "r"}),
            id="forged",
        ),
        pytest.param(
            lambda: jwt.encode({**GOOD, "exp": int(time.time()) + 60, "jti": "w"}, RSA, "RS256", {"kid": "r"}),
            id="weaker algorithm",
        ),
        pytest.param(lambda: "", id="nothing"),
        pytest.param(lambda: "a.b.c", id="rubbish"),
        pytest.param(lambda: "x" * 100_000, id="long"),
    ],
)
def test_an_assertion_that_does_not_stand_gets_nothing(ask: Ask, signed: Any) -> None:
    answer = asks_for(signed())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "access_token" not in answer.json()


def test_an_assertion_is_good_once(ask: Ask) -> None:
    signed = assertion()
    assert asks_for(signed).status_code == 200
    assert asks_for(signed).status_code == 401
    assert asks_for(assertion(jti="same")).status_code == 200
    assert asks_for(assertion(jti="same")).status_code == 401
    assert asks_for(assertion("hospital-all", jti="same"), "system/*.rs").status_code == 200  # another's number


@pytest.mark.parametrize("grant", ["", "password", "implicit", "client_credentials\x00"])
def test_no_other_way_to_ask(ask: Ask, grant: str) -> None:
    assert asks_for(assertion(), grant_type=grant).json()["error"] == "unsupported_grant_type"
    assert Client(SERVER_NAME="127.0.0.1").get("/oauth/token").status_code == 405


def test_a_token_ends_by_time_by_word_and_opens_no_page(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import timezone

    held = token()
    client = Client(SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {held}"})
    for page in ("/people", "/account/devices", "/feeds"):
        assert client.get(page).status_code in (302, 401)
    assert fhir(held, "GET", "Observation?code=x").status_code == 200
    real = timezone.now()
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: real + timedelta(minutes=5, seconds=1))
        assert fhir(held, "GET", "Observation?code=x").status_code == 401
    assert client.post("/oauth/revoke", {"token": "unknown"}).status_code == 200
    assert client.post("/oauth/revoke", {"token": held}).status_code == 200
    assert fhir(held, "GET", "Observation?code=x").status_code == 401


def as_batch(does: Any) -> None:
    with acting.as_batch():
        does()


def test_a_closed_app_or_account_is_out_at_once(ask: Ask) -> None:
    from commonweal.apps.access import api as access

    as_batch(
        lambda: access.register_app(
            "short-lived", "x", by="operator:it", scopes=["system/*.rs"], system="r01", jwks=public_keys()
        )
    )
    held = token("system/*.rs", "short-lived")
    assert fhir(held, "GET", "Observation?code=x").status_code == 200
    as_batch(lambda: access.close_app("short-lived", by="operator:it"))
    assert fhir(held, "GET", "Observation?code=x").status_code == 401
    assert asks_for(assertion("short-lived"), "system/*.rs").status_code == 401

    as_batch(lambda: access.create_system("p77.system", "P77"))
    as_batch(
        lambda: access.register_app(
            "of-p77", "x", by="operator:it", scopes=["system/*.rs"], system="p77.system", jwks=public_keys()
        )
    )
    held = token("system/*.rs", "of-p77")
    assert fhir(held, "GET", "Observation?code=x").status_code == 200
    as_batch(lambda: access.close_account("p77.system", by="operator:it"))
    assert fhir(held, "GET", "Observation?code=x").status_code == 401
    assert asks_for(assertion("of-p77"), "system/*.rs").status_code == 401


def test_what_was_done_and_what_was_refused_name_the_app(ask: Ask, observation: tuple[str, str]) -> None:
    person, weighed = observation
    held = token()
    fhir(held, "GET", f"Observation/{weighed}")
    fhir(held, "GET", f"Patient/{person}")
    rows: list[Any] = []

    def read() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT action, target, outcome FROM access_audit ORDER BY id DESC LIMIT 3")
            rows.extend(cursor.fetchall())

    as_batch(read)
    assert rows == [
        ("fhir.read", "Patient by app hospital-sync", "refused"),
        ("fhir.read", "Observation by app hospital-sync", "allowed"),
        ("app.token", "hospital-sync: system/Observation.rs", "allowed"),
    ]


def test_a_token_is_kept_only_as_a_hash(ask: Ask) -> None:
    held = token()
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest FROM access_app_token")
        assert held not in str(cursor.fetchall())


def test_the_configuration_and_the_capability_statement_say_where(ask: Ask) -> None:
    client = Client(SERVER_NAME="127.0.0.1")
    said = client.get("/fhir/R4/.well-known/smart-configuration").json()
    assert said["token_endpoint"] == TOKEN
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert set(said["token_endpoint_auth_signing_alg_values_supported"]) == {"RS384", "ES384"}
    security = client.get("/fhir/R4/metadata").json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    told = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    assert told["token"] == said["token_endpoint"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["user/*.rs"]}, "no scope for such an app"),
        ({"scopes": ["system/*.read"]}, "no scope for such an app"),
        ({"system": "p01.nobody"}, "system account"),
        ({"system": "dr.ray"}, "system account"),
        ({"system": ""}, "no scope for such an app"),
        ({"redirects": ["https://x.example/back"]}, "either"),
        ({"jwks": None}, "public keys"),
        ({"jwks": {"keys": []}}, "Key Set"),
        ({"jwks": None, "jwks_url": "http://x.example/keys"}, "https"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "private"),
        ({"client": "hospital-all"}, "taken"),
        ({"client": "A B"}, "taken"),
    ],
)
def test_an_app_that_cannot_be_meant_is_not_registered(world: World, change: dict[str, Any], says: str) -> None:
    from commonweal.apps.access import api as access

    said: dict[str, Any] = {"client": "new-app", "name": "x", "by": "operator:it", "scopes": ["system/*.rs"]}
    said |= {"system": "r01", "jwks": public_keys(), **change}
    with pytest.raises(ValueError, match=says):
        access.register_app(said.pop("client"), said.pop("name"), **said)
