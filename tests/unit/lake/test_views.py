"""Views beyond the official tests: faults, types, text that could break out of SQL."""

import json
from typing import Any

import pytest

from commonweal.fhir.fhirpath import EvaluationFault
from commonweal.fhir.views import ViewFault, read_view, rows
from commonweal.lake.views import run_view

PERSON = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "birthDate": "1970-06",
    "_birthDate": {"extension": [{"url": "urn:x", "valueCode": "beside"}]},
    "name": [
        {"family": 'O\'Brien "x"', "given": ["Ann", "Bea"], "period": {"start": "2019", "end": "2020-02-03T10Z"}},
        {"family": "Öz", "period": {"start": "2021"}},
    ],
    "multipleBirthInteger": 2,
    "link": [{"other": {"reference": "https://example.org/fhir/Patient/p9/_history/2"}}],
}


def both(view: dict[str, Any], *resources: dict[str, Any]) -> list[dict[str, Any]]:
    read = read_view({"resource": "Patient", **view})
    reference = list(rows(read, resources))
    assert list(run_view(read, (json.dumps(one) for one in resources))) == reference
    return reference


def column(path: str, type_: str = "", **more: Any) -> Any:
    view = {"select": [{"column": [{"name": "v", "path": path, "type": type_, **more}]}]}
    return both(view, PERSON)[0]["v"]


@pytest.mark.parametrize(
    ("path", "type_", "expected"),
    [
        ("name.family.join('; ')", "string", 'O\'Brien "x"; Öz'),
        ("name.where(family = 'O\\'Brien \"x\"').given.first()", "string", "Ann"),
        ("name.last().family", "string", "Öz"),
        ("name.count()", "integer", 2),
        ("name.given[1]", "string", "Bea"),
        ("name.all(family.exists())", "boolean", True),
        ("name.exists(given.empty())", "boolean", True),
        ("active.not()", "boolean", False),
        ("Patient.name[0].family & '!' & nothing", "string", 'O\'Brien "x"!'),
        ("multipleBirth.ofType(integer) + 1", "integer", 3),
        ("multipleBirth.ofType(integer) / 4", "decimal", 0.5),
        ("7 div 2", "integer", 3),
        ("-7 mod 3", "integer", -1),
        ("multipleBirth.ofType(integer) > 1 and (nothing = 1).empty()", "boolean", True),
        ("nothing or active", "boolean", True),
        ("nothing and active", "boolean", None),
        ("nothing implies active", "boolean", True),
        ("active xor false", "boolean", True),
        ("birthDate.lowBoundary()", "date", "1970-06-01"),
        ("birthDate.lowBoundary()", "dateTime", "1970-06-01T00:00:00.000+14:00"),
        ("multipleBirth.ofType(integer).highBoundary()", "decimal", 2.5),
        ("@2020-02-03T10:11Z.highBoundary()", "dateTime", "2020-02-03T10:11:59.999Z"),
        ("link.other.getReferenceKey()", "string", "p9"),
        ("link.other.getReferenceKey(Observation)", "string", None),
        ("name.given = ('Ann')", "boolean", False),
        ("name.given = name.first().given", "boolean", True),
        ("link.first().other", "", {"reference": "https://example.org/fhir/Patient/p9/_history/2"}),
        ("active", "string", "true"),
        ("id", "integer", None),
        ("{}.exists()", "boolean", False),
        ("9 mod 5 mod 3", "integer", 1),
        ("name[0].period.lowBoundary()", "dateTime", "2019-01-01T00:00:00.000+14:00"),
        ("name[0].period.highBoundary()", "dateTime", "2020-02-03T10:59:59.999Z"),
        ("name[1].period.highBoundary()", "dateTime", None),
        ("@2020-02-03T10.lowBoundary()", "dateTime", "2020-02-03T10:00:00.000+14:00"),
        ("@T10.highBoundary()", "time", "10:59:59.999"),
        ("'10'.highBoundary()", "string", None),
        ("birthDate.extension('urn:x').value.ofType(code)", "code", "beside"),
        ("birthDate.extension('urn:y').exists()", "boolean", False),
        ("active = true = (name.given = 'Ann')", "boolean", False),
        ("--multipleBirth.ofType(integer)", "integer", 2),
        ("Resource.id", "id", "p1"),
    ],
)
def test_expression(path: str, type_: str, expected: Any) -> None:
    assert column(path, type_) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a = @2024-03-31T00:30:00Z", True),
        ("a != %moment", False),
        ("a = b", True),
        ("a >= b and a <= b", True),
        ("a < @2024-03-31T00:45:00+00:00", True),
        ("a > @2024-03-31T01:00:00+01:00", True),
        ("a > @2024-03-30", True),
        ("a > @2024-03-31", None),
        ("a = @2024-03-31T00:30Z", None),
        ("a < @2024-03-31T00:31Z", True),
        ("day = @2024-03", None),
        ("day > @2024-03", None),
        ("day > @2024-02", True),
        ("day <= %day", True),
        ("day < a", None),
        ("day = '2024-03'", False),
        ("day > '2024-03'", True),
        ("list = @2024-03-31", False),
        ("day > 1", None),
    ],
)
def test_dates_are_compared_as_dates(path: str, expected: bool | None) -> None:
    person = {
        "resourceType": "Patient",
        "a": "2024-03-31T01:30:00+01:00",
        "b": "2024-03-31T00:30:00.000Z",
        "day": "2024-03-31",
        "list": ["2024-03-31", "2024-04-01"],
    }
    constant = [{"name": "moment", "valueInstant": "2024-03-31T00:30:00Z"}, {"name": "day", "valueDate": "2024-03-31"}]
    select = [{"column": [{"name": "v", "path": path, "type": "boolean"}]}]
    assert both({"constant": constant, "select": select}, person) == [{"v": expected}]


def test_a_constant_may_be_an_index() -> None:
    select = [{"column": [{"name": "family", "path": "name[%second].family"}]}]
    constant = [{"name": "second", "valueUnsignedInt": 1}]
    assert both({"constant": constant, "select": select}, PERSON) == [{"family": "Öz"}]


def test_of_nothing_there_is_one_row_of_nothing() -> None:
    """The processing algorithm, step 3 of Process: one row of nulls, whatever the selection holds."""
    inner = [
        {"forEach": "c", "column": [{"name": "deep", "path": "$this"}, {"name": "n", "path": "%rowIndex"}]},
        {"column": [{"name": "said", "path": "'x'", "type": "string"}]},
        {"forEachOrNull": "d", "column": [{"name": "m", "path": "%rowIndex", "type": "integer"}]},
    ]
    union = [{"column": [{"name": "u", "path": "true"}]}, {"column": [{"name": "u", "path": "false"}]}]
    select = [
        {"column": [{"name": "id", "path": "id", "type": "id"}]},
        {
            "forEachOrNull": "a.b",
            "column": [
                {"name": "is", "path": "c.exists()", "type": "boolean"},
                {"name": "all", "path": "c", "collection": True},
                {"name": "i", "path": "%rowIndex", "type": "integer"},
            ],
            "select": inner,
            "unionAll": union,
        },
    ]
    nobody = {"resourceType": "Patient", "id": "p1"}
    somebody = {"resourceType": "Patient", "id": "p2", "a": [{"b": [{"c": ["y"]}]}]}
    null = {"id": "p1", "is": None, "all": None, "i": 0, "deep": None, "n": 0, "said": None, "m": 0, "u": None}
    full = {"id": "p2", "is": True, "all": ["y"], "i": 0, "deep": "y", "n": 0, "said": "x", "m": 0}
    expected = [null, {**full, "u": True}, {**full, "u": False}]
    assert both({"select": select}, nobody, somebody) == expected


def test_several_values_without_collection_are_a_fault_in_both_engines() -> None:
    view = read_view({"resource": "Patient", "select": [{"column": [{"name": "v", "path": "name.family"}]}]})
    with pytest.raises(EvaluationFault, match="column v: 2 values, but collection is not true"):
        list(rows(view, [PERSON]))
    with pytest.raises(EvaluationFault, match="column v: 2 values, but collection is not true"):
        list(run_view(view, [json.dumps(PERSON)]))


def test_a_where_that_is_not_boolean_is_a_fault_in_both_engines() -> None:
    view = read_view(
        {"resource": "Patient", "select": [{"column": [{"name": "v", "path": "id"}]}], "where": [{"path": "id"}]}
    )
    with pytest.raises(EvaluationFault, match="true-or-false"):
        list(rows(view, [PERSON]))
    with pytest.raises(EvaluationFault, match="true-or-false"):
        list(run_view(view, [json.dumps(PERSON)]))


def nested(depth: int) -> list[dict[str, Any]]:
    return [{"select": nested(depth - 1)}] if depth else [{"column": [{"name": "a", "path": "id"}]}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"select": []}, "select: a view needs at least one"),
        ({"select": [{}]}, r"select\[0\]: needs a column"),
        ({"select": {"column": []}}, "select: must be a list"),
        ({"select": [{"column": [{"name": "a b", "path": "id"}]}]}, r"select\[0\].column\[0\].name: must be letters"),
        ({"select": [{"column": [{"name": "a", "path": "@@"}]}]}, r"path: cannot read '@' at position 0"),
        ({"select": [{"column": [{"name": "a", "path": ""}]}]}, "must not be empty"),
        ({"select": [{"column": [{"name": "a", "path": "id.upper()"}]}]}, r"upper\(\) is not supported"),
        ({"select": [{"column": [{"name": "a", "path": "%x"}]}]}, "%x is not among the view's constants"),
        ({"select": [{"column": [{"name": "a", "path": "id"}] * 2}]}, "column 'a' appears twice"),
        ({"where": [{"path": "'x'"}]}, r"where\[0\].path: must be a true-or-false expression"),
        (
            {"constant": [{"name": "c", "valueString": "1"}], "where": [{"path": "name[%c].exists()"}]},
            "%c is an index, so it must be a whole number",
        ),
        ({"where": [{"path": "name[%c].exists()"}]}, "%c is not among the view's constants"),
        ({"constant": [{"name": "c", "valueInteger": "1"}]}, r"constant\[0\].valueInteger: '1' is not a integer"),
        ({"select": [{"forEach": "name", "repeat": ["x"], "column": []}]}, "cannot stand beside"),
        ({"select": [{"foreach": "name", "column": []}]}, r"select\[0\].foreach: there is no such element"),
        ({"select": [{"column": [{"name": "a", "path": "id", "typ": "id"}]}]}, r"column\[0\].typ: there is no such"),
        ({"where": [{"path": "true", "when": 1}]}, r"where\[0\].when: there is no such element"),
        ({"filter": []}, "filter: there is no such element"),
        ({"name": "1 view"}, "name: must be letters"),
        ({"select": [{"column": [{"name": "a", "path": "id", "type": "strng"}]}]}, "'strng' is not the name of a FHIR"),
        ({"select": [{"column": [{"name": n, "path": "id"} for n in ("a", "A")]}]}, "column 'A' appears twice"),
        ({"select": [{"column": [{"name": f"c{n}", "path": "id"} for n in range(2001)]}]}, "more than 2000"),
        ({"constant": [{"name": "c", "valueCode": "x"}] * 2}, r"constant\[1\].name: %c is there already"),
        ({"constant": [{"name": "c", "valueInteger64": "9" * 30}]}, "valueInteger64: '9+' is not a integer64"),
        ({"constant": [{"name": "c", "valueString": "\0"}]}, "valueString: .* is not a string"),
        ({"constant": [{"name": "c", "valueInteger": 1}], "where": [{"path": "id.join(%c) = 'x'"}]}, "needs a text"),
        ({"select": [{"select": nested(13)}]}, "selections inside selections, more than 12 deep"),
        ({"where": [{"path": "(" * 40 + "true" + ")" * 40}]}, "brackets inside brackets, more than 12 deep"),
        ({"where": [{"path": "id" + " or id" * 10_000}]}, "more than 500 words and signs"),
        ({"where": [{"path": "id" + " = id" * 40}]}, "more than 12 of = in a row"),
        ({"where": [{"path": f"name[{'9' * 5_000}].exists()"}]}, "a whole number over 2147483647"),
        ({"where": [{"path": f"{'9' * 400}.5 > 1"}]}, "a number too large"),
        ({"where": [{"path": "id = '\\ud800'"}]}, "no Unicode text"),
        ({"where": [{"path": "birthDate > @2023-02-29"}]}, "there is no @2023-02-29 at position 12"),
        ({"where": [{"path": "time > @T24:00"}]}, "there is no @T24:00"),
    ],
)
def test_fault_in_a_view_names_its_element(change: dict[str, Any], message: str) -> None:
    view = {"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}], **change}
    with pytest.raises(ViewFault, match=message):
        read_view(view)


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("0.0000001", 5e-8, 1.5e-7),
        ("1.5e-8", 1.45e-8, 1.55e-8),
        ("0.123456789", 0.1234567885, 0.1234567895),
        ("-2.45", -2.455, -2.445),
        ("12345678901234567890123", 1.2345678901234568e22, 1.2345678901234568e22),
        ("1e-300", 5e-301, 1.5e-300),
    ],
)
def test_boundaries_of_very_small_and_very_large_decimals(written: str, low: float, high: float) -> None:
    columns = [{"name": f"{end}", "path": f"x.{end}Boundary()", "type": "decimal"} for end in ("low", "high")]
    view = read_view({"resource": "Patient", "select": [{"column": columns}]})
    text = f'{{"resourceType": "Patient", "x": {written}}}'
    assert list(rows(view, [json.loads(text)])) == [{"low": low, "high": high}]
    assert list(run_view(view, [text])) == [pytest.approx({"low": low, "high": high}, rel=1e-15)]


def test_a_sum_too_large_for_the_database_is_a_fault() -> None:
    path = "9223372036854775807 + multipleBirth.ofType(integer)"
    view = read_view({"resource": "Patient", "select": [{"column": [{"name": "v", "path": path, "type": "integer"}]}]})
    with pytest.raises(EvaluationFault, match="Overflow"):
        list(run_view(view, [json.dumps(PERSON)]))


@pytest.mark.parametrize("type_", ["System.Integer", "http://hl7.org/fhirpath/System.Integer", "FHIR.integer"])
def test_a_type_may_be_named_in_full(type_: str) -> None:
    assert column("multipleBirth.ofType(integer)", type_) == 2


def test_a_name_that_looks_like_sql_stays_a_name() -> None:
    odd = 'x"] ; DROP TABLE resources; --'
    person = {"resourceType": "Patient", odd: "kept"}
    read = read_view(
        {"resource": "Patient", "select": [{"column": [{"name": "v", "path": f"`{odd}`", "type": "string"}]}]}
    )
    assert list(rows(read, [person])) == [{"v": "kept"}]
    assert list(run_view(read, [json.dumps(person)])) == [{"v": "kept"}]
