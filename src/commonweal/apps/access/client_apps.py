"""Apps that may ask this site for tokens: registered by an operator, closed by one. SMART App Launch 2.2.0.

A *system app* is a partner's own software: it stands for that organisation's system account and shows who it is by a
signed assertion. Any other app stands for whoever signs in and lets it; it names the addresses it is sent back to.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import IntegrityError, connection, transaction

from commonweal.apps.access import audit
from commonweal.apps.access.models import User
from commonweal.apps.access.signed import Keys, safe_address
from commonweal.domain.access import smart
from commonweal.domain.access.vocabulary import Purpose, Role


@dataclass(frozen=True, slots=True)
class ClientApp:
    """A registered app in force. ``user_id``: the system account it stands for, or None."""

    id: int
    client: str
    name: str
    user_id: int | None
    redirects: tuple[str, ...]
    scopes: tuple[str, ...]
    keys: Keys | None


_keys: dict[str, Keys] = {}


def find(client: str) -> ClientApp | None:
    """The app of this client id, unless it is closed or the system account it stands for is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.client, a.name, a.user_id, a.redirects, a.scopes, a.jwks, a.jwks_url FROM access_app a "
            "LEFT JOIN access_user u ON u.id = a.user_id "
            "WHERE a.client = %s AND a.closed_at IS NULL AND (u.id IS NULL OR u.is_active)",
            [client[:60]],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    ident, known_as, name, user_id, redirects, scopes, jwks, url = row
    keys = None
    if jwks is not None:
        keys = Keys(given=json.loads(jwks) if isinstance(jwks, str) else jwks)
    elif url:
        keys = _keys.setdefault(url, Keys(url))  # kept, so that they are not fetched for each token
    return ClientApp(ident, known_as, name, user_id, tuple(redirects), tuple(scopes), keys)


def register(
    client: str,
    name: str,
    *,
    by: str,
    scopes: Iterable[str],
    system: str = "",
    redirects: Iterable[str] = (),
    jwks: Mapping[str, Any] | None = None,
    jwks_url: str = "",
    launch_address: str = "",
) -> None:
    """Register an app. ``system``: the user name of the system account it stands for; else ``redirects``.

    ``launch_address``: where it is opened from a record, if it can be; it then asks for the scope ``launch``.

    Raises:
        ValueError: something is missing or unsafe, or the client id is taken.
    """
    asked, back = tuple(scopes), tuple(redirects)
    kinds = ("system",) if system else ("patient", "user")
    for scope in asked:
        if not smart.known(scope) or ("." in scope and scope.partition("/")[0] not in kinds):
            raise ValueError(f"{scope!r} is no scope for such an app; for example {kinds[0]}/Observation.rs")
    user = User.objects.filter(username=system, role=Role.SERVICE.value, is_active=True).first() if system else None
    if not asked or bool(system) == bool(back):
        raise ValueError("say its scopes, and either the system account it stands for or where it is sent back to")
    if system and (user is None or (jwks is None) == (not jwks_url)):
        raise ValueError(
            "a system app names a system account (commonweal token NAME --system-of ODS) and its public keys"
        )
    if jwks_url and not safe_address(jwks_url):
        raise ValueError("the address of its keys is an https address")
    if jwks is not None and not any(isinstance(one, dict) and "kty" in one for one in jwks.get("keys", ())):
        raise ValueError("the keys are a JSON Web Key Set: an object with keys")
    if jwks is not None and any("d" in one or "k" in one for one in jwks["keys"]):
        raise ValueError("these are private keys: give the public ones, and consider these lost")
    for one in back:
        if not safe_address(one) or urlsplit(one).fragment:
            raise ValueError(f"{one!r}: an app is sent back to an https address without a fragment")
    if launch_address and (system or "launch" not in asked or not safe_address(launch_address)):
        raise ValueError("an app opened from a record is one people sign in to, at an https address, with scope launch")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO access_app (client, name, user_id, redirects, scopes, jwks, jwks_url, launch_address, "
                "registered_by) VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
                [
                    client,
                    name,
                    user.pk if user else None,
                    list(back),
                    list(asked),
                    json.dumps(jwks) if jwks is not None else None,
                    jwks_url,
                    launch_address,
                    by,
                ],
            )
            _audit("app.register", client, by)
    except IntegrityError as error:
        raise ValueError(f"{client!r} is taken, or is not 3 to 60 small letters, digits, dots and dashes") from error


def close(client: str, *, by: str) -> None:
    """Close an app for good: its tokens and what people let it do end at once. Raises ValueError: no such app."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_app SET closed_at = clock_timestamp() WHERE client = %s AND closed_at IS NULL", [client]
        )
        if not cursor.rowcount:
            raise ValueError(f"there is no open app {client!r}")
        _audit("app.close", client, by)


def _audit(action: str, target: str, by: str) -> None:
    audit.write(audit.Entry(by, "", "", Purpose.OPERATIONS, action, target, "", uuid4()), "allowed")
