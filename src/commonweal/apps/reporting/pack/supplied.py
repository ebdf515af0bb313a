"""What a meeting's own papers supply: risks, decisions asked for, actions. Only papers of the month reported count."""

from collections.abc import Sequence

from commonweal.apps.measurement import api as measurement
from commonweal.apps.reporting.formats import NONE
from commonweal.apps.reporting.model import Cell, Table
from commonweal.apps.reporting.pack.model import Para, Section


def papers(period: str) -> list[measurement.Document]:
    """The documents put to a meeting in a month."""
    return [one for one in measurement.documents().values() if one.reported == period]


def _rows(period: str, name: str) -> list[dict[str, str]]:
    """The rows of a printed table of the month's papers; none where none was loaded."""
    found: list[dict[str, str]] = []
    stored = {one.file for one in measurement.stored_tables()} if papers(period) else set()
    for paper in papers(period):
        file = f"{paper.number}_{name}.csv"
        if file not in stored:
            continue
        rows: dict[int, dict[str, str]] = {}
        for cell in measurement.table_cells(file):
            rows.setdefault(cell.row, {"file": file})[cell.column] = cell.printed
        found += rows.values()
    return found


def risks(period: str) -> Section:
    """Risks as the papers score them; likelihood times consequence is recomputed in the workbook."""
    rows = _rows(period, "risks")
    if not rows:
        return Section("risks", "Risks", 2, (Para("Not supplied: no risk register was loaded for this month."),))
    table = _table(
        "Risks, as put to the meeting",
        rows,
        (
            ("Risk", "description"),
            ("Category", "category"),
            ("Likelihood", "likelihood"),
            ("Consequence", "consequence"),
            ("Score", "score"),
            ("Owner", "owner"),
        ),
    )
    return Section("risks", "Risks", 2, (table,))


def decisions(period: str) -> Section:
    """What the meeting is asked to agree, and the decisions and actions still open from before."""
    asked = [one for one in _rows(period, "agenda") if one.get("action", "").lower() == "to agree"]
    blocks: list[Para | Table] = []
    if asked:
        columns = (("Item", "title"), ("Paper", "paper"), ("Lead", "lead"), ("Asked", "action"))
        blocks.append(_table("Decisions asked of the meeting", asked, columns))
    else:
        blocks.append(Para("Not supplied: no agenda was loaded for this month, so no decision is asked for here."))
    open_before = [one for one in _rows(period, "decisions_log") if one.get("status", "").lower() == "ongoing"]
    if open_before:
        columns = (("Decision", "decision"), ("Reference", "reference"), ("Owner", "owner"), ("Status", "status"))
        blocks.append(_table("Earlier decisions still open", open_before, columns))
    actions = [one for one in _rows(period, "action_log") if one.get("status", "").lower() == "ongoing"]
    if actions:
        columns = (("Action", "action"), ("Reference", "reference"), ("Owner", "owner"), ("Due", "deadline_printed"))
        blocks.append(_table("Actions still open", actions, columns))
    return Section("decisions", "Decisions asked", 2, tuple(blocks))


def _table(caption: str, rows: Sequence[dict[str, str]], columns: Sequence[tuple[str, str]]) -> Table:
    lines = tuple(
        (
            *(Cell(row.get(field) or NONE) for _, field in columns),
            Cell(f"{row['file']}, document line {row.get('line', NONE)}"),
        )
        for row in rows
    )
    return Table(caption, (*(name for name, _ in columns), "Where it is printed"), lines, ())
