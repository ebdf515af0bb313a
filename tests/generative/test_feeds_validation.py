"""Validation of generated and damaged resources: never raises, and its short cut agrees with the long way."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.fhir.compartment import category, person_reference
from commonweal.fhir.demographics import demographics
from commonweal.fhir.parse import parse_line
from commonweal.fhir.quick import faultless
from commonweal.fhir.search import search_values
from commonweal.fhir.search_parameters import indexed
from commonweal.fhir.validate import explain, validate

SOUND: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "p1",
        "extension": [{"url": "urn:x", "valueCodeableConcept": {"coding": [{"system": "urn:y", "code": "A"}]}}],
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}],
        "name": [{"use": "official", "family": "Shah", "given": ["Asha"]}],
        "gender": "female",
        "birthDate": "1950-02-01",
        "deceasedDateTime": "2020-03-04T10:00:00Z",
        "address": [{"use": "home", "postalCode": "ZZ1 1AA", "period": {"start": "2001", "end": "2002-03"}}],
        "managingOrganization": {"identifier": {"system": "urn:ods", "value": "A81001"}},
    },
    {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "44054006", "display": "Diabetes"}]},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1", "display": "clinic"},
        "onsetDateTime": "2019-03-04",
    },
    {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"text": "Weight"},
        "subject": {"reference": "Patient/p1"},
        "effectivePeriod": {"start": "2020-01-02T10:11:12Z"},
        "valueQuantity": {"value": 72.5, "unit": "kg"},
        "component": [{"code": {"text": "a"}, "valueInteger": 3}],
    },
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["2020-13-01", "Patient/1", "active", "http://snomed.info/sct", "2020-01-01T10:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def _moment(text: str) -> datetime:
    edge = {"infinity": datetime.max, "-infinity": datetime.min}.get(text)
    return edge.replace(tzinfo=UTC) if edge else datetime.fromisoformat(text)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key in value:
            found += _places(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _places(item, (*path, index))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A sound resource with up to three elements replaced, removed, renamed or moved in from another one."""
    resource = copy.deepcopy(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(0, 3))):
        places = _places(resource)
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        target: Any = resource
        for step in way:
            target = target[step]
        act = draw(st.sampled_from(["replace", "remove", "rename", "graft"]))
        if act == "replace":
            target[last] = draw(json_values)
        elif act == "graft":
            donor = draw(st.sampled_from(SOUND))
            target[last] = copy.deepcopy(donor[draw(st.sampled_from(sorted(donor)))])
        elif act == "rename" and isinstance(target, dict):
            names = ["value", "onsetAge", "valueString", "_birthDate", "reference", "coding"]
            target[draw(st.sampled_from(names) | st.text(max_size=5))] = target.pop(last)
        else:
            del target[last]
    return resource


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_a_quick_yes_is_never_wrong(resource: dict[str, Any]) -> None:
    issues = explain(resource)
    if faultless(resource):
        assert issues == []
    assert validate(resource) == issues
    assert all(issue.rule and issue.message and issue.severity in ("error", "warning") for issue in issues)


@settings(max_examples=200, deadline=None)
@given(damaged())
def test_what_passes_validation_can_be_indexed(resource: dict[str, Any]) -> None:
    if any(issue.severity == "error" for issue in validate(resource)):
        return
    found = search_values(resource)
    numbers = {item.number for item in indexed(resource["resourceType"])}
    assert {abs(row[0]) for rows in found for row in rows} <= numbers
    assert all(isinstance(cell, str) for row in (*found.tokens, *found.references) for cell in row[2:])
    assert all(_moment(first) <= _moment(last) for _, _, first, last in found.dates)
    assert all(row[2] <= row[3] for row in found.numbers)
    assert person_reference(resource) is None or isinstance(person_reference(resource), str)
    assert category(resource, "gp") in ("demographics", "clinical", "medication")
    if resource["resourceType"] == "Patient":
        assert demographics(resource).birth_date is None or resource["birthDate"]


@settings(max_examples=150, deadline=None)
@given(json_values)
def test_any_json_at_all_is_judged(value: Any) -> None:
    assert validate(value) or isinstance(value, dict)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(SOUND), st.booleans())
def test_parsing_gives_back_what_was_written(resource: dict[str, Any], spaced: bool) -> None:
    assert parse_line(json.dumps(resource, indent=1 if spaced else None).encode()) == resource
