"""Rows to series, series to answers, and answers in words."""

from datetime import date

import numpy as np
import pytest

from commonweal.domain.measurement.figures import Direction
from commonweal.domain.performance.assess import Question, Target, assess, unit_of
from commonweal.domain.performance.icons import Assurance, Variation
from commonweal.domain.performance.series import (
    Columns,
    Recalibration,
    Series,
    SeriesFault,
    guess_columns,
    read_series,
    with_gaps,
)
from commonweal.domain.performance.spc import NHS, Signal
from commonweal.domain.performance.words import chance, one_in


def monthly(values: list[float], name: str = "all") -> Series:
    days = tuple(date(2018 + at // 12, at % 12 + 1, 1) for at in range(len(values)))
    return Series(name, days, np.array(values))


def rows(*lines: str) -> list[dict[str, str]]:
    head, *body = [line.split(",") for line in lines]
    return [dict(zip(head, one, strict=True)) for one in body]


def test_columns_are_found_by_what_they_hold() -> None:
    table = rows("period,org,type,seen,late", "2020-01-01,RX1,1,10,2", "2020-02-01,RX1,other,12,")
    found = guess_columns(table, Columns(""))
    assert found == Columns("period", ("org", "type"), "seen")
    assert guess_columns(table, Columns("", ("org",), "late")).group == ("org",)
    for bad, match in ((Columns("", (), "none"), "no column none"), (Columns("when"), "no column when")):
        with pytest.raises(SeriesFault, match=match):
            guess_columns(table, bad)
    with pytest.raises(SeriesFault, match="no column of days"):
        guess_columns(rows("a,b", "1,2"), Columns(""))
    with pytest.raises(SeriesFault, match="no column of numbers"):
        guess_columns(rows("a,b", "2020-01,x"), Columns(""))


def test_rows_of_one_day_are_added_and_a_percentage_is_of_the_sums() -> None:
    table = rows("d,o,late,seen", "2020-02,A,1,10", "2020-01,A,1,10", "2020-01,A,3,10", "2020-03,A,0,0", "2020-01,B,,5")
    counts = read_series(table, Columns("d", ("o",), "late"))
    assert [one.name for one in counts] == ["A", "B"]
    assert list(counts[0].values) == [4, 1, 0]
    assert np.isnan(counts[1].values[0])
    percent = read_series(table, Columns("d", ("o",), numerator="late", denominator="seen"))
    assert list(percent[0].values[:2]) == [20, 10]
    assert np.isnan(percent[0].values[2])


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("soon,A,1", "line 2, d: 'soon' is no day"),
        ("20200101,A,1", "is no day"),
        ("2020-01,A,x", "line 2, v: 'x' is no number"),
        ("2020-01,A,inf", "is no number"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(line: str, match: str) -> None:
    with pytest.raises(SeriesFault, match=match):
        read_series(rows("d,o,v", line), Columns("d", ("o",), "v"))


def test_months_left_out_are_joined_and_said_or_kept_apart() -> None:
    kept = [month for month in range(1, 13) if month not in {5, 6}]
    table = rows("d,v", *[f"2020-{month:02},{month % 3}" for month in kept])
    (one,) = read_series(table, Columns("d", (), "v"))
    assert one.missing == (date(2020, 5, 1), date(2020, 6, 1))
    joined = assess([one], Question()).summary(0)
    assert joined.notes[-1].startswith("2 months left out between 2020-01-01 and 2020-12-01")
    apart = with_gaps(one)
    assert len(apart.dates) == 12
    assert assess([apart], Question()).summary(0).notes[-1].startswith("2 months without a figure")
    quarters = read_series(rows("d,v", *[f"2020-{month:02},1" for month in (1, 4, 7, 10)]), Columns("d", (), "v"))
    assert quarters[0].missing == ()
    assert unit_of(quarters[0].dates) == "quarters"


def test_an_answer_says_variation_assurance_and_why() -> None:
    values = [80.0, 82.0] * 8 + [60.0]
    answer = assess([monthly(values)], Question(Direction.HIGHER, (Target(95.0),)))
    summary = answer.summary(0)
    assert summary.variation is Variation.CONCERN_LOW
    assert summary.assurance is Assurance.FAILING
    assert summary.signal == "beyond_limit"
    shift, found = answer.findings(0)
    assert shift.sentence.startswith("16 months running above the mean. Any 7 given months")
    assert "about 1 in 64 times" in shift.sentence
    assert found.signal is Signal.BEYOND_LIMIT
    assert found.sentence.startswith("60 is below the lower limit of ")
    assert "about 1 in 370 times" in found.sentence
    row = answer.rows(0)[-1]
    assert (row.target, row.judged, row.points) == (95.0, "concern_low", 17)


def test_a_recalibration_starts_lines_afresh_and_a_baseline_holds_them() -> None:
    series = monthly([10.0, 12.0] * 6 + [20.0, 22.0] * 6)
    changed = assess([series], Question(recalibrations=(Recalibration(date(2019, 1, 1), "merger"),)))
    assert [row.mean for row in changed.rows(0)][::12] == [11, 21]
    assert [row.phase for row in changed.rows(0)][::12] == [0, 1]
    until = Recalibration(date(2018, 1, 1), "first year", until=date(2018, 12, 1))
    held = assess([series], Question(Direction.LOWER, recalibrations=(until,)))
    assert held.rows(0)[-1].mean == 11
    assert held.summary(0).variation is Variation.CONCERN_HIGH
    assert assess([series], Question(hold=12)).rows(0)[-1].mean == 11


def test_targets_that_move_count_from_their_day() -> None:
    targets = (Target(90.0), Target(50.0, date(2018, 7, 1)))
    answer = assess([monthly([80.0, 82.0] * 6)], Question(Direction.HIGHER, targets))
    assert [row.target for row in answer.rows(0)][5:7] == [90, 50]
    assert answer.assurance == (Assurance.PASSING,)


def test_short_series_say_what_they_rest_on() -> None:
    series = [monthly([5.0] * many, str(many)) for many in (1, 3, 8, 12)]
    said = [assess([one], Question()).summary(0) for one in series]
    assert said[0].notes == ("There are too few points to draw limits from: at least two in a row are needed.",)
    assert "too few to conclude anything" in said[1].notes[0]
    assert said[1].variation is Variation.NOT_ENOUGH_POINTS
    assert said[1].upper is not None
    assert "on trial" in said[2].notes[0]
    assert said[3].notes == ("Every point is the same: the limits lie on the mean.",)


def test_chances_are_computed_from_their_rules() -> None:
    assert chance(Signal.SHIFT, 7, NHS) == 1 / 64
    assert chance(Signal.TREND, 7, NHS) == pytest.approx(1 / 2520)
    assert chance(Signal.BEYOND_LIMIT, 1, NHS) == pytest.approx(0.0026997960632601866)
    assert 1 / chance(Signal.TWO_OF_THREE, 3, NHS) == pytest.approx(749.3, abs=0.5)
    assert one_in(1 / 64) == "about 1 in 64"
    assert one_in(1 / 2520) == "about 1 in 2,500"


def test_trends_that_meet_are_told_apart() -> None:
    values = [*range(1, 9), *range(7, 0, -1)]
    answer = assess([monthly([float(one) for one in values])], Question())
    trends = [one for one in answer.findings(0) if one.signal is Signal.TREND]
    assert [(one.start, one.end, one.side) for one in trends] == [(0, 7, 1), (7, 14, -1)]
    assert trends[0].sentence.startswith("8 months running, each higher than the one before")


def test_limits_without_width_say_why() -> None:
    answer = assess([monthly([0.1] * 12, "same"), monthly([0.0] * 11 + [3.0], "rare")], Question())
    assert answer.summary(0).notes == ("Every point is the same: the limits lie on the mean.",)
    (said,) = answer.summary(1).notes
    assert said.startswith("Most months are equal, so that the limits close on the mean")
