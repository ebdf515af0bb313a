"""Search rows: every parameter of the standard compiles, and each kind of value gives the rows search.html asks for."""

from typing import Any

import pytest

from commonweal.fhir.definitions import resource_types
from commonweal.fhir.search import SearchValues, search_values
from commonweal.fhir.search_parameters import grouped, indexed, own, parameters, targets

ROWS = {"tokens": "token", "dates": "date", "strings": "string", "references": "reference", "numbers": "number"}
SNOMED = "http://snomed.info/sct"


def named(resource: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of ``resource`` by kind, each with its element's path for a number."""
    kind = resource["resourceType"]
    paths = {item.number: item.path for item in indexed(kind)}
    paths |= {-number: path + ":identifier" for number, path in paths.items()}
    found: SearchValues = search_values(resource)
    return {name: sorted((paths[row[0]], *row[1:]) for row in rows) for name, rows in found._asdict().items() if rows}


def test_an_observation_is_found_by_code_date_value_component_and_reference() -> None:
    found = named(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": SNOMED, "code": "75367002"}, {"display": "no code"}]},
            "subject": {"reference": "Patient/p1"},
            "encounter": {"reference": "Encounter/e1/_history/2"},
            "effectivePeriod": {"start": "2020-06-01"},
            "performer": [{"identifier": {"system": "urn:ods", "value": "A81001"}}, {"reference": "#here"}],
            "component": [
                {"code": {"coding": [{"code": "s"}]}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
                {"code": {"coding": [{"code": "d"}]}, "valueQuantity": {"value": 80, "comparator": "<"}},
            ],
        }
    )
    assert found == {
        "tokens": [
            ("code", 0, SNOMED, "75367002"),
            ("component.code", 0, "", "s"),
            ("component.code", 1, "", "d"),
            ("performer:identifier", 0, "urn:ods", "A81001"),
            ("status", 0, "", "final"),
        ],
        "dates": [("effectivePeriod", 0, "2020-06-01T00:00:00+01:00", "infinity")],
        "references": [("encounter", 0, "Encounter", "e1"), ("subject", 0, "Patient", "p1")],
        "numbers": [
            ("component.valueQuantity", 0, 120.0, 120.0, "", "mmHg"),
            ("component.valueQuantity", 1, float("-inf"), 80.0, "", ""),
        ],
    }


def test_a_patient_is_found_by_normalised_names_and_kept_as_sent() -> None:
    found = named(
        {
            "resourceType": "Patient",
            "name": [{"family": "O'Néill", "given": ["Anne-Marie"]}],
            "birthDate": "1950-02",
            "address": [{"postalCode": "sw1a1aa"}],
            "active": True,
            "telecom": [{"system": "phone", "value": "01632 960000"}],
            "deceasedDateTime": "2020-01-02",
        }
    )
    assert found["strings"] == [
        ("address.postalCode", 0, "SW1A 1AA", "sw1a1aa"),
        ("name.family", 0, "O540", ""),
        ("name.family", 0, "oneill", "O'Néill"),
        ("name.given", 0, "A556", ""),
        ("name.given", 0, "anne marie", "Anne-Marie"),
    ]
    assert found["tokens"] == [
        ("active", 0, "", "true"), ("deceased", 0, "", "true"), ("telecom", 0, "phone", "01632 960000"),
    ]  # fmt: skip
    assert found["dates"] == [
        ("birthDate", 0, "1950-02-01T00:00:00+00:00", "1950-02-28T23:59:59.999999+00:00"),
        ("deceasedDateTime", 0, "2020-01-02T00:00:00+00:00", "2020-01-02T23:59:59.999999+00:00"),
    ]


@pytest.mark.parametrize(
    ("resource", "kind", "row"),
    [
        ({"resourceType": "Condition", "onsetRange": {"low": {"value": 3}}}, "numbers",
         ("onsetRange", 0, 3.0, float("inf"), "", "")),
        ({"resourceType": "Invoice", "totalNet": {"value": 1.5, "currency": "GBP"}}, "numbers",
         ("totalNet", 0, 1.5, 1.5, "urn:iso:std:iso:4217", "GBP")),
        ({"resourceType": "Location", "position": {"latitude": 51.5, "longitude": -0.1}}, "numbers",
         ("position", 0, 51.5, -0.1, "", "")),
        ({"resourceType": "Library", "relatedArtifact": [{"type": "derived-from", "resource": "http://x|2"}]},
         "references", ("relatedArtifact[type=derived-from].resource", 0, "", "http://x")),
        ({"resourceType": "ServiceRequest", "occurrenceTiming": {"event": ["2020-01-01T00:00:00Z"]}}, "dates",
         ("occurrenceTiming", 0, "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.999999Z")),
        ({"resourceType": "ValueSet", "url": "http://v"}, "tokens", ("url", 0, "", "http://v")),
        ({"resourceType": "Observation", "meta": {"tag": [{"system": "t", "code": "c"}]}}, "tokens",
         ("meta.tag", 0, "t", "c")),
    ],
)  # fmt: skip
def test_every_kind_of_value_has_its_row(resource: dict[str, Any], kind: str, row: tuple[Any, ...]) -> None:
    assert named(resource)[kind] == [row]


def test_every_parameter_of_every_type_compiles_and_reads_elements_of_its_type() -> None:
    seen: set[int] = set()
    for kind in resource_types():
        search_values({"resourceType": kind})
        numbers = {item.number for item in indexed(kind)}
        assert not numbers & seen  # a number is one element of one type
        seen |= numbers
        for parameter in parameters(kind).values():
            parts = [part for alternative in parameter.alternatives for part in alternative]
            assert parameter.kind == "composite" or parameter.reads
            assert {read.number for reads in (parameter.reads, *(p.reads for p in parts)) for read in reads} <= numbers
            if parameter.kind == "reference":
                targets(kind, parameter.name)
    assert max(seen) < 32_768  # they are kept as smallint


def test_one_row_serves_the_parameters_that_read_the_same_element() -> None:
    of = parameters("Observation")
    assert of["patient"].reads[0].number == of["subject"].reads[0].number
    assert of["patient"].reads[0].restriction == "Patient"
    assert {read.number for read in of["combo-code"].reads} == {
        of["code"].reads[0].number, of["component-code"].reads[0].number,
    }  # fmt: skip
    assert parameters("Patient")["email"].reads[0].restriction == "email"
    assert grouped("Observation") == {"component"}
    assert own("Observation") == {of["subject"].reads[0].number}
    assert own("Patient") == frozenset()
    assert targets("Encounter", "practitioner") == {"Practitioner"}
