"""ViewDefinition → one DuckDB query over a table of FHIR resources as JSON text."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from commonweal.fhir.fhirpath import EvaluationFault
from commonweal.fhir.fhirpath.tree import INTEGER_TYPES, TEXT_TYPES
from commonweal.fhir.views import Column, Select, View
from commonweal.lake.fhirpath import Compiler
from commonweal.lake.operators import Focus, plain_text
from commonweal.lake.sql import Sql, joined, literal, name, sql

_FIRST = literal(0)


def compile_view(view: View, source: Sql, keep: Iterable[str] = (), trusted: bool = False) -> Sql:
    """The SELECT for ``view`` over ``source`` (a table or sub-query with a text column ``body``).

    ``keep`` names columns of the source to pass through before the view's own. ``trusted`` says that every
    row of the source is valid R4 of the view's resource type, which makes the query several times faster.
    """
    rows = _Rows(Compiler())
    focus = Focus(sql("resource"), _FIRST, view.resource if trusted else "")
    columns, lists = rows.parts(view.selects, focus)
    tests = [rows.passes(one, focus) for one in view.where]
    if not trusted:
        tests.insert(0, sql("resource ->> '$.resourceType' = {type}", type=literal(view.resource)))
    kept = [name(one) for one in keep]
    origin = sql("(SELECT {kept}CAST(body AS JSON) AS resource FROM {source})", kept=_comma(kept), source=source)
    where = sql("WHERE {tests}", tests=joined(" AND ", tests)) if tests else sql("")
    if not lists:
        own = [sql("{value} AS {name}", value=value, name=name(column)) for column, value in columns]
        return sql("SELECT {all} FROM {origin} {where}", all=joined(", ", [*kept, *own]), origin=origin, where=where)
    unnested = sql(
        "SELECT {kept}unnest({rows}) AS found FROM {origin} {where}",
        kept=_comma(kept),
        rows=rows.cross(columns, lists),
        origin=origin,
        where=where,
    )
    # cross() orders a row's fields its own way; the view's order is put back here.
    own = [sql("found.{name} AS {name}", name=name(column)) for column, _, _ in view.signature()]
    return sql("SELECT {all} FROM ({unnested})", all=joined(", ", [*kept, *own]), unnested=unnested)


def run_view(view: View, bodies: Iterable[bytes | str]) -> Iterator[dict[str, Any]]:
    """The rows of ``view`` over JSON texts, in their order, as ``fhir.views.rows`` would give them.

    Raises ``EvaluationFault`` where the data break a rule of the view.
    """
    table = pa.table({"body": pa.array([b.decode() if isinstance(b, bytes) else b for b in bodies], pa.string())})
    with duckdb.connect() as connection:
        connection.register("resources", table)
        try:
            reader = connection.execute(str(compile_view(view, sql("resources")))).fetchall()
        except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException) as fault:
            raise EvaluationFault(str(fault).partition(": ")[2].partition("\n")[0]) from fault
    columns = view.signature()
    for row in reader:
        yield {
            column: value if _sql_type(type_) else _parsed(value)
            for (column, type_, _), value in zip(columns, row, strict=True)
        }


def _parsed(value: Any) -> Any:
    if isinstance(value, list):
        return [orjson.loads(one) for one in value]
    return None if value is None else orjson.loads(value)


def _comma(parts: list[Sql]) -> Sql:
    return sql("{parts}, ", parts=joined(", ", parts)) if parts else sql("")


def _sql_type(type_: str) -> Sql | None:
    """The DuckDB type of a column of FHIR type ``type_``; None if it stays JSON."""
    if type_ in TEXT_TYPES:
        return sql("VARCHAR")
    if type_ in INTEGER_TYPES:
        return sql("BIGINT")
    return {"boolean": sql("BOOLEAN"), "decimal": sql("DOUBLE")}.get(type_)


class _Rows:
    """Rows as lists of structs: columns inline, iterations as lambdas."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler

    def parts(
        self, selects: Iterable[Select], focus: Focus
    ) -> tuple[list[tuple[str, Sql]], list[tuple[list[str], Sql]]]:
        """Plain columns of ``selects``, and the row lists to cross them with, each with its column names."""
        columns: list[tuple[str, Sql]] = []
        lists: list[tuple[list[str], Sql]] = []
        for select in selects:
            if select.iteration:
                lists.append(([column for column, _, _ in select.signature()], self.iterate(select, focus)))
                continue
            inner, nested = self.inside(select, focus)
            columns += inner
            lists += nested
        return columns, lists

    def inside(self, select: Select, focus: Focus) -> tuple[list[tuple[str, Sql]], list[tuple[list[str], Sql]]]:
        """Columns and row lists of one selection, seen from an item of its iteration."""
        columns = [(column.name, self.value(column, focus)) for column in select.columns]
        inner, lists = self.parts(select.selects, focus)
        if select.union:
            branches = [self.branch(branch, focus) for branch in select.union]
            names = [column for column, _, _ in select.union[0].signature()]
            lists.append((names, sql("flatten([{lists}])", lists=joined(", ", branches))))
        return columns + inner, lists

    def branch(self, select: Select, focus: Focus) -> Sql:
        """Rows of a unionAll branch, their fields in the order of its signature."""
        columns, lists = self.parts((select,), focus)
        order = [column for column, _, _ in select.signature()]
        return self.cross(columns, lists, order)

    def cross(
        self,
        columns: list[tuple[str, Sql]],
        lists: list[tuple[list[str], Sql]],
        order: list[str] | None = None,
        counted: frozenset[str] = frozenset(),
    ) -> Sql:
        """Every combination of one row of each list, with the plain columns: a list of structs.

        Where a list holds a NULL for its row, its columns are NULL, or 0 if they are ``counted``.
        """
        fields = dict(columns)

        def build(remaining: list[tuple[list[str], Sql]]) -> Sql:
            if not remaining:
                chosen = [(one, fields[one]) for one in order or fields]
                packed = joined(", ", (sql("{name} := {value}", name=name(n), value=v) for n, v in chosen))
                return sql("[struct_pack({packed})]", packed=packed)
            (names, items), *rest = remaining

            def body(row: Sql) -> Sql:
                for one in names:
                    value = sql("{row}.{name}", row=row, name=name(one))
                    fields[one] = sql("COALESCE({value}, '0')", value=value) if one in counted else value
                return build(rest)

            return sql("flatten({lists})", lists=self.compiler.map(items, body))

        return build(lists)

    def iterate(self, select: Select, focus: Focus) -> Sql:
        """Rows of a selection with forEach, forEachOrNull or repeat, fields in the order of its signature."""
        order = [column for column, _, _ in select.signature()]
        shape = ""
        if select.iteration == "repeat":
            items = self.descend(select, focus)
        else:
            over = self.compiler.compile(select.over[0], focus)
            items, shape = self.compiler.as_list(over), over.shape
        if select.iteration == "forEachOrNull":
            items = self.compiler.let(
                items, lambda v: sql("CASE WHEN len({v}) = 0 THEN [CAST(NULL AS JSON)] ELSE {v} END", v=v)
            )
        item, place = self.compiler.fresh(), self.compiler.fresh()
        inner = Focus(item, sql("({place} - 1)", place=place), shape)
        columns, lists = self.inside(select, inner)
        counted: frozenset[str] = frozenset()
        if select.iteration == "forEachOrNull":  # of nothing there is one row of nothing, whatever stands below
            counted = select.counted()
            columns = [
                (n, v if n in counted else sql("CASE WHEN {i} IS NOT NULL THEN {v} END", i=item, v=v))
                for n, v in columns
            ]
            lists = [(names, sql("CASE WHEN {i} IS NULL THEN [NULL] ELSE {v} END", i=item, v=v)) for names, v in lists]
        return sql(
            "flatten(list_transform({items}, lambda {item}, {place}: {rows}))",
            items=items,
            item=item,
            place=place,
            rows=self.cross(columns, lists, order, counted),
        )

    def descend(self, select: Select, focus: Focus) -> Sql:
        """Every descendant by the paths of ``repeat``, parents before children.

        Generation by generation, at most as many as the text has braces; each item carries the places of
        its ancestors as a sort key, which puts it behind its parent and before its parent's next sibling.
        """
        compiler = self.compiler

        def children(node: Sql, key: Sql) -> Sql:
            per_path = []
            for n, path in enumerate(select.over):
                child, place = compiler.fresh(), compiler.fresh()
                per_path.append(
                    sql(
                        "list_transform({items}, lambda {child}, {place}:"
                        " struct_pack(k := {key} || {path} || lpad(CAST({place} AS VARCHAR), 9, '0'), j := {child}))",
                        items=compiler.as_list(compiler.compile(path, Focus(node, _FIRST))),
                        child=child,
                        place=place,
                        key=key,
                        path=literal(f"{n:03d}"),
                    )
                )
            return sql("flatten([{lists}])", lists=joined(", ", per_path))

        none = sql("CAST([] AS STRUCT(k VARCHAR, j JSON)[])")
        state, step, parent = compiler.fresh(), compiler.fresh(), compiler.fresh()
        below = sql(
            "flatten(list_transform({state}.f, lambda {parent}: {children}))",
            state=state,
            parent=parent,
            children=children(sql("{p}.j", p=parent), sql("{p}.k", p=parent)),
        )
        found = sql(
            "list_reduce(list_transform(range(len(regexp_extract_all(CAST({node} AS VARCHAR), '\\{{'))),"
            " lambda {step}: struct_pack(a := {none}, f := {none})),"
            " lambda {state}, {step}: struct_pack(a := {state}.a || {state}.f, f := {below}),"
            " struct_pack(a := {none}, f := {children})).a",
            node=focus.node,
            none=none,
            state=state,
            step=step,
            below=below,
            children=children(focus.node, sql("''")),
        )
        return compiler.map(sql("list_sort({found})", found=found), lambda v: sql("{v}.j", v=v))

    def passes(self, criterion: Any, focus: Focus) -> Sql:
        """A ``where`` of the view: true, or an error if it is no boolean."""
        value = self.compiler.compile(criterion, focus)
        if value.kind == "boolean":
            return sql("COALESCE({v}, FALSE)", v=value.sql)
        return self.compiler.let(
            self.compiler.as_node(value),
            lambda v: sql(
                "CASE WHEN {v} IS NULL THEN FALSE WHEN json_type({v}) = 'BOOLEAN' THEN CAST({v} AS VARCHAR) = 'true'"
                " ELSE error('where: must be a true-or-false expression, not ' || json_type({v})) END",
                v=v,
            ),
        )

    def value(self, column: Column, focus: Focus) -> Sql:
        """The column's value: of its declared type, NULL if the data are of another."""
        value = self.compiler.compile(column.path, focus)
        cast: Callable[[Sql], Sql] = _caster(column.type)
        text = plain_text(value)
        if text is not None and column.type in TEXT_TYPES and not column.collection:
            return text
        if column.collection:
            return self.compiler.map(self.compiler.as_list(value), cast)
        if value.kind == "list":
            message = literal(f"column {column.name}: ")
            one = self.compiler.let(
                value.sql,
                lambda v: sql(
                    "CASE WHEN len({v}) > 1 THEN error({m} || len({v}) || ' values, but collection is not true')"
                    " ELSE {v}[1] END",
                    v=v,
                    m=message,
                ),
            )
            return self.compiler.let(one, cast)
        if (value.kind, column.type) in (("boolean", "boolean"), ("integer", "integer"), ("decimal", "decimal")):
            return value.sql
        if value.kind == "string" and column.type in TEXT_TYPES:
            return value.sql
        return self.compiler.let(self.compiler.as_node(value), cast)


def _caster(type_: str) -> Callable[[Sql], Sql]:
    """JSON → the column's SQL type."""
    if type_ in TEXT_TYPES:
        return lambda v: sql("CASE WHEN json_type({v}) IN ('OBJECT', 'ARRAY') THEN NULL ELSE {v} ->> '$' END", v=v)
    if type_ == "boolean":
        return lambda v: sql("CASE WHEN json_type({v}) = 'BOOLEAN' THEN CAST({v} AS VARCHAR) = 'true' END", v=v)
    if type_ == "decimal":
        return lambda v: sql(
            "CASE WHEN json_type({v}) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE') THEN CAST({v} AS DOUBLE) END", v=v
        )
    if type_ in INTEGER_TYPES:
        return lambda v: sql(
            "CASE WHEN json_type({v}) IN ('BIGINT', 'UBIGINT', 'HUGEINT') THEN CAST({v} AS BIGINT)"
            " WHEN json_type({v}) = 'DOUBLE' AND CAST({v} AS DOUBLE) = trunc(CAST({v} AS DOUBLE))"
            " THEN TRY_CAST(CAST({v} AS DOUBLE) AS BIGINT) END",
            v=v,
        )
    return lambda v: v


__all__ = ["compile_view", "run_view"]
