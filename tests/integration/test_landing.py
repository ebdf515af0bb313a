"""Landing on a real database: what is kept, counted, refused and replayed."""

import json
import stat
from pathlib import Path

import pytest
from django.db import connection

from commonweal.fhir.search_parameters import indexed
from tests.landing_files import adt_message, coded, empty, entry, gp_lines, patient, state, write_lines

FAMILY = next(i.number for i in indexed("Patient") if (i.kind, i.path) == ("string", "name.family"))


@pytest.fixture(autouse=True)
def clean(database: str) -> None:
    empty()


def rows(statement: str, *values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return cursor.fetchall()


def test_a_file_is_kept_to_the_byte_and_every_resource_stored(tmp_path: Path) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api, landing

    lines = gp_lines("A81001", 5)
    path = write_lines(tmp_path / "A81001.ndjson", lines)
    result = api.land("gp", [path], "A81001")
    assert {k: result[k] for k in ("read", "accepted", "duplicate", "quarantined", "resources")} == {
        "read": 51,
        "accepted": 51,
        "duplicate": 0,
        "quarantined": 0,
        "resources": 51,
    }
    sha = result["files"][0]["sha256"]
    kept = settings.COMMONWEAL_HOME / "landing" / sha[:2] / sha
    assert b"Ashworth" not in kept.read_bytes()  # under a key of its own, so that a removal can reach it
    with landing.opened(settings.COMMONWEAL_HOME / "landing", sha) as opened:
        assert opened.read() == path.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o400
    stored = {row[0] for row in rows("SELECT body FROM record_resource")}
    assert stored == set(lines)  # the body is the text received, key order, spacing and 72.50 alike


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    path = write_lines(tmp_path / "A81001.ndjson", [*gp_lines("A81001", 3), '{"resourceType":"Patient","id":"p'])
    first = api.land("gp", [path], "A81001")
    before = state()
    again = api.land("gp", [path], "A81001")
    assert first["quarantined"] == 1
    assert (again["read"], again["accepted"], again["duplicate"], again["quarantined"]) == (32, 0, 32, 0)
    assert state() == before


def test_the_same_resources_in_another_file_are_duplicates(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    lines = gp_lines("A81001", 3)
    api.land("gp", [write_lines(tmp_path / "one.ndjson", lines)], "A81001")
    result = api.land("gp", [write_lines(tmp_path / "two.ndjson", list(reversed(lines)))], "A81001")
    assert (result["accepted"], result["duplicate"], result["resources"]) == (0, 31, 0)
    assert rows("SELECT max(version) FROM record_resource") == [(1,)]


def test_bad_lines_are_quarantined_with_the_reason_and_the_rest_lands(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    good = gp_lines("A81001", 2)
    path = tmp_path / "A81001.ndjson"
    path.write_bytes(
        b"\xef\xbb\xbf" + good[0].encode() + b"\n"
        + b'{"resourceType":"Patient","id":"born","birthDate":"1950-13-01"}\n'
        + '{"resourceType":"Patient","id":"latin","name":[{"family":"Müller"}]}\n'.encode("latin-1")
        + b'{"resourceType":"Patientt","id":"kind"}\n\n'
        + "".join(line + "\n" for line in good[1:]).encode()
        + b'{"resourceType":"Observation","id":"cut'
    )  # fmt: skip
    result = api.land("gp", [path], "A81001")
    found = api.quarantine()
    assert (result["read"], result["accepted"], result["quarantined"]) == (25, 21, 4)
    assert [(item.line, item.rule) for item in found] == [
        (2, "format-date"),
        (3, "encoding-not-utf-8"),
        (4, "resource-type-unknown"),
        (26, "json-truncated"),
    ]
    assert found[0].field == "Patient.birthDate"
    assert "1950-13-01" in found[0].value
    assert all(item.file == "A81001.ndjson" and item.message for item in found)
    raw = rows("SELECT raw FROM exchange_quarantine WHERE line = 3")[0][0]
    assert "Müller".encode("latin-1") in bytes(raw)  # type: ignore[call-overload]


def test_a_dangling_reference_is_stored(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    line = json.dumps(entry("c1", "nobody-yet", "d1", 0))
    assert api.land("gp", [write_lines(tmp_path / "a.ndjson", [line])], "A81001")["accepted"] == 1
    assert rows("SELECT source, local_id FROM record_compartment") == [("A81001", "nobody-yet")]


def test_another_source_cannot_change_a_resource(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    api.land("gp", [write_lines(tmp_path / "a.ndjson", [json.dumps(patient("p1", "A81001"))])], "A81001")
    changed = json.dumps(patient("p1", "B82002", family="Overwritten"))
    result = api.land("gp", [write_lines(tmp_path / "b.ndjson", [changed])], "B82002")
    assert (result["accepted"], result["quarantined"]) == (0, 1)
    (problem,) = api.quarantine()
    assert (problem.rule, problem.field, problem.value) == ("owned-by-another-source", "Patient.id", "p1")
    assert "Ashworth" in str(rows("SELECT body FROM record_resource WHERE id = 'p1'")[0][0])
    assert rows("SELECT count(*) FROM record_compartment WHERE source = 'B82002'") == [(1,)]


def test_its_source_changes_a_resource_and_the_former_version_is_kept(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    first, second = (json.dumps(patient("p1", "A81001", family=name)) for name in ("Before", "After"))
    api.land("gp", [write_lines(tmp_path / "a.ndjson", [first])], "A81001")
    result = api.land("gp", [write_lines(tmp_path / "b.ndjson", [second])], "A81001")
    assert (result["accepted"], result["resources"]) == (1, 1)
    assert rows("SELECT version, body FROM record_resource") == [(2, second)]
    assert rows("SELECT version, body FROM record_history") == [(1, first)]
    assert rows("SELECT value FROM record_string WHERE parameter = %s", FAMILY) == [("after",)]
    assert rows("SELECT family FROM identity_demographics") == [("After",)]


def test_a_person_who_moves_practice_ends_the_former_relationship(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    api.land("gp", [write_lines(tmp_path / "a.ndjson", [json.dumps(patient("p1", "A81001"))])], "A81001")
    api.land("gp", [write_lines(tmp_path / "b.ndjson", [json.dumps(patient("p1", "C83003"))])], "A81001")
    held = rows("SELECT organisation, kind, ends_at IS NULL FROM access_relationship ORDER BY 1")
    assert held == [("A81001", "registered", False), ("C83003", "registered", True)]


def test_a_batch_may_hold_several_versions_of_one_resource() -> None:
    from commonweal.apps.record import api
    from commonweal.feeds.types import Parsed

    def version(line: int, family: str) -> Parsed:
        resource = patient("p1", "A81001", family=family)
        return Parsed(line, "Patient", "p1", "p1", json.dumps(resource).encode(), resource, "demographics")

    counts = api.write("A81001", "gp", [version(1, "One"), version(2, "One"), version(3, "Two"), version(4, "One")])
    assert (counts.accepted, counts.updated, counts.unchanged) == (1, 2, 1)
    assert rows("SELECT version FROM record_history ORDER BY 1") == [(1,), (2,)]
    assert rows("SELECT count(*) FROM record_string WHERE parameter = %s", FAMILY) == [(1,)]


def test_a_death_in_a_line_that_is_replayed_is_noted_as_in_one_that_is_landed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api
    from commonweal.feeds import gp
    from commonweal.fhir.errors import Issue

    line = json.loads(gp_lines("A81001", 1)[1]) | {"deceasedDateTime": settings.COMMONWEAL_NOW().date().isoformat()}
    noted = "SELECT source, people FROM exchange_change WHERE people = %s"
    with monkeypatch.context() as patch:
        patch.setattr(gp, "validate", lambda _: [Issue("Patient", "too-strict", "", "a rule that was wrong", "error")])
        first = api.land("gp", [write_lines(tmp_path / "A81001.ndjson", [json.dumps(line)])], "A81001")
    assert rows(noted, [line["id"]]) == []
    assert api.replay(first["files"][0]["receipt"])["accepted"] == 1
    assert rows(noted, [line["id"]]) == [("A81001", [line["id"]])]


def test_quarantined_lines_are_replayed_after_a_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import api
    from commonweal.feeds import gp
    from commonweal.fhir.errors import Issue

    lines = gp_lines("A81001", 2)
    path = write_lines(tmp_path / "A81001.ndjson", lines)
    sound = gp.validate

    def too_strict(resource: dict[str, object]) -> list[Issue]:
        if resource["resourceType"] == "Encounter":
            return [Issue("Encounter.class", "too-strict", "AMB", "a rule that was wrong", "error")]
        return sound(resource)

    with monkeypatch.context() as patch:
        patch.setattr(gp, "validate", too_strict)
        first = api.land("gp", [path], "A81001")
    assert (first["accepted"], first["quarantined"]) == (17, 4)
    # Meanwhile one of the four arrives by a later file, and must not be overwritten by the older line.
    encounter = next(json.loads(line) for line in lines if '"Encounter"' in line)
    encounter["status"] = "cancelled"
    api.land("gp", [write_lines(tmp_path / "later.ndjson", [json.dumps(encounter)])], "A81001")
    replayed = api.replay(first["files"][0]["receipt"])
    assert replayed == {"read": 4, "accepted": 3, "duplicate": 1, "quarantined": 0, "resources": 3}
    assert api.quarantine() == []
    receipt = next(item for item in api.receipts() if item.name == "A81001.ndjson")
    assert (receipt.read, receipt.accepted, receipt.duplicate, receipt.quarantined) == (21, 20, 1, 0)
    body = rows("SELECT body FROM record_resource WHERE id = %s", encounter["id"])[0][0]
    assert '"cancelled"' in str(body)


def test_unknown_feeds_and_missing_files_say_what_to_do(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    with pytest.raises(api.UnknownFeed, match=r"the feeds are adt, ambulance, .*cld, .*gp, mh"):
        api.land("xml", [tmp_path], "A81001")
    with pytest.raises(api.MissingFile, match="nothing-here"):
        api.land("gp", [tmp_path / "nothing-here"], "A81001")
    with pytest.raises(api.MissingFile, match="holds no files"):
        api.land("gp", [tmp_path], "A81001")
    with pytest.raises(api.UnknownSource, match="--source"):
        api.by_source("gp", [write_lines(tmp_path / "my file.ndjson", [])])
    assert api.by_source("gp", [write_lines(tmp_path / "A81001.ndjson", [])]).keys() == {"A81001"}


def test_messages_are_kept_folded_and_counted(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    admitted = adt_message("RXX", "M1", 1, "A01", "202001051000", "V1")
    left = adt_message("RXX", "M1", 2, "A03", "202001091500", "V1", admitted="202001051000", discharged="202001091500")
    reused = adt_message("RXX", "M9", 1, "A01", "202002011000", "V9")
    path = tmp_path / "RXX.hl7"
    path.write_text("\n".join([left, admitted, admitted, reused]))
    result = api.land("adt", [path], "RXX")
    assert (result["read"], result["accepted"], result["duplicate"], result["quarantined"]) == (4, 2, 1, 1)
    assert [item.rule for item in api.quarantine()] == ["control-id-reused"]
    (encounter,) = [
        json.loads(str(row[0])) for row in rows("SELECT body FROM record_resource WHERE type = 'Encounter'")
    ]
    assert encounter["status"] == "finished"
    assert rows("SELECT organisation, kind FROM access_relationship") == [("RXX", "under_care")]


def test_a_merge_reaches_identity(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    path = tmp_path / "RXX.hl7"
    path.write_text(
        "\n".join(
            [
                adt_message("RXX", "M1", 1, "A01", "202001051000", "V1"),
                adt_message("RXX", "M2", 2, "A01", "202002051000", "V2"),
                adt_message("RXX", "M1", 3, "A40", "202003010900", "", merged="M2"),
            ]
        )
    )
    api.land("adt", [path], "RXX")
    assert rows("SELECT source, surviving, retired FROM identity_local_merge") == [("RXX", "M1", "M2")]


def test_the_given_messages_land_or_are_quarantined(test_data: Path) -> None:
    from commonweal.apps.exchange import api

    folder = test_data / "hl7v2_adt"
    files = sorted(folder.glob("*.hl7"))
    assert len(files) == 20
    result = api.land("adt", files, "RTEST")
    assert result["read"] >= 20
    assert result["read"] == result["accepted"] + result["duplicate"] + result["quarantined"]
    assert all(item.rule and item.message for item in api.quarantine(limit=1000))
    assert rows("SELECT count(*) FROM record_resource WHERE type = 'Patient'")[0][0]


def test_the_application_role_sees_reasons_and_never_a_refused_line(tmp_path: Path, as_app: None) -> None:
    from django.db import ProgrammingError, transaction

    from commonweal.apps.exchange import api

    assert api.quarantine() == []
    for table in ("SELECT raw FROM exchange_quarantine", "SELECT raw FROM exchange_message"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            rows(table)


def test_codes_are_found_by_their_search_rows(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    resource = entry("c1", "p1", "d1", 0)
    resource["code"] = coded("http://snomed.info/sct", "back\\slash\ttab")
    api.land("gp", [write_lines(tmp_path / "a.ndjson", [json.dumps(resource)])], "A81001")
    assert ("back\\slash\ttab",) in rows(
        "SELECT t.code FROM record_token t JOIN record_parameter p ON p.id = t.parameter AND p.element = 'code'"
    )


def test_a_second_feed_of_a_source_waits_for_word_that_it_numbers_people_alike(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    hospital = tmp_path / "RX1.hl7"
    hospital.write_text(adt_message("RX1", "123", 1, "A01", "202010010900", "V1"), newline="")
    api.land("adt", [hospital], "RX1")
    before = state()
    ward = tmp_path / "RX1.ndjson"
    write_lines(ward, gp_lines("RX1", 1))
    with pytest.raises(api.NumberedApart, match=r"already sends adt.*--same-numbering"):
        api.land("gp", [ward], "RX1")
    assert state() == before
    assert api.land("gp", [ward], "RX1", same_numbering=True)["accepted"] == 11
    assert api.land("gp", [ward], "RX1")["duplicate"] == 11  # said once, remembered
