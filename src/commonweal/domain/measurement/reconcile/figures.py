"""From a table to its figures: which columns hold numbers, how precisely, and what each row's label says."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from commonweal.domain.measurement.reconcile.calendar_dates import read_period
from commonweal.domain.measurement.reconcile.cells import Kind, Read, conventions, read_cell
from commonweal.domain.measurement.reconcile.labels import (
    STRONG,
    TOTALS,
    Role,
    is_share,
    plain,
    role,
    rounds,
    scale,
)
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.views import Flags, Floats, Place, View

# Where a row was found, and what a pipeline adds to a table: no figure of the table itself.
PROVENANCE = frozenset({"source", "line", "line end", "page", "source line", "row", "heading line"})
_NO_FIGURES = frozenset({Role.KEY, Role.YEAR, Role.DATE, Role.NOTE})
_PENCE = 2


def twins(labels: Sequence[str]) -> dict[int, int]:
    """Columns that print what another holds as read: {index of ``plan``: index of ``plan_printed``}."""
    at = {plain(label): index for index, label in enumerate(labels)}
    found = {}
    for name, index in at.items():
        stem = name.removesuffix(" printed")
        if stem != name:
            clean = next((at[one] for one in (stem, f"{stem} value") if one in at), None)
            if clean is not None:
                found[clean] = index
    if "value" in at and "printed" in at:
        found[at["value"]] = at["printed"]
    return found


def _says_lines(table: Table, c: int) -> bool:
    """Whether a column called *line*, *row* or *source* names the lines of a table rather than where it was found."""
    texts = [table.cell(r, c) for r in range(min(len(table.rows), 50))]
    words = sum(1 for text in texts if text and not any(letter.isdigit() for letter in text))
    return plain(table.labels[c]) in {"line", "row", "source"} and words * 2 > len([text for text in texts if text])


def label_columns(table: Table, numeric: Sequence[int]) -> list[int]:
    """Columns of words that say what a row is, left to right."""
    return [
        c
        for c, label in enumerate(table.labels)
        if c not in numeric
        and (plain(label) not in PROVENANCE or _says_lines(table, c))
        and not plain(label).endswith(" printed")
    ]


_EITHER = frozenset({"no", "nos", "number", "numbers", "#"})


def column_role(table: Table, c: int) -> Role:
    """What a column's label says of it, where its cells have to tell an identifier from a count."""
    found = role(table.labels[c])
    if found is Role.KEY and c and plain(table.labels[c]) in _EITHER:
        texts = [text for r in range(min(len(table.rows), 200)) if (text := table.cell(r, c)) and not _marked(table, r)]
        numbers = sorted({int(text.replace(",", "")) for text in texts if text.replace(",", "").isdigit()})
        steady = len(numbers) == len(texts) > 1 and numbers[-1] - numbers[0] < 1.25 * len(numbers)
        return Role.KEY if steady or not numbers else Role.ITEM
    return found


def _marked(table: Table, r: int) -> bool:
    return any(row_role(text) in TOTALS for text in table.rows[r][:3] if text)


def numeric_columns(table: Table) -> list[int]:
    """Columns that hold figures rather than words, numbers of rows or dates."""
    found = []
    printed = set(twins(table.labels).values())
    for c, label in enumerate(table.labels):
        if c in printed or (plain(label) in PROVENANCE and not _says_lines(table, c)):
            continue
        if column_role(table, c) in _NO_FIGURES and not ends_periods(table.labels, c):
            continue
        sample = [read_cell(table.cell(r, c)).kind for r in range(min(len(table.rows), 400))]
        counts = Counter(sample)
        figures, words = counts[Kind.NUMBER], counts[Kind.TEXT]
        if len(table.rows) > 400 and not figures and not words:
            figures = sum(read_cell(table.cell(r, c)).kind == Kind.NUMBER for r in range(len(table.rows)))
        if figures and words <= figures and not (c == 0 and table.headed and _counts_up(table, c)):
            found.append(c)
    return found


_WHOLE_YEAR = re.compile(r"\s*(?:fy\s*)?20\d\d\s*[/-]\s*(?:20)?\d\d\s*\Z", re.IGNORECASE)


def ends_periods(labels: Sequence[str], column: int) -> bool:
    """Whether a column called *year* or *quarter* follows the months or quarters it would be the total of."""
    if column < 2 or not (role(labels[column]) is Role.YEAR or _WHOLE_YEAR.match(labels[column])):
        return False
    before = [(read_period(label) or ("", 0))[0] for label in labels[column - 2 : column]]
    return all(kind.startswith(("month", "quarter")) for kind in before)


def _counts_up(table: Table, column: int) -> bool:
    """Whether a first column only numbers its rows, or holds years."""
    texts = [table.cell(r, column) for r in range(min(len(table.rows), 50)) if table.cell(r, column)]
    if all(re.fullmatch(r"(?:19|20)\d\d", text) for text in texts) and len(texts) > 1:
        return True
    numbers = [int(text) for text in texts if text.isdigit()]
    return len(numbers) == len(texts) > 2 and all(b - a == 1 for a, b in pairwise(numbers))


def view_of(table: Table) -> View | None:
    """The figures of a table, or None if it holds none."""
    columns = numeric_columns(table)
    if not columns or not table.rows:
        return None
    words = label_columns(table, columns)
    records, roles, groups = _records(table, words)
    shape = (len(table.rows), len(columns))
    value, half = np.full(shape, np.nan), np.zeros(shape)
    step, scales = np.ones(shape), np.ones(shape)
    places, kind = np.zeros(shape, dtype=np.int16), np.zeros(shape, dtype=np.int8)
    percent = np.zeros(shape, dtype=bool)
    for f, c in enumerate(columns):
        column = _column(table, c)
        under = scale(table.labels[c])
        if under == 1.0:
            under = scale(table.title)
        numbers = [(r, one) for r, one in enumerate(column) if one.kind == Kind.NUMBER]
        kind[:, f] = [one.kind for one in column]
        rows = np.fromiter((r for r, _ in numbers), dtype=np.int64, count=len(numbers))
        times = np.array([1.0 if one.own or one.percent else under for _, one in numbers])
        value[rows, f] = np.array([one.value for _, one in numbers]) * times
        usual = _usual_places(numbers)
        digits = np.array(
            [max(one.places, usual) if not one.own and one.step <= 1 else one.places for _, one in numbers]
        )
        worth = np.array(
            [min(one.step, 10.0**-usual) if not one.own else one.step for _, one in numbers], dtype=np.float64
        )
        step[rows, f] = worth * times
        places[rows, f] = digits
        scales[rows, f] = np.where([one.own for _, one in numbers], worth * 10.0**digits, times)
        percent[rows, f] = [one.percent for _, one in numbers]
        coarse = _coarseness([one.value for _, one in numbers], table.labels[c] + " " + table.title, numbers)
        if table.rounded:
            coarse = coarse or 1e-12
        half[rows, f] = 0.0 if coarse == 0 else np.maximum(worth, coarse) * times / 2
        if is_share(table.labels[c]):
            percent[rows, f] = True
    _by_unit_column(table, columns, value, half, step, scales, percent)
    shown = twins(table.labels)

    def text(r: int, f: int) -> str:
        c = columns[f]
        return (table.cell(r, shown[c]) if c in shown else "") or table.cell(r, c)

    def place(r: int, f: int) -> Place:
        return table.lines[r], table.name(columns[f])

    return View(
        table.sheet.file,
        table.title,
        tuple(records),
        tuple(table.labels[c] or table.name(c) for c in columns),
        tuple(roles),
        with_quarters([table.labels[c] for c in columns], [column_role(table, c) for c in columns]),
        value,
        half,
        step,
        places,
        scales,
        percent,
        kind,
        np.array(table.blocks, dtype=np.int64),
        text,
        place,
        groups=tuple(groups),
    )


def _by_unit_column(
    table: Table,
    columns: Sequence[int],
    value: Floats,
    half: Floats,
    step: Floats,
    scales: Floats,
    percent: Flags,
) -> None:
    """Where a column says the unit of each row (GBP million, percent), bring its figures to that unit."""
    names = [plain(label) for label in table.labels]
    for f, c in enumerate(columns):
        own = f"{names[c].removesuffix(' value')} unit"
        at = names.index(own) if own in names else names.index("unit") if "unit" in names else None
        if at is None or is_share(table.labels[c]):
            continue
        units = [table.cell(r, at) for r in range(len(table.rows))]
        times = np.array([scale(unit) for unit in units])
        free = (times != 1.0) & (scales[:, f] == 1.0) & ~percent[:, f]
        half[free, f] = np.maximum(half[free, f], step[free, f] / 2) * times[free]
        value[free, f] *= times[free]
        step[free, f] *= times[free]
        scales[free, f] = times[free]
        percent[:, f] |= np.array([unit.startswith("percent") for unit in units])


def _column(table: Table, c: int) -> list[Read]:
    index = table.columns[c]
    texts = [cells[index] if index < len(cells) else "" for cells in table.rows]
    counts, european = conventions(texts) if any("." in text or "," in text for text in texts) else (False, False)
    return [read_cell(text, counts, european) for text in texts]


def _usual_places(numbers: list[tuple[int, Read]]) -> int:
    """Decimals most figures of a column print: a spreadsheet drops noughts, so that 13 among 12.5s is 13.0."""
    if not numbers:
        return 0
    tally = Counter(one.places for _, one in numbers if not one.own)
    if not tally:
        return 0
    most = max(tally)
    if most > 6:
        return most
    fewer = sum(count for places, count in tally.items() if places < most)
    return most if most and tally[most] >= 2 and fewer <= 0.35 * len(numbers) else 0


def _coarseness(values: list[float], label: str, numbers: list[tuple[int, Read]]) -> float:
    """0 where figures are exact (counts, pounds and pence), else the step they are rounded to beyond their digits."""
    if rounds(label) or is_share(label) or any(one.percent or one.own for _, one in numbers):
        return 1e-12
    places = {one.places for _, one in numbers}
    if places <= {0, _PENCE} and _PENCE in places and ("£" in label or any(one.pounds for _, one in numbers)):
        return 0
    if places - {0}:
        return 1e-12
    whole = {abs(value) for value in values if value}
    if len(whole) >= 8:
        for coarse in (1000.0, 500.0, 100.0, 50.0, 10.0, 5.0):
            if all(value % coarse == 0 for value in whole):
                return coarse
    return 0


def with_quarters(labels: Sequence[str], roles: Sequence[Role]) -> tuple[Role, ...]:
    """Roles in which a quarter after its three months is a sub-total of them, and a year after its quarters a total."""
    kinds = [(read_period(label) or ("", 0))[0] for label in labels]
    roles = [Role.WHOLE if ends_periods(labels, at) else role for at, role in enumerate(roles)]
    return tuple(
        Role.SUBTOTAL
        if kind.startswith("quarter") and at >= 3 and all(k.startswith("month") for k in kinds[at - 3 : at])
        else role
        for at, (kind, role) in enumerate(zip(kinds, roles, strict=True))
    )


def _records(table: Table, words: Sequence[int]) -> tuple[list[str], list[Role], list[tuple[str, ...]]]:
    """What each row is called, what its label says it is, and the words of its other label columns."""
    records, roles, groups = [], [], []
    indexes = [table.columns[c] for c in words]
    kinds = next((table.columns[c] for c in words if plain(table.labels[c]) in {"row kind", "row type"}), None)
    for cells in table.rows:
        said = tuple(cells[index] if index < len(cells) else "" for index in indexes)
        first = next((text for text in said if text), "")
        found, name = row_role(first), first
        if found is Role.ITEM:
            for text in said[1:4]:
                if text and len(text) < 80 and row_role(text) in STRONG:
                    found, name = row_role(text), text
                    break
        if kinds is not None and kinds < len(cells):
            found = _declared_role(cells[kinds], found)
        records.append(name)
        roles.append(found)
        groups.append(said)
    return records, roles, groups


def _declared_role(text: str, found: Role) -> Role:
    """What a column of row kinds says a row is."""
    if text.startswith("subset"):
        return Role.OF_WHICH
    return row_role(text) if row_role(text) in STRONG and found not in TOTALS else found


_ROW_ROLES = TOTALS | {Role.OF_WHICH, Role.AVERAGE, Role.MEDIAN, Role.LEAST, Role.MOST}


# Every word by which a row can be more than an item: most rows have none and need no closer look.
_MAYBE = re.compile(
    r"total|sum|\ball\b|overall|everyone|persons|combined|both|whole|ytd|year|annual|average|mean|avg|median|min|max|"
    r"system|\bic[sbp]\b|region|group|england|national|aggregate|everything|"
    r"lowest|highest|of which|o/w|of these|inc",
    re.IGNORECASE,
)


_MEAN = re.compile(
    r"(?:(?:simple|unweighted|arithmetic|system|ic[sb]|overall|trust|ward|group|provider|site|area|practice|pcn|team|unit|"
    r"place|monthly|weekly|quarterly|annual|daily) )*(?:average|mean|avg)(?: \(.*\))?(?: (?:of|per|across) .*)?"
)


def row_role(label: str) -> Role:
    """What a row's label says it is, of the few things a row can be: most words name an item."""
    if len(label) > 120 or not _MAYBE.search(label):
        return Role.ITEM
    found = role(label)
    if found is Role.AVERAGE and not _MEAN.fullmatch(plain(label)):
        return Role.ITEM
    if found in TOTALS and is_share(label):
        return Role.ITEM
    return found if found in _ROW_ROLES else Role.ITEM
