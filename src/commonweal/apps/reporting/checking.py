"""The board report held to its own tables before anybody reads it, and tables that are sent in to be checked."""

from __future__ import annotations  # django-stubs have UploadedFile generic, Django has not

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from commonweal.apps.measurement import api as measurement
from commonweal.apps.reporting.model import BoardReport, PlanLine
from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.reconcile.rules import RULES, Rule
from commonweal.domain.measurement.reconcile.sheets import Sheet, TableFinding, sheet_of

MOST_FILES = 12
MOST_BYTES = 30_000_000  # of all files of one check


class NotCheckedError(CommonwealError):
    """Files that cannot be checked as sent."""


def report_sheets(report: BoardReport) -> list[Sheet]:
    """The tables of a report as they are about to be printed."""
    found = []
    for table in (report.delivery, report.finance.claims, report.ratings.table, report.health):
        if table is not None:
            rows = [list(table.columns), *([cell.text for cell in row] for row in table.rows)]
            found.append(sheet_of(f"This report, table {table.caption}", rows))
    for name, lines in (("Finance", report.finance.lines), *((area.name, area.lines) for area in report.areas)):
        if lines:
            found.append(sheet_of(f"This report, table {name}: plan, actual and variance", _plan_rows(lines)))
    return found


def _plan_rows(lines: Sequence[PlanLine]) -> list[list[str]]:
    rows = [["Measure", "Plan", "Actual", "Variance", "Variance %"]]
    rows += [[one.name, one.plan.text, one.actual.text, one.variance.text, one.variance_percent.text] for one in lines]
    return rows


def checked(report: BoardReport) -> BoardReport:
    """The report with the disagreements within its own tables among its findings.

    What a source file's finding already tells (a printed figure beside the one computed) is not told twice: the
    tables print computed variances, so that only what this report itself would get wrong is new.
    """
    own = measurement.reconcile_sheets(report_sheets(report))
    return replace(report, findings=(*report.findings, *own))


def check_uploads(files: Sequence[UploadedFile[Any]]) -> list[TableFinding]:
    """Reconcile files sent by a browser, together, with the relations sent for them; nothing of them is kept.

    Raises ``NotCheckedError``, ``HostileFileError`` or ``BadRelationsError``, each in one line.
    """
    if not files:
        raise NotCheckedError("Choose at least one CSV file, .xlsx workbook or text")
    if len(files) > MOST_FILES or sum(one.size or 0 for one in files) > MOST_BYTES:
        raise NotCheckedError(f"Send up to {MOST_FILES} files of {MOST_BYTES // 1_000_000} MB in all")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, one in enumerate(files):
            name = Path(one.name or "").name or f"file {number + 1}"
            place = Path(folder) / str(number)
            place.mkdir()
            path = place / (name if len(name) < 150 else f"file{Path(name).suffix}")
            with path.open("wb") as out:
                for chunk in one.chunks():
                    out.write(chunk)
            paths.append((path, name))
        return measurement.reconcile_files(paths)


def rules_by_group() -> dict[str, list[Rule]]:
    """Every rule, under the kind of thing it checks."""
    groups: dict[str, list[Rule]] = {}
    for rule in RULES.values():
        groups.setdefault(rule.group, []).append(rule)
    return groups
