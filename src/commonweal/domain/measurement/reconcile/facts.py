"""One fact told in two places: the same row, column, period and unit in two tables, aliases resolved.

Two monthly tables have every label in common and every figure different. So two tables are held to each other only
where most of what they share agrees; a lone shared label must be long enough to name one thing, and near enough in
figure to be meant as the same.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.calendar_dates import read_day, read_period
from commonweal.domain.measurement.reconcile.checking import finding
from commonweal.domain.measurement.reconcile.labels import ADDITIVE, TOTALS, Role, exact_total, plain, without_scale
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
    sum: float | None = None  # of several rows, the first of which is ``record``
    slack: float = 0.0


def canonical(text: str, aliases: Mapping[str, str]) -> str:
    """Text in lower case with every alias of an organisation replaced by one name."""
    found = " ".join(plain(text).replace("&", " and ").replace("’", "'").split())
    found = found.replace("year to date", "ytd").replace("year-to-date", "ytd")
    if found in aliases:
        return _FORM.sub("", aliases[found])
    for alias, name in aliases.items():
        if alias in found and name not in found:
            found = re.sub(rf"\b{re.escape(alias)}\b", name, found)
    return _FORM.sub("", found)


def initials(names: Iterable[str]) -> dict[str, str]:
    """Initials by which a run calls organisations it also names in full: {"ruh": "royal united hospitals"}.

    Only initials that stand alone as a label and fit exactly one of the names count.
    """
    labels = {" ".join(plain(name).split()): name.strip() for name in names if 2 < len(name) < 100}
    short = {low for low, name in labels.items() if re.fullmatch(r"[A-Z]{3,6}", name)}
    found: dict[str, set[str]] = defaultdict(set)
    for low in labels:
        words = [word for word in re.findall(r"[a-z]+", low) if word not in {"and", "of", "the", "for", "in"}]
        bare = [
            word for word in re.findall(r"[a-z]+", _FORM.sub("", low)) if word not in {"and", "of", "the", "for", "in"}
        ]
        for letters in {"".join(word[0] for word in some) for some in (words, bare) if len(some) >= 3}:
            if letters in short:
                found[letters].add(low)
    return {letters: next(iter(names)) for letters, names in found.items() if len(names) == 1}


_FORM = re.compile(
    r"\s+(?:nhs foundation trust|nhs trust|foundation trust|nhs ft|ft|trust|ltd|limited|plc|cic|integrated care board"
    r"|icb)\Z"
)


def facts(tables: Sequence[tuple[Table, View]], aliases: Mapping[str, str]) -> Iterator[TableFinding]:
    """Findings on facts that two tables of the run tell differently; placed in the later of the two."""
    if len(tables) < 2:
        return
    aliases = {**initials({record for _, view in tables for record in view.records[:2000]}), **aliases}
    named: dict[tuple[frozenset[str], bool], list[tuple[int, Fact]]] = defaultdict(list)
    for number, (table, view) in enumerate(tables):
        if len(view.records) > _MOST_RECORDS:
            continue
        mine: dict[tuple[frozenset[str], bool, str], list[Fact]] = defaultdict(list)
        for (key, percent), fact in _sums(table, view, aliases):
            named[key, percent].append((number, fact))
        for (key, percent), fact in _facts(table, view, aliases):
            mine[key, percent, fact.period].append(fact)
        for (key, percent, _), alike in mine.items():
            if len(alike) == 1:
                named[key, percent].append((number, alike[0]))
    shared: dict[tuple[int, int], list[tuple[frozenset[str], Fact, Fact]]] = defaultdict(list)
    for (key, _), found in named.items():
        for index, (a, one) in enumerate(found):
            for b, other in found[index + 1 :]:
                if (
                    a != b
                    and (one.sum is None or other.sum is None)
                    and (not one.period or not other.period or one.period == other.period)
                ):
                    shared[a, b].append((key, one, other))
    for (a, b), pairs in shared.items():
        yield from _compare(pairs, _stamp(tables[a][0]), _stamp(tables[b][0]))


def _facts(table: Table, view: View, aliases: Mapping[str, str]) -> Iterator[tuple[tuple[frozenset[str], bool], Fact]]:
    when = next((c for c, label in enumerate(table.labels) if plain(label) in _PERIODS), None)
    heads = [frozenset(_WORD.findall(canonical(without_scale(label), aliases))) - _EMPTY for label in view.fields]
    for r, record in enumerate(view.records):
        if not record or len(record) > 200 or (view.record_roles[r] in TOTALS and not exact_total(record)):
            continue
        words = frozenset(_WORD.findall(canonical(record, aliases))) - _EMPTY
        if view.record_roles[r] in TOTALS:
            words = frozenset({"#total"})
        period = _period(table.cell(r, when)) if when is not None else ""
        for f, head in enumerate(heads):
            if np.isfinite(view.value[r, f]) and view.field_roles[f] not in {Role.RANK, Role.KEY}:
                key = words | head
                if key and words:
                    yield (key, bool(view.percent[r, f])), Fact(view, r, f, period)


def _sums(table: Table, view: View, aliases: Mapping[str, str]) -> Iterator[tuple[tuple[frozenset[str], bool], Fact]]:
    """Sums of the rows of one name, in a table of several rows a name: wards of a trust, months of a service."""
    counts = Counter(view.records)
    if len(view.records) > _MOST_RECORDS or not any(n > 1 for n in counts.values()) or len(view.groups) < 2:
        return
    if any(role in TOTALS for role in view.record_roles) or len(counts) < 2 or len(view.groups[0]) < 2:
        return
    heads = [frozenset(_WORD.findall(canonical(without_scale(label), aliases))) - _EMPTY for label in view.fields]
    for record in counts:
        rows = [r for r, name in enumerate(view.records) if name == record]
        words = frozenset(_WORD.findall(canonical(record, aliases))) - _EMPTY
        for f, head in enumerate(heads):
            cells = view.value[rows, f]
            if (
                words
                and np.isfinite(cells).all()
                and not view.percent[rows, f].any()
                and view.field_roles[f] in ADDITIVE
            ):
                slack = float(view.half[rows, f].sum() * 2)
                yield (words | head, False), Fact(view, rows[0], f, "", float(cells.sum()), slack)


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
        if other.sum is not None:
            one, other = other, one
        alone = len(pairs) <= 2 and len(key) >= 3 and one_stamp == other_stamp and _meant(one, other)
        if not (evident or (alone and not near)):
            continue
        first, second = _figure(one), _figure(other)
        line, column = one.view.place(one.record, one.field)
        same_file = one.view.file == other.view.file
        where = f"line {line}, {column}" if same_file else f"{one.view.file} line {line}, {column}"
        if one.sum is not None:
            where = f"the rows of {one.view.records[one.record]} in {one.view.file}, from line {line}, add up, which"
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
    if fact.sum is not None:
        return fact.sum, max(fact.slack, 1e-9)
    return float(fact.view.value[fact.record, fact.field]), float(fact.view.step[fact.record, fact.field])


def _meant(one: Fact, other: Fact) -> bool:
    """Whether two figures are near enough, or a unit apart, to be meant as one."""
    first, second = _figure(one)[0], _figure(other)[0]
    if not first or not second or (first < 0) != (second < 0):
        return False
    ratio = second / first
    return 0.8 <= ratio <= 1.25 or any(abs(ratio / power - 1) < 0.002 for power in (1e3, 1e-3, 1e6, 1e-6))
