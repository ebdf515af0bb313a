"""What somebody who means harm, or is only curious, would try: each must fail, and be accounted for."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Purpose, RestrictionReason, Role
from tests.integration.withholding import withhold

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "correct horse battery"
CLINICIAN = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P01")


def access() -> Any:
    """The public face, imported once there is a database for its models."""
    from commonweal.apps.access import api

    return api


@pytest.fixture
def browser(database: str) -> Iterator[Any]:
    """A browser at one address, its sign-in attempts forgotten, served in the web role."""
    from django.test import Client

    access().create_user("dr.ray", PASSWORD, Role.CLINICIAN, "P01", "Dr Ray")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_signin")
    _point_at("commonweal_app")
    yield Client(REMOTE_ADDR="192.0.2.7", SERVER_NAME="127.0.0.1")
    _point_at("commonweal_batch")


def _point_at(role: str) -> None:
    connection.close()
    connection.settings_dict["USER"] = role


def sign_in(browser: Any, username: str, password: str) -> int:
    return int(browser.post("/sign-in", {"username": username, "password": password}).status_code)


def test_trying_again_does_not_keep_a_whole_site_locked_out(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hospital has one address. Once it is limited, each member of staff who tries must not prolong it."""
    from django.utils import timezone

    from commonweal.apps.access import sign_in as module

    monkeypatch.setattr(module, "MOST_BY_ADDRESS", 3)
    for n in range(3):
        assert sign_in(browser, f"guess{n}", "x") == 400
    start = timezone.now()
    for minutes in (5, 10, 14):
        monkeypatch.setattr(timezone, "now", lambda m=minutes: start + module.WINDOW * m / 15)
        assert sign_in(browser, "dr.ray", PASSWORD) == 429
    monkeypatch.setattr(timezone, "now", lambda: start + module.WINDOW * 16 / 15)
    assert sign_in(browser, "dr.ray", PASSWORD) == 302


def test_a_limited_attempt_is_still_audited(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.access import sign_in as module

    monkeypatch.setattr(module, "MOST_BY_ADDRESS", 0)
    assert sign_in(browser, "dr.ray", PASSWORD) == 429
    _point_at("commonweal_batch")
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, outcome, reason FROM access_audit ORDER BY id DESC LIMIT 1")
        assert cursor.fetchone() == ("sign_in", "refused", "limited")


def test_a_table_of_ones_own_does_not_stand_in_for_the_gates(as_app: None) -> None:
    """Functions that run as the owner look for their tables in the schema and never among temporary ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE access_relationship AS SELECT 'P66'::varchar AS organisation, 1::bigint AS "
            "compartment_id, 'registered'::varchar AS kind, ''::varchar AS actor_key, now() - interval '1 day' AS "
            "starts_at, NULL::timestamptz AS ends_at"
        )
        cursor.execute("GRANT SELECT ON pg_temp.access_relationship TO PUBLIC")
        cursor.execute(
            "SELECT * FROM access_facts('P66', 'user:mallory', ARRAY[1]::bigint[], ARRAY['P99'], 'direct_care', now()) "
            "WHERE fact = 'relationship'"
        )
        assert cursor.fetchall() == []


def test_every_function_that_runs_as_its_owner_searches_temporary_tables_last(database: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE p.prosecdef AND n.nspname = 'public'"
        )
        found = {name: settings or [] for name, settings in cursor.fetchall()}
    assert len(found) >= 6
    assert {
        name: settings for name, settings in found.items() if not any(s.endswith("pg_temp") for s in settings)
    } == {}


@pytest.fixture
def stranger(database: str) -> tuple[UUID, dict[int, str]]:
    """Somebody no organisation has a relationship with."""
    return uuid4(), {987_654: "P77"}


def test_a_search_that_tells_somebody_exists_names_them_in_the_audit(stranger: tuple[UUID, dict[int, str]]) -> None:
    """Or nobody could find out afterwards that a member of staff had been looking for a former partner."""
    person_id, compartments = stranger
    with access().session(CLINICIAN, Purpose.DIRECT_CARE, "search people") as session:
        assert session.open_many({person_id: compartments}, telling=True) == {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT compartments, outcome FROM access_audit_subject WHERE person_id = %s", [person_id])
        assert cursor.fetchall() == [([987_654], "refused")]


def test_a_search_page_shows_nothing_of_somebody_whose_particulars_are_withheld(browser: Any) -> None:
    """A category may be restricted as well as a source: here an address that must not be given away."""
    person_id, compartment, own = uuid4(), 876_543, 876_544
    _point_at("commonweal_batch")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO identity_demographics (compartment_id, source, local_id, nhs_number, nhs_usable, "
            "number_status, family, given, family_key, given_key, family_sound, given_sound, birth_date, gender, "
            "ethnicity, postcode, address_line, phone, practice, updated) VALUES (%s, 'T01', 'x', '9990000018', "
            "'9990000018', '', 'Moss', 'Vicky<b>', 'moss', 'vicky', '', '', '1980-02-03', 'female', '', 'ZZ999ZZ', "
            "'1 Refuge Row', '', 'P01', now())",
            [compartment],
        )
        cursor.execute(  # the practice's own word, which it still sees, says less
            "INSERT INTO identity_demographics SELECT %s, 'P01', local_id, nhs_number, nhs_usable, number_status, "
            "'', '', '', '', '', '', birth_date, death_date, '', '', '', '', '', '', updated "
            "FROM identity_demographics WHERE compartment_id = %s",
            [own, compartment],
        )
        cursor.execute("INSERT INTO identity_person VALUES (%s, %s, now())", [person_id, compartment])
        cursor.executemany(
            "INSERT INTO identity_membership (compartment_id, person_id, basis, since) VALUES (%s, %s, 'alone', now())",
            [(compartment, person_id), (own, person_id)],
        )
    from datetime import date

    from commonweal.domain.access.vocabulary import Category

    access().add_relationships([access().Relationship("P01", own, "registered", date(2015, 1, 1))], "test")
    _point_at("commonweal_app")
    assert sign_in(browser, "dr.ray", PASSWORD) == 302
    asked = {"nhs_number": "9990000018"}
    page = browser.post("/people", asked).content.decode()
    assert "ZZ999ZZ" in page
    assert "MOSS, Vicky&lt;b&gt;" in page
    _point_at("commonweal_batch")
    withhold(compartment, RestrictionReason.SAFEGUARDING, "C01", category=Category.DEMOGRAPHICS)
    _point_at("commonweal_app")
    page = browser.post("/people", asked).content.decode()
    assert f"/people/{person_id}" in page
    assert [text for text in ("ZZ999ZZ", "MOSS", "Vicky") if text in page] == []


@pytest.mark.parametrize("year", ["9999999999", "99999", "-1", "0", "١٩٨٠"])
def test_an_absurd_birth_date_is_a_mistake_and_not_a_fault(browser: Any, year: str) -> None:
    sign_in(browser, "dr.ray", PASSWORD)
    asked = {"name": "Moss", "birth_date_day": "1", "birth_date_month": "1", "birth_date_year": year}
    assert browser.post("/people", asked).status_code in (200, 400)


def test_closing_an_account_ends_its_tokens_for_good(database: str) -> None:
    """A token made before somebody left must not come alive when they return."""
    from django.test import RequestFactory

    api = access()
    api.create_user("leaver", PASSWORD, Role.CLINICIAN, "P01", "Leaver")
    headers = {"Authorization": f"Bearer {api.create_token('leaver', 365)}"}
    assert api.actor_of(RequestFactory().get("/", headers=headers)).key == "user:leaver"
    api.close_account("leaver", by="user:ig")
    with pytest.raises(api.SignInRequired):
        api.actor_of(RequestFactory().get("/", headers=headers))
    api.create_user("leaver", PASSWORD, Role.CLINICIAN, "P01", "Leaver")
    with pytest.raises(api.SignInRequired):
        api.actor_of(RequestFactory().get("/", headers=headers))
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor, target FROM access_audit WHERE action = 'account.close'")
        assert cursor.fetchall() == [("user:ig", "user:leaver")]
    with pytest.raises(ValueError, match="no active account 'nobody'"):
        api.close_account("nobody", by="user:ig")


def test_the_state_folder_is_private_to_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.cli import home

    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "new"))
    assert stat.S_IMODE(home.home_dir().stat().st_mode) == 0o700


def test_a_fault_is_logged_without_the_path_that_names_a_person(browser: Any) -> None:
    import logging

    from commonweal.web.logs import WithoutPath

    class Request:
        path = "/fhir/R4/Patient/nobody\u00e9"

    record = logging.LogRecord(
        "django.request", logging.ERROR, "", 0, "%s: %s", ("Error", "/fhir/R4/Patient/nobody\\xe9"), None
    )
    record.__dict__["request"] = Request()
    assert WithoutPath().filter(record)
    assert record.getMessage() == "Error: (path kept out of the log)"
    from django.conf import settings

    logging_of: dict[str, Any] = settings.LOGGING
    assert logging_of["handlers"]["console"]["filters"] == ["without_path"]


def test_a_session_ends_with_the_browser(browser: Any) -> None:
    sign_in(browser, "dr.ray", PASSWORD)
    cookie = browser.cookies["sessionid"]
    assert (cookie["expires"], cookie["max-age"], bool(cookie["httponly"]), cookie["samesite"]) == ("", "", True, "Lax")


def test_a_statement_made_to_be_slow_does_not_hold_a_page_connection(
    home: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg
    from django.conf import settings

    from commonweal.config import database as configured

    monkeypatch.setenv("COMMONWEAL_DB_ROLE", "app")
    made = configured.connection_settings(home, settings.DATABASES["default"]["PASSWORD"])
    with psycopg.connect(
        host=made["HOST"], port=made["PORT"] or None, user=made["USER"], dbname=database, **made["OPTIONS"]
    ) as one:
        assert one.execute("SHOW statement_timeout").fetchone() == (configured.LONGEST_ANSWER,)
    monkeypatch.setenv("COMMONWEAL_DB_ROLE", "batch")
    batch = configured.connection_settings(home, settings.DATABASES["default"]["PASSWORD"])
    assert "options" not in batch["OPTIONS"]  # a landing may take what it takes
    assert made["PASSWORD"] != batch["PASSWORD"]


def test_each_role_of_the_database_has_a_password_of_its_own(database: str) -> None:
    from commonweal.config.database import ROLES, password_of

    assert len({password_of("secret", role) for role in ROLES}) == len(ROLES)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s) "
            "AND shobj_description(oid, 'pg_authid') = 'Its password is its own'",
            [list(ROLES)],
        )
        assert cursor.fetchone() == (len(ROLES),)


def test_a_demonstration_gives_its_passwords_to_no_database_in_use(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    from commonweal.cli import demo

    access().create_user("real", PASSWORD, Role.CLINICIAN, "P01", "Real")
    where = connection.settings_dict
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@/{database}?host={where['HOST']}")
    with pytest.raises(typer.Exit):
        demo._claim(tmp_path, 100, 1)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@/not_there_yet?host={where['HOST']}")
    demo._claim(tmp_path, 100, 1)
    assert (tmp_path / "synthetic.json").exists()
