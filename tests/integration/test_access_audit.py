"""The audit chain: sealed in order, signed, and every kind of tampering found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Purpose, Role

ANALYST = Actor("user:ana", "Ana", Role.ANALYST, "ICB")
GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P01")


def access() -> Any:
    from commonweal.apps.access import api

    return api


def look(times: int = 1) -> None:
    for _ in range(times):
        with access().session(ANALYST, Purpose.POPULATION_HEALTH, "register.read") as opened:
            opened.require("read_aggregate")


def refuse() -> None:
    with pytest.raises(access().Refused), access().session(GP, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(uuid4(), {1: "P01", 2: "T01"})


Superuser = Callable[[str], None]


@pytest.fixture
def tamper(database: str) -> Superuser:
    """Run a statement as the database's superuser, whom no grant stops: the chain must notice."""

    def run(statement: str) -> None:
        at = connection.settings_dict
        with psycopg.connect(
            host=at["HOST"], port=at["PORT"] or None, user="postgres", dbname=database, autocommit=True
        ) as admin:
            admin.execute(statement.encode())

    return run


@pytest.fixture
def chain(database: str, tamper: Superuser) -> None:
    """Three seals over allowed and refused accesses, the first of them signed."""
    copies = Path(settings.COMMONWEAL_HOME) / "audit" / "checkpoints.ndjson"
    copies.unlink(missing_ok=True)
    tamper("TRUNCATE access_checkpoint, access_seal, access_audit_subject, access_audit")
    for _ in range(3):
        look(2)
        refuse()
        assert access().seal() == 3


def test_an_untouched_chain_verifies(chain: None) -> None:
    assert access().verify_chain() == []
    assert access().seal() == 0  # nothing new, no empty seal
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(rows) FROM access_seal")
        assert cursor.fetchone() == (3, 9)
        cursor.execute("SELECT count(*) FROM access_checkpoint")
        assert cursor.fetchone()[0] == 1  # once a day, not once a seal


def test_a_row_of_an_unfinished_transaction_waits_for_the_next_seal(chain: None, database: str) -> None:
    at = connection.settings_dict
    with psycopg.connect(
        host=at["HOST"], port=at["PORT"] or None, user="postgres", dbname=database
    ) as slow:  # holds a transaction id open while others finish
        slow.execute(
            "INSERT INTO access_audit (actor, role, organisation, purpose, action, target, outcome, reason, request_id)"
            " VALUES ('user:slow', 'clinician', 'P01', 'direct_care', 'x', '', 'allowed', '', gen_random_uuid())"
        )
        look(2)
        assert access().seal() == 0
        slow.commit()
    assert access().seal() == 3
    assert access().verify_chain() == []


TAMPERING = [
    ("UPDATE access_audit SET actor = 'user:nobody' WHERE id = (SELECT min(id) FROM access_audit)", "altered"),
    ("UPDATE access_audit SET at = at - interval '1 day' WHERE id = (SELECT max(id) FROM access_audit)", "altered"),
    ("UPDATE access_audit_subject SET person_id = gen_random_uuid()", "altered"),
    ("UPDATE access_audit_subject SET outcome = 'allowed'", "altered"),
    ("UPDATE access_audit_subject SET compartments = '{9}'", "altered"),
    ("DELETE FROM access_audit_subject", "altered"),
    (
        "DELETE FROM access_audit_subject; DELETE FROM access_audit WHERE id = (SELECT min(id) FROM access_audit)",
        "altered",
    ),
    (
        "INSERT INTO access_audit (actor, role, organisation, purpose, action, target, outcome, reason, request_id,"
        " xid) SELECT actor, role, organisation, purpose, action, target, outcome, reason, request_id, xid"
        " FROM access_audit LIMIT 1",
        "altered",
    ),
    ("DELETE FROM access_checkpoint; DELETE FROM access_seal WHERE id = (SELECT min(id) FROM access_seal)", "follow"),
    (
        "DELETE FROM access_checkpoint; DELETE FROM access_seal; DELETE FROM access_audit_subject;"
        " DELETE FROM access_audit",
        "gone or altered",
    ),
    ("UPDATE access_checkpoint SET signature = decode(repeat('00', 64), 'hex')", "signature"),
]


@pytest.mark.parametrize(("statement", "fault"), TAMPERING)
def test_tampering_by_the_superuser_is_found(chain: None, tamper: Superuser, statement: str, fault: str) -> None:
    assert access().verify_chain() == []
    tamper(statement)
    faults = access().verify_chain()
    assert faults
    assert fault in " ".join(faults)


def test_a_rewritten_chain_does_not_match_the_signed_copy(chain: None, tamper: Superuser) -> None:
    """Somebody with the whole database, but not the key or the copies, hashes everything anew."""
    tamper("UPDATE access_audit SET actor = 'user:nobody'; DELETE FROM access_checkpoint; DELETE FROM access_seal")
    access().seal()
    faults = access().verify_chain()
    assert any("gone or altered" in fault for fault in faults)


def test_the_signing_key_is_private_to_the_installation(chain: None) -> None:
    key = Path(settings.COMMONWEAL_HOME) / "keys" / "audit"
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_bytes()) == 32


def test_a_chain_that_began_in_the_first_form_goes_on_and_verifies(chain: None, tamper: Superuser) -> None:
    from commonweal.apps.access.sealed_rows import Span, found
    from commonweal.domain.access.chain import GENESIS

    tamper("TRUNCATE access_checkpoint, access_seal")
    (Path(settings.COMMONWEAL_HOME) / "audit" / "checkpoints.ndjson").unlink()
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(xid)::text::bigint + 1, count(*) FROM access_audit")
        below, rows = cursor.fetchone()
        (first,) = found([Span(GENESIS, 0, below, 1)])
        assert first.rows == rows == 9
        cursor.execute(
            "INSERT INTO access_seal (from_xid, below_xid, first_id, last_id, rows, previous, hash, form) "
            "VALUES ('0', %s::text::xid8, 1, 9, 9, %s, %s, 1)",
            [str(below), GENESIS, first.hash],
        )
    look()
    assert access().seal() == 1
    assert access().verify_chain() == []
    tamper("UPDATE access_audit SET actor = 'user:nobody' WHERE id = (SELECT min(id) FROM access_audit)")
    (fault,) = access().verify_chain()
    assert "altered" in fault


def test_what_goes_wrong_while_rows_come_is_told_as_every_other_fault(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the sealer, which starts a killed database again, would end with it."""
    from django.db import DatabaseError

    from commonweal.apps.access import sealed_rows

    monkeypatch.setattr(
        sealed_rows, "_ROWS", "COPY (SELECT 10 / (3 - n) FROM generate_series(1, 3) n WHERE %s <> %s) TO STDOUT"
    )
    with pytest.raises(DatabaseError):
        sealed_rows.found([sealed_rows.Span("", 3, 1_000)])
