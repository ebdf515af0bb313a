"""Running a view in plain Python: slow, short, and what the DuckDB compiler is held against.

Implements the processing algorithm of
https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/StructureDefinition-ViewDefinition-notes.html#processing-algorithm
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import orjson

from commonweal.fhir.fhirpath import EvaluationFault, evaluate
from commonweal.fhir.fhirpath.tree import INTEGER_TYPES, TEXT_TYPES, Node
from commonweal.fhir.views.definition import Column, Select, View

Row = dict[str, Any]


def rows(view: View, resources: Iterable[dict[str, Any]]) -> Iterator[Row]:
    """The rows of ``view`` over ``resources``, in their order; resources of other types are passed over.

    Raises ``EvaluationFault`` if a column without ``collection`` has several values, or a ``where`` is
    not boolean.
    """
    for resource in resources:
        if resource.get("resourceType") == view.resource and all(_passes(one, resource) for one in view.where):
            yield from _combine([_select(select, resource, 0) for select in view.selects])


def _passes(criterion: Node, resource: dict[str, Any]) -> bool:
    items = evaluate(criterion, resource)
    if any(not isinstance(item, bool) for item in items) or len(items) > 1:
        raise EvaluationFault("where: must be a true-or-false expression")
    return bool(items and items[0])


def _combine(parts: list[list[Row]]) -> Iterator[Row]:
    for chosen in product(*parts):
        yield {name: value for part in chosen for name, value in part.items()}


def _select(select: Select, focus: Any, row_index: int) -> list[Row]:
    items = _items(select, focus, row_index)
    if not items and select.iteration == "forEachOrNull":
        counted = select.counted()
        return [{name: _cast(0, kind) if name in counted else None for name, kind, _ in select.signature()}]
    found: list[Row] = []
    for item, index in items:
        own = {column.name: _value(column, item, index) for column in select.columns}
        parts = [[own], *(_select(nested, item, index) for nested in select.selects)]
        if select.union:
            parts.append([row for branch in select.union for row in _select(branch, item, index)])
        found.extend(_combine(parts))
    return found


def _items(select: Select, focus: Any, row_index: int) -> list[tuple[Any, int]]:
    if not select.iteration:
        return [(focus, row_index)]
    if select.iteration == "repeat":
        items = list(_descend(select.over, focus))
    else:
        items = evaluate(select.over[0], focus, row_index)
    return [(item, index) for index, item in enumerate(items)]


def _descend(paths: tuple[Node, ...], focus: Any) -> Iterator[Any]:
    for path in paths:
        for item in evaluate(path, focus):
            yield item
            yield from _descend(paths, item)


def _value(column: Column, focus: Any, row_index: int) -> Any:
    values = evaluate(column.path, focus, row_index)
    if column.collection:
        return [_cast(value, column.type) for value in values]
    if len(values) > 1:
        raise EvaluationFault(f"column {column.name}: {len(values)} values, but collection is not true")
    return _cast(values[0], column.type) if values else None


def _cast(value: Any, type_: str) -> Any:
    """``value`` if it is of the column's type, else None; a text column shows a number or boolean as JSON."""
    if type_ in TEXT_TYPES:
        if isinstance(value, dict | list):
            return None
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    if type_ == "boolean":
        return value if isinstance(value, bool) else None
    if type_ in INTEGER_TYPES:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if type_ == "decimal":
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return value


__all__ = ["Row", "rows"]
