"""One fact told in two places: the same row, column, period and unit in two tables, aliases resolved.

Two monthly tables have every label in common and every figure different. So two tables are held to each other only
where most of what they share agrees; a lone shared label must be long enough to name one thing, and near enough in
figure to be meant as the same.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.calendar_dates import read_day, read_period
from commonweal.domain.measurement.reconcile.checking import finding
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role, plain
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import View

_EMPTY = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "in",
        "for",
        "and",
        "to",
        "at",
        "on",
        "by",
        "is",
        "with",
        "value",
        "values",
        "figure",
        "figures",
        "number",
        "no",
        "amount",
        "printed",
        "total",
        "all",
        "nhs",
    ]
)
_PERIODS = frozenset({"period", "as at", "month", "year", "date", "quarter", "financial year"})
_MOST_RECORDS = 20_000
_WORD = re.compile(r"[a-z0-9]+(?:/[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure of a view with the words that name it."""

    view: View
    record: int
    field: int
    period: str


def canonical(text: str, aliases: Mapping[str, str]) -> str:
    """Text in lower case with every alias of an organisation replaced by one name."""
    found = plain(text).replace("&", "and")
    if found in aliases:
        return aliases[found]
    for alias, name in aliases.items():
        if alias in found:
            found = re.sub(rf"\b{re.escape(alias)}\b", name, found)
    return found


def facts(tables: Sequence[tuple[Table, View]], aliases: Mapping[str, str]) -> Iterator[TableFinding]:
    """Findings on facts that two tables of the run tell differently; placed in the later of the two."""
    if len(tables) < 2:
        return
    named: dict[tuple[frozenset[str], bool], list[tuple[int, Fact]]] = defaultdict(list)
    for number, (table, view) in enumerate(tables):
        if len(view.records) > _MOST_RECORDS:
            continue
        mine: dict[tuple[frozenset[str], bool, str], list[Fact]] = defaultdict(list)
        for (key, percent), fact in _facts(table, view, aliases):
            mine[key, percent, fact.period].append(fact)
        for (key, percent, _), alike in mine.items():
            if len(alike) == 1:
                named[key, percent].append((number, alike[0]))
    shared: dict[tuple[int, int], list[tuple[frozenset[str], Fact, Fact]]] = defaultdict(list)
    for (key, _), found in named.items():
        for index, (a, one) in enumerate(found):
            for b, other in found[index + 1 :]:
                if a != b and (not one.period or not other.period or one.period == other.period):
                    shared[a, b].append((key, one, other))
    for (a, b), pairs in shared.items():
        yield from _compare(pairs, _stamp(tables[a][0]), _stamp(tables[b][0]))


def _facts(table: Table, view: View, aliases: Mapping[str, str]) -> Iterator[tuple[tuple[frozenset[str], bool], Fact]]:
    when = next((c for c, label in enumerate(table.labels) if plain(label) in _PERIODS), None)
    heads = [frozenset(_WORD.findall(canonical(label, aliases))) - _EMPTY for label in view.fields]
    for r, record in enumerate(view.records):
        if not record or view.record_roles[r] in TOTALS or len(record) > 200:
            continue
        words = frozenset(_WORD.findall(canonical(record, aliases))) - _EMPTY
        period = _period(table.cell(r, when)) if when is not None else ""
        for f, head in enumerate(heads):
            if np.isfinite(view.value[r, f]) and view.field_roles[f] not in {Role.RANK, Role.KEY}:
                key = words | head
                if key and words:
                    yield (key, bool(view.percent[r, f])), Fact(view, r, f, period)


def _period(text: str) -> str:
    day = read_day(text)
    if day is not None and day.day is not None:
        return day.day.isoformat()
    found = read_period(text)
    return f"{found[0]} {found[1]}" if found else plain(text)


def _stamp(table: Table) -> str:
    """The period a table's title or sheet name carries, if any."""
    found = re.findall(
        r"(?:19|20)\d\d(?:[-/]\d\d)?|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\bq[1-4]\b|\bm\d+\b",
        f"{table.title} {table.sheet.name} {table.sheet.file}".lower(),
    )
    return " ".join(found)


def _compare(
    pairs: list[tuple[frozenset[str], Fact, Fact]], one_stamp: str, other_stamp: str
) -> Iterator[TableFinding]:
    apart: list[tuple[frozenset[str], Fact, Fact, bool]] = []
    agree = 0
    for key, one, other in pairs:
        first, second = _figure(one), _figure(other)
        gap = abs(first[0] - second[0])
        if gap <= 1e-9 * max(1.0, abs(first[0])):
            agree += 1
        elif gap <= (first[1] + second[1]) / 2 + 1e-9 * abs(first[0]):
            agree += 1
            if first[1] == second[1]:
                apart.append((key, one, other, True))
        else:
            apart.append((key, one, other, False))
    fails = sum(not near for *_, near in apart)
    evident = agree >= 2 and agree >= 2 * fails
    for key, one, other, near in apart:
        alone = len(pairs) <= 2 and len(key) >= 3 and one_stamp == other_stamp and _meant(one, other)
        if not (evident or (alone and not near)):
            continue
        first, second = _figure(one), _figure(other)
        line, column = one.view.place(one.record, one.field)
        same_file = one.view.file == other.view.file
        where = f"line {line}, {column}" if same_file else f"{one.view.file} line {line}, {column}"
        ratio = abs(second[0] / first[0]) if first[0] else 0.0
        out = any(abs(ratio / power - 1) < 0.002 for power in (1e3, 1e6, 1e-3, 1e-6))
        yield finding(
            other.view,
            other.record,
            other.field,
            "unit-is-not-mistaken" if out else "same-fact-same-figure",
            first[0],
            f"{where} has",
            near=near,
            severity=Severity.ERROR if out else Severity.NOTE if near else Severity.WARNING,
        )


def _figure(fact: Fact) -> tuple[float, float]:
    return float(fact.view.value[fact.record, fact.field]), float(fact.view.step[fact.record, fact.field])


def _meant(one: Fact, other: Fact) -> bool:
    """Whether two figures are near enough, or a unit apart, to be meant as one."""
    first, second = _figure(one)[0], _figure(other)[0]
    if not first or not second or (first < 0) != (second < 0):
        return False
    ratio = second / first
    return 0.8 <= ratio <= 1.25 or any(abs(ratio / power - 1) < 0.002 for power in (1e3, 1e-3, 1e6, 1e-6))
