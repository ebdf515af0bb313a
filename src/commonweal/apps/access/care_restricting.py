"""What care staff withhold of a person they look after, and lift again: inside a session that has the person open.

They withhold all that their own organisation wrote, for any reason, or a category throughout the record, where showing
it would do harm. What a person objects to in others' entries is those controllers' to decide (``restricting``).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from commonweal.apps.access.gate import decide
from commonweal.apps.access.restricting import Restriction, restrict_rows
from commonweal.apps.access.session import AccessSession
from commonweal.domain.access.objections import ObjectionError, may_lift, said
from commonweal.domain.access.scope import Refused, RefusedKind, Scope
from commonweal.domain.access.vocabulary import Action, Category, RestrictionReason

_IN_FORCE = (
    "SELECT id, compartment_id, category, reason, controller, against, starts_at, ends_at, set_by, words "
    "FROM access_restriction WHERE organisation = %s AND compartment_id = ANY (%s) "
    "AND starts_at <= %s AND (ends_at IS NULL OR ends_at > %s)"
)


@contextmanager
def _restricting(opened: AccessSession, scope: Scope, sources: Iterable[int]) -> Iterator[Any]:
    """A cursor to which the organisation's restrictions of the open person are open.

    On all the person's compartments: what it withholds may have shut some of them to itself.

    Raises:
        Refused: the policies let the actor restrict nothing of this person.
    """
    if not may_restrict(opened, scope):
        raise Refused(RefusedKind.NOT_PERMITTED, "Your role does not allow withholding anything of this record.")
    opened.use(scope)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('commonweal.restricting', %s, true), set_config('commonweal.compartments', %s, true)",
            [scope.actor.organisation, ",".join(map(str, sorted(sources)))],
        )
        yield cursor
        cursor.execute("SELECT set_config('commonweal.restricting', '', true)")
    opened.use(scope)


def may_restrict(opened: AccessSession, scope: Scope) -> bool:
    """Whether the actor may withhold anything of the person open in ``scope``."""
    return bool(scope.actor.organisation) and any(
        decide(opened.now.date(), scope.actor.role, scope.purpose, Action.RESTRICT, category, scope.relationships)
        for category in Category
    )


def in_force(opened: AccessSession, scope: Scope, sources: dict[int, str]) -> list[Restriction]:
    """What the actor's organisation withholds of the person now, newest first; once, of however many sources.

    ``sources``: of each compartment of the person, who wrote it. Raises ``Refused``.
    """
    with _restricting(opened, scope, sources) as cursor:
        cursor.execute(
            _IN_FORCE + " ORDER BY id DESC",
            [scope.actor.organisation, sorted(sources), opened.now, opened.now],
        )
        found = [Restriction(*row) for row in cursor.fetchall()]
    return list({(one.starts_at, one.category, one.reason, one.set_by, one.words): one for one in found}.values())


def withhold(
    opened: AccessSession,
    scope: Scope,
    sources: dict[int, str],
    reason: RestrictionReason,
    category: Category | None,
    words: str,
) -> int:
    """Withhold a category of the open person, or all that the actor's organisation wrote; how many rows.

    ``sources``: of each compartment of the person, who wrote it.

    Raises:
        Refused: as ``may_restrict`` is False.
        ObjectionError: no reason; nothing of one's own to withhold; an objection to what others wrote.
    """
    text, own = said(words), scope.actor.organisation
    if category is not None and reason is RestrictionReason.OBJECTION:
        raise ObjectionError(
            "An objection to what others wrote is decided by an information-governance lead: withhold what your "
            "organisation wrote, or ask the person to object on their page.",
            "what",
        )
    about = {n: wrote for n, wrote in sources.items() if n in scope.compartments and (category or wrote == own)}
    if not about:
        raise ObjectionError("Your organisation wrote nothing of this person that could be withheld.", "what")
    with _restricting(opened, scope, sources):
        return len(restrict_rows(scope.actor, opened.now, about, reason, category, "", None, text, own))


def lift(opened: AccessSession, scope: Scope, sources: dict[int, str], restriction_id: int) -> None:
    """End a restriction that the actor's organisation set of the open person; the session holds the reason.

    ``sources``: of each compartment of the person, who wrote it.

    Raises:
        Refused: as ``may_restrict`` is False.
        ObjectionError: none of that number is in force, or somebody other than who set it must lift it.
    """
    with _restricting(opened, scope, sources) as cursor:
        cursor.execute(
            _IN_FORCE + " AND id = %s FOR UPDATE",
            [scope.actor.organisation, sorted(sources), opened.now, opened.now, restriction_id],
        )
        row = cursor.fetchone()
        if row is None:
            raise ObjectionError("No such restriction of your organisation is in force.")
        one = Restriction(*row)
        may_lift(one.reason, set_by=one.set_by, by=scope.actor.key)
        cursor.execute(
            "UPDATE access_restriction SET ends_at = %s WHERE organisation = %s AND set_by = %s AND words = %s "
            "AND starts_at = %s AND category = %s AND reason = %s AND (ends_at IS NULL OR ends_at > %s)",
            [opened.now, scope.actor.organisation, one.set_by, one.words, one.starts_at, one.category, one.reason,
             opened.now],
        )  # fmt: skip
