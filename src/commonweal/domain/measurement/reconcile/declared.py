"""Relations a file declares of its figures, in a small YAML file beside it, across files too.

    relations:
      - name: COVID revenue claimed, in the text and in the table
        cells:
          text: {where: {item: Covid-19 related costs}, column: value}
          table: {file: 003_finance_m5_true_up.csv, where: {fund: COVID - Revenue, measure: claimed}, column: value}
        check: text = table
      - name: variance is actual less plan
        check: variance = actual - plan          # without cells, the names are columns and every row is held to it
    accept:
      - {rule: total-is-sum-of-parts, line: 12, because: the paper lists the ten largest only}

A name of several words, or with other signs, stands in square brackets: ``[Variance %] = [Variance] / [Plan] * 100``.
``sum(a, b)`` adds; ``= ± 5`` allows a difference. Rounding of the printed figures is allowed for as everywhere.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.cells import Kind, Read, read_cell, shown
from commonweal.domain.measurement.reconcile.labels import plain, scale
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding

_NAME = re.compile(r"\[([^\]]+)\]")
_ALLOWED = (
    ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.Constant, ast.Call, ast.Load,
)  # fmt: skip
_ALLOW = re.compile(r"\s*(?:±|\+/-)\s*(\d+(?:\.\d+)?)\s*\Z")


class BadRelationsError(CommonwealError):
    """A file of relations that cannot be read, or names what is not there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a figure stands: the row whose columns hold these texts, and a column."""

    file: str
    where: Mapping[str, str]
    column: str


@dataclass(frozen=True, slots=True)
class Relation:
    """One equation: ``left = right`` within ``allow``; ``cells`` empty for one that every row must fulfil."""

    name: str
    cells: Mapping[str, Place]
    left: ast.expr
    right: ast.expr
    words: str
    allow: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Relations:
    """What one file declares; ``accepted`` are (rule, line) a person has looked at."""

    file: str
    relations: tuple[Relation, ...]
    accepted: tuple[tuple[str, str], ...]


def read_relations(content: Any, file: str) -> Relations:
    """Relations of ``file`` from parsed YAML. Raises ``BadRelationsError`` with the entry at fault."""
    if not isinstance(content, dict) or set(content) - {"relations", "accept"}:
        raise BadRelationsError(f"relations of {file}: begin with relations: or accept:, each a list")
    found = tuple(_relation(entry, file) for entry in _list(content.get("relations"), file))
    accepted = []
    for entry in _list(content.get("accept"), file):
        if (
            not isinstance(entry, dict)
            or entry.get("rule") not in RULES
            or not entry.get("because")
            or "line" not in entry
        ):
            raise BadRelationsError(f"relations of {file}: accept needs rule, line and because: {entry!r}")
        accepted.append((str(entry["rule"]), str(entry["line"])))
    return Relations(file, found, tuple(accepted))


def _list(content: Any, file: str) -> list[Any]:
    if content is None:
        return []
    if not isinstance(content, list):
        raise BadRelationsError(f"relations of {file}: relations and accept are lists")
    return content


def _relation(entry: Any, file: str) -> Relation:
    if not isinstance(entry, dict) or set(entry) - {"name", "cells", "check", "severity"} or "check" not in entry:
        raise BadRelationsError(f"relations of {file}: a relation has name, check, and cells or none: {entry!r}")
    text = str(entry["check"])
    allow = _ALLOW.search(text)
    body = text[: allow.start()] if allow else text
    sides = body.split("=")
    if len(sides) != 2:
        raise BadRelationsError(f"relations of {file}: check is 'one = other': {text!r}")
    cells = {}
    for name, place in (entry.get("cells") or {}).items():
        if not isinstance(place, dict) or not isinstance(place.get("where"), dict) or "column" not in place:
            raise BadRelationsError(f"relations of {file}: cell {name} needs where and column")
        where = {str(key): str(value) for key, value in place["where"].items()}
        cells[str(name)] = Place(str(place.get("file", file)), where, str(place["column"]))
    left, right = (_expression(one, file) for one in sides)
    severity = Severity(entry.get("severity", Severity.WARNING))
    return Relation(str(entry.get("name", text)), cells, left, right, text, float(allow[1]) if allow else 0.0, severity)


def _expression(text: str, file: str) -> ast.expr:
    names: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        return names.setdefault(match[1], f"_name{len(names)}")

    plain_text = _NAME.sub(stand_in, text.strip())
    if len(plain_text) > 2000:
        raise BadRelationsError(f"relations of {file}: {text[:60]!r}… is too long")
    try:
        tree = ast.parse(plain_text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as problem:
        raise BadRelationsError(f"relations of {file}: {text!r} is no sum of names") from problem
    back = {stand: name for name, stand in names.items()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = back.get(node.id, node.id)
        elif not isinstance(node, _ALLOWED):
            raise BadRelationsError(f"relations of {file}: {text!r} uses more than + - * / and sum()")
        elif isinstance(node, ast.Call) and (not isinstance(node.func, ast.Name) or node.func.id != "sum"):
            raise BadRelationsError(f"relations of {file}: {text!r} calls what is not sum()")
        elif isinstance(node, ast.Constant) and not isinstance(node.value, int | float):
            raise BadRelationsError(f"relations of {file}: {text!r} holds a text")
    return tree


Range = tuple[float, float, float]


def _value(tree: ast.expr, figures: Mapping[str, Range]) -> Range:
    """Low, middle and high of an expression."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float):
        return (float(tree.value),) * 3
    if isinstance(tree, ast.Name):
        return figures[tree.id]
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        low, middle, high = _value(tree.operand, figures)
        return -high, -middle, -low
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "sum":
        parts = [_value(one, figures) for one in tree.args]
        return sum(p[0] for p in parts), sum(p[1] for p in parts), sum(p[2] for p in parts)
    if isinstance(tree, ast.BinOp):
        a, b = _value(tree.left, figures), _value(tree.right, figures)
        if isinstance(tree.op, ast.Add):
            return a[0] + b[0], a[1] + b[1], a[2] + b[2]
        if isinstance(tree.op, ast.Sub):
            return a[0] - b[2], a[1] - b[1], a[2] - b[0]
        if isinstance(tree.op, ast.Mult):
            ends = [x * y for x in (a[0], a[2]) for y in (b[0], b[2])]
            return min(ends), a[1] * b[1], max(ends)
        if isinstance(tree.op, ast.Div) and (b[0] > 0 or b[2] < 0):
            ends = [x / y for x in (a[0], a[2]) for y in (b[0], b[2])]
            return min(ends), a[1] / b[1], max(ends)
    raise KeyError("an expression without a value")


def declared(
    tables: Sequence[Table], relations: Sequence[Relations], order: Mapping[str, int]
) -> Iterator[TableFinding]:
    """Findings on every declared relation. Raises ``BadRelationsError`` for a file or column that is not there."""
    files: dict[str, list[Table]] = {}
    for table in tables:
        for name in {table.sheet.file, table.sheet.file.rpartition("/")[2]}:
            files.setdefault(name, []).append(table)
    for one in relations:
        for relation in one.relations:
            if not relation.cells:
                for table in files.get(one.file, []):
                    yield from _rows(table, relation)
            elif all(place.file in files for place in relation.cells.values()):
                yield from _cells(files, relation, one.file)


def _names(tree: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id != "sum"]


def _column(table: Table, name: str) -> int | None:
    return next((c for c, label in enumerate(table.labels) if label == name or plain(label) == plain(name)), None)


def _rows(table: Table, relation: Relation) -> Iterator[TableFinding]:
    names = {*_names(relation.left), *_names(relation.right)}
    columns = {name: _column(table, name) for name in names}
    if any(c is None for c in columns.values()):
        return
    at = next((columns[name] for name in _names(relation.left)), None)
    for r in range(len(table.rows)):
        figures = {name: _figure(table, r, c) for name, c in columns.items() if c is not None}
        if at is not None and all(one is not None for one in figures.values()):
            known = {name: one for name, one in figures.items() if one is not None}
            yield from _held(relation, known, table, r, at)


def _cells(files: Mapping[str, list[Table]], relation: Relation, home: str) -> Iterator[TableFinding]:
    figures: dict[str, Range] = {}
    spot: tuple[Table, int, int] | None = None
    first = next(iter(_names(relation.left)), "")
    for name, place in relation.cells.items():
        found = _find(files[place.file], place)
        if found is None:
            raise BadRelationsError(
                f"relations of {home}: {relation.name}: {place.file} has no row where {dict(place.where)} "
                f"or no column {place.column}"
            )
        figure = _figure(*found)
        if figure is None:
            return
        figures[name] = figure
        if name == first or spot is None:
            spot = found
    if spot is not None:
        missing = {*_names(relation.left), *_names(relation.right)} - set(figures)
        if missing:
            raise BadRelationsError(
                f"relations of {home}: {relation.name}: no cell is called {', '.join(sorted(missing))}"
            )
        yield from _held(relation, figures, *spot)


def _find(tables: list[Table], place: Place) -> tuple[Table, int, int] | None:
    for table in tables:
        column = _column(table, place.column)
        where = [(_column(table, name), text) for name, text in place.where.items()]
        if column is None or any(c is None for c, _ in where):
            continue
        for r in range(len(table.rows)):
            if all(c is not None and table.cell(r, c) == text for c, text in where):
                return table, r, column
    return None


def _read(table: Table, r: int, c: int) -> Read:
    return read_cell(table.cell(r, c))


def _times(table: Table, r: int, c: int) -> float:
    unit = _column(table, "unit")
    return max(scale(table.labels[c]), scale(table.cell(r, unit)) if unit is not None else 1.0)


def _figure(table: Table, r: int, c: int) -> Range | None:
    read = _read(table, r, c)
    if read.kind != Kind.NUMBER:
        return None
    times = 1.0 if read.own else _times(table, r, c)
    half = read.step / 2 if read.places or times != 1.0 or read.own or read.percent else 0.0
    return (read.value - half) * times, read.value * times, (read.value + half) * times


def _held(relation: Relation, figures: Mapping[str, Range], table: Table, r: int, c: int) -> Iterator[TableFinding]:
    try:
        left, right = _value(relation.left, figures), _value(relation.right, figures)
    except KeyError:
        return
    times = 1.0 if _read(table, r, c).own else _times(table, r, c)
    gap = left[1] - right[1]
    # A figure agrees with all that rounds to it.
    digit = _read(table, r, c).step * times / 2 if isinstance(relation.left, ast.Name) else 0.0
    if abs(gap) <= max(relation.allow * times, digit + 1e-9 * max(1.0, abs(left[1]))):
        return
    near = left[0] <= right[2] + 1e-9 and right[0] <= left[2] + 1e-9
    places = _read(table, r, c).places
    computed = shown(right[1] / times, places)
    because = "rounding of the printed figures explains it" if near else "rounding does not explain it"
    yield TableFinding(
        table.sheet.file,
        str(table.lines[r]),
        "declared-relation-holds",
        shown(left[1] / times, places) if not isinstance(relation.left, ast.Name) else table.cell(r, c),
        computed,
        f"{gap / times:+.{places}f}",
        Severity.NOTE if near else relation.severity,
        f"{relation.name}: {relation.words} does not hold, the other side is {computed}; {because}.",
        column=table.name(c),
        check=RULES["declared-relation-holds"].check,
    )
