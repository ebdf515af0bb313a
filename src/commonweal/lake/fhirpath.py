"""FHIRPath → DuckDB expressions over JSON text.

A compiled expression has a *kind*: ``list`` (JSON[], any number of items), ``node`` (one JSON value or
NULL), or a scalar that is NULL for the empty collection: ``boolean``, ``integer``, ``decimal``, ``string``.
Lists are opened with lambdas and never joined, so a resource is read once and its rows stay in order.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from commonweal.fhir.fhirpath.evaluate import boundary_kind, choice_element
from commonweal.fhir.fhirpath.moments import Texts, texts
from commonweal.fhir.fhirpath.tree import (
    INTEGER_TYPES,
    PRIMITIVE_TYPES,
    Binary,
    Call,
    Constant,
    Empty,
    Item,
    Literal,
    Member,
    NamedItem,
    Negative,
    Node,
    RowIndex,
    This,
    type_name,
)
from commonweal.fhir.views import ViewFault
from commonweal.lake import boundaries, shapes
from commonweal.lake.operators import (
    COMPARE,
    FROM_JSON,
    INTEGERS,
    JSON_TYPES,
    LOGIC,
    NO_ITEMS,
    NUMBERS,
    Focus,
    Value,
    arithmetic,
    dynamic,
    from_literal,
    json_path,
    plain_text,
    same_json,
    single,
)
from commonweal.lake.sql import Sql, literal, sql


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
                return from_literal(written, type_)
            case Empty():
                return Value("list", NO_ITEMS)
            case Member(of, element):
                return self.element(self.compile(of, focus), element)
            case Item(of, index):
                value = self.compile(of, focus)
                items = self.as_list(value)
                return single(sql("{items}[{place}]", items=items, place=literal(index + 1)), value.shape)
            case Negative(of):
                return self.operate("-", Value("integer", literal(0)), self.compile(of, focus))
            case Call():
                return self.call(node, focus)
            case Binary(operator, left, right):
                how = texts(left, right)
                return self.operate(operator, self.compile(left, focus), self.compile(right, focus), how)
            case Constant(constant) | NamedItem(_, constant):
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
            criterion = first if first is not None else Literal(True, "boolean")
            inner = self.as_boolean(self.compile(criterion, Focus(item, focus.row_index, value.shape)))
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
                return single(sql("{items}[1]", items=items), value.shape)
            case "last":
                return single(sql("{items}[-1]", items=items), value.shape)
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
                found = extensions.sql
                if isinstance(node.of, Member) and value.shape in ("", *PRIMITIVE_TYPES):
                    # a primitive's extensions stand beside it: birthDate, _birthDate
                    beside = self.members(self.compile(node.of.of, focus), "_" + node.of.name)
                    found = sql(
                        "list_concat({found}, {more})",
                        found=found,
                        more=self.members(Value("list", beside), "extension"),
                    )
                chosen = self.filter(found, lambda v: sql("COALESCE({v} ->> '$.url' = {url}, FALSE)", v=v, url=url))
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
            types = INTEGERS
        elif named == "decimal":
            types = NUMBERS
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

    def operate(self, operator: str, left: Value, right: Value, how: Texts = Texts.PLAIN) -> Value:
        """A binary operator."""
        match operator:
            case "and" | "or" | "xor" | "implies":
                a, b = self.as_boolean(left), self.as_boolean(right)
                return Value("boolean", sql(LOGIC[operator], a=a, b=b))
            case "=":
                return Value("boolean", self.equal(left, right, how))
            case "!=":
                return Value("boolean", sql("(NOT {same})", same=self.equal(left, right, how)))
            case "&":
                return Value("string", sql("({a} || {b})", a=self.text(left), b=self.text(right)))
        if {left.kind, right.kind} <= {"integer", "decimal"}:
            whole = left.kind == right.kind == "integer" and operator != "/"
            kind = "boolean" if operator in COMPARE else "integer" if whole or operator == "div" else "decimal"
            if operator != "mod":
                return Value(kind, arithmetic(operator, left.sql, right.sql))
            # Its formula names both sides twice; written out, a chain of them would double at each step.
            return Value(kind, self.let(left.sql, lambda a: self.let(right.sql, lambda b: arithmetic("mod", a, b))))
        body = self.let(
            self.as_node(left), lambda a: self.let(self.as_node(right), lambda b: dynamic(operator, a, b, how))
        )
        return Value("boolean" if operator in COMPARE else "node", body)

    def equal(self, left: Value, right: Value, how: Texts) -> Sql:
        """``=``: NULL if either side is empty, else whether the items are the same in number and order."""
        if "list" not in (left.kind, right.kind):
            return self.same(left, right, how)
        if left.kind != right.kind:
            several, one = (left, right) if left.kind == "list" else (right, left)
            return self.let(
                several.sql,
                lambda v: self.let(
                    one.sql,
                    lambda o: sql(
                        "CASE WHEN len({v}) > 1 THEN CASE WHEN {o} IS NOT NULL THEN FALSE END ELSE {same} END",
                        v=v,
                        o=o,
                        same=self.same(Value("node", sql("{v}[1]", v=v)), Value(one.kind, o), how),
                    ),
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
                    same=same_json(sql("{pair}[1]", pair=pair), sql("{pair}[2]", pair=pair), how),
                ),
            ),
        )

    def same(self, left: Value, right: Value, how: Texts) -> Sql:
        """Equality of two single values of any kind but list."""
        if how is Texts.DATED or left.kind == right.kind == "node":
            a, b = self.as_node(left), self.as_node(right)
            return self.let(a, lambda one: self.let(b, lambda other: same_json(one, other, how)))
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
            lambda v: self.let(
                right.sql,
                lambda b: sql(
                    "CASE WHEN {v} IS NULL OR {b} IS NULL THEN NULL WHEN json_type({v}) IN {types} THEN {a} = {b}"
                    " ELSE FALSE END",
                    v=v,
                    b=b,
                    types=JSON_TYPES[right.kind],
                    a=sql(FROM_JSON[right.kind], v=v),
                ),
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
