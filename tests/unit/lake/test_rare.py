"""Rare values of an extract: what few people share leaves their rows, and what many share stays."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.lake import extracting
from commonweal.lake.manifest import LakeFault
from commonweal.lake.rare import WITHHELD, Rare, withhold

CODE = Rare("condition", "code", "value", "", 3)
VALUE = Rare("condition", "value", "tail", "code", 3)
MONTH = Rare("condition", "month", "tail", "", 3)
FLAG = Rare("condition", "*", "flag", "", 3)
COLUMNS = ("code", "value", "month", "flag")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def rows(connection: duckdb.DuckDBPyConnection, *said: tuple[object, ...]) -> None:
    """(person, code, value, month, flag) of each row."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE t (person UBIGINT, code VARCHAR, value DOUBLE, month VARCHAR, flag BOOLEAN)"
    )
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", said)
    connection.execute("COMMIT")


def column(connection: duckdb.DuckDBPyConnection, which: str) -> list[object]:
    return [row[0] for row in connection.table("t").order("person, code").project(which).fetchall()]


def test_a_code_of_few_people_is_withheld_however_often_they_have_it(connection: duckdb.DuckDBPyConnection) -> None:
    rows(connection, *((n, "common", None, None, None) for n in range(3)), *[(9, "rare", None, None, None)] * 5)
    assert withhold(connection, "condition", "t", COLUMNS, [CODE]) == {"code": 5}
    assert column(connection, "code") == ["common"] * 3 + [WITHHELD] * 5


def test_the_lowest_and_highest_of_few_people_go_within_their_code(connection: duckdb.DuckDBPyConnection) -> None:
    rows(
        connection,
        *((n, "a", float(n), None, None) for n in range(8)),
        (8, "few", 4.0, None, None),
        (9, None, 4.0, None, None),
    )
    assert withhold(connection, "condition", "t", COLUMNS, [VALUE]) == {"value": 6}
    assert column(connection, "value") == [None, None, 2.0, 3.0, 4.0, 5.0, None, None, None, None]


def test_a_value_goes_with_the_code_it_is_of(connection: duckdb.DuckDBPyConnection) -> None:
    """Two rare codes, both withheld, do not make one group of enough people."""
    rows(connection, *((n, f"rare{n % 2}", 5.0, None, None) for n in range(4)))
    assert withhold(connection, "condition", "t", COLUMNS, [CODE, VALUE]) == {"code": 4, "value": 4}


def test_months_of_few_people_are_withheld_in_words(connection: duckdb.DuckDBPyConnection) -> None:
    rows(connection, (1, "a", None, "1931-05", None), *((n, "a", None, "2019-01", None) for n in range(2, 6)))
    assert withhold(connection, "condition", "t", COLUMNS, [MONTH]) == {"month": 1}
    assert column(connection, "month") == [WITHHELD] + ["2019-01"] * 4


@pytest.mark.parametrize(("yes", "gone"), [(0, 0), (1, 6), (2, 6), (3, 0), (4, 6), (5, 6), (6, 0)])
def test_yes_or_no_of_few_people_is_told_of_nobody(connection: duckdb.DuckDBPyConnection, yes: int, gone: int) -> None:
    rows(connection, *((n, "a", None, None, n < yes) for n in range(6)))
    assert withhold(connection, "condition", "t", COLUMNS, [FLAG]).get("flag", 0) == gone


@pytest.mark.parametrize(
    "rule",
    [
        Rare("condition", "code", "hide", "", 3),
        Rare("condition", "value", "tail", "sex", 3),
        Rare("condition", "code", "flag", "", 3),
        Rare("condition", "flag", "tail", "", 3),
    ],
)
def test_a_rule_that_cannot_be_followed_stops_the_extract(connection: duckdb.DuckDBPyConnection, rule: Rare) -> None:
    rows(connection, (1, "a", 1.0, "2020-01", True))
    with pytest.raises(LakeFault, match="rule for rare values"):
        withhold(connection, "condition", "t", COLUMNS, [rule])


@pytest.mark.parametrize(("table", "column"), [("condition", "cod"), ("conditions", "code"), ("condition", "*")])
def test_a_rule_of_a_column_that_no_extract_has_stops_the_extract(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, table: str, column: str
) -> None:
    """A misspelt one would protect nobody, and nobody would know."""
    rule = Rare(table, column, "value", "", 3)
    with pytest.raises(LakeFault) as caught:
        extracting.make(
            connection, tmp_path / "extract", b"k" * 32, ["condition.code"], date(2020, 10, 31),
            smallest=5, rare=[CODE, rule], leave_out=(), notice={},
        )  # fmt: skip
    assert f"{table}.{column} is of no column" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(["a", "b", "c", None]),
            st.none() | st.integers(0, 6).map(float),
            st.sampled_from(["2019-01", "2019-02", "2020-01", None]),
            st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_whatever_is_left_was_shared_by_enough_people(
    connection: duckdb.DuckDBPyConnection, said: list[tuple[Any, ...]]
) -> None:
    rows(connection, *said)
    withhold(connection, "condition", "t", COLUMNS, [CODE, VALUE, MONTH, FLAG])
    left = connection.table("t").fetchall()

    def people(which: list[tuple[Any, ...]]) -> int:
        return len({row[0] for row in which})

    for _, code, value, month, flag in left:
        if code not in (None, WITHHELD):
            assert people([one for one in said if one[1] == code]) >= 3
        if value is not None:
            same = [one for one in said if one[1] == code and one[2] is not None]
            assert people([one for one in same if one[2] <= value]) >= 3
            assert people([one for one in same if one[2] >= value]) >= 3
        if month not in (None, WITHHELD):
            told = [one for one in said if one[3] is not None]
            assert people([one for one in told if one[3] <= month]) >= 3
            assert people([one for one in told if one[3] >= month]) >= 3
        if flag is not None:
            assert all(people([one for one in said if one[4] is way]) not in (1, 2) for way in (True, False))
