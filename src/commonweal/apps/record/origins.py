"""Which landed file the present version of a resource came from."""

from collections.abc import Iterable

from django.db import connection

_FROM = """
SELECT r.type, r.id FROM record_resource r JOIN unnest(%s::text[], %s::text[]) AS wanted (type, id)
    ON r.type = wanted.type AND r.id = wanted.id
WHERE r.receipt_id = %s AND NOT r.deleted
"""


def still_of(receipt_id: int, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the resources (type, id) whose present version is still the one of this receipt; as the batch role."""
    wanted = sorted(keys)
    with connection.cursor() as cursor:
        cursor.execute(_FROM, [[kind for kind, _ in wanted], [ident for _, ident in wanted], receipt_id])
        return [(kind, ident) for kind, ident in cursor.fetchall()]
