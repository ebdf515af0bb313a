"""Releases in their publishers' formats are read as published, and what is damaged is refused with a sentence."""

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.fhir.terminology import dmd, lists, snomed
from commonweal.fhir.terminology.files import Files
from commonweal.fhir.terminology.release import Concept, Release, ReleaseFault, ancestors
from tests.unit.fhir.terminology import releases as made


def read_snomed(path: Path) -> Release:
    with Files(path) as files:
        return snomed.read(files)


@pytest.mark.parametrize("packed", [False, True])
def test_snomed_from_a_folder_and_from_a_zip(tmp_path: Path, packed: bool) -> None:
    found = read_snomed(made.snomed(tmp_path, packed))
    assert (found.url, found.version) == ("http://snomed.info/sct", "20230412")
    by_code = {one.code: one for one in found.concepts}
    assert {code: by_code[code].display for code in made.CONCEPTS} == made.CONCEPTS
    assert ("Disease (disorder)", "fully-specified") in by_code[made.DISEASE].terms
    assert not any(term == "withdrawn term" for one in found.concepts for term, _ in one.terms)
    assert by_code[made.GONE].active is False
    assert sorted(found.broader) == sorted(made.IS_A)
    assert by_code[made.TYPE_2].properties == [("memberOf", made.REFSET)]
    assert by_code[made.TYPE_1].properties == []


def test_of_several_editions_the_later_row_counts(tmp_path: Path) -> None:
    folder = made.snomed(tmp_path)
    later = folder / "Snapshot" / "sct2_Concept_UKCLSnapshot_GB1000000_20240101.txt"
    head = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n"
    later.write_text(head + f"{made.TYPE_1}\t20240101\t0\tm\td\n{made.TYPE_2}\t20200101\t0\tm\td\n", "utf-8")
    active = {one.code: one.active for one in read_snomed(folder).concepts}
    assert (active[made.TYPE_1], active[made.TYPE_2]) == (False, True)


def test_snomed_files_that_are_missing_or_other_are_said(tmp_path: Path) -> None:
    with pytest.raises(ReleaseFault, match="sct2_Concept"):
        read_snomed(tmp_path)
    folder = made.snomed(tmp_path)
    relations = next((folder / "Snapshot").glob("sct2_Relationship*"))
    whole = relations.read_text("utf-8")
    relations.write_text(whole + "cut\toff\n", "utf-8")
    with pytest.raises(ReleaseFault, match="line 8"):
        read_snomed(folder)
    relations.write_text("a,b,c\n1,2,3\n", "utf-8")
    with pytest.raises(ReleaseFault, match="columns"):
        read_snomed(folder)
    relations.write_bytes(b"id\teffectiveTime\xff")
    with pytest.raises(ReleaseFault, match="utf-8"):
        read_snomed(folder)


def read_dmd(path: Path) -> Release:
    with Files(path) as files:
        return dmd.read(files)


def test_dmd(tmp_path: Path) -> None:
    found = read_dmd(made.dmd(tmp_path))
    by_code = {one.code: one for one in found.concepts}
    assert found.version == "3200423"
    assert {code: one.display for code, one in by_code.items()} == {
        "108537001": "Amlodipine",
        "319283006": "Amlodipine 5mg tablets",
        "1": "Old & gone",
        "942711000001104": "Istin 5mg tablets (Pfizer)",
        "1029811000001106": "Amlodipine 5mg tablets 28 tablet",
    }
    assert by_code["1"].active is False
    assert found.broader == [("319283006", "108537001"), ("942711000001104", "319283006")]
    assert ("product", "319283006") in by_code["1029811000001106"].properties


def test_dmd_in_a_zip_in_a_zip(tmp_path: Path) -> None:
    folder = made.dmd(tmp_path / "in")
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as inner:
        for file in folder.iterdir():
            inner.write(file, file.name)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.write(tmp_path / "inner.zip", "nhsbsa_dmd.zip")
    assert len(read_dmd(tmp_path / "outer.zip").concepts) == 5


def test_xml_that_declares_entities_is_refused(tmp_path: Path) -> None:
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><VIRTUAL_MED_PRODUCTS>&b;</VIRTUAL_MED_PRODUCTS>'
    )
    with pytest.raises(ReleaseFault, match="DOCTYPE"):
        read_dmd(made.dmd(tmp_path, **{"f_vmp2_3200423.xml": bomb}))
    with pytest.raises(ReleaseFault, match="not whole XML"):
        read_dmd(made.dmd(tmp_path, **{"f_vmp2_3200423.xml": "<VIRTUAL_MED_PRODUCTS><VMPS>"}))


def test_a_zip_bomb_and_a_broken_zip_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("f_vtm2_1.xml", b"0" * 50_000_000, compresslevel=9)
    with pytest.raises(ReleaseFault, match="unpacks to 50000000 bytes"), Files(tmp_path / "bomb.zip") as files:
        dmd.read(files)
    (tmp_path / "broken.zip").write_bytes((tmp_path / "bomb.zip").read_bytes()[:100])
    with pytest.raises(ReleaseFault), Files(tmp_path / "broken.zip") as files:
        snomed.read(files)


def test_icd_10_and_opcs_4_as_released_and_as_csv(tmp_path: Path) -> None:
    icd = tmp_path / "ICD10_Edition5_CodesAndTitlesAndMetadata_GB_20160401.txt"
    icd.write_text(
        "CODE\tALT_CODE\tUSAGE\tDESCRIPTION\nE11\tE11X\tD\tType 2\nE11.9\tE119\tD\tNo complication\n", "utf-8"
    )
    with Files(icd) as files:
        found = lists.read_icd10(files)
    assert [(one.code, one.display) for one in found.concepts] == [("E11", "Type 2"), ("E11.9", "No complication")]
    assert found.broader == [("E11.9", "E11")]
    assert found.version == "20160401"
    opcs = tmp_path / "OPCS410 CodesAndTitles Nov 2022 V1.0.txt"
    opcs.write_text("W37\tTotal prosthetic replacement of hip joint\nW37.1\tPrimary, using cement\n", "utf-8")
    with Files(opcs) as files:
        assert lists.read_opcs4(files).broader == [("W37.1", "W37")]
    opcs.write_text("W37 no tab\nW37.1;x\n", "utf-8")
    with Files(opcs) as files, pytest.raises(ReleaseFault, match="CSV"):
        lists.read_opcs4(files)
    table = tmp_path / "x.csv"
    table.write_text("code,term,parent\nA,First,\nB,Second,A\n", "utf-8")
    with Files(table) as files:
        assert lists.read_icd10(files).broader == [("B", "A")]
    table.write_text("kod,term\nA,First\n", "utf-8")
    with Files(table) as files, pytest.raises(ReleaseFault, match="columns code and term"):
        lists.read_csv(files, "urn:x", "x")


def test_a_fhir_code_system() -> None:
    resource = {
        "resourceType": "CodeSystem",
        "url": "urn:c",
        "content": "complete",
        "concept": [
            {
                "code": "a",
                "display": "A",
                "concept": [{"code": "b", "designation": [{"value": "Bee"}]}],
                "property": [{"code": "status", "valueCode": "retired"}],
            },
            {"code": "c", "property": [{"code": "parent", "valueCode": "b"}, {"code": "kind", "valueString": "k"}]},
        ],
    }
    found = lists.from_resource(json.loads(json.dumps(resource)))
    assert found is not None
    assert [(one.code, one.active) for one in found.concepts] == [("a", False), ("b", True), ("c", True)]
    assert sorted(found.broader) == [("b", "a"), ("c", "b")]
    assert found.concepts[1].terms == [("Bee", "synonym")]
    assert found.concepts[2].properties == [("kind", "k")]
    assert lists.from_resource({**resource, "content": "not-present"}) is None


def naive(code: str, broader: list[tuple[str, str]]) -> set[str]:
    """Everything above ``code``, by walking up."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        one = waiting.pop()
        for below, above in broader:
            if below == one and above not in found:
                found.add(above)
                waiting.append(above)
    return found


PAIRS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda p: (str(max(p)), str(min(p)))), max_size=40
)


@given(PAIRS)
def test_the_closure_is_what_walking_up_finds(pairs: list[tuple[str, str]]) -> None:
    broader = [(below, above) for below, above in pairs if below != above]
    codes = [str(n) for n in range(13)]
    assert dict(ancestors(codes, broader)) == {code: naive(code, broader) for code in codes}


def test_a_circle_is_refused() -> None:
    with pytest.raises(ReleaseFault, match="above themselves: a, b"):
        dict(ancestors(["a", "b", "c"], [("a", "b"), ("b", "a"), ("c", "a")]))
    assert dict(ancestors([Concept("a", "A").code], [("a", "nowhere")])) == {"a": set()}
