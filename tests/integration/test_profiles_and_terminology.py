"""Packages and releases in the tables: loaded by command, asked over FHIR, holding what comes in to what is loaded."""

import io
import json
import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection

from tests.integration.fhir_world import SNOMED, Ask, World, asking, make, outcome, weight
from tests.unit.fhir.terminology import releases as made

pytestmark = pytest.mark.usefixtures("database")

PROFILE, COLOURS, DIABETES = "urn:test:weight", "urn:test:colours", "urn:test:diabetes"
DMD = "https://dmd.nhs.uk"
PACKAGE: list[dict[str, Any]] = [
    {
        "resourceType": "StructureDefinition",
        "url": PROFILE,
        "version": "1",
        "type": "Observation",
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "differential": {
            "element": [
                {"id": "Observation.performer", "path": "Observation.performer", "min": 1, "mustSupport": True},
                {
                    "id": "Observation.code",
                    "path": "Observation.code",
                    "binding": {"strength": "required", "valueSet": "urn:test:measurable"},
                },
            ]
        },
    },
    {
        "resourceType": "CodeSystem",
        "url": "urn:test:colour",
        "version": "1",
        "content": "complete",
        "concept": [
            {"code": "warm", "display": "Warm", "concept": [{"code": "red", "display": "Red"}]},
            {"code": "blue", "display": "Blue"},
        ],
    },
    {
        "resourceType": "ValueSet",
        "url": COLOURS,
        "compose": {
            "include": [{"system": "urn:test:colour"}],
            "exclude": [{"system": "urn:test:colour", "concept": [{"code": "blue"}]}],
        },
    },
    {
        "resourceType": "ValueSet",
        "url": DIABETES,
        "compose": {
            "include": [
                {"system": SNOMED, "filter": [{"property": "concept", "op": "is-a", "value": made.DIABETES}]},
                {"valueSet": [COLOURS]},
            ]
        },
    },
    {
        "resourceType": "ValueSet",
        "url": "urn:test:measurable",
        "compose": {"include": [{"system": SNOMED, "concept": [{"code": "27113001", "display": "Body weight"}]}]},
    },
    {
        "resourceType": "ValueSet",
        "url": "urn:test:foreign",
        "compose": {"include": [{"system": "urn:test:not-loaded"}, {"system": "urn:test:colour"}]},
    },
    {"resourceType": "ValueSet", "url": "urn:test:circle", "compose": {"include": [{"valueSet": ["urn:test:circle"]}]}},
]


def package(path: Path, *definitions: dict[str, Any], version: str = "1.0.0") -> Path:
    manifest = {"name": "test.package", "version": version, "fhirVersions": ["4.0.1"]}
    with tarfile.open(path, "w:gz") as archive:
        for n, one in enumerate([manifest, *definitions]):
            data = json.dumps(one).encode()
            info = tarfile.TarInfo("package/package.json" if n == 0 else f"package/{n}.json")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture(scope="module")
def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    from commonweal.apps.record import api as record

    folder = tmp_path_factory.mktemp("releases")
    assert record.add_terminology("snomed", made.snomed(folder / "snomed"))["pairs"] == 9
    record.add_terminology("dmd", made.dmd(folder / "dmd"))
    counts = record.add_package(package(folder / "a.tgz", *PACKAGE))
    assert {k: counts[k] for k in ("added", "code_systems", "concepts", "skipped", "unusable")} == {
        "added": 7,
        "code_systems": 1,
        "concepts": 3,
        "skipped": [],
        "unusable": [],
    }
    again = record.add_package(folder / "a.tgz")
    assert (again["added"], again["unchanged"], again["code_systems"]) == (0, 7, 0)
    return make()


@pytest.fixture
def ask(world: World) -> Iterator[Ask]:
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    yield asking(world)
    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"


def parts(response: Any) -> dict[str, Any]:
    said = json.loads(response.content)
    assert response.status_code == 200, said
    assert said["resourceType"] == "Parameters"
    return {
        one["name"]: next(value for key, value in one.items() if key.startswith("value"))
        for one in said["parameter"]
        if "part" not in one
    }


def expanded(response: Any) -> tuple[int, list[str]]:
    said = json.loads(response.content)
    assert response.status_code == 200, said
    return said["expansion"]["total"], [one["code"] for one in said["expansion"].get("contains", ())]


# --- terminology ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (made.DISEASE, made.TYPE_2, "subsumes"),
        (made.TYPE_2, made.DISEASE, "subsumed-by"),
        (made.TYPE_1, made.TYPE_2, "not-subsumed"),
        (made.TYPE_1, made.TYPE_1, "equivalent"),
    ],
)
def test_subsumes(ask: Ask, a: str, b: str, verdict: str) -> None:
    query = f"CodeSystem/$subsumes?system={quote(SNOMED)}&codeA={a}&codeB={b}"
    assert parts(ask("gp", "GET", query)) == {"outcome": verdict}


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        (f"url={COLOURS}", ["red", "warm"]),
        (f"url={DIABETES}&filter=type", [made.TYPE_1, made.TYPE_2]),
        (f"url={DIABETES}&filter=so+mell+2", [made.TYPE_2]),  # words of the terms, in any order, by their beginning
        (f"url={DIABETES}&filter={made.TYPE_1}", [made.TYPE_1]),
        (
            f"url={quote(SNOMED + '?fhir_vs=isa/' + made.GLUCOSE)}",
            [made.DIABETES, made.TYPE_1, made.TYPE_2, made.GLUCOSE],
        ),
        (f"url={quote(SNOMED + '?fhir_vs=refset/' + made.REFSET)}", [made.TYPE_2]),
        ("url=http://hl7.org/fhir/ValueSet/administrative-gender", ["female", "male", "other", "unknown"]),
        (f"url={quote(SNOMED + '?fhir_vs')}&activeOnly=true&filter=non", []),
        (f"url={quote(SNOMED + '?fhir_vs')}&filter=non", [made.GONE]),
    ],
)
def test_expand(ask: Ask, query: str, codes: list[str]) -> None:
    assert expanded(ask("gp", "GET", f"ValueSet/$expand?{query}")) == (len(codes), codes)


def test_expansions_page_and_are_complete(ask: Ask) -> None:
    seen = []
    for offset in range(0, 6, 2):
        total, codes = expanded(ask("gp", "GET", f"ValueSet/$expand?url={DIABETES}&count=2&offset={offset}"))
        assert total == 5
        seen += codes
    assert sorted(seen) == sorted([made.DIABETES, made.TYPE_1, made.TYPE_2, "warm", "red"])
    assert expanded(ask("gp", "GET", f"ValueSet/$expand?url={DIABETES}&count=0")) == (5, [])


def test_an_expansion_of_more_than_one_answer_may_hold_is_refused(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.record.terminology import selectors

    monkeypatch.setattr(selectors, "LARGEST_EXPANSION", 3)
    status, issues = outcome(ask("gp", "GET", f"ValueSet/$expand?url={DIABETES}"))
    assert (status, issues[0][1]) == (422, "too-costly")
    assert expanded(ask("gp", "GET", f"ValueSet/$expand?url={DIABETES}&count=3"))[0] == 5


def test_a_value_set_sent_is_expanded(ask: Ask) -> None:
    include = {"system": SNOMED, "filter": [{"property": "parent", "op": "=", "value": made.DIABETES}]}
    sent = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}
    assert expanded(ask("gp", "POST", "ValueSet/$expand", sent)) == (2, [made.TYPE_1, made.TYPE_2])


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("url=urn:test:nothing", 404, "not-found"),
        ("url=urn:test:foreign", 404, "not-found"),
        ("url=urn:test:circle", 422, "not-supported"),
        ("", 400, "required"),
        (f"url={COLOURS}&count=many", 400, "invalid"),
        (f"url={COLOURS}&colour=red", 400, "not-supported"),
    ],
)
def test_what_cannot_be_expanded_is_said(ask: Ask, query: str, status: int, code: str) -> None:
    found = outcome(ask("gp", "GET", f"ValueSet/$expand?{query}"))
    assert (found[0], found[1][0][1]) == (status, code)


@pytest.mark.parametrize(
    ("query", "result"),
    [
        (f"ValueSet/$validate-code?url={COLOURS}&system=urn:test:colour&code=red", True),
        (f"ValueSet/$validate-code?url={COLOURS}&system=urn:test:colour&code=blue", False),
        (f"ValueSet/$validate-code?url={DIABETES}&system={quote(SNOMED)}&code={made.TYPE_2}", True),
        (f"ValueSet/$validate-code?url={DIABETES}&system={quote(SNOMED)}&code={made.DISEASE}", False),
        (f"ValueSet/$validate-code?url={COLOURS}&system=urn:test:colour&code=red&display=Blue", False),
        (f"CodeSystem/$validate-code?url={quote(SNOMED)}&code={made.TYPE_2}&display=diabetes+mellitus+type+2", True),
        (f"CodeSystem/$validate-code?url={quote(SNOMED)}&code=1", False),
        ("ValueSet/$validate-code?url=urn:test:foreign&system=urn:test:not-loaded&code=x", False),
    ],
)
def test_validate_code(ask: Ask, query: str, result: bool) -> None:
    found = parts(ask("gp", "GET", query))
    assert found["result"] is result
    assert result or found["message"]


def test_lookup(ask: Ask) -> None:
    found = json.loads(ask("gp", "GET", f"CodeSystem/$lookup?system={quote(SNOMED)}&code={made.DIABETES}").content)
    said = {one["name"]: one.get("valueString") for one in found["parameter"] if "part" not in one}
    assert said == {"name": "SNOMED CT", "version": "20230412", "display": "Diabetes mellitus"}
    near = [
        (one["part"][0]["valueCode"], one["part"][1]["valueCode"])
        for one in found["parameter"]
        if one["name"] == "property" and "valueCode" in one["part"][1]
    ]
    assert near == [("parent", made.GLUCOSE), ("child", made.TYPE_2), ("child", made.TYPE_1)]
    assert ask("gp", "GET", f"CodeSystem/$lookup?system={quote(SNOMED)}&code=1").status_code == 404
    assert ask(None, "GET", f"CodeSystem/$lookup?system={quote(SNOMED)}&code=1").status_code == 401


def test_codes_for_a_search(world: World) -> None:
    from commonweal.apps.record import api as record
    from commonweal.apps.record.terminology import errors

    assert set(record.codes_below(SNOMED, made.DIABETES)) == {made.DIABETES, made.TYPE_1, made.TYPE_2}
    assert record.codes_of(COLOURS) == {"urn:test:colour": ["red", "warm"]} or sorted(
        record.codes_of(COLOURS)["urn:test:colour"]
    ) == ["red", "warm"]
    for url in ("urn:test:foreign", "urn:test:nothing"):
        with pytest.raises(errors.NotLoaded):
            record.codes_of(url)
    with pytest.raises(errors.NotLoaded):
        record.codes_below(SNOMED, "1")
    assert record.codes_below(DMD, "108537001")[1:] != []


def test_a_release_replaces_the_one_before_and_both_stay_on_record(world: World, tmp_path: Path) -> None:
    from commonweal.apps.record import api as record

    table = tmp_path / "local.csv"
    table.write_text("code,term\nx,Ex\ny,Why\n", "utf-8")
    assert record.add_terminology("codesystem", table, "urn:test:local")["replaced"] is False
    table.write_text("code,term\nx,Ex again\n", "utf-8")
    assert record.add_terminology("codesystem", table, "urn:test:local")["replaced"] is True
    known = [one for one in record.code_systems(former=True) if one.url == "urn:test:local"]
    assert [(one.concepts, one.removed_at is None) for one in known] == [(2, False), (1, True)]
    record.remove_terminology("urn:test:local")
    assert "urn:test:local" not in [one.url for one in record.code_systems()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_concept c JOIN record_code_system s ON s.id = c.system_id "
                       "WHERE s.url = 'urn:test:local'")  # fmt: skip
        assert cursor.fetchone()[0] == 0


def test_a_damaged_release_changes_nothing(world: World, tmp_path: Path) -> None:
    from commonweal.apps.record import api as record
    from commonweal.fhir.terminology.release import ReleaseFault

    table = tmp_path / "circle.csv"
    table.write_text("code,term,parent\na,A,b\nb,B,a\n", "utf-8")
    before = record.code_systems(former=True)
    with pytest.raises(ReleaseFault, match="above themselves"):
        record.add_terminology("codesystem", table, "urn:test:circular")
    assert record.code_systems(former=True) == before


# --- profiles -------------------------------------------------------------------------------------------------


def test_validate_says_what_is_wrong_and_keeps_nothing(ask: Ask, world: World) -> None:
    sent = json.loads(weight("vicky"))
    status, issues = outcome(ask("p01", "POST", f"Observation/$validate?profile={PROFILE}", sent))
    assert status == 200
    assert [one for one in issues if one[0] == "error"] == [
        (
            "error",
            "required",
            "profile-min: the profile needs 1 of performer, found 0",
            ["Observation.performer"],
        )
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource WHERE type = 'Observation'")
        assert cursor.fetchone()[0] == 0


def test_validate_by_parameters_and_mode(ask: Ask) -> None:
    sent = json.loads(weight("vicky"))
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": sent},
            {"name": "mode", "valueCode": "profile"},
            {"name": "profile", "valueUri": PROFILE},
        ],
    }
    status, issues = outcome(ask("p01", "POST", "Observation/$validate", asked))
    assert (status, [one[3] for one in issues]) == (200, [["Observation.performer"]])
    status, issues = outcome(ask("p01", "POST", "Observation/$validate?mode=update", sent))
    assert ("error", ["Observation.id"]) in [(one[0], one[3]) for one in issues]
    assert ask("p01", "POST", "Observation/$validate?mode=guess", sent).status_code == 400
    assert ask("p01", "POST", "Observation/$validate?mode=profile", sent).status_code == 400


def test_validate_finds_a_code_outside_a_required_value_set(ask: Ask) -> None:
    sent = {**json.loads(weight("vicky")), "performer": [{"display": "x"}]}
    sent["code"] = {"coding": [{"system": SNOMED, "code": made.TYPE_2}]}
    _, issues = outcome(ask("p01", "POST", f"Observation/$validate?profile={PROFILE}", sent))
    assert [(one[1], one[3]) for one in issues if one[0] == "error"] == [("code-invalid", ["Observation.code"])]


def test_validate_a_stored_resource_is_a_read_through_the_gate(ask: Ask) -> None:
    assert outcome(ask("gp", "GET", "Patient/vicky/$validate"))[0] == 200
    assert ask("ana", "GET", "Patient/vicky/$validate").status_code == 404
    assert ask(None, "GET", "Patient/vicky/$validate").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ('{"resourceType":"Observation"}', 200),
        ('{"resourceType":"Nonsense"}', 200),
        (" ", 400),
    ],
)
def test_validate_whatever_is_sent(ask: Ask, body: str, status: int) -> None:
    assert ask("p01", "POST", "Observation/$validate", body).status_code == status


def test_what_comes_in_is_held_to_the_rules_of_its_source_and_day(ask: Ask, world: World) -> None:
    from django.conf import settings

    from commonweal.apps.record import api as record

    def as_batch(do: Any) -> None:
        connection.close()
        connection.settings_dict["USER"] = "commonweal_batch"
        do()
        connection.close()
        connection.settings_dict["USER"] = "commonweal_app"

    today: date = settings.COMMONWEAL_NOW().date()
    claimed = json.loads(weight("vicky", meta={"profile": [PROFILE]}))
    response = ask("p01", "POST", "Observation", claimed, Prefer="return=OperationOutcome")
    status, issues = outcome(response)
    assert status == 201  # a claim is reported and refuses nothing
    assert ("warning", "required", ["Observation.performer"]) in [(one[0], one[1], one[3]) for one in issues]

    as_batch(lambda: record.enforce_profile(PROFILE, "P01", "refuse", today))
    status, issues = outcome(ask("p01", "POST", "Observation", json.loads(weight("vicky"))))
    assert status == 422
    assert ("error", "required", ["Observation.performer"]) in [(one[0], one[1], one[3]) for one in issues]
    good = {**json.loads(weight("vicky")), "performer": [{"display": "Nurse"}]}
    assert ask("p01", "POST", "Observation", good).status_code == 201

    as_batch(lambda: record.release_profile(PROFILE, "P01", today + timedelta(days=1)))
    rule = next(one for one in record.profile_rules() if one.source == "P01")
    assert (rule.verdict, rule.valid_from, rule.valid_to) == ("refuse", today, today + timedelta(days=1))


def test_a_rule_needs_a_profile_that_is_loaded(world: World) -> None:
    from commonweal.apps.record import api as record
    from commonweal.apps.record.conformance.rules import UnknownProfile

    with pytest.raises(UnknownProfile, match="add its package"):
        record.enforce_profile("urn:test:nobodys", "", "refuse", date(2020, 1, 1))


def test_must_support_is_shown(world: World) -> None:
    from commonweal.apps.record import api as record

    assert record.profile_snapshot(PROFILE)["must_support"] == ["Observation.performer"]


def test_unmapped_codes_are_counted_by_source_and_identifiers_are_not_among_them(world: World) -> None:
    from commonweal.apps.record import api as record

    rows = record.unmapped_codes(100)
    assert ("http://snomed.info/sct", "27113001", "P01", "not-a-code-of-it") in [
        (one.system, one.code, one.source, one.reason) for one in rows
    ]
    assert not [one for one in rows if one.code == "9990000018"]


def test_the_web_role_may_not_load(ask: Ask) -> None:
    from django.db import ProgrammingError, transaction

    for statement in (
        "INSERT INTO record_code_system (url, version, name, complete, concepts) VALUES ('x', '', '', true, 0)",
        "UPDATE record_definition SET body = ''",
        "DELETE FROM record_concept",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_package_removed_is_gone_and_stays_on_record(world: World, tmp_path: Path) -> None:
    from commonweal.apps.record import api as record
    from commonweal.apps.record.conformance.packages import UnknownPackage

    other = [{**PACKAGE[1], "url": "urn:test:other"}]
    path = package(tmp_path / "other.json.tgz", *other, version="2.0.0")
    record.add_package(path)
    assert "urn:test:other" in [one.url for one in record.code_systems()]
    assert record.remove_package("test.package", "2.0.0") == {"definitions": 1, "code_systems": 1}
    assert "urn:test:other" not in [one.url for one in record.code_systems()]
    assert [(one.version, one.removed_at is None) for one in record.packages(former=True)] == [
        ("1.0.0", True),
        ("2.0.0", False),
    ]
    with pytest.raises(UnknownPackage):
        record.remove_package("test.package", "9")
