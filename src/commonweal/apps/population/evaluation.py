"""Registers against the known truth of a synthetic system, before disclosure control."""

import csv
from pathlib import Path
from typing import Any

from commonweal.apps.population.lake import as_at, open_lake
from commonweal.domain.population.declarations import DECLARATIONS, REGISTERED
from commonweal.domain.population.reference import Cell
from commonweal.lake import registers


def compare_with_truth(truth: Path) -> dict[str, dict[str, Any]]:
    """Register → cells compared, how many equal, the largest difference, and every cell that differs.

    A cell that ``registers.csv`` leaves out is zero. The counts are exact, so this is for synthetic data only.
    """
    expected: dict[Cell, int] = {}
    with (truth / "registers.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            cell = Cell(row["register"], row["footprint_kind"], row["footprint"], row["lens"], row["category"])
            expected[cell] = int(row["count"])
    with open_lake().connect() as connection:
        counted = registers.count(connection, DECLARATIONS, as_at())
    result: dict[str, dict[str, Any]] = {}
    for name in (one.name for one in DECLARATIONS if one.name != REGISTERED):
        cells = sorted({cell for cell in (*expected, *counted) if cell.register == name})
        apart = [
            {
                **cell._asdict(),
                "expected": expected.get(cell, 0),
                "counted": counted.get(cell, 0),
            }
            for cell in cells
            if expected.get(cell, 0) != counted.get(cell, 0)
        ]
        result[name] = {
            "cells": len(cells),
            "equal": len(cells) - len(apart),
            "largest_difference": max((abs(one["expected"] - one["counted"]) for one in apart), default=0),
            "differences": apart,
        }
    return result
