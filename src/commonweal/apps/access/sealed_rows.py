"""What seals are made of, read from the database: one pass over the audit rows, and one over their subjects.

A seal of form 2 covers the lines in which ``COPY`` writes its rows, by id, and those of their subjects. The server
writes them and one hash takes them in, so that a million are verified in little more than the time it takes to copy
them. Form 1 covered each row as JSON; a chain that begins with such seals is verified as it was sealed.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from commonweal.domain.access.chain import row_bytes, seal_hash, seal_hash_of_lines

FORM = 2


@dataclass(frozen=True, slots=True)
class Span:
    """The transactions that a seal covers, from the first to below the other, and the seal it names before it."""

    previous: str
    from_xid: int
    below_xid: int
    form: int = FORM


@dataclass(slots=True)
class Found:
    """What is in a span now: how many rows, the first and the last id, and the hash of a seal of it."""

    rows: int = 0
    first: int = 0
    last: int = 0
    hash: str = ""


@dataclass(slots=True)
class _Lines:
    """The lines of one span, hashed as they come."""

    hashed: Any = field(default_factory=hashlib.sha256)
    rows: int = 0
    first: bytes = b""
    last: bytes = b""


# The transaction comes first, by which a line finds its seal; a time is in seconds, whatever the session's zone is.
_ROWS = """
    COPY (
        SELECT xid, id, extract(epoch FROM at), actor, role, organisation, purpose, action, target, outcome, reason,
               request_id
        FROM access_audit WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 ORDER BY id
    ) TO STDOUT
"""
_SUBJECTS = """
    COPY (
        SELECT a.xid, s.audit_id, s.person_id, s.compartments, s.outcome
        FROM access_audit a JOIN access_audit_subject s ON s.audit_id = a.id
        WHERE a.xid >= %s::text::xid8 AND a.xid < %s::text::xid8 ORDER BY s.audit_id, s.person_id
    ) TO STDOUT
"""
_AS_JSON = """
    SELECT a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a.actor, a.role, a.organisation,
           a.purpose, a.action, a.target, a.outcome, a.reason, a.request_id::text, a.xid::text,
           coalesce(
               array_agg(s.person_id::text || ' ' || array_to_string(s.compartments, ',')) FILTER (WHERE s IS NOT NULL),
               '{}'
           ),
           coalesce(array_agg(s.outcome) FILTER (WHERE s IS NOT NULL), '{}')
    FROM access_audit a LEFT JOIN access_audit_subject s ON s.audit_id = a.id
    WHERE a.xid >= %s::text::xid8 AND a.xid < %s::text::xid8
    GROUP BY a.id ORDER BY a.xid, a.id
"""


def found(spans: Sequence[Span]) -> list[Found]:
    """What is now in each of ``spans``, which are in order of their transactions."""
    lined = [span for span in spans if span.form == FORM]
    pairs = iter(zip(_read(_ROWS, lined), _read(_SUBJECTS, lined), strict=True))
    return [_lined(span, *next(pairs)) if span.form == FORM else _as_json(span) for span in spans]


def _read(statement: str, spans: Sequence[Span]) -> list[_Lines]:
    """The lines of each span. A line of no span, such as one between two seals, is none's."""
    read = [_Lines() for _ in spans]
    if not spans:
        return read
    ends = [span.below_xid for span in spans]
    begins, below = 0, 0
    into = read[0]
    bounds = [str(spans[0].from_xid), str(ends[-1])]
    # What goes wrong while rows come is psycopg's own error, which nobody expects, unless it is told as Django's.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement, bounds) as copy:
        for line in copy:
            xid = int(bytes(line).partition(b"\t")[0])
            if not begins <= xid < below:
                at = bisect_right(ends, xid)
                begins, below, into = spans[at].from_xid, ends[at], read[at]
                if xid < begins:
                    begins = below = 0
                    continue
            into.hashed.update(line)
            if not into.rows:
                into.first = bytes(line)
            into.rows += 1
            into.last = line
    return read


def _lined(span: Span, rows: _Lines, subjects: _Lines) -> Found:
    digest = seal_hash_of_lines(
        span.previous, span.from_xid, span.below_xid, rows.hashed.digest(), subjects.hashed.digest()
    )
    if not rows.rows:
        return Found(hash=digest)
    first, last = (int(bytes(line).split(b"\t", 2)[1]) for line in (rows.first, rows.last))
    return Found(rows.rows, first, last, digest)


def _as_json(span: Span) -> Found:
    """A span as seals of form 1 have it."""
    rows = Found()

    def lines() -> Iterator[bytes]:
        with connection.cursor() as cursor:
            cursor.execute(_AS_JSON, [str(span.from_xid), str(span.below_xid)])
            while batch := cursor.fetchmany(5000):
                for *fields, subjects, outcomes in batch:
                    rows.rows += 1
                    yield row_bytes([str(one) for one in fields], zip(subjects, outcomes, strict=True))

    rows.hash = seal_hash(span.previous, span.from_xid, span.below_xid, lines())
    return rows
