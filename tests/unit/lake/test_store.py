"""The lake on disk: what a refresh writes, what a delta touches, what a crash leaves, and what never gets in."""

import csv
import json
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow.parquet as pq
import pytest

from commonweal.lake import manifest as manifests
from commonweal.lake.store import Lake, LakeFault, Reference
from commonweal.lake.tables import LAKE_TABLES

ODS = "https://fhir.nhs.uk/Id/ods-organization-code"
SECRETS = (
    "9990000018",
    "Quillfeather",
    "Isolde",
    "ZZ99 3WZ",
    "ZZ993WZ",
    "12 Secret Lane",
    "1970-05-17",
    "07700 900123",
)


def organisation(code: str) -> dict[str, Any]:
    return {"identifier": {"system": ODS, "value": code}}


def patient(rid: int, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"p{rid}",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": SECRETS[0]}],
        "name": [{"use": "official", "family": SECRETS[1], "given": [SECRETS[2]]}],
        "telecom": [{"system": "phone", "value": SECRETS[7]}],
        "gender": "female",
        "birthDate": "1970-05-17",
        "address": [
            {"use": "old", "postalCode": "ZZ1 1ZZ"},
            {"use": "home", "line": [SECRETS[5]], "postalCode": SECRETS[3]},
        ],
        "generalPractitioner": [organisation("P1")],
        "managingOrganization": organisation("P1"),
        **more,
    }


def condition(rid: int, code: str = "44054006", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"c{rid}",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}], "text": f"{SECRETS[1]} has it"},
        "onsetDateTime": "2019-07-01T23:30:00Z",
        **more,
    }


Row = tuple[int, int | None, str, bool, dict[str, Any]]


def row(rid: int, compartment: int | None, resource: dict[str, Any], deleted: bool = False) -> Row:
    return rid, compartment, resource["resourceType"], deleted, resource


def refresh(lake: Lake, rows: Iterable[Row], watermark: int = 1, forgotten: Iterable[int] = ()) -> Any:
    reference = Reference(
        {1: UUID(int=1), 2: UUID(int=1), 3: UUID(int=3)},
        [("diabetes", "44054006")],
        [("P1", "N1", "L1", "S")],
        [("E1", 2)],
        [("ZZ99 3WZ", "E1")],
        forgotten=frozenset(forgotten),
    )
    with lake.locked(), lake.private() as folder:
        changes = folder / "changes.csv"
        with changes.open("w", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            for rid, compartment, type_, deleted, resource in rows:
                # Indented, so that a body has line breaks (of both kinds) and quotes for the CSV to carry.
                body = json.dumps(resource, indent=1).replace("\n", "\r\n")
                writer.writerow([rid, compartment, type_, "t" if deleted else "f", body])
        return lake.refresh(changes, watermark, reference)


def rows(lake: Lake, query: str) -> list[tuple[Any, ...]]:
    with lake.connect() as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", "a secret")


def test_a_refresh_keeps_what_analysis_needs(lake: Lake) -> None:
    done = refresh(
        lake, [row(1, 1, patient(1)), row(2, 1, condition(2)), row(3, None, {"resourceType": "Organization"})]
    )
    assert done.version == 1
    assert done.changes == 3
    columns = "CAST(birth_month AS VARCHAR), sex, ethnicity, lsoa, practice, managed_by, active, death_date"
    assert rows(lake, f"SELECT {columns} FROM person") == [("1970-05-01", "female", None, "E1", "P1", "P1", True, None)]
    # Half past eleven at night UTC in summer is the next day here.
    assert rows(lake, "SELECT code, CAST(date AS VARCHAR), ended FROM condition") == [("44054006", "2019-07-02", None)]
    assert rows(lake, "SELECT count(*) FROM condition JOIN link USING (compartment)") == [(1,)]


def test_compartments_of_one_person_have_one_pseudonym_that_the_key_decides(lake: Lake, tmp_path: Path) -> None:
    people = [row(1, 1, patient(1)), row(2, 2, patient(2)), row(3, 3, patient(3))]
    refresh(lake, people)
    found = "SELECT DISTINCT person FROM link JOIN person p USING (compartment) ORDER BY 1"
    assert len(rows(lake, found)) == 2
    other = Lake(tmp_path / "other", "another secret")
    refresh(other, people)
    assert set(rows(lake, found)).isdisjoint(rows(other, found))
    assert set(rows(lake, "SELECT compartment FROM person")).isdisjoint({(1,), (2,), (3,)})


@pytest.mark.parametrize("typed", [SECRETS[1], SECRETS[0], f"{SECRETS[2]} {SECRETS[1]}", "A\nB", "999"])
def test_what_a_partner_types_in_the_wrong_column_does_not_get_in(lake: Lake, typed: str) -> None:
    ethnic = {
        "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
        "valueCodeableConcept": {"coding": [{"code": typed}]},
    }
    said = patient(1, extension=[ethnic], generalPractitioner=[organisation(typed)])
    refresh(lake, [row(1, 1, said), row(2, 2, patient(2, managingOrganization=organisation(typed)))])
    kept = {value for found in rows(lake, "SELECT ethnicity, practice, managed_by FROM person") for value in found}
    assert kept <= {None, "P1", "999"}
    assert not [value for (value,) in rows(lake, "SELECT ethnicity FROM person") if value]


def test_no_file_holds_what_identifies_a_person(lake: Lake) -> None:
    refresh(lake, [row(1, 1, patient(1)), row(2, 1, condition(2))])
    refresh(lake, [row(1, 1, patient(1, active=False)), row(4, 1, condition(4))], 2)
    files = [path for path in lake.root.rglob("*") if path.is_file()]
    tables = [path for path in files if path.suffix == ".parquet"]
    assert len(tables) >= len(LAKE_TABLES) + 4
    for path in tables:
        # Decompressed, cell by cell; and the bytes as they lie, which file metadata would show up in.
        text = json.dumps(pq.read_table(path).to_pylist(), default=str)
        held = [secret for secret in SECRETS if secret in text or secret.encode() in path.read_bytes()]
        assert held == [], path
    for path in set(files) - set(tables):
        assert not any(secret.encode() in path.read_bytes() for secret in SECRETS), path


def test_every_column_that_may_be_written_is_declared(lake: Lake) -> None:
    refresh(lake, [row(1, 1, patient(1))])
    for table in LAKE_TABLES:
        (path,) = lake.manifest.files[table.name]
        assert pq.read_schema(lake.root / path).names == [*table.columns, "version"]


def test_a_delta_writes_only_what_changed_and_replaces_updated_and_deleted_rows(lake: Lake) -> None:
    refresh(lake, [row(1, 1, patient(1)), *(row(n, 1, condition(n)) for n in range(2, 102))], 10)
    done = refresh(
        lake,
        [row(2, 1, condition(2, "59621000")), row(3, 1, condition(3), deleted=True), row(200, 1, condition(200))],
        20,
    )
    assert done.rows == {"person": 0, "condition": 2, "observation": 0, "encounter": 0}
    assert not done.compacted
    assert rows(lake, "SELECT code, count(*) FROM condition GROUP BY ALL ORDER BY ALL") == [
        ("44054006", 99),
        ("59621000", 1),
    ]
    assert lake.manifest.watermark == 20
    assert rows(lake, "SELECT count(*) FROM person") == [(1,)]


def test_a_row_updated_in_several_deltas_has_its_last_state(lake: Lake) -> None:
    refresh(lake, [row(n, 1, condition(n)) for n in range(1, 101)])
    refresh(lake, [row(1, 1, condition(1, "2"))], 2)
    refresh(lake, [row(1, 1, condition(1, "3"))], 3)
    refresh(lake, [row(2, 1, condition(2), deleted=True)], 4)
    refresh(lake, [row(2, 1, condition(2, "4"))], 5)
    assert rows(lake, "SELECT row, code FROM condition WHERE row < 3 ORDER BY row") == [(1, "3"), (2, "4")]


def test_compaction_changes_files_and_no_row(lake: Lake) -> None:
    refresh(lake, [row(n, 1, condition(n)) for n in range(1, 11)])
    done = refresh(lake, [row(n, 1, condition(n, "2")) for n in range(1, 6)], 2)
    assert done.compacted
    assert len(lake.manifest.files["condition"]) == 1
    assert "tombstone" not in lake.manifest.files
    assert rows(lake, "SELECT code, count(*) FROM condition GROUP BY ALL ORDER BY ALL") == [("2", 5), ("44054006", 5)]
    before = rows(lake, "SELECT row, code FROM condition ORDER BY ALL")
    with lake.locked():
        lake.compact()
    assert rows(lake, "SELECT row, code FROM condition ORDER BY ALL") == before


def test_whom_no_use_may_have_is_in_no_file_and_comes_back_whole(lake: Lake) -> None:
    everybody = {1, 2, 3}
    refresh(lake, [row(1, 1, patient(1)), row(2, 3, patient(2)), row(3, 1, condition(3)), row(4, 3, condition(4))])
    refresh(lake, [row(5, 3, condition(5))])
    before = lake.manifest
    assert lake.returning(everybody, ()) == set()

    refresh(lake, [row(6, 3, condition(6))], forgotten=[3])  # what arrives of them is not written either
    after = lake.manifest
    assert held(lake) == {"person": 1, "condition": 1, "link": 2}
    assert not set(before.files["condition"]) & set(after.files["condition"])
    assert (after.base_rows, after.rows["condition"]) == (before.base_rows - 2, before.rows["condition"] - 2)
    assert (lake.returning(everybody, ()), lake.returning(everybody, [3])) == ({3}, set())

    again = refresh(lake, [], forgotten=[3])
    assert all(lake.manifest.files[one] == after.files[one] for one in ("person", "condition"))
    assert again.rows == {"person": 0, "condition": 0, "observation": 0, "encounter": 0}

    refresh(lake, [row(2, 3, patient(2)), row(4, 3, condition(4)), row(5, 3, condition(5)), row(6, 3, condition(6))])
    assert held(lake) == {"person": 2, "condition": 4, "link": 3}
    assert rows(lake, "SELECT count(*), count(DISTINCT row) FROM condition") == [(4, 4)]
    assert lake.returning(everybody, ()) == set()


def held(lake: Lake) -> dict[str, int]:
    """Rows in the files themselves, whatever the views show."""
    return {
        name: sum(pq.read_metadata(lake.root / file).num_rows for file in lake.manifest.files[name])
        for name in ("person", "condition", "link")
    }


def test_nothing_changed_is_a_refresh_too(lake: Lake) -> None:
    refresh(lake, [row(1, 1, condition(1))])
    done = refresh(lake, [], 2)
    assert done.changes == 0
    assert rows(lake, "SELECT count(*) FROM condition") == [(1,)]


def test_a_crash_before_the_manifest_leaves_the_former_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(lake, [row(1, 1, condition(1))], 10)
    before, files = lake.manifest, set(lake.root.rglob("*.parquet"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(manifests, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            refresh(lake, [row(1, 1, condition(1, "2"))], 20)
    assert lake.manifest == before
    assert rows(lake, "SELECT code FROM condition") == [("44054006",)]
    left = set(lake.root.rglob("*.parquet")) - files
    assert left
    assert not (lake.root / "private").exists()
    refresh(lake, [row(1, 1, condition(1, "2"))], 20)
    assert rows(lake, "SELECT code FROM condition") == [("2",)]
    assert left.isdisjoint(lake.root.rglob("*.parquet"))


def test_a_resource_twice_among_the_changes_is_refused(lake: Lake) -> None:
    with pytest.raises(LakeFault, match="1 resources appear twice"):
        refresh(lake, [row(1, 1, condition(1)), row(1, 1, condition(1))])
    assert lake.manifest.version == 0


def test_a_fault_in_the_changes_says_nothing_of_a_person(lake: Lake) -> None:
    refresh(lake, [row(1, 1, patient(1))])
    with lake.locked(), lake.private() as folder:
        changes = folder / "changes.csv"
        changes.write_text(f'1,1,Patient,f,"{{""name"": ""{SECRETS[1]}')
        with pytest.raises(LakeFault) as raised:
            lake.refresh(changes, 2, Reference({}))
    assert SECRETS[1] not in "".join(traceback.format_exception(raised.value))
    assert lake.manifest.version == 1


def test_two_refreshes_at_once_are_refused(lake: Lake) -> None:
    with lake.locked(), pytest.raises(LakeFault, match="another refresh is running"), lake.locked():
        pytest.fail("the lock was given twice")


def test_before_the_first_refresh_the_lake_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(LakeFault, match="run: commonweal refresh"), lake.connect():
        pytest.fail("there is no lake to connect to")


def test_a_damaged_manifest_is_named(lake: Lake) -> None:
    lake.root.mkdir()
    (lake.root / "manifest.json").write_text("{")
    with pytest.raises(LakeFault, match=r"manifest.json is damaged .* refresh to rebuild"):
        _ = lake.manifest


def test_duckdb_sees_a_lake_read_only_through_views(lake: Lake) -> None:
    refresh(lake, [row(1, 1, condition(1))])
    with lake.connect() as connection, pytest.raises(duckdb.Error):
        connection.execute("DELETE FROM condition")
