"""Reading figures out of a workbook: guard, cells as shown, map and fates, against python-calamine reading alone.

The workbook has 20 sheets of 100 rows and 14 columns, numbers and text as they come. The limit is python-calamine
handing over the cells of the same file as lists, which is what reading them costs at all. Both must find as many cells.
Units: cells a second of processor time; median of paired rounds in this process.
"""

import random
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

import xlsxwriter
from python_calamine import CalamineWorkbook

from commonweal.domain.measurement.workbook.extracting import extract
from commonweal.domain.measurement.workbook.mapping import read_map
from commonweal.domain.measurement.workbook.sheets import letters
from commonweal.feeds.workbooks.reading import read_sheets

SHEETS, ROWS, MONTHS = 20, 100, 12
PAIRS = 3


def run() -> list[dict[str, object]]:
    """One line: cells a second read, mapped and accounted for, over cells a second read at all."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "performance.xlsx"
        _write(path)
        mapping = read_map(_map())
        ours, limits = [], []
        for _ in range(PAIRS):
            start = process_time()
            book = CalamineWorkbook.from_path(str(path))
            held = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
            limits.append(process_time() - start)
            cells = sum(cell != "" for sheet in held for row in sheet for cell in row)
            start = process_time()
            found = extract(read_sheets(path), mapping, path.name, {})
            ours.append(process_time() - start)
            if len(found.fates) != cells or len(found.figures) != SHEETS * ROWS * MONTHS:
                raise AssertionError(f"{len(found.fates)} fates of {cells} cells, {len(found.figures)} figures")
    return [
        {
            "name": "workbook_import",
            "unit": "cells/s",
            "ours": round(cells / median(ours)),
            "limit": round(cells / median(limits)),
            "ratio": round(median(limits) / median(ours), 3),
        }
    ]


def _write(path: Path) -> None:
    rng = random.Random(6)
    book = xlsxwriter.Workbook(str(path))
    percent = book.add_format({"num_format": "0.0%"})
    for sheet in range(SHEETS):
        page = book.add_worksheet(f"Trust {sheet}")
        page.write_row(0, 0, ["Service", "Indicator", *(f"{month:02}/2020" for month in range(1, MONTHS + 1))])
        for row in range(1, ROWS + 1):
            page.write_row(row, 0, ["Service", f"Indicator {row}"])
            for month in range(MONTHS):
                value = rng.randint(10, 90_000)
                if row % 10 == 0:
                    page.write_string(row, 2 + month, f"{value:,}*")
                elif row % 3 == 0:
                    page.write_number(row, 2 + month, value / 100_000, percent)
                else:
                    page.write_number(row, 2 + month, value)
    book.close()


def _map() -> dict[str, object]:
    columns = [
        {"column": letters(month + 2), "kind": "actual", "period": f"2020-{month:02}"} for month in range(1, MONTHS + 1)
    ]
    return {
        "reported": "2020-12",
        "footprint": {"kind": "system", "code": "QT1"},
        "sheets": [
            {
                "sheet": f"Trust {sheet}",
                "rows": f"2-{ROWS + 1}",
                "headings": [1],
                "within": ["A"],
                "indicator": "B",
                "columns": columns,
            }
            for sheet in range(SHEETS)
        ],
        "indicators": {f"Indicator {row}": f"i{row}" for row in range(1, ROWS + 1)},
    }
