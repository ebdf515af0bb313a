"""Whose a resource is: what it is about first, then the Patient compartment of the standard."""

import json
from pathlib import Path
from typing import Any

import pytest

from commonweal.fhir.compartment import ABOUT_NOBODY, is_of_nobody, person_reference
from commonweal.fhir.search_parameters import own

DEFINITIONS = Path(__file__).resolve().parents[3] / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4"
P1, P2 = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}


@pytest.mark.parametrize(
    ("said", "whose"),
    [
        ({"resourceType": "Provenance", "target": [{"reference": "Observation/1"}, P1]}, "p1"),
        ({"resourceType": "Group", "member": [{"entity": P1}, {"entity": P1}]}, "p1"),
        # Whoever opened one person's record would read of the other
        ({"resourceType": "Group", "member": [{"entity": P1}, {"entity": P2}]}, None),
        ({"resourceType": "Appointment", "participant": [{"actor": {"reference": "Location/1"}}, {"actor": P2}]}, "p2"),
        ({"resourceType": "QuestionnaireResponse", "source": P2}, None),
        ({"resourceType": "QuestionnaireResponse", "author": P2}, "p2"),
        ({"resourceType": "Communication", "subject": P1, "sender": P2}, "p1"),
        ({"resourceType": "Communication", "sender": P2}, "p2"),
        ({"resourceType": "Task", "for": P1}, "p1"),
        ({"resourceType": "Person", "link": [{"target": P1}]}, "p1"),
        ({"resourceType": "SupplyRequest", "deliverTo": P1}, "p1"),
        ({"resourceType": "Observation", "subject": {"reference": "Patient/p1/_history/3"}}, "p1"),
        ({"resourceType": "Observation", "subject": {"reference": "Device/1"}}, None),
        ({"resourceType": "Schedule", "actor": [P1]}, None),
        ({"resourceType": "AuditEvent", "agent": [{"who": P1}]}, None),
    ],
)
def test_whose(said: dict[str, Any], whose: str | None) -> None:
    assert person_reference(said) == whose


def test_a_fallback_is_not_taken_for_the_element_that_says_whose_it_is() -> None:
    """What ``own`` names is searched by compartment alone: a sender is not whom a message is about."""
    from commonweal.fhir.search_parameters import indexed

    numbers = {item.path: item.number for item in indexed("Communication")}
    assert numbers["subject"] in own("Communication")
    assert numbers["sender"] not in own("Communication")


def test_definitions_are_about_nobody_unless_they_contain_somebody() -> None:
    assert {"ValueSet", "PlanDefinition", "NamingSystem"} <= ABOUT_NOBODY
    assert not is_of_nobody({"resourceType": "Library", "contained": [{"resourceType": "Patient"}]})


def test_the_table_is_the_standards_own() -> None:
    from importlib.resources import files

    from commonweal.fhir.distil_compartment import distil

    compartment, registry = (
        json.loads((DEFINITIONS / name).read_text("utf-8"))
        for name in ("compartmentdefinition-patient.json", "search-parameters.json")
    )
    table = json.loads(files("commonweal.fhir").joinpath("r4-compartment.json").read_bytes())
    assert distil(compartment, registry) == table
