"""The distilled definitions, with the fhir.resources package (R4B) as a second opinion."""

import importlib
import json
from pathlib import Path

import pytest

from commonweal.fhir import definitions
from commonweal.fhir.distil import distil

# These types did not change between R4 (4.0.1) and R4B (4.3.0).
TYPES = (
    *("Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Condition", "AllergyIntolerance"),
    *("Observation", "MedicationRequest", "MedicationStatement", "Medication", "Encounter", "EpisodeOfCare"),
    *("ServiceRequest", "Procedure", "Immunization", "DiagnosticReport", "DocumentReference", "Appointment", "Slot"),
    *("RelatedPerson", "Flag", "Specimen", "Composition", "Bundle", "Task", "CarePlan", "AuditEvent", "Binary"),
)


def _json_names(kind: str) -> set[str]:
    names: set[str] = set()
    for name, element in definitions.elements(kind).items():
        if name.endswith("[x]"):
            names |= {name[:-3] + one[0].upper() + one[1:] for one in element.types}
        else:
            names.add(name)
    return names


@pytest.mark.parametrize("kind", TYPES)
def test_elements_agree_with_a_second_opinion(kind: str) -> None:
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    theirs = {field.alias or name for name, field in model.model_fields.items() if not name.endswith("__ext")}
    theirs = {name for name in theirs if not name.startswith("_")} - {"resource_type", "fhir_comments"}
    assert _json_names(kind) == theirs


def test_every_type_an_element_names_is_known() -> None:
    from commonweal.fhir.primitives import PRIMITIVES

    known = definitions.paths() | set(PRIMITIVES) | {"Resource"}
    for path in definitions.paths():
        for name, element in definitions.elements(path).items():
            assert set(element.types) <= known, f"{path}.{name}"
            assert element.targets <= definitions.resource_types(), f"{path}.{name}"
            assert not element.binding or definitions.codes(element.binding)


def test_distilling_keeps_cardinality_types_targets_and_codes(tmp_path: Path) -> None:
    status = {
        "path": "Visit.status",
        "min": 1,
        "max": "1",
        "type": [{"code": "code"}],
        "binding": {"strength": "required", "valueSet": "urn:vs|4.0.1"},
    }
    profiles = ["http://hl7.org/fhir/StructureDefinition/Visit", "https://elsewhere.example/StructureDefinition/Bot"]
    target = {"code": "Reference", "targetProfile": profiles}
    who = {"path": "Visit.who[x]", "min": 0, "max": "*", "type": [target, {"code": "string"}]}
    elements = [{"path": "Visit"}, {"path": "Visit.id", "min": 0, "max": "1"}, status, who]
    visit = {
        "resourceType": "StructureDefinition",
        "url": "http://hl7.org/fhir/StructureDefinition/Visit",
        "kind": "resource",
        "type": "Visit",
        "snapshot": {"element": elements},
    }
    system = {
        "resourceType": "CodeSystem",
        "url": "urn:cs",
        "content": "complete",
        "concept": [{"code": "a", "concept": [{"code": "b"}]}],
    }
    values = {"resourceType": "ValueSet", "url": "urn:vs", "compose": {"include": [{"system": "urn:cs"}]}}
    for name, resources in {
        "profiles-types.json": [],
        "profiles-resources.json": [visit],
        "valuesets.json": [system, values],
        "v3-codesystems.json": [],
    }.items():
        (tmp_path / name).write_text(json.dumps({"entry": [{"resource": r} for r in resources]}))
    assert distil(tmp_path) == {
        "version": "4.0.1",
        "resources": ["Visit"],
        "elements": {
            "Visit": {"status": [1, 1, ["code"], [], "urn:vs"], "who[x]": [0, 0, ["Reference", "string"], ["Visit"]]}
        },
        "bindings": {"urn:vs": {"urn:cs": ["a", "b"]}},
    }
