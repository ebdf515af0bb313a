"""What is done by one statement is confirmed, fenced and audited like all else, and sees every change at once."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from tests.integration.fhir_world import Ask, World, asking, make, patient, weight

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def world(database: str) -> World:
    return make()


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield asking(world)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


@pytest.fixture
def person(ask: Ask) -> str:
    """The id of a new Patient of the hospital's, whose system has asked before: it is remembered."""
    ident = str(ask("r01", "POST", "Patient", patient()).json()["id"])
    assert ask("r01", "POST", "Observation", weight(ident)).status_code == 201
    return ident


@contextmanager
def other(role: str = "commonweal_batch") -> Iterator[psycopg.Cursor[Any]]:
    """A connection of another process: it sees what is committed, and nothing here hears of what it does."""
    known = connection.settings_dict
    with (
        psycopg.connect(
            host=known["HOST"],
            port=known["PORT"] or None,
            dbname=known["NAME"],
            user=role,
            password="" if role == "postgres" else known["PASSWORD"],
            autocommit=True,
        ) as there,
        there.cursor() as cursor,
    ):
        yield cursor


def rows(statement: str, *values: Any) -> list[Any]:
    with other() as cursor:
        return cursor.execute(statement.encode(), values).fetchall()


def transaction(person: str, count: int = 3) -> dict[str, Any]:
    entries = [
        {"resource": json.loads(weight(person, f"{60 + n}.50")), "request": {"method": "POST", "url": "Observation"}}
        for n in range(count)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that Django's connection runs."""
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def requests(ask: Ask, ident: str, person: str) -> list[Callable[[], Any]]:
    """Each kind of request, as r01."""
    return [
        lambda: ask("r01", "GET", f"Observation/{ident}"),
        lambda: ask("r01", "GET", f"Observation/{ident}/_history"),
        lambda: ask("r01", "GET", "Observation?code=27113001"),
        lambda: ask("r01", "POST", "Observation", weight(person)),
        lambda: ask("r01", "POST", "", transaction(person)),
        lambda: ask("r01", "PUT", f"Observation/{ident}", weight(person, "80.50", id=ident)),
    ]


def test_a_read_a_create_and_a_transaction_of_creates_are_one_statement_each(ask: Ask, person: str) -> None:
    made = ask("r01", "POST", "Observation", weight(person))
    for method, path, body, status in (
        ("GET", f"Observation/{made.json()['id']}", None, 200),
        ("GET", "Observation/nowhere", None, 404),
        ("POST", "Observation", weight(person), 201),
        ("POST", "", transaction(person), 200),
    ):
        with counted() as seen:
            assert ask("r01", method, path, body).status_code == status
        assert len(seen) == 1, (method, path, seen)


def test_what_they_did_is_audited_with_whom_it_is_about_and_committed(ask: Ask, person: str) -> None:
    made = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    ask("r01", "POST", "", transaction(person))
    ask("r01", "GET", f"Observation/{made}")
    ask("r01", "GET", "Observation/nowhere")
    found = rows(
        "SELECT a.actor, a.role, a.organisation, a.purpose, a.action, a.target, a.outcome, "
        "(SELECT array_agg(c.source || '/' || c.local_id || '/' || s.outcome) FROM access_audit_subject s "
        "JOIN record_compartment c ON c.id = ANY (s.compartments) WHERE s.audit_id = a.id AND s.person_id = c.alone) "
        "FROM access_audit a ORDER BY a.id DESC LIMIT 4"
    )
    whose = [f"R01/{person}/allowed"]
    r01 = ("user:r01", "service", "R01", "source_maintenance")
    assert [row[:3] + row[4:] for row in found] == [
        (*r01[:3], "fhir.read", "Observation", "allowed", None),
        (*r01[:3], "fhir.read", "Observation", "allowed", whose),
        (*r01[:3], "fhir.transaction", "Observation", "allowed", whose),
        (*r01[:3], "fhir.create", "Observation", "allowed", whose),
    ]


def test_what_cannot_be_audited_is_not_done(ask: Ask, person: str) -> None:
    made = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    before = rows("SELECT count(*) FROM record_resource")
    with other("postgres") as owner:
        owner.execute("REVOKE INSERT ON access_audit FROM commonweal_app")
        try:
            answers = [
                ask("r01", "GET", f"Observation/{made}"),
                ask("r01", "POST", "Observation", weight(person)),
                ask("r01", "POST", "", transaction(person)),
            ]
        finally:
            owner.execute(
                "GRANT INSERT (id, actor, role, organisation, purpose, action, target, outcome, reason, request_id) "
                "ON access_audit TO commonweal_app"
            )
    assert all(answer.status_code == 500 and b"valueQuantity" not in answer.content for answer in answers)
    assert rows("SELECT count(*) FROM record_resource") == before


@pytest.mark.parametrize(
    ("undo", "do"),
    [
        ("UPDATE access_token SET revoked_at = NULL", "UPDATE access_token SET revoked_at = now()"),
        (
            "UPDATE access_token SET expires_at = now() + interval '1 day'",
            "UPDATE access_token SET expires_at = now() - interval '1 second'",
        ),
        ("UPDATE access_user SET is_active = true", "UPDATE access_user SET is_active = false"),
    ],
)
def test_a_token_that_ended_elsewhere_is_refused_by_the_very_next_request(
    ask: Ask, person: str, undo: str, do: str
) -> None:
    made = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    kept = "SELECT count(*), (SELECT count(*) FROM access_audit) FROM record_resource"
    with other() as cursor:
        for request in requests(ask, made, person):
            assert ask("r01", "GET", f"Observation/{made}").status_code == 200  # and is remembered
            before = rows(kept)
            cursor.execute(do.encode())
            assert request().status_code == 401
            cursor.execute(undo.encode())
            assert rows(kept) == before


def test_a_role_or_an_organisation_changed_elsewhere_counts_at_the_very_next_request(ask: Ask, person: str) -> None:
    made = ask("r01", "POST", "Observation", weight(person)).json()["id"]
    for change, statuses in (
        ("role = 'analyst'", [404, 404, 400, 403, 403, 403]),
        ("organisation = 'P01'", [404, 404, 200, 422, 422, 422]),
    ):
        for request, status in zip(requests(ask, made, person), statuses, strict=True):
            assert ask("r01", "GET", f"Observation/{made}").status_code == 200
            with other() as cursor:
                cursor.execute(f"UPDATE access_user SET {change} WHERE username = 'r01'".encode())
                found = request().status_code
                cursor.execute("UPDATE access_user SET role = 'service', organisation = 'R01' WHERE username = 'r01'")
            assert found == status, change


def test_what_is_added_at_once_is_found_by_what_it_would_be_found_by(ask: Ask, person: str) -> None:
    more: dict[str, Any] = {
        "note": [{"text": "after \u0041 walk\u2028"}],
        "meta": {"tag": [{"system": "urn:x", "code": "t"}]},
        "performer": [{"reference": "Practitioner/x"}],
        "component": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueString": "\\u0000 \u00e9"}
        ],
    }
    with counted() as seen:
        made = ask("r01", "POST", "Observation", weight(person, **more)).json()["id"]
    assert len(seen) == 1
    assert ask("r01", "PUT", "Observation/the-same", weight(person, id="the-same", **more)).status_code == 201
    for table in ("token", "date", "string", "reference", "number"):
        found = [
            rows(
                f"SELECT to_jsonb(t) - 'rid' FROM record_{table} t JOIN record_resource r USING (rid) WHERE r.id = %s "
                "ORDER BY 1",
                ident,
            )
            for ident in (made, "the-same")
        ]
        assert found[0] == found[1]
        assert found[0] or table == "string"
    kept = "SELECT to_jsonb(r) - '{rid,id,xid,updated,digest,body}'::text[] FROM record_resource r WHERE id = %s"
    assert rows(kept, made) == rows(kept, "the-same")
    one, two = (ask("r01", "GET", f"Observation/{ident}") for ident in (made, "the-same"))
    assert one.content.count(b'"lastUpdated"') == 1
    for answer in (one, two):
        stamped = answer.json()["meta"].pop("lastUpdated")
        assert rows("SELECT updated = %s FROM record_resource WHERE id = %s", stamped, answer.json()["id"]) == [(True,)]


def test_what_is_loaded_or_sent_elsewhere_counts_at_the_very_next_create(ask: Ask, person: str) -> None:
    with other() as cursor:
        cursor.execute("INSERT INTO record_source (source, feed) VALUES ('R01', 'mh')")
        made = ask("r01", "POST", "Observation", weight(person)).json()["id"]
        cursor.execute("DELETE FROM record_source WHERE source = 'R01' AND feed = 'mh'")
        after = ask("r01", "POST", "Observation", weight(person)).json()["id"]
        cursor.execute(
            "INSERT INTO record_profile_rule (source, type, profile, verdict, valid_from) "
            "VALUES ('R01', 'Observation', 'urn:not-loaded', 'refuse', '2000-01-01')"
        )
        cursor.execute("UPDATE record_definitions_state SET stamp = stamp + 1")
        refused = [ask("r01", "POST", "Observation", weight(person)), ask("r01", "POST", "", transaction(person))]
        cursor.execute("UPDATE record_profile_rule SET valid_to = '2000-01-02' WHERE profile = 'urn:not-loaded'")
        cursor.execute("UPDATE record_definitions_state SET stamp = stamp + 1")
    assert rows("SELECT category FROM record_resource WHERE id = ANY (%s) ORDER BY rid", [made, after]) == [
        ("mental_health",),
        ("clinical",),
    ]
    assert [answer.status_code for answer in refused] == [422, 422]
    for statements in (3, 1):  # told of what was loaded since, then as before
        with counted() as seen:
            assert ask("r01", "POST", "Observation", weight(person)).status_code == 201
        assert len(seen) == statements, seen


def test_the_functions_open_nothing_that_row_security_closes(ask: Ask, world: World, person: str) -> None:
    from commonweal.apps.access.actors import token_digest

    opening = {
        "token": token_digest(world.tokens["r01"]),
        "moment": "2020-01-01T00:00:00Z",
        "username": "r01",
        "name": "r01",
        "role": "service",
        "organisation": "R01",
        "team": "",
        "person_id": None,
    }
    with other("commonweal_app") as cursor:
        read = "SELECT version, body FROM record_read_own(%s, 'Patient', %s)"
        with pytest.raises(psycopg.errors.NotNullViolation):  # a look that says not who, why or what is none
            cursor.execute(read, [json.dumps(opening), person])
        opening |= {"actor": "user:r01", "purpose": "maintenance", "action": "fhir.read", "target": "Patient"}
        opening["request_id"] = str(world.vicky)
        assert cursor.execute(read, [json.dumps(opening), person]).fetchall()[0][0] == 1
        assert cursor.execute(read, [json.dumps(opening), "vicky"]).fetchall() == [(None, None)]
        for lie in ({"organisation": "P01"}, {"username": "p01"}, {"role": "clinician"}, {"token": "x"}):
            with pytest.raises(psycopg.DatabaseError) as refused:
                cursor.execute(read, [json.dumps(opening | lie), "vicky"])
            assert refused.value.sqlstate == "CW001"
        cursor.execute("SELECT current_setting('commonweal.source', true)")
        assert cursor.fetchone() in [("",), (None,)]  # the second lock is shut again
