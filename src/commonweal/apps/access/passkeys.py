"""Passkeys and security keys: Web Authentication Level 2 (https://www.w3.org/TR/webauthn-2/), by Yubico's fido2.

A challenge is made, kept in the session, answered by the browser once, and forgotten whatever the answer
(section 13.4.3). Only this site's own origin is answered (section 7.1, step 9; section 7.2, step 13).
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from commonweal.apps.access.models import User
from commonweal.domain.errors import CommonwealError

_CHALLENGE = "passkey"
MOST_TEXT = 20_000  # characters of an answer: a large attestation is a tenth of it


class WrongPasskey(CommonwealError):
    """What the browser sent answers no challenge of ours with a passkey that is known here."""


def _server(request: HttpRequest) -> Fido2Server:
    origin = f"{request.scheme}://{request.get_host()}"
    party = PublicKeyCredentialRpEntity(name="Commonweal", id=request.get_host().partition(":")[0])
    return Fido2Server(party, verify_origin=lambda said: said == origin)


def _handle(user: User) -> bytes:
    """What the passkey calls the account: says nothing of it (section 14.6.1)."""
    return hashlib.sha256(f"passkey:{settings.SECRET_KEY}:{user.pk}".encode()).digest()


def registration(request: HttpRequest, user: User, known: Iterable[bytes]) -> dict[str, Any]:
    """What the browser is asked to make a passkey for ``user`` with; ``known``: the data of those there are."""
    options, state = _server(request).register_begin(
        PublicKeyCredentialUserEntity(name=user.username, id=_handle(user), display_name=user.name),
        [AttestedCredentialData(data) for data in known],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    request.session[_CHALLENGE] = {"for": "new", **state}
    return dict(options)


def registered(request: HttpRequest, text: str) -> tuple[bytes, bytes, int]:
    """(credential id, its public data, its count of uses) of a passkey just made. Raises ``WrongPasskey``."""
    state = _asked(request, "new")
    try:
        made = _server(request).register_complete(state, _parsed(text))
    except Exception as error:  # the library raises what each malformed part happens to: each is one refusal
        raise WrongPasskey("This passkey could not be added. Try again.") from error
    data = made.credential_data
    if data is None:
        raise WrongPasskey("This passkey could not be added. Try again.")
    return bytes(data.credential_id), bytes(data), made.counter


def challenge(request: HttpRequest, known: Iterable[bytes] | None) -> dict[str, Any]:
    """What the browser is asked to sign in with. ``known``: the data of one account's passkeys, after its password;
    None: any passkey, which must then verify its holder, since nothing else does.
    """
    alone = known is None
    options, state = _server(request).authenticate_begin(
        None if known is None else [AttestedCredentialData(data) for data in known],
        UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
    )
    request.session[_CHALLENGE] = {"for": "alone" if alone else "second", **state}
    return dict(options)


def credential_named(text: str) -> bytes:
    """The id of the credential an answer is by. Raises ``WrongPasskey``."""
    try:
        return bytes(AuthenticationResponse.from_dict(_parsed(text)).raw_id)
    except Exception as error:  # as above
        raise WrongPasskey("This passkey is not known here.") from error


def answered(request: HttpRequest, text: str, known: bytes, alone: bool) -> int:
    """The count of uses of the passkey with the data ``known``, if it answered. Raises ``WrongPasskey``."""
    state = _asked(request, "alone" if alone else "second")
    try:
        parsed = _parsed(text)
        _server(request).authenticate_complete(state, [AttestedCredentialData(known)], parsed)
        return int(AuthenticationResponse.from_dict(parsed).response.authenticator_data.counter)
    except Exception as error:  # as above
        raise WrongPasskey("This passkey is not known here.") from error


def _asked(request: HttpRequest, what: str) -> dict[str, Any]:
    """The challenge of this session, taken out of it: one answer each."""
    state: dict[str, Any] = request.session.pop(_CHALLENGE, {})
    if state.pop("for", "") != what:
        raise WrongPasskey("Too much time has passed. Try again.")
    return state


def _parsed(text: str) -> dict[str, Any]:
    parsed = json.loads(text if len(text) <= MOST_TEXT else "")
    if not isinstance(parsed, dict):
        raise TypeError("not an object")
    return parsed
