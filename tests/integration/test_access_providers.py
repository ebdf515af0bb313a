"""Signing in by another service: an OpenID Connect server on this machine, honest first, then bent in each way."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test import Client

from tests.oidc_provider import CLIENT, OidcProvider, oidc_provider, pem, public_pem

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
]
SHARED = """
providers:
  cis2:
    name: NHS Care Identity
    issuer: {issuer}
    client_id: commonweal-test
    authentication: private_key_jwt
    secret_file: cis2.pem
    scopes: [openid, profile, nationalrbacaccess, selectedrole]
    asks: {{acr_values: AAL3}}
    needs: {{authentication_assurance_level: ["3"]}}
    two_factors: true
    roles:
      claim: nhsid_nrbac_roles
      role: role_code
      organisation: org_code
      id: person_roleid
      selected: selected_roleid
      means: {{R8000: clinician, R8001: clinician}}
"""
NURSE = {"person_roleid": "1", "org_code": "P01", "role_code": "S8000:G8000:R8001"}
HONEST: dict[str, Any] = {"authentication_assurance_level": "3", "nhsid_nrbac_roles": [NURSE]}


@pytest.fixture(scope="module")
def provider(database: str, socket_enabled_for_module: None) -> Iterator[OidcProvider]:
    from django.conf import settings

    from commonweal.apps.access import api as access

    with oidc_provider() as service:
        (settings.COMMONWEAL_HOME / "cis2.pem").write_text(pem(service.client_key))
        (settings.COMMONWEAL_HOME / "sign-in.yaml").write_text(SHARED.format(issuer=service.issuer))
        access.create_user("dr.ray", "correct horse battery", access.Role.CLINICIAN, "P01", "Dr Ray")
        access.bind("dr.ray", "cis2", "sub-1", by="operator:office")
        yield service


@pytest.fixture(scope="module")
def socket_enabled_for_module() -> None:
    import pytest_socket

    pytest_socket.enable_socket()


@pytest.fixture
def honest(provider: OidcProvider, as_app: None) -> OidcProvider:
    provider.subject, provider.said, provider.userinfo = "sub-1", {}, dict(HONEST)
    provider.sign, provider.bend = provider._sign, lambda said: None
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return provider


def visitor() -> Client:
    return Client(SERVER_NAME="127.0.0.1")


def away(client: Client, **asked: str) -> str:
    return str(client.get("/sign-in/with/cis2", asked)["Location"])


def signs_in(client: Client, provider: OidcProvider, **asked: str) -> Any:
    return client.get(provider.authorize(away(client, **asked)))


def is_in(client: Client) -> bool:
    return client.get("/account/devices").status_code == 200


def test_somebody_bound_signs_in_with_a_new_session_and_goes_on(honest: OidcProvider) -> None:
    client = visitor()
    planted = client.session
    planted["seen"] = "before"
    planted.save()
    client.cookies["sessionid"] = str(planted.session_key)
    answer = signs_in(client, honest, next="/people?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/people?x=1")
    assert client.cookies["sessionid"].value != planted.session_key
    assert "NHS Care Identity" in client.get("/account/devices").content.decode()
    assert honest.asked["code_challenge_method"] == "S256"
    assert (honest.asked["acr_values"], honest.asked["scope"].split()[0]) == ("AAL3", "openid")
    assert honest.assertions[-1]["iss"] == CLIENT
    assert "Continue with NHS Care Identity" in visitor().get("/sign-in").content.decode()


def test_each_attempt_has_its_own_state_nonce_and_verifier(honest: OidcProvider) -> None:
    client = visitor()
    seen = []
    for _ in range(2):
        honest.authorize(away(client))
        seen.append([honest.asked[name] for name in ("state", "nonce", "code_challenge")])
    assert not set(seen[0]) & set(seen[1])


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_an_address_elsewhere_is_not_followed(honest: OidcProvider, next_page: str) -> None:
    assert signs_in(visitor(), honest, next=next_page)["Location"] == "/"


def test_an_answer_nobody_here_asked_for_signs_nobody_in(honest: OidcProvider) -> None:
    """Cross-site request forgery of the sign-in: somebody's answer given to another's browser; and each used twice."""
    mine, other = visitor(), visitor()
    address = honest.authorize(away(mine))
    away(other)
    for client, at in ((visitor(), address), (other, address), (mine, address.replace("state=", "state=x"))):
        assert client.get(at).status_code == 403
        assert not is_in(client)
    assert mine.get(address).status_code == 403  # the attempt is spent by the wrong state
    again = honest.authorize(away(mine))
    assert mine.get(again).status_code == 302
    assert mine.get(again).status_code == 403


@pytest.mark.parametrize("change", [("iss", "https://evil.example"), ("code", ""), ("code", "made-up")])
def test_an_answer_from_another_service_or_without_its_code(honest: OidcProvider, change: tuple[str, str]) -> None:
    from urllib.parse import parse_qs, urlencode, urlsplit

    client = visitor()
    address = honest.authorize(away(client))
    said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | dict([change])
    assert client.get(f"{urlsplit(address).path}?{urlencode(said)}").status_code == 403
    assert not is_in(client)


def unsigned(said: dict[str, Any]) -> str:
    return jwt.encode(said, None, "none")


def signed_by_the_public_key(provider: OidcProvider) -> Callable[[dict[str, Any]], str]:
    """HS256 with the public key as the shared secret: the confusion of RFC 8725, section 2.1."""

    def sign(said: dict[str, Any]) -> str:
        import hashlib
        import hmac

        def part(value: bytes) -> str:
            return base64.urlsafe_b64encode(value).decode().rstrip("=")

        head = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "k1"}).encode())
        body = f"{head}.{part(json.dumps(said).encode())}"
        return f"{body}.{part(hmac.new(public_pem(provider.key), body.encode(), hashlib.sha256).digest())}"

    return sign


@pytest.mark.parametrize(
    "attack",
    [
        *(
            "forged",
            "unsigned",
            "public key as secret",
            "expired",
            "of the future",
            "other audience",
            "shared audience",
        ),
        *("other issuer", "other nonce", "no nonce", "no expiry", "userinfo of another", "rubbish", "weaker algorithm"),
    ],
)
def test_a_token_that_is_not_in_order_signs_nobody_in(honest: OidcProvider, attack: str) -> None:
    now = int(time.time())
    bends: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 120},
        "of the future": {"iat": now + 600, "nbf": now + 600},
        "other audience": {"aud": "another-client"},
        "shared audience": {"aud": [CLIENT, "another-client"]},
        "other issuer": {"iss": "https://evil.example"},
        "other nonce": {"nonce": "x" * 43},
    }
    if attack in bends:
        honest.bend = lambda said: said.update(bends[attack])
    elif attack in ("no nonce", "no expiry"):
        honest.bend = lambda said: said.pop({"no nonce": "nonce", "no expiry": "exp"}[attack])
    elif attack == "forged":
        honest.sign = lambda said: jwt.encode(said, rsa.generate_private_key(65537, 2048), "RS256", {"kid": "k1"})
    elif attack == "unsigned":
        honest.sign = unsigned
    elif attack == "public key as secret":
        honest.sign = signed_by_the_public_key(honest)
    elif attack == "userinfo of another":
        honest.userinfo["sub"] = "sub-2"
    elif attack == "weaker algorithm":
        honest.sign = lambda said: jwt.encode(said, honest.key, "RS384", {"kid": "k1"})
    else:
        honest.sign = lambda said: "rubbish." * 5000
    client = visitor()
    answer = signs_in(client, honest)
    assert answer.status_code == 403
    assert not is_in(client)


def test_only_a_subject_that_was_bound_is_let_in_never_an_address(honest: OidcProvider) -> None:
    honest.subject = "sub-stranger"
    honest.userinfo |= {"email": "dr.ray@nhs.net", "preferred_username": "dr.ray", "email_verified": True}
    client = visitor()
    answer = signs_in(client, honest)
    assert answer.status_code == 403
    assert "sub-stranger" in answer.content.decode()
    assert not is_in(client)


@pytest.mark.parametrize(
    "said",
    [
        {"authentication_assurance_level": "2"},
        {"authentication_assurance_level": None},
        {"nhsid_nrbac_roles": []},
        {"nhsid_nrbac_roles": "R8000"},
        {"nhsid_nrbac_roles": [{**NURSE, "org_code": "P99"}]},
        {"nhsid_nrbac_roles": [{**NURSE, "role_code": "S8000:G8000:R1290"}]},
        {"nhsid_nrbac_roles": [NURSE], "selected_roleid": "2"},
        {"nhsid_nrbac_roles": [None, 7, {"role_code": 3}]},
    ],
)
def test_proof_too_weak_or_a_role_not_held_lets_nobody_in(honest: OidcProvider, said: dict[str, Any]) -> None:
    honest.userinfo |= said
    client = visitor()
    assert signs_in(client, honest).status_code == 403
    assert not is_in(client)


def test_the_token_counts_where_userinfo_says_otherwise(honest: OidcProvider) -> None:
    honest.said = {"authentication_assurance_level": "2"}
    assert signs_in(visitor(), honest).status_code == 403


def test_a_binding_is_of_one_subject_and_one_account_and_its_end_ends_sessions(
    honest: OidcProvider, database: str
) -> None:
    from commonweal.apps.access import api as access

    client = visitor()
    signs_in(client, honest)
    assert is_in(client)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    for username, service, subject in (
        ("dr.ray", "cis2", "sub-9"),
        ("nobody", "cis2", "s"),
        ("dr.ray", "gone", "s"),
        ("dr.ray", "cis2", ""),
    ):
        with pytest.raises(ValueError, match=r"bound already|no active|names no|subject"):
            access.bind(username, service, subject, by="operator:office")
    access.unbind("dr.ray", "cis2", by="operator:office")
    try:
        assert not is_in(client)
        with pytest.raises(ValueError, match="not bound"):
            access.unbind("dr.ray", "cis2", by="operator:office")
    finally:
        access.bind("dr.ray", "cis2", "sub-1", by="operator:office")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("algorithms: [RS256]", "algorithms: [HS256]"), "algorithms"),
        (("algorithms: [RS256]", "algorithms: [none]"), "algorithms"),
        (("authentication: private_key_jwt", "authentication: none"), "authentication"),
        (("issuer: https://id.example", "issuer: http://id.example"), "https"),
        (("secret_file: cis2.pem", "secret_file: gone.pem"), "gone.pem"),
        (("client_id: c", "client: c"), "client"),
        (("means: {R8000: clinician}", "means: {R8000: king}"), "king"),
        (("providers:", "provider:"), "providers"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_what_is_wrong(
    provider: OidcProvider, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], says: str
) -> None:
    from django.conf import settings

    from commonweal.apps.access.providers import BadProviders, providers

    text = (
        "providers:\n  x:\n    name: X\n    issuer: https://id.example\n    client_id: c\n"
        "    authentication: private_key_jwt\n    secret_file: cis2.pem\n    algorithms: [RS256]\n"
        "    roles: {claim: r, means: {R8000: clinician}}\n"
    )
    (tmp_path / "cis2.pem").write_text("key")
    monkeypatch.setattr(settings, "COMMONWEAL_HOME", tmp_path)
    (tmp_path / "sign-in.yaml").write_text(text)
    assert providers()["x"].method == "private_key_jwt"
    assert change[0] in text
    (tmp_path / "sign-in.yaml").write_text(text.replace(*change) + "\n")
    with pytest.raises(BadProviders, match=says):
        providers()


LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


def logout_token(provider: OidcProvider, **more: Any) -> str:
    now = int(time.time())
    said = {"iss": provider.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": f"j{time.monotonic_ns()}"}
    said |= {"events": {LOGOUT: {}}, **more}
    return provider._sign({name: value for name, value in said.items() if value is not None})


def logs_out(token: str) -> int:
    return int(visitor().post("/sign-in/with/cis2/signed-out", {"logout_token": token}).status_code)


def test_signing_out_there_signs_out_here_by_session_or_by_subject(honest: OidcProvider) -> None:
    first, second = visitor(), visitor()
    honest.said = {"sid": "there-1"}
    signs_in(first, honest)
    honest.said = {"sid": "there-2"}
    signs_in(second, honest)
    assert is_in(first)
    assert logs_out(logout_token(honest, sid="there-1")) == 200
    assert (is_in(first), is_in(second)) == (False, True)
    by_password = visitor()
    by_password.post("/sign-in", {"username": "dr.ray", "password": "correct horse battery"})
    assert logs_out(logout_token(honest, sub="sub-1")) == 200
    assert (is_in(second), is_in(by_password)) == (False, True)  # what that service did not begin goes on
    assert visitor().get("/sign-in/with/cis2/signed-out").status_code == 405
    assert visitor().post("/sign-in/with/nobody/signed-out").status_code == 404


def test_only_an_honest_logout_token_ends_anything_and_once(honest: OidcProvider) -> None:
    client = visitor()
    honest.said = {"sid": "there-3"}
    signs_in(client, honest)
    stolen = logout_token(honest, sid="there-3")
    forged = jwt.encode(jwt.decode(stolen, options={"verify_signature": False}), rsa_key(), "RS256", {"kid": "k1"})
    now = int(time.time())
    for bad in (
        forged,
        stolen + "x",
        "",
        logout_token(honest, sid="there-3", nonce="n"),
        logout_token(honest, sid="there-3", events={}),
        logout_token(honest, sid="there-3", events=None),
        logout_token(honest, sid="there-3", aud="another"),
        logout_token(honest, sid="there-3", iss="https://evil.example"),
        logout_token(honest, sid="there-3", exp=now - 600),
        logout_token(honest, sid="there-3", jti=None),
        logout_token(honest),
    ):
        assert logs_out(bad) == 400
    assert is_in(client)
    assert logs_out(stolen) == 200
    assert not is_in(client)
    assert logs_out(stolen) == 400  # shown before


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)
