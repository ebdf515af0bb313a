"""A table on the terminal that is never cut to the width of a window."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print ``columns`` of ``rows`` in line, numbers to the right and to six decimals."""
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    wide = [max(map(len, (column, *(row[place] for row in cells)))) for place, column in enumerate(columns)]
    right = [any(isinstance(row[column], int | float) for row in rows) for column in columns]
    for line in (list(columns), *cells):
        typer.echo(
            "  ".join(
                text.rjust(width) if to_right else text.ljust(width)
                for text, width, to_right in zip(line, wide, right, strict=True)
            ).rstrip()
        )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    return str(value)
