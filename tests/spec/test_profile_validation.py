"""What a profile asks, as tables: the differential, a resource, and what is found. https://hl7.org/fhir/R4/profiling.html

Each differential is on Observation or Patient and is grown to a snapshot first; none of the profiles is anybody's.
"""

from typing import Any

import pytest

from commonweal.fhir.profiles.library import Library
from commonweal.fhir.profiles.validator import Validator

BASE = "http://hl7.org/fhir/StructureDefinition/"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
COLOURS = "urn:vs:colours"


class Colours:
    """A terminology with one value set: red and green of urn:colour; blue is of a system nobody has loaded."""

    def member(self, value_set: str, system: str | None, code: str) -> bool | None:
        if value_set != COLOURS:
            return None
        return None if system == "urn:unknown" else system in ("urn:colour", None) and code in ("red", "green")


def profile(kind: str, *elements: dict[str, Any], url: str = "urn:profile", **more: Any) -> dict[str, Any]:
    listed = [{"id": one.get("id", one["path"]), **one} for one in elements]
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "type": kind,
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": BASE + kind,
        "differential": {"element": listed},
    } | more


def observation(**more: Any) -> dict[str, Any]:
    said = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "1-8"}]},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    }
    return {**said, **more}


def found(resource: dict[str, Any], *definitions: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(severity, field, rule) of everything found against the first of ``definitions``."""
    judge = Validator(Library.of(definitions), Colours())
    issues = judge.validate(resource, [definitions[0]["url"]])
    return [(one.severity[0], one.field, one.rule) for one in issues if one.rule != "invariant-dom-6"]


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


SUBJECT = {"path": "Observation.subject", "min": 1}
QUANTITY = {"path": "Observation.value[x]", "type": [{"code": "Quantity"}]}
ROWS: list[tuple[str, list[dict[str, Any]], dict[str, Any], list[tuple[str, str, str]]]] = [
    ("cardinality, met", [SUBJECT], observation(subject={"reference": "Patient/1"}), []),
    ("cardinality, too few", [SUBJECT], observation(), [("e", "Observation.subject", "profile-min")]),
    (
        "cardinality, too many",
        [{"path": "Observation.category", "max": "1"}],
        observation(category=[{"text": "a"}, {"text": "b"}]),
        [("e", "Observation.category", "profile-max")],
    ),
    (
        "prohibited",
        [{"path": "Observation.note", "max": "0"}],
        observation(note=[{"text": "x"}]),
        [("e", "Observation.note", "profile-max")],
    ),
    ("type of a choice, met", [QUANTITY], observation(valueQuantity={"value": 1}), []),
    (
        "type of a choice",
        [QUANTITY],
        observation(valueString="x"),
        [("e", "Observation.valueString", "profile-type")],
    ),
    (
        "fixed value",
        [{"path": "Observation.status", "fixedCode": "final"}],
        observation(status="amended"),
        [("e", "Observation.status", "profile-fixed")],
    ),
    (
        "pattern, more is allowed",
        [{"path": "Observation.code", "patternCodeableConcept": coded("http://loinc.org", "1-8")}],
        observation(
            code={"text": "t", "coding": [{"system": "x", "code": "y"}, {"system": "http://loinc.org", "code": "1-8"}]}
        ),
        [],
    ),
    (
        "pattern, broken",
        [{"path": "Observation.code", "patternCodeableConcept": coded("http://loinc.org", "9-9")}],
        observation(),
        [("e", "Observation.code", "profile-pattern")],
    ),
    (
        "bounds and length",
        [
            {"path": "Observation.valueInteger", "maxValueInteger": 5},
            {"path": "Observation.note"},
            {"path": "Observation.note.text", "maxLength": 3},
        ],
        observation(valueInteger=9, note=[{"text": "long"}]),
        [
            ("e", "Observation.valueInteger", "profile-max-value"),
            ("e", "Observation.note[0].text", "profile-max-length"),
        ],
    ),
    (
        "inside a data type",
        [{"path": "Observation.code.coding.display", "min": 1}],
        observation(),
        [("e", "Observation.code.coding[0].display", "profile-min")],
    ),
    (
        "reference target",
        [{"path": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [BASE + "Patient"]}]}],
        observation(subject={"reference": "Group/1"}),
        [("e", "Observation.subject.reference", "reference-target")],
    ),
    (
        "required binding, met",
        [{"path": "Observation.code", "binding": {"strength": "required", "valueSet": COLOURS}}],
        observation(code=coded("urn:colour", "red")),
        [],
    ),
    (
        "required binding, broken",
        [{"path": "Observation.code", "binding": {"strength": "required", "valueSet": COLOURS}}],
        observation(code=coded("urn:colour", "mauve")),
        [("e", "Observation.code", "code-not-in-value-set")],
    ),
    (
        "required binding, text alone",
        [{"path": "Observation.code", "binding": {"strength": "required", "valueSet": COLOURS}}],
        observation(code={"text": "red"}),
        [("e", "Observation.code", "code-not-in-value-set")],
    ),
    (
        "required binding, a system that is not loaded",
        [{"path": "Observation.code", "binding": {"strength": "required", "valueSet": COLOURS}}],
        observation(code=coded("urn:unknown", "blue")),
        [("i", "Observation", "not-checked")],
    ),
    (
        "extensible binding",
        [{"path": "Observation.code", "binding": {"strength": "extensible", "valueSet": COLOURS}}],
        observation(code=coded("urn:colour", "mauve")),
        [("w", "Observation.code", "code-outside-extensible")],
    ),
    (
        "invariant, error",
        [
            {
                "path": "Observation",
                "constraint": [{"key": "my-1", "severity": "error", "human": "h", "expression": "note.exists()"}],
            }
        ],
        observation(),
        [("e", "Observation", "invariant-my-1")],
    ),
    (
        "invariant, warning",
        [
            {
                "path": "Observation.code",
                "constraint": [{"key": "my-2", "severity": "warning", "human": "h", "expression": "text.exists()"}],
            }
        ],
        observation(),
        [("w", "Observation.code", "invariant-my-2")],
    ),
    (
        "invariant nobody can evaluate",
        [
            {
                "path": "Observation",
                "constraint": [{"key": "my-3", "severity": "error", "human": "h", "expression": "aggregate($total)"}],
            }
        ],
        observation(),
        [("i", "Observation", "not-checked")],
    ),
    (
        "must support is listed, not enforced",
        [{"path": "Observation.note", "mustSupport": True}],
        observation(),
        [],
    ),
]


@pytest.mark.parametrize(("elements", "resource", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_profile(elements: list[dict[str, Any]], resource: dict[str, Any], expected: list[Any]) -> None:
    assert found(resource, profile("Observation", *elements)) == expected


# --- slicing --------------------------------------------------------------------------------------------------


def sliced(kind: str, path: str, rules: str, discriminator: tuple[str, str], *parts: dict[str, Any]) -> dict[str, Any]:
    slicing = {"discriminator": [{"type": discriminator[0], "path": discriminator[1]}], "rules": rules}
    return profile(kind, {"path": path, "slicing": slicing}, *parts)


def number(system: str, value: str) -> dict[str, Any]:
    return {"system": system, "value": value}


def person(*identifiers: dict[str, Any], **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"resourceType": "Patient", **more}
    return {**said, "identifier": list(identifiers)} if identifiers else said


def by_system(rules: str) -> dict[str, Any]:
    return sliced(
        "Patient",
        "Patient.identifier",
        rules,
        ("value", "system"),
        {"id": "Patient.identifier:nhs", "path": "Patient.identifier", "sliceName": "nhs", "min": 1, "max": "1"},
        {"id": "Patient.identifier:nhs.system", "path": "Patient.identifier.system", "fixedUri": NHS, "min": 1},
        {"id": "Patient.identifier:nhs.value", "path": "Patient.identifier.value", "maxLength": 10, "min": 1},
    )


@pytest.mark.parametrize(
    ("rules", "identifiers", "expected"),
    [
        ("open", [number(NHS, "9990000018"), number("urn:x", "1")], []),
        ("open", [number("urn:x", "1")], [("e", "Patient.identifier:nhs", "profile-min")]),
        ("open", [number(NHS, "1"), number(NHS, "2")], [("e", "Patient.identifier:nhs", "profile-max")]),
        ("open", [number(NHS, "99900000181")], [("e", "Patient.identifier[0].value", "profile-max-length")]),
        ("closed", [number(NHS, "1"), number("urn:x", "1")], [("e", "Patient.identifier[1]", "slice-closed")]),
        ("openAtEnd", [number("urn:x", "1"), number(NHS, "1")], [("e", "Patient.identifier[1]", "slice-order")]),
    ],
)
def test_slices_by_value(rules: str, identifiers: list[Any], expected: list[Any]) -> None:
    assert found(person(*identifiers), by_system(rules)) == expected


def test_slices_by_pattern_on_the_element_itself() -> None:
    definition = sliced(
        "Observation",
        "Observation.category",
        "open",
        ("pattern", "$this"),
        {
            "id": "Observation.category:lab",
            "path": "Observation.category",
            "sliceName": "lab",
            "min": 1,
            "patternCodeableConcept": coded("urn:c", "lab"),
        },
    )
    assert found(observation(category=[coded("urn:c", "lab")]), definition) == []
    assert found(observation(category=[coded("urn:c", "x")]), definition) == [
        ("e", "Observation.category:lab", "profile-min")
    ]


def test_slices_by_existence() -> None:
    definition = sliced(
        "Patient",
        "Patient.identifier",
        "closed",
        ("exists", "system"),
        {"id": "Patient.identifier:global", "path": "Patient.identifier", "sliceName": "global"},
        {"id": "Patient.identifier:global.system", "path": "Patient.identifier.system", "min": 1},
        {"id": "Patient.identifier:local", "path": "Patient.identifier", "sliceName": "local", "max": "1"},
        {"id": "Patient.identifier:local.system", "path": "Patient.identifier.system", "max": "0"},
    )
    assert found(person(number("urn:x", "1"), {"value": "2"}), definition) == []
    assert found(person({"value": "1"}, {"value": "2"}), definition) == [
        ("e", "Patient.identifier:local", "profile-max")
    ]


def test_slices_of_a_choice_by_type() -> None:
    definition = profile(
        "Observation",
        {"id": "Observation.value[x]:valueQuantity", "path": "Observation.valueQuantity", "sliceName": "valueQuantity"},
        {"id": "Observation.value[x]:valueQuantity.unit", "path": "Observation.valueQuantity.unit", "min": 1},
    )
    definition["differential"]["element"][0]["path"] = "Observation.value[x]"
    definition["differential"]["element"][1]["path"] = "Observation.value[x].unit"
    assert found(observation(valueString="any"), definition) == []
    assert found(observation(valueQuantity={"value": 1}), definition) == [
        ("e", "Observation.valueQuantity.unit", "profile-min")
    ]


def test_slices_by_the_type_of_what_is_referred_to() -> None:
    reference = [{"code": "Reference", "targetProfile": [BASE + "Practitioner"]}]
    definition = sliced(
        "Patient",
        "Patient.generalPractitioner",
        "open",
        ("type", "resolve()"),
        {"id": "Patient.generalPractitioner:gp", "path": "Patient.generalPractitioner", "sliceName": "gp", "max": "1",
         "type": reference},
    )  # fmt: skip
    one, other = {"reference": "Practitioner/1"}, {"reference": "Organization/1"}
    assert found(person(generalPractitioner=[one, other]), definition) == []
    assert found(person(generalPractitioner=[one, one]), definition) == [
        ("e", "Patient.generalPractitioner:gp", "profile-max")
    ]
    # A logical reference does not say of what type its target is: not counted as fitting, and said.
    assert found(
        person(generalPractitioner=[{"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}]), definition
    ) == [("i", "Patient.generalPractitioner[0]", "not-checked")]


def test_slices_by_profile_of_what_is_contained() -> None:
    named = profile("Organization", {"path": "Organization.name", "min": 1}, url="urn:named")
    definition = sliced(
        "Patient",
        "Patient.generalPractitioner",
        "open",
        ("profile", "resolve()"),
        {"id": "Patient.generalPractitioner:named", "path": "Patient.generalPractitioner", "sliceName": "named",
         "min": 1, "type": [{"code": "Reference", "targetProfile": ["urn:named"]}]},
    )  # fmt: skip

    def listed_with(organisation: dict[str, Any]) -> dict[str, Any]:
        return person(generalPractitioner=[{"reference": "#o"}], contained=[organisation])

    whole = {"resourceType": "Organization", "id": "o", "name": "Old Mill"}
    nameless = {"resourceType": "Organization", "id": "o", "identifier": [{"value": "1"}]}
    assert found(listed_with(whole), definition, named) == []
    assert found(listed_with(nameless), definition, named) == [
        ("e", "Patient.generalPractitioner:named", "profile-min")
    ]


def test_slices_that_cannot_be_told_apart_are_reported() -> None:
    definition = sliced(
        "Patient",
        "Patient.identifier",
        "closed",
        ("value", "use"),
        {"id": "Patient.identifier:a", "path": "Patient.identifier", "sliceName": "a", "min": 1},
    )
    assert found(person(number("urn:x", "1")), definition) == [("i", "Patient.identifier", "not-checked")]


# --- extensions -----------------------------------------------------------------------------------------------

BIRTH_SEX = "urn:ext:birth-sex"


def extension(*contexts: tuple[str, str]) -> dict[str, Any]:
    return profile(
        "Extension",
        {"path": "Extension.extension", "max": "0"},
        {"path": "Extension.url", "fixedUri": BIRTH_SEX},
        {"path": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
        url=BIRTH_SEX,
        context=[{"type": kind, "expression": text} for kind, text in contexts],
    )


def with_extension(value: dict[str, Any]) -> dict[str, Any]:
    return person(extension=[{"url": BIRTH_SEX, **value}])


@pytest.mark.parametrize(
    ("context", "value", "expected"),
    [
        (("element", "Patient"), {"valueCode": "F"}, []),
        (("element", "DomainResource"), {"valueCode": "F"}, []),
        (("element", "Observation"), {"valueCode": "F"}, [("e", "Patient.extension[0]", "extension-context")]),
        (("element", "Patient"), {"valueString": "F"}, [("e", "Patient.extension[0].valueString", "profile-type")]),
        (("fhirpath", "Patient"), {"valueCode": "F"}, []),
    ],
)
def test_an_extension(context: tuple[str, str], value: dict[str, Any], expected: list[Any]) -> None:
    definition = extension(context)
    judge = Validator(Library.of([definition]))
    issues = judge.validate(with_extension(value))
    assert [(i.severity[0], i.field, i.rule) for i in issues if i.rule != "invariant-dom-6"] == expected


def test_an_extension_in_a_profile_is_counted() -> None:
    slot = {"id": "Patient.extension:sex", "path": "Patient.extension", "sliceName": "sex", "min": 1}
    definition = profile("Patient", {**slot, "type": [{"code": "Extension", "profile": [BIRTH_SEX]}]})
    assert found(with_extension({"valueCode": "F"}), definition, extension(("element", "Patient"))) == []
    assert found(person(gender="female"), definition, extension(("element", "Patient"))) == [
        ("e", "Patient.extension:sex", "profile-min")
    ]


def test_extensions_that_nobody_has_defined() -> None:
    resource = person(
        extension=[{"url": "urn:other", "valueCode": "F"}], modifierExtension=[{"url": "urn:not", "valueBoolean": True}]
    )
    assert found(resource, profile("Patient")) == [
        ("w", "Patient.modifierExtension[0]", "modifier-extension-unknown"),
        ("i", "Patient.extension[0]", "not-checked"),
    ]


def test_extensions_on_a_primitive_and_inside_a_backbone_element() -> None:
    definition = extension(("element", "Patient.birthDate"), ("element", "Patient.contact"))
    said = {"extension": [{"url": BIRTH_SEX, "valueCode": "F"}]}
    good = person(birthDate="1980", _birthDate=said, contact=[{"name": {"text": "x"}, **said}])
    judge = Validator(Library.of([definition]))
    assert [i for i in judge.validate(good) if i.severity == "error"] == []
    bad = person(name=[{"family": "x", **said}])
    assert [i.rule for i in judge.validate(bad) if i.severity == "error"] == ["extension-context"]


# --- profiles on profiles, and what is missing ----------------------------------------------------------------


def test_a_profile_on_a_profile_asks_what_both_ask() -> None:
    upper = profile("Observation", SUBJECT, url="urn:upper")
    lower = profile("Observation", {"path": "Observation.note", "min": 1}, baseDefinition="urn:upper")
    assert found(observation(), lower, upper) == [
        ("e", "Observation.subject", "profile-min"),
        ("e", "Observation.note", "profile-min"),
    ]


def test_a_profile_whose_base_is_not_loaded_says_so() -> None:
    assert found(observation(), profile("Observation", baseDefinition="urn:nowhere")) == [
        ("e", "Observation", "profile-not-loaded")
    ]
    judge = Validator(Library.of([profile("Observation", baseDefinition="urn:nowhere")]))
    assert "urn:nowhere" in judge.profile_missing("urn:profile")


def test_profiles_that_are_their_own_base_end() -> None:
    one = profile("Observation", url="urn:a", baseDefinition="urn:b")
    two = profile("Observation", url="urn:b", baseDefinition="urn:a")
    assert found(observation(), one, two) == [("e", "Observation", "profile-not-loaded")]


def test_a_claim_that_cannot_be_checked_is_said() -> None:
    resource = observation(meta={"profile": ["urn:somebodys"]})
    assert found(resource, profile("Observation")) == [("i", "Observation.meta.profile", "not-checked")]


def test_a_profile_of_another_type() -> None:
    assert found(person(gender="female"), profile("Observation")) == [("e", "Patient", "profile-type")]


def test_must_support_is_listed() -> None:
    library = Library.of([profile("Observation", {"path": "Observation.note", "mustSupport": True})])
    assert library.must_support("urn:profile") == ["Observation.note"]


def test_entries_and_contained_resources_are_judged_by_their_own_claims() -> None:
    definition = profile("Observation", SUBJECT)
    claimed = observation(meta={"profile": ["urn:profile"]})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": claimed}]}
    judge = Validator(Library.of([definition]))
    assert [(i.field, i.rule) for i in judge.validate(bundle) if i.severity == "error"] == [
        ("Bundle.entry[0].resource.subject", "profile-min")
    ]
