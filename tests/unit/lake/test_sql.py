"""Quoting has one place, and it holds."""

from datetime import date

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.lake.sql import Sql, literal, name, sql, strings

text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(text)
def test_a_literal_is_the_text_it_quotes(value: str) -> None:
    assert duckdb.execute(str(sql("SELECT {v}", v=literal(value)))).fetchall() == [(value,)]


@given(text.filter(bool))
def test_a_name_is_the_text_it_quotes(value: str) -> None:
    result = duckdb.execute(str(sql("SELECT 1 AS {n}", n=name(value))))
    assert [one[0] for one in result.description or []] == [value]


@pytest.mark.parametrize("value", [None, True, 3, -2.5, date(2020, 2, 29)])
def test_other_literals(value: object) -> None:
    assert duckdb.execute(str(sql("SELECT {v}", v=literal(value)))).fetchall() == [(value,)]  # type: ignore[arg-type]


def test_lists() -> None:
    assert duckdb.execute(str(sql("SELECT {v}", v=strings(["a'b", "c"])))).fetchall() == [(["a'b", "c"],)]


def test_a_plain_string_is_never_taken_for_sql() -> None:
    with pytest.raises(TypeError, match="x is a str"):
        sql("SELECT {x}", x="1; DROP TABLE t")  # type: ignore[arg-type]


@pytest.mark.parametrize("quote", [name, literal])
def test_a_nul_is_refused(quote: object) -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\x00b")  # type: ignore[operator]


def test_a_fragment_shows_its_text() -> None:
    assert repr(Sql("1")) == "Sql('1')"
