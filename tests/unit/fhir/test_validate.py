"""What validation accepts and refuses: published examples whole, and a table of one fault each."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from commonweal.fhir.quick import faultless
from commonweal.fhir.validate import explain, validate

Json = dict[str, Any]

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
    "name": [{"use": "official", "family": "Shah", "given": ["Asha", "Devi"]}],
    "gender": "female",
    "birthDate": "1950-02-01",
    "address": [{"use": "home", "line": ["1 High Street"], "postalCode": "ZZ1 1AA"}],
    "generalPractitioner": [{"type": "Organization", "identifier": {"system": "urn:x", "value": "A81001"}}],
}
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "c1",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "44054006"}]},
    "subject": {"reference": "Patient/p1"},
    "onsetDateTime": "2019-03-04",
}
OBSERVATION: Json = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"text": "Blood pressure"},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2020-01-02T10:11:12Z",
    "valueQuantity": {"value": 72.50, "unit": "kg"},
}


@pytest.mark.parametrize("resource", [PATIENT, CONDITION, OBSERVATION], ids=["Patient", "Condition", "Observation"])
def test_a_faultless_resource_has_no_issue(resource: Json) -> None:
    assert validate(resource) == []
    assert faultless(resource)
    assert explain(resource) == []


def _with(base: Json, path: str, value: Any) -> Json:
    """``base`` with the element at a dotted path set, or removed when ``value`` is ``...``."""
    resource = copy.deepcopy(base)
    *way, last = path.split(".")
    target: Any = resource
    for step in way:
        target = target[int(step)] if step.isdigit() else target[step]
    if value is ...:
        del target[last]
    else:
        target[int(last) if last.isdigit() else last] = value
    return resource


@pytest.mark.parametrize(
    ("base", "path", "value", "field", "rule"),
    [
        (PATIENT, "resourceType", "patient", "resourceType", "resource-type-unknown"),
        (PATIENT, "resourceType", ..., "resourceType", "resource-type-missing"),
        (PATIENT, "id", "a b", "Patient.id", "format-id"),
        (PATIENT, "id", "x" * 65, "Patient.id", "format-id"),
        (PATIENT, "gender", "F", "Patient.gender", "code-not-in-value-set"),
        (PATIENT, "gender", ["female"], "Patient.gender", "code-not-in-value-set"),
        (PATIENT, "birthDate", "1950-13-01", "Patient.birthDate", "format-date"),
        (PATIENT, "birthDate", "1950-02-30", "Patient.birthDate", "format-date"),
        (PATIENT, "birthDate", "01/02/1950", "Patient.birthDate", "format-date"),
        (PATIENT, "birthDate", "1950-2-1", "Patient.birthDate", "format-date"),
        (PATIENT, "birthDate", 1950, "Patient.birthDate", "format-date"),
        (PATIENT, "birthday", "1950-02-01", "Patient.birthday", "unknown-element"),
        (PATIENT, "name", {"family": "Shah"}, "Patient.name", "array-expected"),
        (PATIENT, "name", [], "Patient.name", "empty"),
        (PATIENT, "name.0", {}, "Patient.name[0]", "empty"),
        (PATIENT, "name.0.family", "", "Patient.name[0].family", "format-string"),
        (PATIENT, "name.0.given", ["Asha", None], "Patient.name[0].given[1]", "null-in-array"),
        (PATIENT, "name.0.use", "legal", "Patient.name[0].use", "code-not-in-value-set"),
        (PATIENT, "active", "true", "Patient.active", "format-boolean"),
        (PATIENT, "active", 1, "Patient.active", "format-boolean"),
        (PATIENT, "identifier.0.system", "an id", "Patient.identifier[0].system", "format-uri"),
        (
            PATIENT,
            "generalPractitioner.0",
            {"type": "Organization"},
            "Patient.generalPractitioner[0]",
            "reference-empty",
        ),
        (PATIENT, "extension", [{"valueCode": "x"}], "Patient.extension[0].url", "required"),
        (PATIENT, "extension", [{"url": "urn:x"}], "Patient.extension[0]", "invariant-ext-1"),
        (CONDITION, "subject", ..., "Condition.subject", "required"),
        (CONDITION, "subject.reference", "Patient/", "Condition.subject.reference", "reference-shape"),
        (CONDITION, "subject.reference", "p1", "Condition.subject.reference", "reference-shape"),
        (CONDITION, "subject.reference", "Organization/o", "Condition.subject.reference", "reference-target"),
        (CONDITION, "clinicalStatus.coding.0.code", "on", "Condition.clinicalStatus.coding", "code-not-in-value-set"),
        (
            CONDITION,
            "clinicalStatus.coding.0.system",
            "urn:x",
            "Condition.clinicalStatus.coding",
            "code-not-in-value-set",
        ),
        (CONDITION, "onsetAge", {"value": 3}, "Condition.onsetAge", "choice-more-than-one"),
        (CONDITION, "onsetDateTime", "2019-03-04T10:00:00", "Condition.onsetDateTime", "format-date-time"),
        (CONDITION, "onsetDateTime", "2019-03-04T25:00:00Z", "Condition.onsetDateTime", "format-date-time"),
        (CONDITION, "onsetDateTime", "2019-03-04 10:00:00Z", "Condition.onsetDateTime", "format-date-time"),
        (OBSERVATION, "status", "done", "Observation.status", "code-not-in-value-set"),
        (OBSERVATION, "status", ..., "Observation.status", "required"),
        (OBSERVATION, "code", ..., "Observation.code", "required"),
        (OBSERVATION, "valueString", "72.5 kg", "Observation.valueString", "choice-more-than-one"),
        (OBSERVATION, "valueQuantity.value", "heavy", "Observation.valueQuantity.value", "format-decimal"),
        (OBSERVATION, "valueQuantity.value", True, "Observation.valueQuantity.value", "format-decimal"),
        (OBSERVATION, "issued", "2020-01-02", "Observation.issued", "format-instant"),
        (OBSERVATION, "dataAbsentReason", {"text": "x"}, "Observation.dataAbsentReason", "invariant-obs-6"),
    ],
)
def test_one_fault_is_named_by_field_and_rule(base: Json, path: str, value: Any, field: str, rule: str) -> None:
    issues = validate(_with(base, path, value))
    assert [(issue.field, issue.rule, issue.severity) for issue in issues] == [(field, rule, "error")]
    assert issues[0].message


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Encounter", "class": {"code": "AMB"}, "period": {"start": "2020-02-01", "end": "2020-01-01"}},
        {"resourceType": "MedicationRequest", "status": "active", "intent": "hope", "subject": {"display": "x"}},
        {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Nothing"}}]},
        {"resourceType": "Patient", "contained": [{"resourceType": "Patient", "gender": "?"}]},
    ],
    ids=["Encounter", "MedicationRequest", "AllergyIntolerance", "Bundle", "contained"],
)
def test_faults_inside_other_types_are_found(resource: Json) -> None:
    assert any(issue.severity == "error" for issue in validate(resource))


@pytest.mark.parametrize("value", ["2020", "2020-02", "2020-02-29", "2020-02-29T23:59:59Z", "2016-12-31T23:59:60Z"])
def test_every_precision_of_a_date_time_is_accepted(value: str) -> None:
    assert validate(CONDITION | {"onsetDateTime": value}) == []


def test_a_primitive_may_be_replaced_by_its_extension() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    assert validate(_with(OBSERVATION, "status", ...) | {"_status": absent}) == []


def test_a_null_may_hold_the_place_of_an_extended_name() -> None:
    name = {"given": ["Asha", None], "_given": [None, {"extension": [{"url": "urn:x", "valueString": "D."}]}]}
    assert validate(PATIENT | {"name": [name]}) == []


def test_a_number_in_quotes_and_a_control_character_are_kept_with_a_warning() -> None:
    resource = OBSERVATION | {"valueQuantity": {"value": "4.0"}, "note": [{"text": "a\0b"}]}
    assert [(i.rule, i.severity) for i in validate(resource)] == [
        ("decimal-as-text", "warning"),
        ("control-character", "warning"),
    ]


@pytest.mark.parametrize("value", [None, [], 3, "x", {}, {"resourceType": []}])
def test_what_is_no_resource_is_one_issue(value: Any) -> None:
    assert len(validate(value)) == 1


def test_a_resource_nested_beyond_the_stack_is_one_issue() -> None:
    extension: Json = {"url": "urn:x", "valueCode": "x"}
    for _ in range(2000):
        extension = {"url": "urn:x", "extension": [extension]}
    assert [i.rule for i in validate(PATIENT | {"extension": [extension]})] == ["nesting-too-deep"]


def test_uk_core_examples_conform(test_data: Path) -> None:
    paths = sorted((test_data / "uk_core" / "json").glob("*.json"))
    assert len(paths) == 30
    for path in paths:
        errors = [i for i in validate(json.loads(path.read_text("utf-8"))) if i.severity == "error"]
        assert errors == [], path.name


def test_synthea_bundles_conform(test_data: Path) -> None:
    resources = 0
    for path in sorted((test_data / "synthea_r4").glob("*.json.gz")):
        bundle = json.loads(gzip.decompress(path.read_bytes()))
        assert validate(bundle) == [], path.name
        resources += len(bundle["entry"])
    assert resources == 3931


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "name": [{} for _ in range(20_000)]},
        {"resourceType": "Patient", **{f"k{n}": n for n in range(20_000)}},
    ],
)
def test_what_is_wrong_throughout_is_said_of_its_beginning(resource: dict[str, Any]) -> None:
    """Each fault once cost as much as all before it: four hundred kilobytes kept a process busy for minutes."""
    from commonweal.fhir.validate import MOST_FAULTS

    found = validate(resource)
    assert len(found) == MOST_FAULTS + 1
    assert found[-1].rule == "too-many-faults"
    assert all(issue.severity == "error" for issue in found)


def test_remarks_are_no_reason_to_stop_before_an_error() -> None:
    names: list[Any] = [{"family": "a\x07"} for _ in range(500)]
    found = validate({"resourceType": "Patient", "name": [*names, {"famly": "b"}]})
    assert [issue.field for issue in found if issue.severity == "error"] == ["Patient.name[500].famly", "Patient.name"]
