"""Tables with one figure a row, turned into the table they were printed as.

Where a column of words holds a total among its members (activity: Set up, Equipment, Total), its members become
rows and the other words columns. Each figure keeps the line it came from.
"""

from collections.abc import Iterator

import numpy as np

from commonweal.domain.measurement.reconcile.figures import row_role
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role, plain, role
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.views import Place, View

# Columns that say how a figure was read or noted, not what it is of.
_ABOUT = frozenset(
    {"unit", "row kind", "row type", "cell state", "state", "comparator", "note", "notes", "comment", "status"}
)
_MOST_CELLS = 500_000


def pivots(table: Table, view: View) -> Iterator[View]:
    """One view for each column of words that holds totals; none for a table that is not one figure a row."""
    figures = [f for f, kind in enumerate(view.field_roles) if kind not in {Role.RANK}]
    if len(figures) != 1 or len(table.rows) < 4:
        return
    f = figures[0]
    words = [
        c
        for c, label in enumerate(table.labels)
        if plain(label) not in _ABOUT | {"source", "line"}
        and not plain(label).endswith("printed")
        and label != view.fields[f]
        and len({table.cell(r, c) for r in range(len(table.rows))}) > 1
    ]
    for d in words:
        members = [table.cell(r, d) for r in range(len(table.rows))]
        if not any(row_role(text) in TOTALS for text in set(members)):
            continue
        others = [c for c in words if c != d and not _follows(table, c, members)]
        if not others:
            continue
        keys = [tuple(table.cell(r, c) for c in others) for r in range(len(table.rows))]
        if len(set(zip(members, keys, strict=True))) != len(keys):
            continue
        found = _pivot(view, f, members, keys)
        if found is not None:
            yield found


def _follows(table: Table, c: int, members: list[str]) -> bool:
    """Whether a column only says more about the member: it never differs for the same one."""
    said: dict[str, str] = {}
    return all(said.setdefault(member, table.cell(r, c)) == table.cell(r, c) for r, member in enumerate(members))


def _pivot(view: View, f: int, members: list[str], keys: list[tuple[str, ...]]) -> View | None:
    rows = {name: index for index, name in enumerate(dict.fromkeys(members))}
    columns = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    shape = (len(rows), len(columns))
    # A table of groups, each with members of its own, leaves most places of such a table empty.
    if shape[0] * shape[1] > min(_MOST_CELLS, 2 * len(keys)) or shape[0] < 3:
        return None
    at = np.full(shape, -1, dtype=np.int64)
    for r, (member, key) in enumerate(zip(members, keys, strict=True)):
        at[rows[member], columns[key]] = r
    there = at >= 0

    def spread(name: str, empty: float) -> np.typing.NDArray[np.float64]:
        cells = getattr(view, name)[:, f]
        return np.asarray(np.where(there, cells[at], empty))

    def text(r: int, c: int) -> str:
        return view.text(int(at[r, c]), f)

    def place(r: int, c: int) -> Place:
        return view.place(int(at[r, c]), f)

    fields = tuple(" ".join(part for part in key if part) for key in columns)
    records = tuple(rows)
    return View(
        view.file,
        view.title,
        records,
        fields,
        tuple(row_role(name) for name in records),
        tuple(role(name) for name in fields),
        spread("value", np.nan),
        spread("half", 0.0),
        spread("step", 1.0),
        spread("places", 0).astype(np.int16),
        spread("scale", 1.0),
        spread("percent", 0).astype(bool),
        spread("kind", 0).astype(np.int8),
        np.zeros(len(records), dtype=np.int64),
        text,
        place,
    )
