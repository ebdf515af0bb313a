"""Packs that agree raise no alarm, rounded ones included; of each kind of planted error none is missed."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonweal.domain.measurement.figures import Severity
from commonweal.domain.measurement.reconcile.run import reconcile
from commonweal.domain.measurement.reconcile.sheets import TableFinding, sheet_of
from tests.generative.reconcile_packs import TABLES

KINDS = [(make, kind) for make in TABLES for kind in make(random.Random(0)).planters]
quick = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def graver(found: list[TableFinding]) -> list[TableFinding]:
    """Findings that rounding does not explain."""
    return [one for one in found if one.severity != Severity.NOTE]


@quick
@given(st.integers(min_value=0, max_value=10**6))
def test_no_alarm_on_a_pack_that_agrees(seed: int) -> None:
    sheets = [sheet_of(f"{make.__name__}.csv", make(random.Random(seed)).rows) for make in TABLES]
    assert graver(reconcile(sheets)) == []


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
