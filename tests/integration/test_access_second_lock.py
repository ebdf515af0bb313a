"""The second lock: what the database refuses the web role even if the application were wrong.

These tests ask the catalogue, so that a table somebody adds later is tried as well.
"""

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from psycopg import sql

pytestmark = pytest.mark.usefixtures("database")

AUDIT_TABLES = ("access_audit", "access_audit_subject", "access_seal", "access_checkpoint")

OPEN_BY_DESIGN = {"identity_membership"}  # compartment number to person number: no attribute of anybody


def rows(query: str, values: list[object] | None = None) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


@pytest.fixture
def planted(database: str) -> list[str]:
    """One row about a person in every table that has a ``compartment_id`` column. The tables' names."""
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"] or None, user="postgres", dbname=database, autocommit=True
    ) as admin:
        tables = [
            row[0]
            for row in admin.execute(
                "SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t "
                "USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' "
                "AND (c.column_name = 'compartment_id' "
                "OR (c.table_name, c.column_name) = ('record_compartment', 'id')) ORDER BY 1"
            )
        ]
        for table in tables:
            _plant(admin, table)
    return tables


SAMPLES = {
    "int2": "1",
    "int4": "1",
    "int8": "424242",
    "bool": "true",
    "date": "2020-01-01",
    "timestamptz": "2020-01-01T00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "jsonb": "{}",
    "bytea": "\\x00",
    "xid8": "1",
    "tstzrange": "empty",
    "daterange": "empty",
    "numeric": "1",
    "float8": "1",
}
# What a check of the table's own asks for.
CHECKED = {
    ("identity_trace", "outcome"): "found",
    ("access_copy_item", "decision"): "whole",
    ("access_opt_out", "kind"): "type_1",
    ("coordination_allocation", "origin"): "list",
    ("exchange_bars_request", "kind"): "referral",
    ("exchange_bars_request", "way"): "in",
    ("population_list_step", "outcome"): "done",
}


def _plant(admin: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    """Insert a plain row, as superuser, with triggers and foreign keys off."""
    columns = admin.execute(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND table_name = %s AND is_identity = 'NO' AND is_generated = 'NEVER' AND column_default IS NULL",
        [table],
    ).fetchall()
    values = [
        CHECKED.get((table, str(name)), "{}" if str(kind).startswith("_") else SAMPLES.get(str(kind), "x"))
        for name, kind in columns
    ]
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
                sql.Identifier(table),
                sql.SQL(", ").join(sql.Identifier(str(name)) for name, _ in columns),
                sql.SQL(", ").join(sql.Literal(value) for value in values),
            )
        )


def visible(table: str) -> int:
    """How many rows the present role sees; none if it may not ask."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            return int(cursor.fetchone()[0])
    except ProgrammingError as refused:
        if "permission denied" not in str(refused):
            raise
        return 0


def test_with_no_context_no_row_about_a_person_is_visible(planted: list[str], as_app: None) -> None:
    assert {"access_relationship", "identity_demographics", "record_compartment", "record_resource"} <= set(planted)
    assert {table: count for table in planted if (count := visible(table))}.keys() <= OPEN_BY_DESIGN


def test_what_opens_by_category_is_shut_where_no_agreement_covers_it(planted: list[str]) -> None:
    opens = "SELECT DISTINCT tablename FROM pg_policies WHERE cmd <> 'UPDATE' AND qual LIKE %s AND permissive = %s"
    by_category = {row[0] for row in rows(opens, ["%commonweal.categories%", "PERMISSIVE"])}
    assert {"record_resource", "coordination_change", "coordination_allocation", "identity_demographics"} <= by_category
    assert by_category - {row[0] for row in rows(opens, ["%commonweal.shut%", "RESTRICTIVE"])} == set()


def test_the_planted_rows_are_really_there(planted: list[str]) -> None:
    owners_only = {"exchange_hold"}  # legal holds are set and read by the tables' owner, in commands of their own
    assert {table for table in planted if not visible(table)} == owners_only


def test_every_table_the_web_role_reads_about_people_has_row_security(planted: list[str]) -> None:
    readable = rows(
        "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND NOT relrowsecurity "
        "AND has_any_column_privilege('commonweal_app', oid, 'SELECT')",
        [planted],
    )
    assert {str(row[0]) for row in readable} <= OPEN_BY_DESIGN


def test_neither_role_can_pass_row_security_or_own_a_table() -> None:
    assert (
        rows(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'commonweal%%' AND (rolsuper OR rolcreaterole "
            "OR rolcreatedb OR rolreplication OR (rolbypassrls AND rolname <> 'commonweal_loader'))"
        )
        == []
    )
    assert (
        rows(
            "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner "
            "WHERE r.rolname IN ('commonweal_app', 'commonweal_batch')"
        )
        == []
    )
    assert rows(
        "SELECT m.member::regrole::text, m.roleid::regrole::text, m.inherit_option, m.admin_option "
        "FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname LIKE 'commonweal%%'"
    ) == [("commonweal_batch", "commonweal_loader", False, False)]


def test_the_role_of_large_loads_adds_rows_to_six_tables_reads_none_and_cannot_sign_in() -> None:
    assert rows("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'commonweal_loader'") == [(False,)]
    assert rows(
        "SELECT c.relname, privilege FROM pg_class c, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', "
        "'REFERENCES', 'TRIGGER', 'MAINTAIN']) AS privilege WHERE c.relkind = 'r' AND c.relnamespace = "
        "'public'::regnamespace AND has_table_privilege('commonweal_loader', c.oid, privilege) ORDER BY 1"
    ) == [
        (table, "INSERT")
        for table in (
            "record_date", "record_number", "record_reference", "record_resource", "record_string", "record_token",
        )
    ]  # fmt: skip
    assert (
        rows(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'v') AND c.relnamespace = "
            "'public'::regnamespace "
            "AND has_any_column_privilege('commonweal_loader', c.oid, 'SELECT, UPDATE, REFERENCES')"
        )
        == []
    )


@pytest.mark.parametrize("table", AUDIT_TABLES)
@pytest.mark.parametrize("role", ["commonweal_app", "commonweal_batch"])
def test_no_role_that_runs_can_alter_the_audit(table: str, role: str) -> None:
    assert (
        rows(
            "SELECT privilege FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS privilege "
            "WHERE has_table_privilege(%s, %s, privilege)",
            [role, table],
        )
        == []
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE access_audit SET actor = 'nobody'",
        "DELETE FROM access_audit",
        "TRUNCATE access_audit CASCADE",
        "DELETE FROM access_audit_subject",
        "SELECT * FROM access_audit",
        "SELECT * FROM access_audit_subject",
        "INSERT INTO access_seal (from_xid, below_xid, first_id, last_id, rows, previous, hash) "
        "VALUES ('0', '9', 1, 1, 1, 'a', 'b')",
        # the columns that say when are the database's to fill
        "INSERT INTO access_audit (id, at, actor, role, organisation, purpose, action, target, outcome, reason, "
        "request_id) VALUES (99, '2000-01-01', 'a', 'r', 'o', 'p', 'x', '', 'allowed', '', gen_random_uuid())",
        # a relationship may be written only for an emergency, for one actor, for four hours
        "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at, ends_at) "
        "VALUES ('P99', 1, 'registered', 'x', '', now(), NULL)",
        "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at, ends_at) "
        "VALUES ('P99', 1, 'emergency', 'x', 'user:a', now(), now() + interval '5 hours')",
        "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at, ends_at) "
        "VALUES ('P99', 1, 'emergency', 'x', 'user:a', now(), NULL)",
        "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at, ends_at) "
        "VALUES ('P99', 1, 'emergency', 'x', '', now(), now() + interval '1 hour')",
        "INSERT INTO access_user (username, name, role) VALUES ('a', 'b', 'clinician')",
        "UPDATE access_user SET role = 'clinician'",
        "INSERT INTO access_token (user_id, digest) VALUES (1, 'x')",
        "SET ROLE commonweal_owner",
        "SET row_security = off; SELECT * FROM access_relationship",
        "ALTER TABLE access_relationship DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE mine (a int)",
    ],
)
def test_what_the_web_role_may_not_do(attempt: str, as_app: None) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|row-level security|must be owner"),
        transaction.atomic(),
    ):
        rows(attempt)


def test_who_looked_answers_only_for_an_open_person(planted: list[str], as_app: None) -> None:
    with transaction.atomic():
        assert rows("SELECT * FROM access_looked(ARRAY[424242]::bigint[], 10, now())") == []
        assert rows("SELECT * FROM access_looked(ARRAY[]::bigint[], 10, now())") == []
