"""Definitions as files and forms: what goes out comes back, and what cannot stand says why."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.measurement.definition_files import read_definitions, write_definitions
from commonweal.domain.measurement.definitions import (
    BadDefinitionError,
    as_plain,
    changes,
    closed,
    in_english,
    in_force,
    read_definition,
)
from commonweal.domain.measurement.figures import Aggregation, Indicator, Standing
from commonweal.domain.measurement.targets import Target

from .test_targets import targets

BEDS = Indicator("beds", "Beds", "Beds open on an average day.", "beds", "higher", owner="Capacity group")
text = st.text("abcdefgh XYZ 1234567890 %£'\",:-–é|#&*{}[]!>@`", min_size=1, max_size=40).map(
    lambda one: " ".join(one.split())
)
words = text.filter(bool)
day = st.dates(date(2000, 1, 1), date(2080, 1, 1))


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    """Any definition that can stand."""
    starts = draw(day)
    aggregation = st.sampled_from([one for one in Aggregation if one != Aggregation.SUM])
    return Indicator(
        code=draw(st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,20}", fullmatch=True)),
        name=draw(words),
        sentence=draw(words),
        unit=draw(words),
        direction_of_good=draw(st.sampled_from(["higher", "lower", "neither"])),
        service_area=draw(text),
        owner=draw(text),
        aggregation=draw(aggregation),
        valid_from=starts,
        valid_to=draw(st.none() | st.just(starts + timedelta(days=400))),
        assurance_group=draw(text),
        rounding=draw(st.none() | st.integers(0, 6)),
        period_type=draw(st.sampled_from(["any", "month", "quarter"])),
        over_footprints=draw(aggregation),
        year_to_date=draw(st.just("") | aggregation),
        targets=tuple(
            sorted(draw(st.lists(targets(), max_size=3, unique_by=lambda one: one.starts)), key=lambda one: one.starts)
        ),
        standing=draw(st.sampled_from(list(Standing))),
        provisional_periods=draw(st.integers(0, 6)),
        sources=tuple(draw(st.lists(words, max_size=3))),
        outcome=draw(text),
        aim=draw(text),
        lenses=tuple(draw(st.lists(words, max_size=3))),
        disclosure=draw(text),
    )


@given(
    st.lists(indicators(), max_size=4, unique_by=lambda one: (one.code, one.valid_from)),
    st.sampled_from(["yaml", "csv"]),
)
def test_definitions_come_back_from_a_file_as_they_went(many: list[Indicator], form: str) -> None:
    assert read_definitions(write_definitions(many, form), form) == many


@pytest.mark.parametrize(
    ("cells", "field", "says"),
    [
        ({"code": "Beds!"}, "code", "small letters"),
        ({"name": ""}, "name", "enter a name"),
        ({"direction_of_good": "up"}, "direction_of_good", "choose one of higher, lower, neither"),
        ({"valid_from": "1/4/2020"}, "valid_from", "Invalid isoformat"),
        ({"valid_to": "1999-01-01"}, "valid_to", "before the first"),
        ({"rounding": "-1"}, "rounding", "whole number"),
        ({"rounding": "1.5"}, "rounding", "whole number"),
        ({"colour": "red"}, "colour", "not a field"),
        ({"unit": "percent", "aggregation": "sum"}, "aggregation", "percentages are not summed"),
        ({"targets": [{"starts": "2020-04-01", "value": "x"}]}, "targets", "numbers as values"),
        ({"sources": ["a;b"]}, "sources", "semicolons"),
    ],
)
def test_a_definition_that_cannot_stand(cells: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(BadDefinitionError) as problem:
        read_definition({**as_plain(BEDS), **cells})
    assert [(name, says in message) for name, message in problem.value.problems] == [(field, True)]


@pytest.mark.parametrize(
    ("form", "broken", "says"),
    [
        ("yaml", "a: b", "a list of definitions"),
        ("yaml", "- [", "expected"),
        ("yaml", "- &a {code: x}\n- *a", "aliases"),
        ("csv", "code,name\nx", "do not match the header"),
        ("csv", "code,name,sentence,unit,targets\nx,X,X.,people,{", "not a JSON list"),
        ("csv", "code,name,sentence,unit\nx,X,X.,people\nx,X,X.,people", "stands twice"),
        ("csv", "code,name,sentence,unit\nx,,X.,people", "enter a name"),
    ],
)
def test_a_broken_file_names_its_place(form: str, broken: str, says: str) -> None:
    with pytest.raises(BadDefinitionError, match=says):
        read_definitions(broken, form, "mine")


def test_versions_follow_each_other_without_overlap() -> None:
    later = replace(BEDS, valid_from=date(2020, 4, 1), sentence="Beds open at midnight.")
    first, second = closed([later, BEDS])
    assert (first.valid_to, second.valid_to) == (date(2020, 3, 31), None)
    assert in_force([first, second], date(2020, 3, 31)) == first
    assert in_force([first, second], date(2020, 4, 1)) == second
    assert in_force([second], date(2019, 1, 1)) is None


def test_what_changed_is_told_field_by_field() -> None:
    after = replace(BEDS, owner="", targets=(Target(date(2020, 4, 1), value=Decimal(1500)),))
    assert changes(BEDS, after) == [
        ("Owner", "Capacity group", ""),
        ("Targets", "", "at least 1,500 beds from 1 April 2020"),
    ]


def test_a_definition_reads_as_english() -> None:
    paused = replace(BEDS, standing=Standing.PAUSED, aggregation="mean", provisional_periods=2)
    said = in_english(paused, date(2020, 10, 1))
    assert said == (
        "Beds open on an average day. More is better. A longer period is the mean of its parts. "
        "No target has been recorded. Reporting is paused. "
        "The newest 2 periods are provisional and may still move."
    )
