"""A profile grown from a random differential accepts exactly what a plain reading of the differential accepts.

The reference walks the resource element by element with the differential alone; it knows nothing of snapshots,
compilation or R4 definitions. Both judge the same generated Observations and Patients.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.fhir.profiles.errors import SnapshotFault
from commonweal.fhir.profiles.library import Library
from commonweal.fhir.profiles.shape import tree
from commonweal.fhir.profiles.validator import Validator

BASE = "http://hl7.org/fhir/StructureDefinition/"
SYSTEMS, CODES = ("urn:a", "urn:b"), ("x", "y")

# path below Observation, whether it repeats, what it may be fixed to
PLACES: tuple[tuple[str, bool, str, tuple[Any, ...]], ...] = (
    ("status", False, "fixedCode", ("final", "amended")),
    ("category", True, "", ()),
    ("category.text", False, "fixedString", ("one", "two")),
    ("category.coding", True, "", ()),
    ("category.coding.code", False, "fixedCode", CODES),
    ("note", True, "", ()),
    ("subject", False, "", ()),
    ("subject.display", False, "fixedString", ("one", "two")),
    ("bodySite", False, "", ()),
    ("bodySite.coding.system", False, "fixedUri", SYSTEMS),
)


@st.composite
def constraints(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A differential: some elements with a cardinality or a fixed value."""
    found = []
    for path, many, key, values in PLACES:
        if not draw(st.booleans()):
            continue
        element: dict[str, Any] = {"id": f"Observation.{path}", "path": f"Observation.{path}"}
        kind = draw(st.sampled_from(["min", "max", "fixed" if values else "max"]))
        if kind == "min":
            element["min"] = draw(st.sampled_from([0, 1, 2] if many else [0, 1]))
        elif kind == "max":
            element["max"] = draw(st.sampled_from(["0", "1", "2", "*"] if many else ["0", "1"]))
        else:
            element[key] = draw(st.sampled_from(values))
        if path == "status" and element.get("max") == "0":
            continue  # against R4 itself
        found.append(element)
    return found


coding = st.fixed_dictionaries({"system": st.sampled_from(SYSTEMS)}, optional={"code": st.sampled_from(CODES)})
concept = st.fixed_dictionaries(
    {"text": st.sampled_from(["one", "two"])}, optional={"coding": st.lists(coding, min_size=1, max_size=3)}
)
observations = st.fixed_dictionaries(
    {
        "resourceType": st.just("Observation"),
        "status": st.sampled_from(["final", "amended", "preliminary"]),
        "code": st.just({"text": "weight"}),
    },
    optional={
        "category": st.lists(concept, min_size=1, max_size=3),
        "note": st.lists(st.just({"text": "n"}), min_size=1, max_size=3),
        "subject": st.fixed_dictionaries({"reference": st.just("Patient/1")}, optional={"display": st.just("one")}),
        "bodySite": concept,
    },
)


def owners(resource: Any, names: list[str]) -> list[Any]:
    """Every object that has, or could have, the last of ``names``."""
    found = [resource]
    for name in names:
        found = [
            one
            for owner in found
            for one in (owner[name] if isinstance(owner.get(name), list) else [owner[name]] if name in owner else [])
        ]
    return found


def plainly(element: dict[str, Any], resource: dict[str, Any]) -> bool:
    """Whether ``resource`` keeps to one element of the differential."""
    *above, name = element["path"].split(".")[1:]
    for owner in owners(resource, above):
        values = owner.get(name, [])
        values = values if isinstance(values, list) else [values]
        if len(values) < element.get("min", 0):
            return False
        if element.get("max", "*") != "*" and len(values) > int(element["max"]):
            return False
        fixed = next((value for key, value in element.items() if key.startswith("fixed")), None)
        if fixed is not None and any(value != fixed for value in values):
            return False
    return True


def definition(differential: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "urn:p",
        "type": "Observation",
        "baseDefinition": BASE + "Observation",
        "differential": {"element": differential},
    } | more


def accepts(library: Library, resource: dict[str, Any]) -> bool:
    return not any(one.severity == "error" for one in Validator(library).held_to(resource, "urn:p"))


@settings(max_examples=120, deadline=None)
@given(constraints(), st.lists(observations, min_size=1, max_size=4))
def test_a_grown_profile_accepts_what_its_differential_plainly_accepts(
    differential: list[dict[str, Any]], resources: list[dict[str, Any]]
) -> None:
    library = Library.of([definition(differential)])
    for resource in resources:
        assert accepts(library, resource) == all(plainly(element, resource) for element in differential)


@settings(max_examples=40, deadline=None)
@given(constraints(), constraints(), st.lists(observations, min_size=1, max_size=4))
def test_a_profile_on_a_profile_asks_for_the_later_word_on_each_element(
    lower: list[dict[str, Any]], upper: list[dict[str, Any]], resources: list[dict[str, Any]]
) -> None:
    base = definition(lower, url="urn:base")
    library = Library.of([base, definition(upper, baseDefinition="urn:base")])
    merged: dict[str, dict[str, Any]] = {}
    for element in [*lower, *upper]:
        merged[element["path"]] = {**merged.get(element["path"], {}), **element}
    for resource in resources:
        assert accepts(library, resource) == all(plainly(element, resource) for element in merged.values())


@settings(max_examples=30, deadline=None)
@given(constraints(), st.lists(observations, min_size=1, max_size=3))
def test_a_snapshot_written_out_and_read_again_judges_alike(
    differential: list[dict[str, Any]], resources: list[dict[str, Any]]
) -> None:
    grown = Library.of([definition(differential)])
    shape = grown.shape("urn:p")
    assert shape is not None
    written = Library.of([definition([], snapshot={"element": list(shape.elements())})])
    for resource in resources:
        assert accepts(grown, resource) == accepts(written, resource)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["resourceType", "extension", "url", "value", "valueString", "meta", "profile", "coding", "contained"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["status", "code", "category", "subject", "contained", "extension", "meta",
                                        "component", "valueQuantity", "_status"]), json_values))  # fmt: skip
def test_whatever_json_is_sent_it_is_judged(said: dict[str, Any]) -> None:
    differential = [
        {"id": "Observation.category", "path": "Observation.category", "min": 1,
         "slicing": {"discriminator": [{"type": "value", "path": "coding.code"}], "rules": "closed"}},
        {"id": "Observation.category:a", "path": "Observation.category", "sliceName": "a"},
        {"id": "Observation.category:a.coding.code", "path": "Observation.category.coding.code", "fixedCode": "a"},
    ]  # fmt: skip
    judge = Validator(Library.of([definition(differential)]))
    assert isinstance(judge.validate({"resourceType": "Observation", **said}, ["urn:p"]), list)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({"path": st.text(max_size=12)}, optional={"id": st.text(max_size=12)})))
def test_whatever_elements_a_package_holds_they_are_a_tree_or_a_fault(elements: list[dict[str, Any]]) -> None:
    try:
        tree(elements)
    except SnapshotFault:
        return
    assert elements
