"""Bulk export over HTTP: who gets what, when it is ready, and what everybody else is told."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from tests.bulk_asking import Partner, run_jobs
from tests.integration.test_rest import condition, parsed, patient

pytestmark = pytest.mark.usefixtures("database")

PEOPLE = 3
# A body on several lines, with digits and spacing of its own.
OBSERVATION = (
    b'{"resourceType":"Observation","id":"o1",\n "status":"final","code":{"text":"weight"},'
    b'"subject":{"reference":"Patient/p0"},"effectiveDateTime":"2020-03-01","valueQuantity":{"value":72.50}}'
)


@pytest.fixture(scope="module", autouse=True)
def world(database: str) -> dict[str, str]:
    """Two practices with people of their own, and a partner's system at each. Tokens by account."""
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    for practice, letter in (("P01", "p"), ("P02", "q")):
        items: list[Any] = [({"resourceType": "Organization", "id": f"org-{letter}", "name": "A surgery"}, None)]
        for n in range(PEOPLE):
            person = f"{letter}{n}"
            items.append((patient(person, f"99900000{n}{ord(letter) % 10}", "Moss", "1980-02-03", practice), person))
            items.append((condition(f"c-{person}", person, "44054006", "2015-01-01"), person))
        if letter == "p":
            items.append((OBSERVATION, "p0"))
        record.write(practice, "gp", parsed(items, "gp"))
    keys = record.compartments(
        (source, f"{letter}{n}") for source, letter in (("P01", "p"), ("P02", "q")) for n in range(3)
    )
    with connection.cursor() as cursor:
        for compartment in keys.values():
            person_id = uuid4()
            cursor.execute(
                "INSERT INTO identity_person (person_id, founder, created) VALUES (%s, %s, now())",
                [person_id, compartment],
            )
            cursor.execute(
                "INSERT INTO identity_membership (compartment_id, person_id, basis, since) "
                "VALUES (%s, %s, 'verified', now())",
                [compartment, person_id],
            )
    access.add_relationships([access.Relationship("P01", keys["P01", "p1"], "under_care", date(2015, 1, 1))], "test")
    tokens = {}
    for username, role, organisation in (
        ("p01", access.Role.SERVICE, "P01"),
        ("p01-second", access.Role.SERVICE, "P01"),
        ("p02", access.Role.SERVICE, "P02"),
        ("gp", access.Role.CLINICIAN, "P01"),
    ):
        access.create_user(username, "a long password", role, organisation, username)
        tokens[username] = access.create_token(username, 1)
    return tokens


@pytest.fixture
def p01(world: dict[str, str]) -> Partner:
    return Partner(world["p01"])


@pytest.fixture(autouse=True)
def nothing_left(database: str) -> Iterator[None]:
    """No test leaves another's request waiting."""
    yield
    run_jobs()


def ids(lines: list[dict[str, Any]]) -> set[str]:
    return {line["id"] for line in lines}


def test_a_system_export_is_everything_of_ones_own_and_nothing_of_others(p01: Partner) -> None:
    asked = p01.get("$export", Prefer="respond-async")
    assert asked.status_code == 202
    where = asked["Content-Location"]
    waiting = p01.get(where)
    assert (waiting.status_code, waiting["X-Progress"], waiting["Retry-After"]) == (202, "waiting for its turn", "2")
    run_jobs()
    ready = p01.get(where)
    manifest = json.loads(ready.content)
    assert ready.status_code == 200
    assert ready["Expires"]
    assert manifest["request"].endswith("/fhir/R4/$export")
    assert manifest["requiresAccessToken"] is True
    assert manifest["error"] == manifest["deleted"] == []
    assert {one["type"]: one["count"] for one in manifest["output"]} == {
        "Organization": 1, "Patient": PEOPLE, "Condition": PEOPLE, "Observation": 1,
    }  # fmt: skip
    assert ids(p01.lines(manifest, "Patient")) == {"p0", "p1", "p2"}
    assert ids(p01.lines(manifest, "Condition")) == {"c-p0", "c-p1", "c-p2"}


def test_a_resource_is_one_line_and_otherwise_as_it_came(p01: Partner) -> None:
    manifest = p01.exported("Patient/$export?_type=Observation")
    body = p01.bytes(manifest["output"][0]["url"])
    assert body == OBSERVATION.replace(b"\n", b" ") + b"\n"


def test_a_patient_export_leaves_out_what_is_about_nobody(p01: Partner) -> None:
    manifest = p01.exported("Patient/$export")
    assert "Organization" not in {one["type"] for one in manifest["output"]}


def test_some_people_may_be_named(p01: Partner) -> None:
    named = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueReference": {"reference": "Patient/p1"}},
            {"name": "patient", "valueReference": {"reference": "Patient/q1"}},  # another's: as if it were not there
            {"name": "_type", "valueString": "Patient"},
        ],
    }
    manifest = p01.exported("Patient/$export", named)
    assert ids(p01.lines(manifest, "Patient")) == {"p1"}


def test_a_group_is_the_people_of_a_relationship_today(p01: Partner) -> None:
    assert ids(p01.lines(p01.exported("Group/under-care/$export"), "Patient")) == {"p1"}
    assert p01.exported("Group/referred/$export")["output"] == []
    assert p01.get("Group/everybody/$export", Prefer="respond-async").status_code == 404


def test_since_tells_what_changed_and_what_is_gone(p01: Partner) -> None:
    from commonweal.apps.record import api as record

    first = p01.exported("$export")
    record.write("P01", "gp", parsed([(condition("c-p1", "p1", "195967001", "2019-01-01"), "p1")], "gp"))
    record.write("P01", "gp", parsed([(condition("c-new", "p1", "195967001", "2019-01-01"), "p1")], "gp"))
    record.withdraw("P01", [("Condition", "c-new")])
    manifest = p01.exported("$export?_since=" + first["transactionTime"].replace("+", "%2B"))
    assert ids(p01.lines(manifest, "Condition")) == {"c-p1"}
    deleted = [json.loads(line) for one in manifest["deleted"] for line in p01.bytes(one["url"]).splitlines()]
    assert [entry["request"] for bundle in deleted for entry in bundle["entry"]] == [
        {"method": "DELETE", "url": "Condition/c-new"}
    ]


def test_since_includes_what_an_earlier_export_could_not_see_yet(p01: Partner, database: str) -> None:
    """A transaction that began before an export and ended after it bears an earlier time than the export."""
    import psycopg

    settings = connection.settings_dict
    other = psycopg.connect(
        host=settings["HOST"], port=settings["PORT"] or None, dbname=database, user="commonweal_batch",
        password=settings["PASSWORD"],
    )  # fmt: skip
    other.execute("UPDATE record_resource SET updated = now(), xid = pg_current_xact_id() WHERE id = 'c-p2'")
    first = p01.exported("$export")
    other.commit()
    other.close()
    manifest = p01.exported("$export?_since=" + first["transactionTime"].replace("+", "%2B"))
    assert ids(p01.lines(manifest, "Condition")) == {"c-p2"}


def test_elements_are_a_marked_subset_with_what_is_required(p01: Partner) -> None:
    manifest = p01.exported("$export?_type=Observation,Patient&_elements=Observation.value")
    [observation] = p01.lines(manifest, "Observation")
    assert set(observation) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}
    assert observation["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert b"72.50" in p01.bytes(next(one["url"] for one in manifest["output"] if one["type"] == "Observation"))
    assert all("birthDate" in one for one in p01.lines(manifest, "Patient"))


@pytest.mark.parametrize(
    ("address", "prefer", "says"),
    [
        ("$export", "", "respond-async"),
        ("$export?_outputFormat=text/csv", "respond-async", "application/fhir+ndjson only"),
        ("$export?_since=yesterday", "respond-async", "instant"),
        ("$export?_type=Patients", "respond-async", "resource type"),
        ("$export?_typeFilter=Patient%3Fgender=male", "respond-async", "not served"),
        ("$export?colour=red", "respond-async", "no such parameter"),
        ("$export?_elements=a b", "respond-async", "names of elements"),
        ("$export?patient=Patient/p1", "respond-async", "Patient/$export"),
    ],
)
def test_what_cannot_be_served_is_refused_with_what_to_do(p01: Partner, address: str, prefer: str, says: str) -> None:
    response = p01.get(address, Prefer=prefer)
    assert response.status_code == 400
    assert says in response.content.decode()


def test_lenient_handling_ignores_and_says_so(p01: Partner) -> None:
    manifest = p01.exported("$export?_type=Patient&colour=red", Prefer="respond-async, handling=lenient")
    [error] = manifest["error"]
    assert b"colour: no such parameter" in p01.bytes(error["url"])


def test_it_is_there_for_the_account_that_asked_and_nobody_else(p01: Partner, world: dict[str, str]) -> None:
    where = p01.get("$export", Prefer="respond-async")["Content-Location"]
    run_jobs()
    file = json.loads(p01.get(where).content)["output"][0]["url"]
    for other in ("p02", "p01-second"):
        stranger = Partner(world[other])
        for address in (where, file):
            assert stranger.get(address, Accept="*/*").content == p01.get(f"$export/{uuid4()}").content
        assert stranger.delete(where).status_code == 404
    assert Partner("no such token").get(where).status_code == 401
    assert p01.get(where).status_code == 200


def test_care_staff_do_not_export(world: dict[str, str]) -> None:
    assert Partner(world["gp"]).get("$export", Prefer="respond-async").status_code == 403


def test_a_cancelled_export_is_gone_and_is_not_done(p01: Partner) -> None:
    from uuid import UUID

    from commonweal.apps.exchange.bulk import files

    where = p01.get("$export", Prefer="respond-async")["Content-Location"]
    assert p01.delete(where).status_code == 202
    assert p01.get(where).status_code == 404
    run_jobs()
    assert p01.get(where).status_code == 404
    assert UUID(where.rpartition("/")[2]) not in files.expired(set())


def test_deleting_a_finished_export_removes_its_files(p01: Partner) -> None:
    from uuid import UUID

    from commonweal.apps.exchange.bulk import files

    where = p01.get("$export", Prefer="respond-async")["Content-Location"]
    run_jobs()
    ident = UUID(where.rpartition("/")[2])
    assert files.folder(ident).is_dir()
    assert p01.delete(where).status_code == 202
    assert not files.folder(ident).exists()


def test_expired_files_are_refused_and_removed(p01: Partner) -> None:
    from uuid import UUID

    from commonweal.apps.exchange.bulk import files, tasks

    where = p01.get("$export", Prefer="respond-async")["Content-Location"]
    run_jobs()
    file = json.loads(p01.get(where).content)["output"][0]["url"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exchange_bulkrequest SET expires_at = now() - interval '1 second'")
    assert p01.get(where).status_code == p01.get(file).status_code == 410
    tasks.expire(timestamp=0)
    assert not files.folder(UUID(where.rpartition("/")[2])).exists()


def test_an_organisation_waits_for_its_earlier_exports(p01: Partner) -> None:
    from commonweal.apps.exchange.bulk import requests

    for _ in range(requests.MOST_AT_ONCE):
        assert p01.get("$export?_type=Patient", Prefer="respond-async").status_code == 202
    refused = p01.get("$export?_type=Patient", Prefer="respond-async")
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")


def test_the_audit_names_who_asked_and_everybody_exported(p01: Partner) -> None:
    p01.exported("Patient/$export")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.actor, a.organisation, a.purpose, a.outcome, count(s.*) FROM access_audit a "
            "JOIN access_audit_subject s ON s.audit_id = a.id WHERE a.action = 'bulk.export' "
            "GROUP BY a.id ORDER BY a.id DESC LIMIT 1"
        )
        assert cursor.fetchone() == ("user:p01", "P01", "operations", "allowed", PEOPLE)
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE args::text !~ '^{\"(request|timestamp)\": '")
        assert cursor.fetchone() == (0,)


def test_a_request_that_does_not_commit_leaves_no_job(p01: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.access import audit

    def unwritable(*_: object) -> None:
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr(audit, "write", unwritable)
    assert p01.get("$export", Prefer="respond-async").status_code == 500
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        jobs = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM exchange_bulkrequest WHERE state = 'queued'")
        assert (jobs, cursor.fetchone()) == ((0,), (0,))
