"""A sign-in service says, by itself, that somebody has signed out there: their sessions here end.

OpenID Connect Back-Channel Logout 1.0, sections 2.4 to 2.8: https://openid.net/specs/openid-connect-backchannel-1_0.html
"""

from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from commonweal.apps.access import audit
from commonweal.apps.access.actors import token_digest
from commonweal.apps.access.limits import limit
from commonweal.apps.access.providers import Provider
from commonweal.apps.access.providers.flow import service
from commonweal.apps.access.signed import BadToken, claims
from commonweal.domain.access.vocabulary import Purpose

EVENT = "http://schemas.openid.net/event/backchannel-logout"

_END = """
WITH gone AS (
    DELETE FROM access_device d USING access_binding b
    WHERE b.user_id = d.user_id AND b.issuer = %s AND d.provider = %s
      AND (%s = '' OR b.subject = %s) AND (%s = '' OR d.sid = %s)
    RETURNING d.session_key, d.user_id
), sessions AS (
    DELETE FROM django_session s USING gone WHERE s.session_key = gone.session_key
), grants AS (
    UPDATE access_app_grant g SET ended_at = %s FROM gone
    WHERE g.session_key = gone.session_key AND g.user_id = gone.user_id AND g.ended_at IS NULL
)
SELECT count(*), array_agg(DISTINCT u.username) FROM gone JOIN access_user u ON u.id = gone.user_id
"""


def sign_out(provider: Provider, token: str) -> int:
    """End the sessions a logout token is about, and what apps were let do in them. How many sessions.

    Raises:
        BadToken: forged, of another kind, about nobody, or shown before.
        NotFetched: the service's keys cannot be had.
    """
    said = _logout(provider, token)
    sub, sid = str(said.get("sub", "")), str(said.get("sid", ""))
    with transaction.atomic(), connection.cursor() as cursor:
        now = timezone.now()
        cursor.execute("DELETE FROM access_signed_out WHERE until < %s", [now])
        cursor.execute(
            "INSERT INTO access_signed_out (digest, until) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [token_digest(f"{provider.issuer} {said['jti']}"), now + limit("session_whole", now.date())],
        )
        if not cursor.rowcount:
            raise BadToken("This logout token has been used.")
        cursor.execute(_END, [provider.issuer, provider.id, sub, sub, sid, sid, now])
        ended, names = cursor.fetchone()
        target = f"{ended} by {provider.id}: {', '.join(names or [])}"[:500]
        entry = audit.Entry("service:sign-in", "", "", Purpose.OPERATIONS, "sign_out.elsewhere", target, "", uuid4())
        audit.write(entry, "allowed")
    return int(ended)


def _logout(provider: Provider, token: str) -> dict[str, Any]:
    """What the token says, if it is one and stands (section 2.6). Raises ``BadToken``, ``NotFetched``."""
    said = claims(
        token,
        service(provider).keys,
        algorithms=provider.algorithms,
        issuer=provider.issuer,
        audience=provider.client_id,
        require=("iat", "jti", "events"),
    )
    if not isinstance(said["events"], dict) or not isinstance(said["events"].get(EVENT), dict):
        raise BadToken("This is no logout token.")
    if "nonce" in said:  # an ID token is not to be taken for one
        raise BadToken("A logout token has no nonce.")
    if not (said.get("sub") or said.get("sid")) or not isinstance(said["jti"], str):
        raise BadToken("A logout token says whose session, by sub or sid.")
    return said


def remember(session_key: str, provider: Provider, said: dict[str, Any]) -> None:
    """Note which service signed a session in, and by which of its own sessions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_device SET provider = %s, sid = %s WHERE session_key = %s",
            [provider.id, str(said.get("sid", ""))[:255], session_key],
        )
