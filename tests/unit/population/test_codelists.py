"""Code lists as data: dated, sourced, refused when broken, and members of the published lists."""

import csv
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from commonweal.domain.population.calendar import age, age_band, first_day
from commonweal.domain.population.codelists import CodeListFault, ListedCode, in_force, read_code_list
from commonweal.domain.population.declarations import DECLARATIONS, AdmissionMeasure, declaration, sentence


def shipped() -> list[ListedCode]:
    folder = files("commonweal.apps.population").joinpath("codelists")
    return [
        code
        for one in folder.iterdir()
        if one.name.endswith(".csv")
        for code in read_code_list(one.name.removesuffix(".csv"), one.read_text("utf-8").splitlines())
    ]


def test_every_list_a_declaration_names_is_shipped_with_its_source() -> None:
    codes = shipped()
    named = {one.methods for one in DECLARATIONS if isinstance(one, AdmissionMeasure)}
    for one in DECLARATIONS:
        if not isinstance(one, AdmissionMeasure):
            named |= {coded.codes for coded in (one.having, one.ended_by) if coded}
    assert {code.list for code in codes} == named
    assert all(code.source and code.term for code in codes)


def test_shipped_codes_are_members_of_the_published_lists(test_data: Path) -> None:
    checked = 0
    for code in shipped():
        path = test_data / "snomed_codelists" / f"{code.list}.csv"
        if path.exists():
            with path.open(newline="") as lines:
                published = {row["code"]: row["term"] for row in csv.DictReader(lines)}
            assert published[code.code] == code.term
            checked += 1
    assert checked > 10


def test_a_published_list_can_be_dropped_in_as_it_comes() -> None:
    (code,) = read_code_list("smi", ["code,term", '1086471000000103,"Severe, with psychosis"'])
    assert code.code == "1086471000000103"
    assert code.system == "http://snomed.info/sct"
    assert code.source == "smi.csv"


def test_codes_come_and_go_by_date() -> None:
    lines = ["code,valid_from,valid_to", "1,2015-01-01,2019-12-31", "2,2020-01-01,"]
    codes = list(read_code_list("x", lines))
    assert in_force(codes, date(2019, 12, 31)) == {"x": {"1"}}
    assert in_force(codes, date(2020, 1, 1)) == {"x": {"2"}}
    assert in_force(codes, date(2000, 1, 1)) == {"x": set()}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["term"], "code list x: line 1 must be a header with the column 'code'"),
        (["code", '""'], "code list x: line 2 has no code"),
        (["code,valid_from", "1,May"], r"code list x: line 2: .* write dates YYYY-MM-DD"),
    ],
)
def test_a_broken_list_is_refused_by_line(lines: list[str], message: str) -> None:
    with pytest.raises(CodeListFault, match=message):
        list(read_code_list("x", lines))


def test_every_declaration_reads_as_a_sentence() -> None:
    assert sentence(declaration("carers"), date(2020, 10, 31)) == (
        "People alive and registered with a general practice on 31 October 2020 whose record has an observation in the "
        "list carer by then, dated after any observation in the list not_carer."
    )
    assert all(sentence(one).endswith(".") and "the as-at day" in sentence(one) for one in DECLARATIONS)
    with pytest.raises(KeyError, match="no register 'asthma'; there are registered_population, diabetes"):
        declaration("asthma")


def test_ages_and_months() -> None:
    assert age(date(2002, 10, 1), date(2020, 10, 31)) == 18
    assert age(date(2002, 11, 1), date(2020, 10, 31)) == 17
    assert age_band(date(1935, 10, 1), date(2020, 10, 31)) == "85+"
    assert age_band(date(2020, 11, 1), date(2020, 10, 31)) == "unknown"
    assert first_day(date(2020, 10, 31), 12) == date(2019, 11, 1)
    assert first_day(date(2020, 2, 28), 12) == date(2019, 2, 28)
    assert first_day(date(2020, 1, 15), 1) == date(2019, 12, 16)
