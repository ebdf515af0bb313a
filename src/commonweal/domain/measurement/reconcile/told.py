"""Figures of the text against the cells of the tables: the same thing, of the same body, in the same period.

A cell is what a sentence tells when every word that names the cell (its row, its column, the title where the column is
only a month or *actual*) stands in the sentence. A number that one such cell agrees with is settled; one that is left,
with one cell left for it and near enough to be meant as it, is a finding.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.calendar_dates import read_period
from commonweal.domain.measurement.reconcile.cells import shown
from commonweal.domain.measurement.reconcile.facts import canonical, initials
from commonweal.domain.measurement.reconcile.labels import TOTALS, Role, exact_total, without_scale
from commonweal.domain.measurement.reconcile.layout import Table
from commonweal.domain.measurement.reconcile.prose import Mention, Said, Text, Unit, mentions, tokens
from commonweal.domain.measurement.reconcile.rules import RULES
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.reconcile.views import View

RULE = "text-agrees-with-table"
_MOST_RECORDS = 5_000
_SMALL = frozenset([
    "the", "a", "an", "of", "in", "for", "and", "to", "at", "on", "by", "is", "with", "as", "per", "this",
    "that", "no", "nhs", "trust", "foundation", "value", "figure", "number", "amount", "actual", "outturn",
    "result", "count", "total", "reported", "all",
])  # fmt: skip
_UNITS = frozenset([
    "gbp", "m", "k", "000", "million", "thousand", "percent", "n", "percentage",
])  # fmt: skip
_WHOLE = frozenset("total overall system combined together altogether icb ics all across".split())  # noqa: SIM905  read as prose
_SIZE = re.compile(r"\d\s?(k|m|bn|thousand|million|billion)")
_POWERS = (10.0, 100.0, 1e3, 1e6)


@dataclass(frozen=True, slots=True)
class _Cell:
    view: View
    table: int
    record: int
    field: int
    subject: frozenset[str]  # the words of its row: every one must stand in the sentence
    what: frozenset[str]  # those of its column: in the sentence, or the one before it
    title: frozenset[str]  # one of these must, where there are any
    of_all: bool
    part: Said
    unit: Unit | None  # None where a table does not say whether it counts or costs


def told(
    texts: Sequence[Text], tables: Sequence[tuple[Table, View]], aliases: Mapping[str, str]
) -> Iterator[TableFinding]:
    """Findings on figures that the texts tell otherwise than the tables, or than each other."""
    if not texts:
        return
    names = {**initials({record for _, view in tables for record in view.records[:2000]}), **aliases}
    names = {alias: canonical(name, {}) for alias, name in names.items()}
    found = [(text, list(mentions(text, names))) for text in texts]
    cells = [cell for number, (table, view) in enumerate(tables) for cell in _cells(number, table, view, names)]
    by_word: dict[str, list[_Cell]] = defaultdict(list)
    for cell in cells:
        for word in [max(cell.subject, key=len)] if cell.subject else cell.what or cell.title:
            by_word[word].append(cell)
    for text, said in found:
        sentences: dict[tuple[int, str], list[Mention]] = defaultdict(list)
        for one in said:
            sentences[one.line, one.sentence].append(one)
        for some in sentences.values():
            yield from _sentence(text, some, by_word)
    yield from _twice(found)


def _cells(number: int, table: Table, view: View, names: Mapping[str, str]) -> Iterator[_Cell]:
    if len(view.records) > _MOST_RECORDS:
        return
    stem_of_file = table.sheet.file.rpartition("/")[2].partition(".")[0].replace("_", " ").replace("-", " ")
    headed = bool(table.title or table.sheet.name)
    title = tokens(f"{table.title} {table.sheet.name} {'' if headed else stem_of_file}") - _SMALL - _UNITS
    periods = {part for part in title if _is_period(part)}
    rows = [tokens(canonical(record, names)) for record in view.records]
    heads = [tokens(canonical(without_scale(label), names)) for label in view.fields]
    for f, (label, head) in enumerate(zip(view.fields, heads, strict=True)):
        role = view.field_roles[f]
        if role in {Role.RANK, Role.KEY, Role.CUMULATIVE}:
            continue
        part = Said.PLAN if role is Role.PLAN else Said.VARIANCE if role is Role.VARIANCE else Said.FIGURE
        money = "£" in label or "£" in table.title
        for r, record in enumerate(view.records):
            if not record or not np.isfinite(view.value[r, f]) or len(record) > 120:
                continue
            whole = view.record_roles[r] in TOTALS and (exact_total(record) or view.record_roles[r] is Role.WHOLE)
            row_part = part
            if part is Said.FIGURE and re.search(r"\b(?:plan|target|budget)\b", record.lower()):
                row_part = Said.PLAN
            own = (
                head - (_SMALL | _UNITS) - ({"plan", "target", "budget", "planned"} if row_part is Said.PLAN else set())
            )
            own = own - {"variance", "var", "difference"} if part is Said.VARIANCE else own
            mine = frozenset() if whole else rows[r] - _SMALL - _UNITS
            named = {word for word in own if not _is_period(word)}
            if not mine and not whole:
                continue
            if whole and not named and not title - periods:
                continue
            unit = Unit.PERCENT if view.percent[r, f] else Unit.MONEY if money or view.scale[r, f] > 1 else None
            known = named or (not headed and (unit is Unit.MONEY or not own))
            needs = frozenset[str]() if known else frozenset(title - periods)
            yield _Cell(view, number, r, f, _dated(mine), _dated(own), needs, whole, row_part, unit)


def _is_period(word: str) -> bool:
    return bool(re.fullmatch(r"(?:\d{4})?m\d\d|\d{2,4}(?:/\d\d)?|q[1-4]", word)) or read_period(word) is not None


def _dated(words: frozenset[str]) -> frozenset[str]:
    """Words of a label; of a month with its year only the whole, not the month alone."""
    full = {word for word in words if re.fullmatch(r"\d{4}m\d\d", word)}
    return words - {word[4:] for word in full}


def _sentence(text: Text, said: list[Mention], by_word: Mapping[str, list[_Cell]]) -> Iterator[TableFinding]:
    words, around = said[0].words, said[0].words | said[0].context
    near = {id(cell): cell for word in around for cell in by_word.get(word, ())}
    meant = [cell for cell in near.values() if _names(cell, words, around)]
    # The cell that more words of the sentence name is the one meant: system total attendances, not attendances.
    left = [one for one in said if one.said is not Said.NONE]
    taken: set[int] = set()
    settled: set[int] = set()
    for index, one in enumerate(left):
        for at, cell in enumerate(meant):
            if _kind(one, cell) and _agrees(one, cell):
                settled.add(index)
                taken.add(at)
    for index, one in enumerate(left):
        if index in settled:
            continue
        open_cells = [
            cell for at, cell in enumerate(meant) if at not in taken and _kind(one, cell) and _tells(one, cell)
        ]
        if not open_cells:
            continue
        most = max(len(cell.subject | cell.what) for cell in open_cells)
        open_cells = [cell for cell in open_cells if len(cell.subject | cell.what) == most]
        values = {float(cell.view.value[cell.record, cell.field]) for cell in open_cells}
        cell = open_cells[0]
        here = cell.what <= words and (not cell.title or bool(cell.title & words))
        if len(values) == 1 and _meant(one, cell, 3.0 if here else 1.25):
            yield _finding(text, one, cell)


def _names(cell: _Cell, words: frozenset[str], around: frozenset[str]) -> bool:
    if not all(word in words or _short(word, words) for word in cell.subject):
        return False
    if not all(word in around or _short(word, words) for word in cell.what):
        return False
    if cell.title and not cell.title & around:
        return False
    return not cell.of_all or bool(words & _WHOLE)


def _short(word: str, words: frozenset[str]) -> bool:
    """Whether a month with its year is told by the month alone, in a sentence that names it without a year."""
    if not re.fullmatch(r"\d{4}m\d\d", word):
        return False
    return word[4:] in words and not any(re.fullmatch(rf"\d{{4}}{word[4:]}", one) for one in words)


def _kind(one: Mention, cell: _Cell) -> bool:
    part = Said.PLAN if cell.part is Said.PLAN else Said.VARIANCE if cell.part is Said.VARIANCE else Said.FIGURE
    if one.said is not part:
        return False
    if one.unit is Unit.PERCENT or cell.unit is Unit.PERCENT:
        return one.unit is Unit.PERCENT and cell.unit is Unit.PERCENT
    return one.unit is Unit.MONEY or cell.unit is None


def _tells(one: Mention, cell: _Cell) -> bool:
    """Whether the sentence says of the number that it is this figure: by its verb, or by the noun that follows."""
    return one.told or bool(set(one.after[:3]) & (cell.subject | cell.what | cell.title))


def _agrees(one: Mention, cell: _Cell) -> bool:
    value, half = float(cell.view.value[cell.record, cell.field]), float(cell.view.half[cell.record, cell.field])
    slack = one.step / 2 + max(half, float(cell.view.step[cell.record, cell.field]) / 2 if half else 0.0)
    return abs(abs(one.value) - abs(value)) <= (slack if one.step != 1.0 or half else half) + 1e-9 * abs(value)


def _meant(one: Mention, cell: _Cell, within: float) -> bool:
    value = abs(float(cell.view.value[cell.record, cell.field]))
    if not value or not one.value:
        return False
    ratio = abs(one.value) / value
    return 1 / within <= ratio <= within or any(
        abs(ratio * turn - 1) < 0.02 for power in _POWERS for turn in (power, 1 / power)
    )


def _finding(text: Text, one: Mention, cell: _Cell) -> TableFinding:
    view = cell.view
    line, column = view.place(cell.record, cell.field)
    value = float(view.value[cell.record, cell.field])
    size = _SIZE.search(one.printed.lower())
    unit = {"k": 1e3, "t": 1e3, "m": 1e6, "b": 1e9}[size[1][0]] if size else 1.0
    decimals = re.search(r"\.(\d+)", one.printed)
    places = len(decimals[1]) if decimals else 0
    if round(abs(value) / unit, places) == round(abs(one.value) / unit, places):
        places += 1
    again = shown(abs(value) / unit, places)
    gap = shown((abs(one.value) - abs(value)) / unit, places)
    ratio = abs(one.value / value)
    slip = any(abs(ratio * turn - 1) < 0.002 for power in (1e3, 1e6) for turn in (power, 1 / power))
    sign = "%" if one.unit is Unit.PERCENT else ""
    name = " ".join(part for part in (view.records[cell.record], view.fields[cell.field]) if part)
    cut = one.sentence if len(one.sentence) <= 160 else f"{one.sentence[:157]}…"
    return TableFinding(
        text.file,
        str(one.line),
        "unit-is-not-mistaken" if slip else RULE,
        one.printed,
        again + sign,
        gap if gap.startswith("-") else f"+{gap}",
        Severity.ERROR if slip else Severity.WARNING,
        f"“{cut}” says {one.printed}, but {view.file} line {line}, {column} ({name}) has "
        f"{view.text(cell.record, cell.field).strip()}.",
        column=text.column,
        check=RULES[RULE].check,
    )


def _twice(found: Sequence[tuple[Text, list[Mention]]]) -> Iterator[TableFinding]:
    """Sentences of nearly the same words, each with one figure, that do not tell the same."""
    alone: list[tuple[Text, Mention, frozenset[str]]] = []
    for text, said in found:
        counts: dict[tuple[int, str], int] = defaultdict(int)
        for one in said:
            counts[one.line, one.sentence] += 1
        for one in said:
            words = frozenset(word for word in one.words if not word[0].isdigit() or _is_period(word)) - _SMALL
            if counts[one.line, one.sentence] == 1 and one.said is not Said.NONE and len(words) >= 3:
                alone.append((text, one, words))
    first_word: dict[str, list[int]] = defaultdict(list)
    for index, (text, one, words) in enumerate(alone):
        seen = {other for word in words for other in first_word[word]}
        for at in sorted(seen):
            before, earlier, others = alone[at]
            if (
                earlier.unit is one.unit
                and earlier.said is one.said
                and len(words & others) >= 0.85 * len(words | others)
                and {word for word in words if _is_period(word)} == {word for word in others if _is_period(word)}
                and abs(one.value - earlier.value)
                > (one.step + earlier.step) / 2 * (one.step != 1 or earlier.step != 1)
                and 0.5 <= one.value / (earlier.value or 1.0) <= 2
            ):
                yield TableFinding(
                    text.file,
                    str(one.line),
                    RULE,
                    one.printed,
                    earlier.printed,
                    "",
                    Severity.WARNING,
                    f"“{one.sentence[:160]}” says {one.printed}, but {before.file} line {earlier.line} says "
                    f"{earlier.printed} in the same words.",
                    column=text.column,
                    check=RULES[RULE].check,
                )
                break
        for word in words:
            first_word[word].append(index)
