"""The audit as the privacy officer reads it. Reading it is audited like any other access."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from commonweal.apps.access.session import AccessSession


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit row. ``subjects``: (person id, ``allowed`` or ``refused``); ``seal``: None until it is sealed."""

    id: int
    at: datetime
    actor: str
    role: str
    organisation: str
    purpose: str
    action: str
    target: str
    outcome: str
    reason: str
    request_id: UUID
    seal: int | None
    subjects: tuple[tuple[UUID, str], ...]


def audited(
    opened: AccessSession,
    *,
    about: Iterable[int] | None = None,
    since: datetime | None = None,
    below: datetime | None = None,
    actor: str | None = None,
    ident: int | None = None,
    before: int | None = None,
    most: int = 100,
) -> list[Audited]:
    """The newest audit rows, at most ``most``, inside a session that reviews access (``AccessSession.review``).

    ``about``: of a person who has any of these compartments; ``since`` to ``below``: by the database's clock;
    ``actor``: an account's key; ``ident``: this one; ``before``: older than this id, the last of the page before.
    Elsewhere the database answers nothing.
    """
    if not opened.reviews:
        raise ValueError("The audit is read inside a session that reviews access.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, at, actor, role, organisation, purpose, action, target, outcome, reason, request_id, seal, "
            "subjects::text FROM access_audited(%s::bigint[], %s, %s, %s, %s, %s, %s)",
            [None if about is None else list(about), since, below, actor, ident, before, most],
        )
        return [
            Audited(*row[:-1], *[tuple((UUID(person), outcome) for person, outcome in orjson.loads(row[-1]))])
            for row in cursor.fetchall()
        ]
