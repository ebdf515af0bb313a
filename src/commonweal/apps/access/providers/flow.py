"""The authorization code flow, with PKCE, state and nonce; one attempt a session, one answer an attempt.

OpenID Connect Core 1.0, section 3.1 (https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth); PKCE: RFC
7636; the issuer in the answer: RFC 9207; keys instead of a shared secret, which NHS login asks for: RFC 7523, section
2.2.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import User
from commonweal.apps.access.providers import Provider
from commonweal.apps.access.signed import BadToken, Keys, NotFetched, claims, fetch
from commonweal.domain.errors import CommonwealError

_ATTEMPT = "provider"
_KEPT = 600.0
_known: dict[str, tuple[float, "Service"]] = {}


class SignInFailed(CommonwealError):
    """The other service's answer lets nobody in; the message is for the person, the reason for the audit."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Service:
    """What a service says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorize: str
    token: str
    userinfo: str
    keys: Keys


def service(provider: Provider) -> Service:
    """The service's own addresses and keys, asked for at most every ten minutes. Raises ``NotFetched``."""
    at, known = _known.get(provider.issuer, (0.0, None))
    if known is not None and time.monotonic() - at < _KEPT:
        return known
    said = fetch(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if said.get("issuer") != provider.issuer:
        raise NotFetched(f"{provider.name} calls itself {str(said.get('issuer'))[:200]!r}, not {provider.issuer!r}")
    try:
        found = Service(
            provider.issuer,
            said["authorization_endpoint"],
            said["token_endpoint"],
            said.get("userinfo_endpoint", ""),
            Keys(said["jwks_uri"]),
        )
    except KeyError as error:
        raise NotFetched(f"{provider.name} does not say its {error.args[0]}") from error
    _known[provider.issuer] = (time.monotonic(), found)
    return found


def begin(request: HttpRequest, provider: Provider, back: str, next_page: str) -> str:
    """The address at the service to send the browser to; ``back``: ours, that it is to come back to."""
    verifier = secrets.token_urlsafe(48)
    attempt = {
        "provider": provider.id,
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "verifier": verifier,
        "until": (timezone.now() + limit("half_signed_in", timezone.now().date())).isoformat(),
        "next": next_page,
    }
    request.session[_ATTEMPT] = attempt
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        **provider.asks,
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": " ".join(provider.scopes),
        "state": attempt["state"],
        "nonce": attempt["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    address = service(provider).authorize
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def finish(request: HttpRequest, provider: Provider, back: str) -> tuple[dict[str, Any], str]:
    """(who the service says has signed in, where they were going), from the answer in ``request``.

    Raises:
        SignInFailed: the answer is to no attempt of this session, or does not stand.
    """
    attempt = request.session.pop(_ATTEMPT, None)
    if (
        attempt is None
        or attempt["provider"] != provider.id
        or datetime.fromisoformat(attempt["until"]) < timezone.now()
        or not constant_time_compare(attempt["state"], request.GET.get("state", ""))
    ):
        raise SignInFailed("This sign-in was not begun here, or too long ago. Begin again.", "state")
    if request.GET.get("iss", provider.issuer) != provider.issuer:
        raise SignInFailed("The answer came from another service. Begin again.", "issuer")
    code = request.GET.get("code", "")
    if not code:
        said = "".join(letter for letter in request.GET.get("error", "")[:40] if letter.isalnum() or letter == "_")
        raise SignInFailed(f"{provider.name} did not sign you in.", f"provider said {said}")
    try:
        return _claims(provider, code, back, attempt), attempt["next"]
    except (BadToken, NotFetched) as error:
        raise SignInFailed(f"{provider.name} could not confirm who you are. Try again.", str(error)[:300]) from error


def _claims(provider: Provider, code: str, back: str, attempt: Mapping[str, str]) -> dict[str, Any]:
    """What the ID token and userinfo say; the token's word counts where both speak."""
    there = service(provider)
    answer = fetch(there.token, *_exchange(provider, there, code, back, attempt["verifier"]))
    said = claims(
        str(answer.get("id_token", "")),
        there.keys,
        algorithms=provider.algorithms,
        issuer=provider.issuer,
        audience=provider.client_id,
        require=("iat", "sub", "nonce"),
    )
    if not constant_time_compare(str(said["nonce"]), attempt["nonce"]):
        raise BadToken("the nonce is of another attempt")
    if isinstance(said["aud"], list) and len(said["aud"]) > 1 and said.get("azp") != provider.client_id:
        raise BadToken("the token was given to another")
    if there.userinfo and answer.get("access_token"):
        more = fetch(there.userinfo, None, {"Authorization": f"Bearer {answer['access_token']}"})
        if more.get("sub") != said["sub"]:  # OpenID Connect Core, section 5.3.2
            raise BadToken("userinfo is about somebody else")
        said = {**more, **said}
    return said


def _exchange(provider: Provider, there: Service, code: str, back: str, verifier: str) -> tuple[bytes, dict[str, str]]:
    """The body and headers of the request for tokens, with how this site shows who it is."""
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if provider.method == "client_secret_basic":
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    elif provider.method == "client_secret_post":
        body |= {"client_id": provider.client_id, "client_secret": provider.secret}
    else:
        now = int(time.time())
        said = {"iss": provider.client_id, "sub": provider.client_id, "aud": there.token, "jti": secrets.token_hex(16)}
        named = {"kid": provider.key_id} if provider.key_id else None
        body |= {
            "client_id": provider.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(
                {**said, "iat": now, "exp": now + 60}, provider.secret, provider.client_algorithm, named
            ),
        }
    return urlencode(body).encode(), headers


def judge(provider: Provider, user: User, said: Mapping[str, Any]) -> None:
    """That what the service says of somebody bound to ``user`` is enough to be let in as it.

    Raises:
        SignInFailed: not proved well enough, or the account's role at its organisation is not among those held.
    """
    for claim, values in provider.needs.items():
        if str(said.get(claim, "")) not in values:
            raise SignInFailed(
                f"{provider.name} has not checked who you are as well as this site needs.", f"{claim} is not enough"
            )
    if provider.roles is not None and not _holds(provider, user, said):
        raise SignInFailed(
            f"{provider.name} does not say that you hold your role at your organisation. "
            "Choose that role when you sign in, or ask your registration authority.",
            "role not held",
        )


def _holds(provider: Provider, user: User, said: Mapping[str, Any]) -> bool:
    roles = provider.roles
    if roles is None:
        return True
    held = said.get(roles.claim)
    for one in held if isinstance(held, list) else ():
        code = one if isinstance(one, str) else one.get(roles.role) if isinstance(one, dict) else None
        if not isinstance(code, str) or roles.means.get(code.rpartition(":")[2]) != user.role:
            continue
        if roles.organisation and (not isinstance(one, dict) or one.get(roles.organisation) != user.organisation):
            continue
        if roles.selected and roles.selected in said and one.get(roles.id) != said[roles.selected]:
            continue
        return True
    return False
