"""An account's second factors: an authenticator app, passkeys, recovery codes. Each change and use is audited.

The app's secret is enciphered (AES-GCM, key in ``keys/factors``) with the account's number bound in, so that a row
moved to another account opens nothing. Of a recovery code only the hash is kept, and it is deleted by its use.
"""

import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from commonweal.apps.access import audit
from commonweal.apps.access.actors import actor_for
from commonweal.apps.access.limits import second_factor
from commonweal.apps.access.models import User
from commonweal.domain.access import one_time
from commonweal.domain.access.vocabulary import Purpose, Role
from commonweal.domain.errors import CommonwealError

MOST_PASSKEYS = 10


class FactorRefused(CommonwealError):
    """A second factor cannot be added or removed as asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One second factor of an account: an ``app`` or a ``passkey``."""

    id: int
    kind: str
    name: str
    added_at: datetime
    used_at: datetime | None


def factors(user: User) -> list[Factor]:
    """The account's app and passkeys, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, name, added_at, used_at FROM access_factor "
            "WHERE user_id = %s AND kind <> 'recovery' ORDER BY id",
            [user.pk],
        )
        return [Factor(*row) for row in cursor.fetchall()]


def recovery_left(user: User) -> int:
    """How many recovery codes the account still has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_factor WHERE user_id = %s AND kind = 'recovery'", [user.pk])
        return int(cursor.fetchone()[0])


def required(user: User) -> bool:
    """Whether the account's role signs in with a second factor today."""
    return second_factor.required(Role(user.role), timezone.localdate())


def new_secret() -> bytes:
    """160 random bits, as RFC 4226, section 4 (R6), recommends."""
    return secrets.token_bytes(20)


def enciphered(secret: bytes, user: User) -> bytes:
    """What is kept of a secret of ``user``."""
    nonce = os.urandom(12)
    return nonce + AESGCM(bytes.fromhex(settings.COMMONWEAL_FACTOR_KEY)).encrypt(nonce, secret, str(user.pk).encode())


def deciphered(kept: bytes, user: User) -> bytes:
    """The secret again. Raises ``FactorRefused`` where it is another account's, or of another installation's key."""
    key = AESGCM(bytes.fromhex(settings.COMMONWEAL_FACTOR_KEY))
    try:
        return key.decrypt(kept[:12], kept[12:], str(user.pk).encode())
    except InvalidTag:
        raise FactorRefused("This account's authenticator app cannot be read: ask for it to be cleared.") from None


def add_app(user: User, secret: bytes, code: str) -> bool:
    """Add an authenticator app that has shown ``code``. False: it is not a code of ``secret`` now.

    Raises:
        FactorRefused: the account has an app.
    """
    step = one_time.matching_step(secret, code, timezone.now().timestamp())
    if step is None:
        return False
    with transaction.atomic():
        if any(one.kind == "app" for one in _held(user)):
            raise FactorRefused("You already have an authenticator app: remove it first.")
        _insert(user, "app", "Authenticator app", enciphered(secret, user), None, step)
        _audit(user, "factor.add", "app")
    return True


def add_passkey(user: User, name: str, credential_id: bytes, data: bytes, count: int) -> None:
    """Add a passkey that has been made for this site. Raises ``FactorRefused``: it is known already, or too many."""
    with transaction.atomic():
        held = _held(user)
        if sum(one.kind == "passkey" for one in held) >= MOST_PASSKEYS:
            raise FactorRefused(f"An account has at most {MOST_PASSKEYS} passkeys: remove one first.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM access_factor WHERE credential_id = %s", [credential_id])
            if cursor.rowcount:
                raise FactorRefused("This passkey is in use already.")
        _insert(user, "passkey", " ".join(name.split())[:60] or "Passkey", data, credential_id, count)
        _audit(user, "factor.add", "passkey")


def new_recovery_codes(user: User) -> list[str]:
    """Fresh recovery codes, shown once; the former ones are void."""
    codes = [one_time.recovery_code(secrets.token_bytes(10)) for _ in range(one_time.RECOVERY_CODES)]
    with transaction.atomic():
        _held(user)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM access_factor WHERE user_id = %s AND kind = 'recovery'", [user.pk])
        for code in codes:
            _insert(user, "recovery", "Recovery code", one_time.recovery_digest(code).encode(), None, -1)
        _audit(user, "factor.recovery", f"{len(codes)} codes")
    return codes


def use_code(user: User, typed: str) -> str:
    """``app`` or ``recovery`` if ``typed`` is a code of the account's, now used up; empty if it is not."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, secret, used FROM access_factor WHERE user_id = %s AND kind = 'app' FOR UPDATE", [user.pk]
        )
        row = cursor.fetchone()
        if row is not None:
            secret = deciphered(bytes(row[1]), user)
            step = one_time.matching_step(secret, typed, timezone.now().timestamp(), after=row[2])
            if step is not None:
                cursor.execute(
                    "UPDATE access_factor SET used = %s, used_at = %s WHERE id = %s", [step, timezone.now(), row[0]]
                )
                return "app"
        cursor.execute(
            "DELETE FROM access_factor WHERE user_id = %s AND kind = 'recovery' AND secret = %s",
            [user.pk, one_time.recovery_digest(typed).encode()],
        )
        return "recovery" if cursor.rowcount else ""


def passkey(credential_id: bytes) -> tuple[int, User, bytes] | None:
    """(its id, whose it is, its public data) of a passkey of an active account."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, user_id, secret FROM access_factor WHERE credential_id = %s AND kind = 'passkey'",
            [credential_id],
        )
        row = cursor.fetchone()
    user = None if row is None else User.objects.filter(pk=row[1], is_active=True).first()
    return None if row is None or user is None else (row[0], user, bytes(row[2]))


def passkey_data(user: User) -> list[bytes]:
    """The public data of the account's passkeys."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT secret FROM access_factor WHERE user_id = %s AND kind = 'passkey' ORDER BY id", [user.pk]
        )
        return [bytes(row[0]) for row in cursor.fetchall()]


def use_passkey(factor_id: int, count: int) -> bool:
    """Note a use. False: its count did not rise, so there are two of it (Web Authentication, section 6.1.1)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_factor SET used = %s, used_at = %s WHERE id = %s AND (used < %s OR (used <= 0 AND %s = 0))",
            [count, timezone.now(), factor_id, count, count],
        )
        return bool(cursor.rowcount)


def remove(user: User, factor_id: int) -> None:
    """Take a factor away; recovery codes go with the last.

    Raises:
        FactorRefused: no such factor of the account, or the last of a role that must have one.
    """
    with transaction.atomic():
        held = _held(user)
        gone = next((one for one in held if one.id == factor_id), None)
        if gone is None:
            raise FactorRefused("There is no such second factor.")
        if len(held) == 1 and required(user):
            raise FactorRefused("Your role must have a second factor: add another before you remove this one.")
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM access_factor WHERE user_id = %s AND (id = %s OR (%s AND kind = 'recovery'))",
                [user.pk, factor_id, len(held) == 1],
            )
        _audit(user, "factor.remove", gone.kind)


def clear(user_id: int) -> None:
    """Take every factor of an account away, in the caller's transaction, which audits it."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_factor WHERE user_id = %s", [user_id])


def _held(user: User) -> list[Factor]:
    """The account's factors, with the account held against other changes until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(62063, %s::int)", [user.pk])
    return factors(user)


def _insert(user: User, kind: str, name: str, secret: bytes, credential_id: bytes | None, used: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_factor (user_id, kind, name, secret, credential_id, used) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [user.pk, kind, name, secret, credential_id, used],
        )


def _audit(user: User, action: str, target: str) -> None:
    actor = actor_for(user)
    entry = audit.Entry(actor.key, actor.role, actor.organisation, Purpose.OPERATIONS, action, target, "", uuid4())
    audit.write(entry, "allowed")
