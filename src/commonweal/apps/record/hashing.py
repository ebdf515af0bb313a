"""One digest of everything the record holds, by which a restored record is known to be the one backed up."""

import hashlib
from typing import LiteralString

from django.db import connection, transaction

# By what things are called, never by numbers the database gave them; bodies by their digests, which landing checked.
_CONTENT: tuple[LiteralString, ...] = (
    "SELECT type, id, version, deleted, encode(digest, 'hex'), md5(body) FROM record_resource ORDER BY type, id",
    "SELECT r.type, r.id, h.version, h.deleted, encode(h.digest, 'hex'), md5(h.body) FROM record_history h "
    "JOIN record_resource r USING (rid) ORDER BY 1, 2, 3",
    "SELECT source, local_id FROM record_compartment ORDER BY 1, 2",
    "SELECT c.source, c.local_id, m.person_id, m.basis FROM identity_membership m "
    "JOIN record_compartment c ON c.id = m.compartment_id ORDER BY 1, 2",
    "SELECT organisation, kind, source, starts_at, ends_at FROM access_relationship ORDER BY 1, 2, 3, 4, 5",
    "SELECT encode(key, 'hex') FROM record_removed ORDER BY 1",
)

_COPY: LiteralString = "COPY ({query}) TO STDOUT"


def content_hash() -> str:
    """SHA-256, in hex, of resources, former versions, whose they are and who is whom; in one snapshot."""
    digest = hashlib.sha256()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for query in _CONTENT:
            digest.update(query.encode())
            with cursor.cursor.copy(_COPY.replace("{query}", query)) as rows:
                for block in rows:
                    digest.update(block)
    return digest.hexdigest()
