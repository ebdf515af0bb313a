"""A pack as a workbook whose formulae compute totals, variances, percentages and rates again beside what is printed.

A cell of text is written as text whatever it begins with, so that no table can bring a formula or a link of its own.
Money is in pounds, percentages as printed. Every check says "agrees" or "differs": a difference is what the sources
themselves print, and is told in the data-quality note too.
"""

import io
import re
from collections import Counter
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from commonweal.apps.reporting.model import Cell, Check, Table
from commonweal.apps.reporting.pack.model import (
    DRAFT,
    Block,
    Bullets,
    Headlines,
    Icons,
    Pack,
    Para,
    Section,
    Sources,
    Standing,
    Terms,
)
from commonweal.apps.reporting.pack.recomputed import FORMULAE, computed, decimals, slack, worth
from commonweal.charts.drawings import Chart

_LONGEST_NAME = 31  # of a sheet
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_PLAIN_NUMBER = re.compile(r"−?\d{1,3}(,\d{3})*(\.\d+)?\Z|−?\d+(\.\d+)?\Z")


def xlsx(pack: Pack, standing: Standing = DRAFT) -> bytes:
    """The workbook: contents, a sheet for each section that has tables, every figure, and the checks counted."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": pack.title, "subject": pack.audience_name, "comments": standing.sentence})
    book.set_calc_mode("auto")
    _Book(book, pack, standing).write()
    book.close()
    return stream.getvalue()


class _Book:
    """The workbook being written: its formats, its sheets, and where each check stands."""

    def __init__(self, book: Any, pack: Pack, standing: Standing) -> None:
        self._book, self._pack, self._standing = book, pack, standing
        self._bold = book.add_format({"bold": True})
        self._title = book.add_format({"bold": True, "font_size": 16})
        self._heading = book.add_format({"bold": True, "font_size": 12, "font_color": "#005eb8"})
        self._head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2})
        self._wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self._numbers: dict[str, Any] = {}
        self._names: set[str] = set()
        self._checks: list[str] = []
        self._counted: Counter[str] = Counter()

    def write(self) -> None:
        """Every sheet."""
        first = self._sheet("Contents", (34, 100))
        groups: list[tuple[str, list[Section]]] = []
        for section in self._pack.sections:
            if section.level == 2 or not groups:
                groups.append((section.title, []))
            groups[-1][1].append(section)
        told: list[tuple[str, str]] = []
        for title, sections in groups:
            name = self._group(title, sections)
            told.append((name, title))
        self._figures()
        self._cover(first, told)

    def _sheet(self, title: str, widths: tuple[int, ...]) -> Any:
        base = title.translate(_NOT_IN_NAMES).strip()[:_LONGEST_NAME] or "Sheet"
        name, number = base, 2
        while name.lower() in self._names:
            name = f"{base[: _LONGEST_NAME - 3]} {number}"
            number += 1
        self._names.add(name.lower())
        sheet = self._book.add_worksheet(name)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        return sheet

    def _cover(self, sheet: Any, told: list[tuple[str, str]]) -> None:
        pack = self._pack
        sheet.write_string(0, 0, pack.title, self._title)
        lines = [
            ("Audience", pack.audience_name),
            ("Standing", self._standing.sentence),
            ("Made on", pack.made_on),
            ("Figures", f"{len(pack.figures)}"),
        ]
        if pack.synthetic:
            lines.append(("Synthetic data", "Every person counted here is made up. Do not use for care."))
        for at, (name, text) in enumerate(lines, 2):
            sheet.write_string(at, 0, name, self._bold)
            sheet.write_string(at, 1, text, self._wrap)
        at = len(lines) + 3
        sheet.write_string(at, 0, "Checks that agree", self._bold)
        sheet.write_string(at + 1, 0, "Checks that differ", self._bold)
        for row, word in ((at, "agrees"), (at + 1, "differs")):
            parts = [f'COUNTIF({area},"{word}")' for area in self._checks]
            known = self._counted[word]
            sheet.write_formula(row, 1, "=" + ("+".join(parts) or "0"), None, known)
        at += 3
        sheet.write_string(at, 0, "Sheet", self._bold)
        for row, (name, title) in enumerate(told, at + 1):
            sheet.write_url(row, 0, f"internal:'{name}'!A1", string=name)
            sheet.write_string(row, 1, title)

    def _group(self, title: str, sections: list[Section]) -> str:
        sheet = self._sheet(title, (46, *(18,) * 14))
        at = 0
        for section in sections:
            sheet.write_string(at, 0, section.title, self._title if at == 0 else self._heading)
            at += 1
            for block in section.blocks:
                at = self._block(sheet, at, block)
        return str(sheet.get_name())

    def _block(self, sheet: Any, at: int, block: Block) -> int:
        if isinstance(block, Table):
            return self._table(sheet, at, block)
        if isinstance(block, Chart):
            return self._chart(sheet, at, block)
        for text in _texts(block):
            sheet.write_string(at, 0, text)
            at += 1
        return at + 1

    def _chart(self, sheet: Any, at: int, chart: Chart) -> int:
        """The figures a chart draws, as its table prints them."""
        sheet.write_string(at, 0, f"Figures in the chart: {chart.title}", self._bold)
        for place, name in enumerate(chart.columns):
            sheet.write_string(at + 1, place, name, self._head)
        for row, cells in enumerate(chart.rows, at + 2):
            for place, text in enumerate(cells):
                number = _number(text) if place else None
                if number is None:
                    sheet.write_string(row, place, text)
                else:
                    sheet.write_number(row, place, number)
        return at + 3 + len(chart.rows)

    def _table(self, sheet: Any, at: int, table: Table) -> int:
        sheet.write_string(at, 0, table.caption, self._bold)
        width = len(table.columns)
        columns = [*table.columns, *(("Sources",) if table.sourced else ())]
        for place, name in enumerate(columns):
            sheet.write_string(at + 1, place, name, self._head)
        first = len(columns)
        for number, check in enumerate(table.checks):
            sheet.write_string(at + 1, first + 2 * number, f"{check.name}, recomputed", self._head)
            sheet.write_string(at + 1, first + 2 * number + 1, "Check", self._head)
        for row, cells in enumerate(table.rows, at + 2):
            for place, cell in enumerate(cells):
                self._cell(sheet, row, place, cell)
            if table.sourced:
                used = sorted({one for cell in cells for one in cell.sources})
                sheet.write_string(row, width, ", ".join(str(one) for one in used))
            for number, check in enumerate(table.checks):
                self._check(sheet, row, first + 2 * number, cells, check)
        last = at + 1 + len(table.rows)
        for number in range(len(table.checks)):
            column = xl_col_to_name(first + 2 * number + 1)
            name = str(sheet.get_name())
            self._checks.append(f"'{name}'!{column}{at + 3}:{column}{last + 1}")
        return last + 2

    def _cell(self, sheet: Any, row: int, place: int, cell: Cell) -> None:
        value = worth(cell)
        if value is None:
            text = f"{cell.text} ({cell.note})" if cell.note else cell.text
            sheet.write_string(row, place, text)
            return
        sheet.write_number(row, place, float(value), self._number_format(cell))

    def _number_format(self, cell: Cell) -> Any:
        places = decimals(cell)
        digits = "." + "0" * places if places else ""
        code = f"£#,##0{digits}" if cell.unit == "pence" else f"#,##0{digits}"
        if cell.unit == "percentage points":
            code += '" points"'
        elif cell.unit.startswith("percent"):
            code += '"%"'
        if code not in self._numbers:
            self._numbers[code] = self._book.add_format({"num_format": code, "valign": "top"})
        return self._numbers[code]

    def _check(self, sheet: Any, row: int, place: int, cells: tuple[Cell, ...], check: Check) -> None:
        """The figure computed again, and whether it is the one printed, to the last digit printed."""
        shown = worth(cells[check.result])
        made = computed(check.rule, [worth(cells[one]) for one in check.of])
        if shown is None or made is None:
            return
        names = [f"{xl_col_to_name(one)}{row + 1}" for one in check.of]
        formula = FORMULAE[check.rule].format(*names, sum=",".join(names))
        sheet.write_formula(row, place, f"={formula}", None, float(made))
        within = slack(cells[check.result])
        verdict = "agrees" if abs(made - shown) <= within else "differs"
        self._counted[verdict] += 1
        result, again = f"{xl_col_to_name(check.result)}{row + 1}", f"{xl_col_to_name(place)}{row + 1}"
        said = f'=IF(ABS({again}-{result})<={within:f},"agrees","differs")'
        sheet.write_formula(row, place + 1, said, None, verdict)

    def _figures(self) -> None:
        """Every figure the pack was made from, for whoever wants to compute with them."""
        names = (
            "Indicator",
            "Name",
            "Unit",
            "Area kind",
            "Area",
            "Period",
            "Lens",
            "Category",
            "Kind",
            "Value",
            "As printed",
            "State",
            "As at",
            "Where it came from",
        )
        sheet = self._sheet("Figures", (26, 40, 14, 12, 30, 20, 16, 18, 10, 16, 16, 12, 12, 60))
        for place, name in enumerate(names):
            sheet.write_string(0, place, name, self._head)
        for row, one in enumerate(self._pack.figures, 1):
            texts = (
                one.indicator,
                one.name,
                one.unit,
                one.footprint_kind,
                one.footprint,
                one.period,
                one.lens,
                one.category,
                one.kind,
                "",
                one.text,
                one.state,
                one.as_at,
                one.source,
            )
            for place, text in enumerate(texts):
                sheet.write_string(row, place, text)
            if one.value:
                sheet.write_number(row, 9, float(one.value))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(1, len(self._pack.figures)), len(names) - 1)


def _texts(block: Block) -> list[str]:
    """The lines of a block of words."""
    if isinstance(block, Para):
        return [block.text]
    if isinstance(block, Bullets):
        return list(block.items)
    if isinstance(block, Terms):
        return [f"{name}: {text}" for name, text in block.items]
    if isinstance(block, Headlines):
        return [f"{one.figure}: {one.text} (rule: {one.rule})" for one in block.items]
    if isinstance(block, Icons):
        return [words for _, words in block.items]
    if isinstance(block, Sources):
        return [f"{one.number}. {one.text}{', as at ' + one.as_at if one.as_at else ''}" for one in block.items]
    raise TypeError(f"no words of a {type(block).__name__}")


def _number(text: str) -> float | None:
    """The number a chart's table prints, None for words."""
    return float(text.replace(",", "").replace("−", "-")) if _PLAIN_NUMBER.match(text) else None
