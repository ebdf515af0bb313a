"""Search rows of a few resources as arrays, for single writes; ``staging`` makes them as COPY text, for many."""

from collections.abc import Mapping
from typing import Any

from commonweal.apps.record import arrays
from commonweal.apps.record.staging import INDEXED, system_number
from commonweal.apps.record.writing_statements import search_rows
from commonweal.feeds.people import stable_id
from commonweal.fhir.search import search_values
from commonweal.fhir.search_parameters import own

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "tokens": ("n", "parameter", "item", "system", "code"),
    "dates": ("n", "parameter", "item", "low", "high"),
    "strings": ("n", "parameter", "item", "value", "exact"),
    "references": ("n", "parameter", "item", "kind", "target"),
    "numbers": ("n", "parameter", "item", "low", "high", "system", "code"),
    "systems": ("id", "system"),
}
COLUMNS = sum(map(len, _COLUMNS.values()))


class SearchRows:
    """Rows by kind; each begins with the place of its resource among those written, from 1."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS if name != "systems"}
        self._systems: dict[int, str] = {}

    def add(self, n: int, resource: Mapping[str, Any], person: str | None, source: str = "") -> None:
        """The rows of ``resource``; a reference to its own ``person`` needs none, as ``staging.index`` says.

        ``source`` is that of a feed, whose Patient has an id made of the two; an API's has the person's own.
        """
        patients = (person,) if not source or person is None else (person, stable_id(source, "Patient", person))
        tokens, dates, strings, references, numbers = search_values(resource)
        rows, mine = self._rows, own(resource["resourceType"])
        rows["tokens"] += [(n, e, i, self._system(system), _text(code)) for e, i, system, code in tokens]
        rows["dates"] += [(n, *row) for row in dates]
        rows["strings"] += [(n, e, i, _text(value), _text(exact)) for e, i, value, exact in strings]
        rows["references"] += [
            (n, e, i, kind, _text(target))
            for e, i, kind, target in references
            if target not in patients or kind != "Patient" or e not in mine
        ]
        rows["numbers"] += [
            (n, e, i, low, high, self._system(system), _text(code)) for e, i, low, high, system, code in numbers
        ]

    def store(self, cursor: Any, bound: Mapping[str, Any]) -> None:
        """Store them; ``bound``: ``rids``, ``compartments`` and ``categories`` of the resources, and ``source_id``."""
        known = self._rows | {"systems": list(self._systems.items())}
        tables = tuple(name for name, rows in known.items() if rows)
        columns = {
            f"{name}_{column}": list(values)
            for name in tables
            for column, values in zip(_COLUMNS[name], zip(*known[name], strict=True), strict=True)
        }
        if tables:
            cursor.execute(search_rows(tables), {**bound, **columns})

    def as_arrays(self) -> list[bytes | None]:
        """A column an array, table by table in the order of ``_COLUMNS``; None for each column of one without rows."""
        known = self._rows | {"systems": list(self._systems.items())}
        bound: list[bytes | None] = []
        for name, columns in _COLUMNS.items():
            rows = known[name]
            bound += map(arrays.column, zip(*rows, strict=True)) if rows else [None] * len(columns)
        return bound

    def _system(self, system: str) -> int:
        number = system_number(system)
        if number:
            self._systems[number] = system.replace("\0", "")
        return number


def _text(value: str) -> str:
    return value[:INDEXED].replace("\0", "")
