"""Dates that do not exist, ends before starts, terms that do not fit, and periods missing or told twice."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.calendar_dates import read_day, read_period
from commonweal.domain.measurement.reconcile.labels import plain
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding, letter

# What comes first and what comes after, as column labels say it; the rest of the two labels must be the same.
_PAIRS = (
    ("start", "end"), ("starts", "ends"), ("started", "ended"), ("start", "finish"), ("from", "to"), ("from", "until"),
    ("opened", "closed"), ("open", "close"), ("raised", "due"), ("raised", "closed"), ("raised", "completed"),
    ("received", "completed"), ("referred", "seen"), ("referral", "first contact"), ("admitted", "discharged"),
    ("admission", "discharge"), ("birth", "death"), ("issued", "expires"), ("date", "deadline"), ("date", "due"),
    ("date", "review"), ("reported", "resolved"), ("commencement", "expiry"), ("valid from", "valid to"),
    ("report deadline", "despatch"), ("despatch", "committee"), ("begin", "end"),
)  # fmt: skip
_TERM = re.compile(r"\b(?:term|duration|length|period)?\b.*\b(months|weeks|days)\b")


def dates(table: Table) -> Iterator[TableFinding]:
    """Findings on the dates of a table, cell by cell and row by row."""
    columns = [c for c in range(len(table.labels)) if _is_dates(table, c)]
    for c in columns:
        for r in range(len(table.rows)):
            text = table.cell(r, c)
            found = read_day(text)
            if found is not None and found.day is None:
                yield _finding(table, r, c, "date-exists", text, found.nearest, "", f"{text}: {found.why}.")
    for first, last in _pairs(table, columns):
        for r in range(len(table.rows)):
            start, end = read_day(table.cell(r, first)), read_day(table.cell(r, last))
            if start and end and start.day and end.day and start.day > end.day:
                yield _finding(
                    table,
                    r,
                    last,
                    "start-is-not-after-end",
                    table.cell(r, last),
                    f"{table.cell(r, first)} or later",
                    f"{(end.day - start.day).days} days",
                    f"{table.labels[last]} {table.cell(r, last)} is before "
                    f"{table.labels[first]} {table.cell(r, first)}.",
                )
        yield from _terms(table, first, last)


def _is_dates(table: Table, c: int) -> bool:
    rows = min(len(table.rows), 300)
    said = [table.cell(r, c) for r in range(rows) if table.cell(r, c)]
    found = sum(read_day(text) is not None for text in said)
    return found >= 1 and (found >= 0.5 * len(said) or "date" in table.labels[c].lower())


def _pairs(table: Table, columns: list[int]) -> Iterator[tuple[int, int]]:
    names = {c: plain(table.labels[c]) for c in columns if not plain(table.labels[c]).endswith(" printed")}
    for a, one in names.items():
        for b, other in names.items():
            if a == b:
                continue
            for first, last in _PAIRS:
                if (
                    _holds(one, first)
                    and _holds(other, last)
                    and not _holds(one, last)
                    and _rest(one, first) == _rest(other, last)
                ):
                    yield a, b
                    break
            else:
                if _follows(one, other):
                    yield a, b


# A label made of such words alone says what comes first, or last, whatever the other column is called.
_FIRST = frozenset([
    "start", "starts", "started", "from", "opened", "open", "raised", "identified", "added", "received",
    "referred", "referral", "admitted", "admission", "issued", "created", "logged", "commencement", "commenced",
    "commences", "begin", "begins", "birth", "registered", "requested", "allocated", "assigned",
])  # fmt: skip
_LAST = frozenset([
    "end", "ends", "ended", "finish", "finished", "until", "closed", "close", "due", "completed", "completion",
    "deadline", "target", "review", "seen", "discharged", "discharge", "death", "expires", "expiry", "resolved",
    "resolution", "treated", "decision", "closure", "by",
])  # fmt: skip
_AROUND = frozenset([
    "date", "of", "on", "the", "day", "contract", "action", "actions", "risk", "issue", "treatment", "to", "be",
    "next",
])  # fmt: skip


def _follows(one: str, other: str) -> bool:
    """Whether two labels are made of words of beginning, and of ending, alone."""
    first, last = set(one.split()) - _AROUND, set(other.split()) - _AROUND
    return bool(first) and bool(last) and first <= _FIRST and last <= _LAST


def _holds(name: str, words: str) -> bool:
    return bool(re.search(rf"\b{words}\b", name))


def _rest(name: str, words: str) -> set[str]:
    return set(re.sub(rf"\b{words}\b", " ", name).split()) - {"date", "on", "of", "day", "contract", "the"}


def _terms(table: Table, first: int, last: int) -> Iterator[TableFinding]:
    for c, label in enumerate(table.labels):
        match = _TERM.search(plain(label))
        if match is None or c in {first, last}:
            continue
        fits, bad = 0, []
        for r in range(len(table.rows)):
            start, end, text = read_day(table.cell(r, first)), read_day(table.cell(r, last)), table.cell(r, c)
            if not (start and end and start.day and end.day and text.isdigit()):
                continue
            computed = _length(start.day, end.day, match[1])
            slack = 1
            if abs(int(text) - computed) <= slack:
                fits += 1
            else:
                bad.append((r, text, computed))
        if bad and fits >= len(bad):
            for r, text, computed in bad:
                yield _finding(
                    table,
                    r,
                    c,
                    "duration-fits-dates",
                    text,
                    str(computed),
                    f"{int(text) - computed:+d}",
                    f"{label}: printed {text}, but from {table.cell(r, first)} to {table.cell(r, last)} "
                    f"are {computed} {match[1]}.",
                    Severity.WARNING,
                )


def _length(start: date, end: date, unit: str) -> int:
    days = (end - start).days + 1
    if unit == "days":
        return days
    if unit == "weeks":
        return round(days / 7)
    return round(days / 30.4375)


def periods(table: Table) -> Iterator[TableFinding]:
    """Months, quarters or years missing from a row of headers or a column of labels, or there twice."""
    heads = [(c, read_period(label)) for c, label in enumerate(table.labels)]
    run = [(c, period) for c, period in heads if period is not None]
    if len(run) >= 4:
        line = table.lines[0]
        at = max((index for index, number in enumerate(table.sheet.lines) if number < line), default=0)
        yield from _run(
            table,
            [period for _, period in run],
            [(int(table.sheet.lines[at]), table.labels[c], table.name(c)) for c, _ in run],
        )
    for c, label in enumerate(table.labels):
        if plain(label).endswith(" printed") or len(table.rows) < 4 or len(table.rows) > 5000:
            continue
        cells = [(r, read_period(table.cell(r, c))) for r in range(len(table.rows))]
        said = [(r, period) for r, period in cells if period is not None]
        filled = sum(1 for r in range(len(table.rows)) if table.cell(r, c))
        if len(said) < 4 or len(said) < filled - 1:
            continue
        if len({period for _, period in said}) < 0.8 * len(said):  # the same periods again for each group of rows
            first: dict[tuple[str, int], int] = {}
            for r, period in said:
                first.setdefault(period, r)
            said = [(r, period) for period, r in first.items()]
            if len(said) < 4:
                continue
        yield from _run(
            table, [period for _, period in said], [(table.lines[r], table.cell(r, c), table.name(c)) for r, _ in said]
        )


def _run(table: Table, found: list[tuple[str, int]], places: list[tuple[int, str, str]]) -> Iterator[TableFinding]:
    if len({kind for kind, _ in found}) != 1:
        return
    kind = found[0][0]
    wrap = {"month of the year": 12, "quarter": 4}.get(kind)
    steps = [b - a if wrap is None else (b - a) % wrap for (_, a), (_, b) in pairwise(found)]
    sign = 1 if sum(step > 0 for step in steps) >= sum(step < 0 for step in steps) else -1
    if sum(step == sign for step in steps) < 0.6 * len(steps):
        return
    for index, step in enumerate(steps):
        line, text, column = places[index + 1]
        before = places[index][1]
        if step == 0:
            words, computed = f"{text} comes twice.", ""
        elif (1 < step * sign <= 3 and wrap is None) or (wrap and 1 < step <= 3):
            words, computed = (
                f"{text} follows {before}: {step * sign - 1} {kind}{'s' if abs(step) > 2 else ''} between are missing.",
                "",
            )
        else:
            continue
        yield TableFinding(
            table.sheet.file,
            str(line),
            "period-missing-or-twice",
            text,
            computed or "the period after " + before,
            str(step * sign - 1),
            Severity.WARNING,
            words,
            column=column,
            check=RULES["period-missing-or-twice"].check,
        )


def _finding(
    table: Table,
    r: int,
    c: int,
    rule: str,
    printed: str,
    computed: str,
    difference: str,
    message: str,
    severity: Severity = Severity.ERROR,
) -> TableFinding:
    return TableFinding(
        table.sheet.file,
        str(table.lines[r]),
        rule,
        printed,
        computed,
        difference,
        severity,
        message,
        column=table.name(c) or letter(c),
        check=RULES[rule].check,
    )
