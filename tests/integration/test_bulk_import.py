"""Bulk import over HTTP: NDJSON in, receipts and quarantine as for any file, and hostile bodies."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from tests.bulk_asking import Partner, run_jobs
from tests.landing_files import gp_lines

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module", autouse=True)
def world(database: str) -> dict[str, str]:
    """A partner's system at each of several organisations. Tokens by organisation."""
    from commonweal.apps.access import api as access

    tokens = {}
    for organisation in ("P01", "P02", "P03", "P04"):
        access.create_user(organisation.lower(), "a long password", access.Role.SERVICE, organisation, organisation)
        tokens[organisation] = access.create_token(organisation.lower(), 1)
    return tokens


@pytest.fixture
def p01(world: dict[str, str]) -> Partner:
    return Partner(world["P01"])


@pytest.fixture(autouse=True)
def nothing_left(database: str) -> Iterator[None]:
    """No test leaves another's request waiting."""
    yield
    run_jobs()


def lines(practice: str, people: int, seed: int = 0) -> bytes:
    return "".join(line + "\n" for line in gp_lines(practice, people, seed)).encode()


def imported(
    partner: Partner, body: bytes, address: str = "$import", kind: str = "application/fhir+ndjson", **headers: str
) -> dict[str, Any]:
    """The manifest of an import of ``body``, asked for and done."""
    asked = partner.post(address, body, kind, **headers)
    assert asked.status_code == 202, asked.content
    run_jobs()
    return partner.manifest(asked["Content-Location"])


def told(partner: Partner, manifest: dict[str, Any]) -> list[str]:
    return [
        issue["diagnostics"] for one in partner.lines(manifest, "OperationOutcome", "error") for issue in one["issue"]
    ]


def stored(source: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM record_resource r JOIN record_source s ON s.id = r.source_id WHERE s.source = %s",
            [source],
        )
        return int(cursor.fetchone()[0])


def test_lines_are_stored_searchable_and_counted(p01: Partner) -> None:
    from commonweal.apps.exchange.bulk import uploads

    asked = p01.post("$import", lines("P01", 5))
    assert (asked.status_code, "/fhir/R4/$import/" in asked["Content-Location"]) == (202, True)
    assert p01.get(asked["Content-Location"])["X-Progress"] == "waiting for its turn"
    run_jobs()
    manifest = p01.manifest(asked["Content-Location"])
    [one] = manifest["input"]
    assert (one["read"], one["accepted"], one["quarantined"], one["resources"]) == (51, 51, 0, 51)
    assert manifest["error"] == manifest["output"] == []
    assert stored("P01") == 51
    exported = p01.exported("Patient/$export?_type=Patient")
    assert len(p01.lines(exported, "Patient")) == 5
    assert not list(uploads.path("user:p01", UUID(int=0)).parent.glob("*"))


def test_the_command_line_makes_a_systems_account_and_takes_nobodys_over(database: str) -> None:
    from typer.testing import CliRunner

    from commonweal.apps.access import api as access
    from commonweal.cli.main import app

    made = CliRunner().invoke(app, ["token", "p09.system", "--system-of", "P09", "--json"])
    assert made.exit_code == 0, made.stderr
    partner = Partner(json.loads(made.stdout)["token"])
    assert imported(partner, lines("P09", 1))["input"][0]["accepted"] == 11
    access.create_user("dr.ray", "a long password", access.Role.CLINICIAN, "P09", "Dr Ray")
    for name, organisation in (("dr.ray", "P09"), ("p09.system", "P08"), ("new", "p8")):
        assert CliRunner().invoke(app, ["token", name, "--system-of", organisation]).exit_code == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT role FROM access_user WHERE username = 'dr.ray'")
        assert cursor.fetchone() == ("clinician",)


def test_the_same_lines_again_change_nothing(p01: Partner) -> None:
    body = lines("P01", 4, seed=1)
    imported(p01, body)
    before = stored("P01")
    [again] = imported(p01, body)["input"]
    assert (again["read"], again["accepted"], again["duplicate"], again["resources"]) == (41, 0, 41, 0)
    assert stored("P01") == before


def test_a_bad_line_is_set_aside_with_its_reason_and_the_rest_is_stored(p01: Partner) -> None:
    good = lines("P01", 1, seed=2)
    bad = b'{"resourceType":"Patient","id":"bad","birthDate":"2020-13-01"}\n{"resourceType":"Person"\n'
    manifest = imported(p01, bad + good)
    [one] = manifest["input"]
    assert (one["read"], one["accepted"], one["quarantined"]) == (13, 11, 2)
    first, second = told(p01, manifest)
    assert first.startswith("line 1: format-date")
    assert "2020-13-01" not in first
    assert second.startswith("line 2: json-truncated")


def test_what_a_mental_health_trusts_system_sends_is_shared_as_its_files_are(world: dict[str, str]) -> None:
    from commonweal.apps.record import api as record

    record.heard_from("P02", "mh", datetime(2026, 1, 1, tzinfo=UTC))
    imported(Partner(world["P02"]), lines("P02", 1, seed=3), "$import?sameNumbering=true")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT r.category FROM record_resource r JOIN record_source s ON s.id = r.source_id "
            "WHERE s.source = 'P02' ORDER BY 1"
        )
        assert cursor.fetchall() == [("demographics",), ("mental_health",)]


def test_uploads_named_in_parameters(p01: Partner, world: dict[str, str]) -> None:
    kept = [p01.post("$import/uploads", lines("P01", 1, seed)) for seed in (5, 6)]
    assert [one.status_code for one in kept] == [201, 201]
    asked = parameters([one["Location"] for one in kept])
    manifest = imported(p01, asked, kind="application/fhir+json")
    assert [one["accepted"] for one in manifest["input"]] == [11, 11]
    assert [one["input"] for one in manifest["input"]] == [one["Location"] for one in kept]
    elsewhere = Partner(world["P02"]).post("$import", asked, kind="application/fhir+json")
    assert (elsewhere.status_code, b"upload the file first" in elsewhere.content) == (400, True)


def parameters(addresses: list[str]) -> bytes:
    inputs = [
        {"name": "input", "part": [{"name": "type", "valueCode": "Patient"}, {"name": "url", "valueUrl": address}]}
        for address in addresses
    ]
    formats = {"name": "inputFormat", "valueCode": "application/fhir+ndjson"}
    return json.dumps({"resourceType": "Parameters", "parameter": [formats, *inputs]}).encode()


def test_a_second_feed_needs_a_word_about_numbering(world: dict[str, str]) -> None:
    partner = Partner(world["P03"])
    imported(partner, lines("P03", 1), "$import?feed=gp")
    asked = partner.post("$import", lines("P03", 1, seed=1))
    run_jobs()
    refused = partner.get(asked["Content-Location"])
    assert refused.status_code == 500
    assert b"same-numbering" in refused.content
    assert imported(partner, lines("P03", 1, seed=1), "$import?sameNumbering=true")["input"][0]["accepted"] == 11


def test_another_organisations_resources_stay_its_own(p01: Partner, world: dict[str, str]) -> None:
    body = lines("P01", 1, seed=7)
    imported(p01, body)
    manifest = imported(Partner(world["P04"]), body.replace(b"Ashworth", b"Changed"))
    assert manifest["input"][0]["accepted"] == 0
    assert "owned-by-another-source" in told(Partner(world["P04"]), manifest)[0]


def test_a_cancelled_import_stops_and_what_is_in_stays(p01: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import reading
    from commonweal.apps.exchange.bulk import requests, uploads

    monkeypatch.setattr(reading, "BATCH", 20)
    before = stored("P01")
    asked = p01.post("$import", lines("P01", 20, seed=8))
    tell = requests.Beside.tell
    seen: list[str] = []

    def cancelling(self: requests.Beside, progress: str) -> None:
        seen.append(progress)
        if len(seen) == 3:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE exchange_bulkrequest SET state = 'cancelled' WHERE state = 'running'")
        tell(self, progress)

    monkeypatch.setattr(requests.Beside, "tell", cancelling)
    run_jobs()
    assert "% of " in seen[0]
    assert p01.get(asked["Content-Location"]).status_code == 404
    assert not list(uploads.path("user:p01", UUID(int=0)).parent.glob("*"))
    assert before < stored("P01") < before + 201
    monkeypatch.undo()
    [one] = imported(p01, lines("P01", 20, seed=8))["input"]  # the same file again goes on where it stopped
    assert (one["read"], one["quarantined"], stored("P01")) == (201, 0, before + 201)


# --- hostile bodies ------------------------------------------------------------------------------------------


def test_gzip_is_unpacked_and_several_members_are_one_file(p01: Partner) -> None:
    body = lines("P01", 2, seed=9)
    packed = gzip.compress(body[:700]) + gzip.compress(body[700:])
    assert imported(p01, packed, **{"Content-Encoding": "gzip"})["input"][0]["accepted"] == 21


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (gzip.compress(b'{"resourceType":"Patient"}\n' * 100, mtime=0)[:-9], "gzip", "cut short"),
        (gzip.compress(b"{}", mtime=0)[:3], "gzip", "cut short"),
        (b"{}", "gzip", "not gzip"),
        (gzip.compress(b"{}", mtime=0) + b"left over", "gzip", "not gzip"),
        (b"{}", "br", "send gzip"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused_and_not_kept(
    p01: Partner, body: bytes, encoding: str, says: str
) -> None:
    from commonweal.apps.exchange.bulk import uploads

    response = p01.post("$import", body, **{"Content-Encoding": encoding})
    assert response.status_code == 400
    assert says in response.content.decode()
    assert not list(uploads.path("user:p01", UUID(int=0)).parent.glob("*"))


def test_a_small_body_that_unpacks_without_end_is_refused(p01: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange.bulk import uploads

    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000_000)
    response = p01.post("$import", gzip.compress(b"\0" * 10_000_000), **{"Content-Encoding": "gzip"})
    assert (response.status_code, b"more than 1000000 bytes" in response.content) == (400, True)


def test_uploads_that_nobody_imports_do_not_fill_the_disk(p01: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange.bulk import tasks, uploads

    monkeypatch.setattr(uploads, "MOST_WAITING", 2)
    assert [p01.post("$import/uploads", b"{}\n").status_code for _ in range(3)] == [201, 201, 400]
    monkeypatch.setattr(tasks, "UNUSED_SECONDS", -1)
    tasks.expire(timestamp=0)
    assert p01.post("$import/uploads", b"{}\n").status_code == 201
    tasks.expire(timestamp=0)


def test_hostile_lines_are_set_aside_one_by_one(p01: Partner) -> None:
    deep = b'{"resourceType":"Patient","id":"deep","extension":' + b"[" * 5_000 + b"]" * 5_000 + b"}\n"
    body = b"".join(
        (
            b'{"resourceType":"Starship","id":"s1"}\n',
            b'{"resourceType":"Patient","id":"latin","name":[{"family":"Ren\xe9"}]}\n',
            '{"resourceType":"Patient","id":"wide"}\n'.encode("utf-16-le"),
            deep,
            deep.replace(b"[" * 5_000 + b"]" * 5_000, b"[" * 100 + b"]" * 100),
            b"[" + b"1," * 1000 + b"1]\n",
            b'{"resourceType":"Patient","id":"nul\0"}\n',
            lines("P01", 1, seed=10),
        )
    )
    manifest = imported(p01, body)
    said = " ".join(told(p01, manifest))
    for rule in ("resource-type-unknown", "encoding-not-utf-8", "nul-byte", "nesting-too-deep", "resource-expected"):
        assert rule in said
    assert manifest["input"][0]["accepted"] == 11


def test_a_line_without_end_is_set_aside_in_bounded_memory(p01: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    from commonweal.feeds import gp

    monkeypatch.setattr(gp, "MAX_BYTES", 100_000)
    body = gzip.compress(b'{"resourceType":"Patient","id":"' + b"a" * 30_000_000 + b'"}\n' + lines("P01", 1, seed=11))
    asked = p01.post("$import", body, **{"Content-Encoding": "gzip"})
    tracemalloc.start()
    run_jobs()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    manifest = p01.manifest(asked["Content-Location"])
    assert (manifest["input"][0]["accepted"], manifest["input"][0]["quarantined"]) == (11, 1)
    assert most < 25_000_000


@pytest.mark.parametrize(
    ("address", "body", "kind", "says"),
    [
        ("$import?feed=adt", b"{}\n", "application/fhir+ndjson", "feed=adt"),
        ("$import?sameNumbering=perhaps", b"{}\n", "application/fhir+ndjson", "true or false"),
        ("$import", b"{}", "application/fhir+json", "Parameters"),
        ("$import", b"{", "application/fhir+json", "Parameters"),
        ("$import", parameters([]), "application/fhir+json", "between 1 and"),
        ("$import", parameters(["https://example.org/patients.ndjson"]), "application/fhir+json", "upload the file"),
        (
            "$import",
            parameters(["http://127.0.0.1/fhir/R4/$import/uploads/../../x"]),
            "application/fhir+json",
            "upload",
        ),
        ("$import", b'{"resourceType":"Parameters","parameter":[{"name":"x"}]}', "application/fhir+json", "no such"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_what_to_do(
    p01: Partner, address: str, body: bytes, kind: str, says: str
) -> None:
    response = p01.post(address, body, kind=kind)
    assert response.status_code == 400
    assert says in response.content.decode()
