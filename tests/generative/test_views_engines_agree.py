"""DuckDB and the plain-Python reference give the same rows for any view over any resource."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.fhir.fhirpath import EvaluationFault
from commonweal.fhir.views import ViewFault, read_view, rows
from commonweal.lake.views import run_view

NAMES = ("id", "a", "b", "value", "extension", "url", "reference")
text = st.sampled_from(
    (
        *("x", "y", "", "it's", '"q"', "é", "Patient/p1", "Group/g", "1970", "1970-02", "2020-02-03", "10:11"),
        *("2020-02-03T10:11:12Z", "2020-02-03T11:11:12.0+01:00", "2020-02-03T10:11", "2020-02-30T10:11:12Z"),
    )
)
number = st.one_of(st.integers(-9, 9), st.sampled_from((0.5, 1.0, -2.25, 70.125)))
scalar = st.one_of(text, number, st.booleans(), st.none())
element = st.recursive(
    scalar,
    lambda inner: st.one_of(
        st.lists(inner.filter(lambda one: not isinstance(one, list)), max_size=3),
        st.dictionaries(st.sampled_from((*NAMES, "valueString", "valueInteger")), inner, max_size=4),
    ),
    max_leaves=12,
)
resource = st.dictionaries(st.sampled_from(NAMES), element, max_size=6).map(
    lambda body: {"resourceType": "Patient", **body}
)

steps = st.sampled_from(
    (
        *(f".{name}" for name in NAMES),
        ".value.ofType(string)",
        ".value.ofType(integer)",
        ".first()",
        ".last()",
        "[0]",
        "[1]",
        ".where(a.exists())",
        ".where(a = 'x')",
        ".where($this = 1)",
        ".extension('x')",
        ".ofType(string)",
        ".ofType(integer)",
        ".ofType(boolean)",
        ".getReferenceKey()",
        ".getReferenceKey(Patient)",
        ".lowBoundary()",
        ".highBoundary()",
    )
)
path = st.lists(steps, min_size=1, max_size=4).map(lambda parts: "$this" + "".join(parts))
literals = st.sampled_from(
    ("'x'", "1", "0.5", "true", "'2020-02-03'", "@2020-02", "@2020-02-03T10:11:12Z", "{}", "%rowIndex")
)
operand = st.one_of(path, literals)
term = st.one_of(
    operand,
    path.flatmap(
        lambda p: st.sampled_from((".exists()", ".empty()", ".count()", ".join(',')", ".not()")).map(lambda s: p + s)
    ),
    st.tuples(operand, st.sampled_from(["=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "&"]), operand).map(
        lambda t: f"({t[0]} {t[1]} {t[2]})"
    ),
)
expression = st.one_of(
    term,
    st.tuples(term, st.sampled_from(("and", "or", "xor", "implies")), term).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
)
type_ = st.sampled_from(("string", "integer", "decimal", "boolean", "date", "dateTime", ""))


@st.composite
def select(draw: st.DrawFn, prefix: str, depth: int) -> dict[str, Any]:
    given: dict[str, Any] = {}
    iteration = draw(st.sampled_from(("", "forEach", "forEachOrNull", "repeat")))
    if iteration == "repeat":
        given["repeat"] = draw(
            st.lists(st.sampled_from(("a", "b.a", "extension")), min_size=1, max_size=2, unique=True)
        )
    elif iteration:
        given[iteration] = draw(path)
    columns = draw(st.lists(st.tuples(expression, type_, st.booleans()), min_size=1, max_size=2))
    given["column"] = [
        {"name": f"{prefix}{n}", "path": p, "type": t, "collection": c} for n, (p, t, c) in enumerate(columns)
    ]
    if depth:
        given["select"] = [
            draw(select(prefix=f"{prefix}s{n}", depth=depth - 1)) for n in range(draw(st.integers(0, 2)))
        ]
        if draw(st.booleans()):
            branch = draw(select(prefix=f"{prefix}u", depth=0))
            other = {**branch, "forEach": "b"}
            if "repeat" not in branch and "forEachOrNull" not in branch:
                given["unionAll"] = [branch, other]
    return given


def outcome(run: Any) -> Any:
    try:
        return [json.dumps(row) for row in run()]
    except EvaluationFault:
        return "fault"


def as_floats(row: Any) -> Any:
    """Numbers as floats: JSON does not tell 1 from 1.0, and arithmetic may give either."""
    if isinstance(row, dict):
        return {name: as_floats(one) for name, one in row.items()}
    if isinstance(row, list):
        return [as_floats(one) for one in row]
    return float(row) if isinstance(row, int) and not isinstance(row, bool) else row


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(select(prefix="c", depth=1), min_size=1, max_size=2),
    st.lists(term, max_size=1),
    st.lists(resource, min_size=1, max_size=3),
)
def test_engines_agree(selects: list[dict[str, Any]], where: list[str], resources: list[dict[str, Any]]) -> None:
    for n, one in enumerate(selects):
        _rename(one, f"t{n}")
    try:
        view = read_view({"resource": "Patient", "select": selects, "where": [{"path": one} for one in where]})
    except ViewFault as fault:
        assert "true-or-false" in str(fault)  # noqa: PT017
        return
    reference = outcome(lambda: map(as_floats, rows(view, resources)))
    compiled = outcome(lambda: map(as_floats, run_view(view, (json.dumps(one) for one in resources))))
    assert compiled == reference


def _rename(select: dict[str, Any], prefix: str) -> None:
    for one in select["column"]:
        one["name"] = prefix + one["name"]
    for part in (*select.get("select", ()), *{id(one): one for one in select.get("unionAll", ())}.values()):
        _rename_once(part, prefix)


def _rename_once(select: dict[str, Any], prefix: str) -> None:
    select["column"] = [
        {**one, "name": one["name"] if one["name"].startswith(prefix) else prefix + one["name"]}
        for one in select["column"]
    ]
