"""Rows of transcribed tables: what their figures share, and how a bad cell is named."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from commonweal.apps.measurement.published import BadTableError, Labels, published_rows, year_to_date
from commonweal.domain.measurement.figures import Indicator
from commonweal.domain.measurement.printed import UnreadableError


@pytest.mark.parametrize(
    ("as_at", "period"),
    [
        ("2020-04-30", "2020/21 YTD 2020-04"),
        ("2021-03-31", "2020/21 YTD 2021-03"),
        ("2021-04-01", "2021/22 YTD 2021-04"),
        ("2100-01-31", "2099/00 YTD 2100-01"),
    ],
)
def test_a_financial_year_begins_in_april(as_at: str, period: str) -> None:
    assert year_to_date(as_at) == period


def test_a_day_that_is_none_says_how_to_write_one() -> None:
    with pytest.raises(UnreadableError, match="'31/07/2020' is not a day written YYYY-MM-DD"):
        year_to_date("31/07/2020")


def test_a_figure_knows_its_line_and_an_imprecise_date_is_no_as_at_day(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('source,line,staff,spend\n003,2699,"27,344",14x31\n')
    (row,) = published_rows(tmp_path, "t")
    staff = Indicator("staff", "Staff", "Staff in post.", "staff")
    figure = row.figure(staff, "2020-07", "2020-07-31")
    assert (figure.source_file, figure.source_line, figure.note) == ("t.csv", "2", "document 003 line 2699")
    assert (figure.as_at, row.figure(staff, "2020-07", "2020-07").as_at) == (date(2020, 7, 31), None)
    assert row.printed("staff", counts=True).value == Decimal(27344)
    with pytest.raises(BadTableError, match=r"t\.csv line 2, spend: '14x31' is neither"):
        row.printed("spend")


def test_a_label_nobody_defined_says_where_to_add_it(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("source,line,item\n003,1,Beds\n")
    (tmp_path / "indicators.csv").write_text(
        "code,name,sentence,unit,direction_of_good,service_area,owner,aggregation,valid_from,table,label\n"
        "staff,Staff,Staff in post.,staff,higher,Workforce,,last,2000-01-01,t,Staff in post\n"
    )
    (row,) = published_rows(tmp_path, "t")
    labels = Labels(tmp_path / "indicators.csv")
    assert labels.find(row, "t", "Staff in post").code == "staff"
    with pytest.raises(BadTableError, match=r"t\.csv line 2: no indicator is printed as 'Beds'; add it to indicators"):
        labels.find(row, "t", "Beds")
