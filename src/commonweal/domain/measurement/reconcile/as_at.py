"""Dates of what a paper tells as done, against the paper's own: that of its meeting, or that its data are as at."""

import re
from collections.abc import Iterator
from datetime import date

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.calendar_dates import read_day
from commonweal.domain.measurement.reconcile.labels import plain
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import Sheet, TableFinding, letter

RULE = "done-before-the-paper"
_DATE = re.compile(
    r"\b(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4}|(?:[a-z]{3,9},?\s+)?\d{1,2}(?:st|nd|rd|th)?\s+[a-z]{3,9}\s+\d{4})\b",
    re.IGNORECASE,
)
_MEETING = re.compile(r"\b(?:meeting|board|committee|governing body|held on)\b", re.IGNORECASE)
_AS_AT = re.compile(
    r"\b(?:as at|as of|position at|extract(?:ed)?|snapshot|correct at|data to|report date)\b", re.IGNORECASE
)
_HAPPENED = frozenset([
    "completed", "completion", "closed", "close", "closure", "actual", "raised", "identified", "received",
    "opened", "logged", "created", "occurred", "incident", "reported", "seen", "discharged", "admitted",
    "referred", "reviewed", "updated", "achieved", "delivered", "resolved", "signed", "started",
])  # fmt: skip
_AROUND = frozenset([
    "date", "of", "on", "the", "day", "action", "risk", "issue", "last", "was",
])  # fmt: skip
_MOST_WORDS = 3  # filled cells in a row that is a title or note rather than of a table


def said_dates(sheet: Sheet) -> tuple[tuple[date, int, str] | None, tuple[date, int, str] | None]:
    """(day, index of its row, words) of the meeting a sheet is for, and of what its figures are as at."""
    meeting = as_at = None
    for index in (*range(min(len(sheet.rows), 15)), *range(max(15, len(sheet.rows) - 15), len(sheet.rows))):
        said = [cell.strip() for cell in sheet.rows[index] if cell.strip()]
        text = " ".join(said)
        if not said or len(said) > _MOST_WORDS or len(text) > 300:
            continue
        found = _DATE.search(text)
        read = read_day(found[0]) if found else None
        if read is None or read.day is None:
            continue
        if _AS_AT.search(text):
            as_at = as_at or (read.day, index, text)
        elif _MEETING.search(text):
            meeting = meeting or (read.day, index, text)
    return meeting, as_at


def paper_dates(sheet: Sheet) -> Iterator[TableFinding]:
    """A sheet whose data are as at a day after the meeting it was written for."""
    meeting, as_at = said_dates(sheet)
    if meeting and as_at and as_at[0] > meeting[0]:
        yield TableFinding(
            sheet.file,
            str(sheet.lines[as_at[1]]),
            RULE,
            as_at[2],
            f"{meeting[0].isoformat()} or before",
            f"{(as_at[0] - meeting[0]).days} days",
            Severity.ERROR,
            f"Figures as at {as_at[0].isoformat()} in a paper for {meeting[0].isoformat()}, which is before.",
            column=f"{sheet.name}!A" if sheet.name else "A",
            check=RULES[RULE].check,
        )


def done_dates(table: Table, sheet: Sheet) -> Iterator[TableFinding]:
    """Dates of what has happened, of which a few lie after the paper's date and the rest do not."""
    known = [one for one in said_dates(sheet) if one]
    if not known:
        return
    limit, _, words = max(known)
    for c, label in enumerate(table.labels):
        names = set(plain(label).split()) - _AROUND
        if not names or not names <= _HAPPENED:
            continue
        days = [(r, found.day) for r in range(len(table.rows)) if (found := read_day(table.cell(r, c))) and found.day]
        late = [(r, day) for r, day in days if day > limit]
        if len(days) < 3 or len(late) > max(1, 0.2 * len(days)):
            continue
        for r, day in late:
            yield TableFinding(
                table.sheet.file,
                str(table.lines[r]),
                RULE,
                table.cell(r, c),
                f"{limit.isoformat()} or before",
                f"{(day - limit).days} days",
                Severity.ERROR,
                f"{label} {table.cell(r, c)} is after the date of the paper ({words}).",
                column=table.name(c) or letter(c),
                check=RULES[RULE].check,
            )
