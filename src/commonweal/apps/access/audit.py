"""The audit: written in the access's own transaction, sealed into a hash chain, signed once a day.

There is no chain head to lock. A sealer takes every row whose transaction is below ``pg_snapshot_xmin`` (so
it is certainly finished and no row can join it) and not below the last seal, and hashes them (``sealed_rows``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import keys, sealed_rows
from commonweal.apps.access.prepared import prepared
from commonweal.apps.access.sealed_rows import Span
from commonweal.domain.access.chain import GENESIS, checkpoint_bytes

SEAL_LOCK = 62062
CHECKPOINT_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one audit row says, but for its outcome and what the database adds."""

    actor: str
    role: str
    organisation: str
    purpose: str
    action: str
    target: str
    reason: str
    request_id: UUID


@dataclass(frozen=True, slots=True)
class Subject:
    """One person disclosed (or refused), with the compartments the person then had."""

    person_id: UUID
    compartments: tuple[int, ...]
    outcome: str


def write(entry: Entry, outcome: str, subjects: Iterable[Subject] = ()) -> None:
    """Add one audit row and a row a subject, in the present transaction, in one statement."""
    people = list(subjects)
    with prepared() as cursor:
        cursor.execute(
            """
            WITH next AS (SELECT nextval('access_audit_id_seq') AS id), row AS (
                INSERT INTO access_audit
                    (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id)
                SELECT id, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM next
            )
            INSERT INTO access_audit_subject (audit_id, person_id, compartments, outcome)
            SELECT next.id, person, string_to_array(compartments, ',')::bigint[], result
            FROM next, unnest(%s::uuid[], %s::text[], %s::text[]) AS subject (person, compartments, result)
            """,
            [
                entry.actor,
                entry.role,
                entry.organisation,
                entry.purpose,
                entry.action,
                entry.target,
                outcome,
                entry.reason,
                entry.request_id,
                [subject.person_id for subject in people],
                [",".join(map(str, sorted(subject.compartments))) for subject in people],
                [subject.outcome for subject in people],
            ],
        )


def seal() -> int:
    """Seal every finished audit row not yet sealed; sign a checkpoint if a day has passed. Rows sealed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
            cursor.execute("SELECT below_xid::text, hash FROM access_seal ORDER BY id DESC LIMIT 1")
            last = cursor.fetchone()
            from_xid, previous = (int(last[0]), last[1]) if last else (0, GENESIS)
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            below_xid = int(cursor.fetchone()[0])
        (found,) = sealed_rows.found([Span(previous, from_xid, below_xid)])
        if found.rows:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO access_seal (from_xid, below_xid, first_id, last_id, rows, previous, hash, form) "
                    "VALUES (%s::text::xid8, %s::text::xid8, %s, %s, %s, %s, %s, %s)",
                    [
                        *(str(from_xid), str(below_xid), found.first, found.last, found.rows),
                        *(previous, found.hash, sealed_rows.FORM),
                    ],
                )
        _checkpoint()
    return found.rows


def _checkpoint() -> None:
    """Sign the newest seal if the newest checkpoint is a day old; keep a copy outside the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(at), max(seal_id), clock_timestamp() FROM access_checkpoint")
        signed_at, signed, now = cursor.fetchone()
        cursor.execute("SELECT id, hash FROM access_seal ORDER BY id DESC LIMIT 1")
        newest = cursor.fetchone()
        if newest is None or newest[0] == signed or (signed_at and now - signed_at < CHECKPOINT_EVERY):
            return
        at = now.astimezone(UTC)
        home = Path(settings.COMMONWEAL_HOME)
        public, signature = keys.sign(home, checkpoint_bytes(newest[0], newest[1], at.isoformat()))
        cursor.execute(
            "INSERT INTO access_checkpoint (seal_id, hash, at, public_key, signature) VALUES (%s, %s, %s, %s, %s)",
            [newest[0], newest[1], at, public, signature],
        )
    keys.keep_copy(home, newest[0], newest[1], at.isoformat(), public, signature)


def verify_chain() -> list[str]:
    """Recompute the whole chain. Each fault is a sentence; none means that nothing sealed has been altered."""
    faults: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, from_xid::text::bigint, below_xid::text::bigint, rows, previous, hash, form "
            "FROM access_seal ORDER BY id"
        )
        seals = cursor.fetchall()
    spans = [Span(named, begins, below, form) for _, begins, below, _, named, _, form in seals]
    in_order = all(earlier.below_xid <= later.from_xid for earlier, later in pairwise(spans))
    # Seals out of order are read one by one: to be told which fault is whose.
    present = sealed_rows.found(spans) if in_order else [sealed_rows.found([span])[0] for span in spans]
    previous, expected_from, hashes = GENESIS, 0, {}
    for (seal_id, begins, below, rows, named, digest, _), found in zip(seals, present, strict=True):
        if named != previous or begins != expected_from:
            faults.append(f"seal {seal_id} does not follow the seal before it: a seal was removed or altered")
        if found.hash != digest:
            faults.append(
                f"seal {seal_id}: audit rows were altered, added or removed ({found.rows} found, {rows} sealed)"
            )
        previous, expected_from = digest, below
        hashes[seal_id] = digest
    return faults + _verify_checkpoints(hashes)


def _verify_checkpoints(hashes: dict[int, str]) -> list[str]:
    """Check the signed checkpoints, those in the database and the copies outside it, against the seals."""
    home = Path(settings.COMMONWEAL_HOME)
    with connection.cursor() as cursor:
        cursor.execute("SELECT seal_id, hash, at, signature FROM access_checkpoint ORDER BY seal_id")
        stored: list[tuple[int, str, datetime, bytes]] = cursor.fetchall()
    signed = [(seal_id, digest, at.astimezone(UTC).isoformat(), bytes(sig)) for seal_id, digest, at, sig in stored]
    faults = []
    for seal_id, digest, at, signature in [*signed, *keys.copies(home)]:
        if not keys.verify(home, checkpoint_bytes(seal_id, digest, at), signature):
            faults.append(f"checkpoint of seal {seal_id}: the signature is not by this installation's key")
        elif hashes.get(seal_id) != digest:
            faults.append(f"checkpoint of seal {seal_id}: the seal it signed is gone or altered")
    return faults
