"""Identifiers told twice, and numbers missing from a sequence."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.figures import PROVENANCE, column_role, row_role
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role, plain
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d{1,9})\Z", re.DOTALL)


def keys(table: Table) -> Iterator[TableFinding]:
    """Findings on the identifier columns of a table."""
    for c, label in enumerate(table.labels):
        name = plain(label)
        if column_role(table, c) is not Role.KEY or name in PROVENANCE or name.endswith(" printed"):
            continue
        cells = [(r, table.cell(r, c)) for r in range(len(table.rows))]
        cells = [(r, text) for r, text in cells if text and row_role(text) not in TOTALS and len(text) <= 40]
        if len(cells) < 3:
            continue
        yield from _twice(table, c, cells)
        yield from _gaps(table, c, cells)


def _twice(table: Table, c: int, cells: list[tuple[int, str]]) -> Iterator[TableFinding]:
    counts = Counter(text.casefold() for _, text in cells)
    again = sum(count - 1 for count in counts.values() if count > 1)
    # One repeat among a few, at most one in ten among many: more, and the column is no identifier of its rows.
    if not again or again > max(1, len(cells) // 10) or len(counts) < 3 or max(counts.values()) > 3:
        return
    first: dict[str, int] = {}
    for r, text in cells:
        before = first.setdefault(text.casefold(), r)
        if before != r:
            yield _finding(
                table,
                r,
                c,
                "id-is-unique",
                text,
                "an identifier of its own",
                f"{table.labels[c]} {text} stands on line {table.lines[before]} too.",
                Severity.ERROR,
            )


def _gaps(table: Table, c: int, cells: list[tuple[int, str]]) -> Iterator[TableFinding]:
    stems: dict[str, dict[int, tuple[int, str]]] = defaultdict(dict)
    for r, text in cells:
        match = _NUMBERED.match(text)
        if match:
            stems[match["stem"]].setdefault(int(match["number"]), (r, text))
    for stem, numbers in stems.items():
        if len(numbers) < 4 or len(numbers) < 0.5 * len(cells):
            continue
        ordered = sorted(numbers)
        span = ordered[-1] - ordered[0] + 1
        missing = span - len(ordered)
        if not missing or missing > max(1, 0.2 * len(ordered)):
            continue
        for before, after in pairwise(ordered):
            if after - before > 1:
                r, text = numbers[after]
                width = len(text) - len(stem)
                gone = [
                    f"{stem}{number:0{width}d}" if text[len(stem)] == "0" else f"{stem}{number}"
                    for number in range(before + 1, after)
                ]
                names = gone[0] if len(gone) == 1 else f"{gone[0]} to {gone[-1]}"
                yield _finding(
                    table,
                    r,
                    c,
                    "sequence-has-no-gap",
                    text,
                    names,
                    f"{table.labels[c]} {text} follows {numbers[before][1]}: {names} "
                    f"{'is' if len(gone) == 1 else 'are'} missing.",
                    Severity.WARNING,
                )


def _finding(
    table: Table, r: int, c: int, rule: str, printed: str, computed: str, message: str, severity: Severity
) -> TableFinding:
    return TableFinding(
        table.sheet.file,
        str(table.lines[r]),
        rule,
        printed,
        computed,
        "",
        severity,
        message,
        column=table.name(c),
        check=RULES[rule].check,
    )
