"""Packs that agree raise no alarm, rounded ones included; of each kind of planted error none is missed."""

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.prose import Text
from commonweal.domain.measurement.reconcile.run import reconcile
from commonweal.domain.measurement.reconcile.sheets import TableFinding, sheet_of
from tests.generative.reconcile_packs import TABLES
from tests.generative.reconcile_wordings import WORDINGS, moved, told

KINDS = [(make, kind) for make in (*TABLES, *WORDINGS) for kind in make(random.Random(0)).planters]
quick = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def graver(found: list[TableFinding]) -> list[TableFinding]:
    """Findings that rounding does not explain."""
    return [one for one in found if one.severity != Severity.NOTE]


@quick
@given(st.integers(min_value=0, max_value=10**6))
def test_no_alarm_on_a_pack_that_agrees(seed: int) -> None:
    sheets = [sheet_of(f"{make.__name__}.csv", make(random.Random(seed)).rows) for make in TABLES]
    assert graver(reconcile(sheets)) == []


@quick
@given(st.integers(min_value=0, max_value=10**6))
def test_no_alarm_in_the_words_of_other_offices(seed: int) -> None:
    for make in WORDINGS:
        assert graver(reconcile([sheet_of("clean.csv", make(random.Random(seed)).rows)])) == []


@quick
@given(st.integers(min_value=0, max_value=10**6))
def test_a_figure_told_in_a_sentence_is_held_to_its_table(seed: int) -> None:
    dice = random.Random(seed)
    table, lines, told_at = told(dice)
    sheet = sheet_of("table.csv", table.rows)
    assert graver(reconcile([sheet], texts=[Text("report.txt", list(enumerate(lines, 1)))])) == []
    spoilt = dice.choice(told_at)
    # A figure that ends in noughts may be a rounded one: it is not told as an error.
    by = next(by for by in (3, 7) if not re.match(r"\D*[\d,]*00\b", moved(lines[spoilt], by)))
    lines[spoilt] = moved(lines[spoilt], by)
    found = graver(reconcile([sheet], texts=[Text("report.txt", list(enumerate(lines, 1)))]))
    assert [(one.file, one.line, one.rule) for one in found] == [
        ("report.txt", str(spoilt + 1), "text-agrees-with-table")
    ]


@pytest.mark.parametrize(("make", "kind"), KINDS, ids=[kind for _, kind in KINDS])
@quick
@given(seed=st.integers(min_value=0, max_value=10**6))
def test_every_planted_error_is_found_where_it_stands(make, kind: str, seed: int) -> None:
    made = make(random.Random(seed))
    row = made.planters[kind](random.Random(seed + 1))
    found = graver(reconcile([sheet_of("planted.csv", made.rows)]))
    assert str(row + 1) in {one.line for one in found}


@quick
@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=12))
def test_any_grid_of_text_is_read_without_a_fault(rows: list[list[str]]) -> None:
    reconcile([sheet_of("any.csv", rows)])
