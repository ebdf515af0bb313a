"""What compiled expressions are made of: values with a kind, and operators on JSON whose types only data tell."""

from dataclasses import dataclass

from commonweal.fhir.fhirpath.moments import Texts
from commonweal.fhir.fhirpath.tree import TEXT_TYPES
from commonweal.lake import boundaries
from commonweal.lake.sql import Sql, joined, literal, sql

NO_ITEMS = sql("CAST([] AS JSON[])")
NUMBERS = sql("('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')")
INTEGERS = sql("('BIGINT', 'UBIGINT', 'HUGEINT')")


@dataclass(frozen=True, slots=True)
class Value:
    """A compiled expression.

    ``shape`` is the R4 type of its items where it is known ('' if not). A node of known shape may also be
    ``path`` below ``root``, so that a chain of single elements is one look-up.
    """

    kind: str
    sql: Sql
    shape: str = ""
    root: Sql | None = None
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Focus:
    """What ``$this`` and ``%rowIndex`` are: a JSON column or lambda parameter, and a BIGINT.

    With a ``shape`` (an R4 type) the JSON is trusted to be valid R4, and its cardinalities make short work.
    """

    node: Sql
    row_index: Sql
    shape: str = ""


def json_path(elements: tuple[str, ...], every: bool = False) -> Sql:
    """A JSON path literal; ``every`` opens the list at its end."""
    quoted = "".join('."' + one.replace('"', '\\"') + '"' for one in elements)
    return literal("$" + quoted + ("[*]" if every else ""))


def plain_text(value: Value) -> Sql | None:
    """The text of a node known to be a string primitive, in one look-up; None if that is not known."""
    if value.kind != "node" or value.shape not in TEXT_TYPES or value.root is None:
        return None
    return sql("({root} ->> {path})", root=value.root, path=json_path(value.path))


def single(found: Sql, shape: str) -> Value:
    """A single item; of known shape it can be the root of a path."""
    return Value("node", found, shape, found if shape else None)


COMPARE = frozenset(("<", ">", "<=", ">="))
LOGIC = {
    "and": "({a} AND {b})",
    "or": "({a} OR {b})",
    "xor": "({a} <> {b})",
    "implies": "((NOT {a}) OR {b})",
}
JSON_TYPES = {
    "boolean": sql("('BOOLEAN')"),
    "string": sql("('VARCHAR')"),
    "integer": NUMBERS,
    "decimal": NUMBERS,
}
FROM_JSON = {
    "boolean": "(CAST({v} AS VARCHAR) = 'true')",
    "string": "({v} ->> '$')",
    "integer": "CAST({v} AS DOUBLE)",
    "decimal": "CAST({v} AS DOUBLE)",
}
_SYMBOLS = {
    "<": "({a} < {b})",
    ">": "({a} > {b})",
    "<=": "({a} <= {b})",
    ">=": "({a} >= {b})",
    "+": "({a} + {b})",
    "-": "({a} - {b})",
    "*": "({a} * {b})",
    "/": "(CAST({a} AS DOUBLE) / NULLIF({b}, 0))",
    "div": "CAST(trunc(CAST({a} AS DOUBLE) / NULLIF({b}, 0)) AS BIGINT)",
    "mod": "({a} - {b} * CAST(trunc(CAST({a} AS DOUBLE) / NULLIF({b}, 0)) AS BIGINT))",
}


def arithmetic(operator: str, a: Sql, b: Sql) -> Sql:
    """An arithmetic or comparison operator on two scalars of one kind."""
    return sql(_SYMBOLS[operator], a=a, b=b)


def from_literal(value: str | bool | int | float, type_: str) -> Value:
    """A value written in the expression."""
    if isinstance(value, bool):
        return Value("boolean", literal(value))
    if isinstance(value, str):
        return Value("string", literal(value))
    if isinstance(value, int) and type_ != "decimal":
        return Value("integer", sql("CAST({v} AS BIGINT)", v=literal(value)))
    return Value("decimal", literal(float(value)))


def same_json(a: Sql, b: Sql, how: Texts = Texts.PLAIN) -> Sql:
    """Two JSON values: numbers by value, the rest by their text, which DuckDB writes in one way only."""
    if how is not Texts.PLAIN:
        text_a, text_b = sql("({v} ->> '$')", v=a), sql("({v} ->> '$')", v=b)
        decided = sql("({order} = 0)", order=boundaries.order(text_a, text_b))
        dated = how is Texts.DATED
        return sql(
            "CASE WHEN json_type({a}) = 'VARCHAR' AND json_type({b}) = 'VARCHAR' AND {dated} THEN {decided}"
            " ELSE {same} END",
            a=a,
            b=b,
            dated=literal(True) if dated else boundaries.are_moments(text_a, text_b),
            decided=decided if dated else sql("COALESCE({decided}, {a} = {b})", decided=decided, a=text_a, b=text_b),
            same=same_json(a, b),
        )
    return sql(
        "CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL"
        " WHEN json_type({a}) IN {numbers} AND json_type({b}) IN {numbers}"
        " THEN CAST({a} AS DOUBLE) = CAST({b} AS DOUBLE) ELSE CAST({a} AS VARCHAR) = CAST({b} AS VARCHAR) END",
        a=a,
        b=b,
        numbers=NUMBERS,
    )


def dynamic(operator: str, a: Sql, b: Sql, how: Texts) -> Sql:
    """An operator on two JSON values whose types only the data tell."""
    both = joined(" AND ", (sql("json_type({v}) = 'VARCHAR'", v=v) for v in (a, b)))
    integers = joined(" AND ", (sql("json_type({v}) IN {types}", v=v, types=INTEGERS) for v in (a, b)))
    numbers = joined(" AND ", (sql("json_type({v}) IN {types}", v=v, types=NUMBERS) for v in (a, b)))
    text_a, text_b = sql("({v} ->> '$')", v=a), sql("({v} ->> '$')", v=b)
    double_a, double_b = sql("CAST({v} AS DOUBLE)", v=a), sql("CAST({v} AS DOUBLE)", v=b)
    if operator in COMPARE:
        plain = how is Texts.PLAIN
        sides = (text_a, text_b) if plain else (boundaries.order(text_a, text_b), literal(0))
        return sql(
            "CASE WHEN {both} THEN {text} WHEN {numbers} THEN {number} ELSE NULL END",
            both=both,
            text=arithmetic(operator, *sides),
            numbers=numbers,
            number=arithmetic(operator, double_a, double_b),
        )
    text = sql("to_json({a} || {b})", a=text_a, b=text_b) if operator == "+" else sql("NULL")
    whole_a, whole_b = sql("CAST({v} AS BIGINT)", v=a), sql("CAST({v} AS BIGINT)", v=b)
    return sql(
        "CASE WHEN {both} THEN {text} WHEN {integers} THEN to_json({whole}) WHEN {numbers} THEN to_json({number})"
        " ELSE NULL END",
        both=both,
        text=text,
        integers=integers,
        whole=arithmetic(operator, whole_a, whole_b),
        numbers=numbers,
        number=arithmetic(operator, double_a, double_b),
    )
