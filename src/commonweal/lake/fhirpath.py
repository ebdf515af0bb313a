"""FHIRPath → DuckDB expressions over JSON text.

A compiled expression has a *kind*: ``list`` (JSON[], any number of items), ``node`` (one JSON value or
NULL), or a scalar that is NULL for the empty collection: ``boolean``, ``integer``, ``decimal``, ``string``.
Lists are opened with lambdas and never joined, so a resource is read once and its rows stay in order.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from commonweal.fhir.fhirpath.evaluate import boundary_kind, choice_element
from commonweal.fhir.fhirpath.tree import (
    INTEGER_TYPES,
    PRIMITIVE_TYPES,
    TEXT_TYPES,
    Binary,
    Call,
    Constant,
    Empty,
    Item,
    Literal,
    Member,
    Negative,
    Node,
    RowIndex,
    This,
    type_name,
)
from commonweal.fhir.views import ViewFault
from commonweal.lake import boundaries, shapes
from commonweal.lake.sql import Sql, joined, literal, sql

NO_ITEMS = sql("CAST([] AS JSON[])")
_NUMBERS = sql("('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')")
_INTEGERS = sql("('BIGINT', 'UBIGINT', 'HUGEINT')")


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


@dataclass(slots=True)
class Compiler:
    """Compiles expressions of one query; hands out lambda parameter names that are never reused."""

    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def fresh(self) -> Sql:
        """A new lambda parameter."""
        return sql("v{n}", n=literal(next(self._numbers)))

    def let(self, value: Sql, body: Callable[[Sql], Sql]) -> Sql:
        """``body`` with ``value`` evaluated once."""
        bound = self.fresh()
        return sql("list_transform([{value}], lambda {bound}: {body})[1]", value=value, bound=bound, body=body(bound))

    def map(self, items: Sql, body: Callable[[Sql], Sql]) -> Sql:
        """A list with ``body`` of each item."""
        item = self.fresh()
        return sql("list_transform({items}, lambda {item}: {body})", items=items, item=item, body=body(item))

    def filter(self, items: Sql, body: Callable[[Sql], Sql]) -> Sql:
        """The items for which ``body`` is true."""
        item = self.fresh()
        return sql("list_filter({items}, lambda {item}: {body})", items=items, item=item, body=body(item))

    # -- between kinds ---------------------------------------------------------------------------------

    def as_list(self, value: Value) -> Sql:
        """Any value as JSON[]."""
        if value.kind == "list":
            return value.sql
        body = (lambda v: v) if value.kind == "node" else (lambda v: sql("to_json({v})", v=v))
        return self.let(
            value.sql,
            lambda v: sql("CASE WHEN {v} IS NULL THEN {none} ELSE [{one}] END", v=v, none=NO_ITEMS, one=body(v)),
        )

    def as_node(self, value: Value) -> Sql:
        """Any value as one JSON item or NULL; DuckDB raises an error if there are several."""
        if value.kind == "node":
            return value.sql
        if value.kind == "list":
            return self.let(
                value.sql,
                lambda v: sql(
                    "CASE WHEN len({v}) > 1 THEN error(len({v}) || ' items where one is expected') ELSE {v}[1] END",
                    v=v,
                ),
            )
        return sql("to_json({v})", v=value.sql)

    def as_boolean(self, value: Value) -> Sql:
        """Any value as a BOOLEAN: one item that is no boolean counts as true."""
        if value.kind == "boolean":
            return value.sql
        if value.kind in ("list", "node"):
            return self.let(
                self.as_node(value),
                lambda v: sql(
                    "CASE WHEN {v} IS NULL THEN NULL"
                    " WHEN json_type({v}) = 'BOOLEAN' THEN CAST({v} AS VARCHAR) = 'true' ELSE TRUE END",
                    v=v,
                ),
            )
        return sql("CASE WHEN {v} IS NULL THEN NULL ELSE TRUE END", v=value.sql)

    # -- expressions -----------------------------------------------------------------------------------

    def compile(self, node: Node, focus: Focus) -> Value:
        """The value of ``node`` seen from ``focus``."""
        match node:
            case This():
                return Value("node", focus.node, focus.shape, focus.node if focus.shape else None)
            case RowIndex():
                return Value("integer", focus.row_index)
            case Literal(written, type_):
                return _literal(written, type_)
            case Empty():
                return Value("list", NO_ITEMS)
            case Member(of, element):
                return self.element(self.compile(of, focus), element)
            case Item(of, index):
                value = self.compile(of, focus)
                items = self.as_list(value)
                return _node(sql("{items}[{place}]", items=items, place=literal(index + 1)), value.shape)
            case Negative(of):
                return self.operate("-", Value("integer", literal(0)), self.compile(of, focus))
            case Call():
                return self.call(node, focus)
            case Binary(operator, left, right):
                return self.operate(operator, self.compile(left, focus), self.compile(right, focus))
            case Constant(constant):
                raise ViewFault(f"%{constant} has no value")

    def element(self, value: Value, element: str, type_: str = "") -> Value:
        """``value.element``; ``type_`` is the chosen type of a choice of types."""
        single, shape = shapes.element(value.shape, element, type_)
        if single is None:
            return Value("list", self.members(value, element))
        if single and value.kind == "node":
            root, path = (value.root, value.path) if value.root is not None else (value.sql, ())
            below = (*path, element)
            found = sql("json_extract({root}, {path})", root=root, path=json_path(below))
            return Value("node", found, shape, root, below)
        if value.kind == "node":
            root, path = (value.root, value.path) if value.root is not None else (value.sql, ())
            found = sql("json_extract({root}, {path})", root=root, path=json_path((*path, element), every=True))
            return Value("list", sql("COALESCE({found}, {none})", found=found, none=NO_ITEMS), shape)
        path_ = json_path((element,), every=not single)
        lists = self.map(value.sql, lambda v: sql("json_extract({v}, {path})", v=v, path=path_))
        if single:
            return Value("list", self.filter(lists, lambda v: sql("{v} IS NOT NULL", v=v)), shape)
        return Value("list", sql("flatten({lists})", lists=lists), shape)

    def members(self, value: Value, element: str) -> Sql:
        """JSON[] of element ``element`` of the value's items."""
        path, every = json_path((element,)), json_path((element,), every=True)

        def of_one(node: Sql) -> Sql:
            opened = self.filter(
                sql("json_extract({node}, {every})", node=node, every=every),
                lambda item: sql("json_type({item}) <> 'NULL'", item=item),
            )
            return sql(
                "CASE COALESCE(json_type({node}, {path}), 'NULL') WHEN 'NULL' THEN {none}"
                " WHEN 'ARRAY' THEN {opened} ELSE [json_extract({node}, {path})] END",
                node=node,
                path=path,
                none=NO_ITEMS,
                opened=opened,
            )

        if value.kind == "node":
            return of_one(value.sql) if str(value.sql).isidentifier() else self.let(value.sql, of_one)
        if value.kind == "list":
            return sql("flatten({lists})", lists=self.map(value.sql, of_one))
        return NO_ITEMS

    def call(self, node: Call, focus: Focus) -> Value:
        """A function call."""
        if node.name == "ofType":
            return self.of_type(node, focus)
        value = self.compile(node.of, focus)
        first = node.arguments[0] if node.arguments else None

        def holds(item: Sql) -> Sql:
            assert_ = first if first is not None else Literal(True, "boolean")
            inner = self.as_boolean(self.compile(assert_, Focus(item, focus.row_index, value.shape)))
            return sql("COALESCE({inner}, FALSE)", inner=inner)

        match node.name:
            case "not":
                return Value("boolean", sql("(NOT {v})", v=self.as_boolean(value)))
            case "getResourceKey":
                return self.element(value, "id")
            case "getReferenceKey":
                return Value("list", self.reference_keys(value, type_name(first) if first else ""))
            case "lowBoundary" | "highBoundary":
                high, kind = node.name == "highBoundary", boundary_kind(node)
                ends = self.map(self.as_list(value), lambda v: boundaries.boundary(v, high, kind))
                return Value("list", self.filter(ends, lambda v: sql("{v} IS NOT NULL", v=v)))
        if first is None and node.name in ("exists", "empty") and value.kind != "list":
            test = "({v} IS NOT NULL)" if node.name == "exists" else "({v} IS NULL)"
            return Value("boolean", sql(test, v=value.sql))
        items = self.as_list(value)
        match node.name:
            case "where":
                return Value("list", self.filter(items, holds), value.shape)
            case "exists":
                chosen = self.filter(items, holds) if first is not None else items
                return Value("boolean", sql("(len({items}) > 0)", items=chosen))
            case "all":
                failing = self.filter(items, lambda item: sql("NOT {holds}", holds=holds(item)))
                return Value("boolean", sql("(len({items}) = 0)", items=failing))
            case "empty":
                return Value("boolean", sql("(len({items}) = 0)", items=items))
            case "count":
                return Value("integer", sql("len({items})", items=items))
            case "first":
                return _node(sql("{items}[1]", items=items), value.shape)
            case "last":
                return _node(sql("{items}[-1]", items=items), value.shape)
            case "join":
                between = literal(str(first.value) if isinstance(first, Literal) else "")
                texts = self.map(
                    self.filter(items, lambda v: sql("json_type({v}) = 'VARCHAR'", v=v)),
                    lambda v: sql("({v} ->> '$')", v=v),
                )
                return Value("string", sql("array_to_string({texts}, {between})", texts=texts, between=between))
            case _:  # extension: the parser admits nothing else
                url = literal(str(first.value) if isinstance(first, Literal) else "")
                extensions = self.element(value if value.shape else Value("list", items), "extension")
                chosen = self.filter(
                    extensions.sql, lambda v: sql("COALESCE({v} ->> '$.url' = {url}, FALSE)", v=v, url=url)
                )
                return Value("list", chosen, extensions.shape)

    def of_type(self, node: Call, focus: Focus) -> Value:
        """``value.ofType(Quantity)`` reads ``valueQuantity``; elsewhere a filter on the items' own type."""
        named = type_name(node.arguments[0])
        if isinstance(node.of, Member):
            return self.element(self.compile(node.of.of, focus), choice_element(node.of.name, named), named)
        items = self.as_list(self.compile(node.of, focus))
        if named not in PRIMITIVE_TYPES:
            return Value(
                "list",
                self.filter(
                    items, lambda v: sql("COALESCE({v} ->> '$.resourceType' = {t}, FALSE)", v=v, t=literal(named))
                ),
            )
        if named in INTEGER_TYPES:
            types = _INTEGERS
        elif named == "decimal":
            types = _NUMBERS
        else:
            types = sql("('BOOLEAN')") if named == "boolean" else sql("('VARCHAR')")
        return Value("list", self.filter(items, lambda v: sql("json_type({v}) IN {types}", v=v, types=types)))

    def reference_keys(self, value: Value, type_: str) -> Sql:
        """The ids in ``Type/id`` references, of one type if named."""
        pattern = literal(
            "(?:^|/)" + (type_ or "[A-Z][A-Za-z]+") + r"/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?$"
        )
        keys = self.map(
            self.members(value, "reference"),
            lambda v: sql("regexp_extract({v} ->> '$', {pattern}, 1)", v=v, pattern=pattern),
        )
        return self.map(
            self.filter(keys, lambda v: sql("{v} <> ''", v=v)),
            lambda v: sql("to_json({v})", v=v),
        )

    # -- operators -------------------------------------------------------------------------------------

    def operate(self, operator: str, left: Value, right: Value) -> Value:
        """A binary operator."""
        match operator:
            case "and" | "or" | "xor" | "implies":
                a, b = self.as_boolean(left), self.as_boolean(right)
                return Value("boolean", sql(_LOGIC[operator], a=a, b=b))
            case "=":
                return Value("boolean", self.equal(left, right))
            case "!=":
                return Value("boolean", sql("(NOT {same})", same=self.equal(left, right)))
            case "&":
                return Value("string", sql("({a} || {b})", a=self.text(left), b=self.text(right)))
        if {left.kind, right.kind} <= {"integer", "decimal"}:
            whole = left.kind == right.kind == "integer" and operator != "/"
            kind = "boolean" if operator in _COMPARE else "integer" if whole or operator == "div" else "decimal"
            return Value(kind, _arithmetic(operator, left.sql, right.sql))
        body = self.let(self.as_node(left), lambda a: self.let(self.as_node(right), lambda b: _dynamic(operator, a, b)))
        return Value("boolean" if operator in _COMPARE else "node", body)

    def equal(self, left: Value, right: Value) -> Sql:
        """``=``: NULL if either side is empty, else whether the items are the same in number and order."""
        if "list" not in (left.kind, right.kind):
            return self.same(left, right)
        for one, other in ((left, right), (right, left)):
            if other.kind != "list":
                return self.let(
                    one.sql,
                    lambda v, other=other: sql(  # type: ignore[misc]
                        "CASE WHEN len({v}) > 1 THEN CASE WHEN {other} IS NOT NULL THEN FALSE END ELSE {same} END",
                        v=v,
                        other=other.sql,
                        same=self.same(Value("node", sql("{v}[1]", v=v)), other),
                    ),
                )
        pair = self.fresh()
        return self.let(
            left.sql,
            lambda a: self.let(
                right.sql,
                lambda b: sql(
                    "CASE WHEN len({a}) = 0 OR len({b}) = 0 THEN NULL WHEN len({a}) <> len({b}) THEN FALSE"
                    " ELSE list_bool_and(list_transform(list_zip({a}, {b}), lambda {pair}: {same})) END",
                    a=a,
                    b=b,
                    pair=pair,
                    same=_same_json(sql("{pair}[1]", pair=pair), sql("{pair}[2]", pair=pair)),
                ),
            ),
        )

    def same(self, left: Value, right: Value) -> Sql:
        """Equality of two single values of any kind but list."""
        if left.kind == right.kind == "node":
            return self.let(left.sql, lambda a: self.let(right.sql, lambda b: _same_json(a, b)))
        if right.kind == "node":
            left, right = right, left
        text = plain_text(left)
        if text is not None and right.kind == "string":
            return sql("({text} = {b})", text=text, b=right.sql)
        if left.kind != "node":
            if left.kind == right.kind or {left.kind, right.kind} == {"integer", "decimal"}:
                return sql("({a} = {b})", a=left.sql, b=right.sql)
            return sql("CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL ELSE FALSE END", a=left.sql, b=right.sql)
        return self.let(
            left.sql,
            lambda v: sql(
                "CASE WHEN {v} IS NULL OR {b} IS NULL THEN NULL WHEN json_type({v}) IN {types} THEN {a} = {b}"
                " ELSE FALSE END",
                v=v,
                b=right.sql,
                types=_JSON_TYPES[right.kind],
                a=sql(_FROM_JSON[right.kind], v=v),
            ),
        )

    def text(self, value: Value) -> Sql:
        """The text of one string, '' for anything else."""
        if value.kind == "string":
            return sql("COALESCE({v}, '')", v=value.sql)
        return self.let(
            self.as_node(value),
            lambda v: sql("CASE WHEN json_type({v}) = 'VARCHAR' THEN {v} ->> '$' ELSE '' END", v=v),
        )


def json_path(elements: tuple[str, ...], every: bool = False) -> Sql:
    """A JSON path literal; ``every`` opens the list at its end."""
    quoted = "".join('."' + one.replace('"', '\\"') + '"' for one in elements)
    return literal("$" + quoted + ("[*]" if every else ""))


def plain_text(value: Value) -> Sql | None:
    """The text of a node known to be a string primitive, in one look-up; None if that is not known."""
    if value.kind != "node" or value.shape not in TEXT_TYPES or value.root is None:
        return None
    return sql("({root} ->> {path})", root=value.root, path=json_path(value.path))


def _node(found: Sql, shape: str) -> Value:
    """A single item; of known shape it can be the root of a path."""
    return Value("node", found, shape, found if shape else None)


_COMPARE = frozenset(("<", ">", "<=", ">="))
_LOGIC = {
    "and": "({a} AND {b})",
    "or": "({a} OR {b})",
    "xor": "({a} <> {b})",
    "implies": "((NOT {a}) OR {b})",
}
_JSON_TYPES = {
    "boolean": sql("('BOOLEAN')"),
    "string": sql("('VARCHAR')"),
    "integer": _NUMBERS,
    "decimal": _NUMBERS,
}
_FROM_JSON = {
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


def _arithmetic(operator: str, a: Sql, b: Sql) -> Sql:
    return sql(_SYMBOLS[operator], a=a, b=b)


def _literal(value: str | bool | int | float, type_: str) -> Value:
    if isinstance(value, bool):
        return Value("boolean", literal(value))
    if isinstance(value, str):
        return Value("string", literal(value))
    if isinstance(value, int) and type_ != "decimal":
        return Value("integer", sql("CAST({v} AS BIGINT)", v=literal(value)))
    return Value("decimal", literal(float(value)))


def _same_json(a: Sql, b: Sql) -> Sql:
    """Two JSON values: numbers by value, the rest by their text, which DuckDB writes in one way only."""
    return sql(
        "CASE WHEN {a} IS NULL OR {b} IS NULL THEN NULL"
        " WHEN json_type({a}) IN {numbers} AND json_type({b}) IN {numbers}"
        " THEN CAST({a} AS DOUBLE) = CAST({b} AS DOUBLE) ELSE CAST({a} AS VARCHAR) = CAST({b} AS VARCHAR) END",
        a=a,
        b=b,
        numbers=_NUMBERS,
    )


def _dynamic(operator: str, a: Sql, b: Sql) -> Sql:
    """An operator on two JSON values whose types only the data tell."""
    both = joined(" AND ", (sql("json_type({v}) = 'VARCHAR'", v=v) for v in (a, b)))
    integers = joined(" AND ", (sql("json_type({v}) IN {types}", v=v, types=_INTEGERS) for v in (a, b)))
    numbers = joined(" AND ", (sql("json_type({v}) IN {types}", v=v, types=_NUMBERS) for v in (a, b)))
    text_a, text_b = sql("({v} ->> '$')", v=a), sql("({v} ->> '$')", v=b)
    double_a, double_b = sql("CAST({v} AS DOUBLE)", v=a), sql("CAST({v} AS DOUBLE)", v=b)
    if operator in _COMPARE:
        return sql(
            "CASE WHEN {both} THEN {text} WHEN {numbers} THEN {number} ELSE NULL END",
            both=both,
            text=_arithmetic(operator, text_a, text_b),
            numbers=numbers,
            number=_arithmetic(operator, double_a, double_b),
        )
    text = sql("to_json({a} || {b})", a=text_a, b=text_b) if operator == "+" else sql("NULL")
    whole_a, whole_b = sql("CAST({v} AS BIGINT)", v=a), sql("CAST({v} AS BIGINT)", v=b)
    return sql(
        "CASE WHEN {both} THEN {text} WHEN {integers} THEN to_json({whole}) WHEN {numbers} THEN to_json({number})"
        " ELSE NULL END",
        both=both,
        text=text,
        integers=integers,
        whole=_arithmetic(operator, whole_a, whole_b),
        numbers=numbers,
        number=_arithmetic(operator, double_a, double_b),
    )
