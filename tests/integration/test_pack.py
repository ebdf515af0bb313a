"""The pack in its three forms, its versions, what is said beside figures, and what anyone may read."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Role

from .test_reporting import load, put_registers

pytestmark = pytest.mark.usefixtures("database")

LEAD = Actor("user:lead", "Priya Nair", Role.PERFORMANCE_LEAD, "QT1")
SECRETARY = Actor("user:secretary", "Sam Okafor", Role.BOARD_SECRETARY, "QT1")
ANALYST = Actor("user:analyst", "Ann Lyst", Role.ANALYST, "QT1")


@pytest.fixture(autouse=True, scope="module")
def figures(database: str) -> None:
    load()
    put_registers()


def draft(audience: str = "board", sections: list[str] | None = None) -> Any:
    from commonweal.apps.reporting import api

    return api.draft("2020-10", audience, sections)


def as_pdf(pack: Any) -> Any:
    from pypdf import PdfReader

    from commonweal.apps.reporting import api

    return PdfReader(io.BytesIO(api.rendered(pack, "pdf")))


def as_book(pack: Any) -> tuple[Any, Any]:
    """The workbook twice: with its formulae, and with the values kept beside them."""
    import openpyxl

    from commonweal.apps.reporting import api

    document = api.rendered(pack, "xlsx")
    return openpyxl.load_workbook(io.BytesIO(document)), openpyxl.load_workbook(io.BytesIO(document), data_only=True)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_pdf_is_tagged_named_in_english_and_holds_every_headline() -> None:
    pack = draft()
    reader = as_pdf(pack)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "Integrated performance and finance report, October 2020"
    assert "pdfuaid:part" in root["/Metadata"].get_data().decode()
    text = squeezed("".join(page.extract_text() for page in reader.pages))
    headlines = next(one for one in pack.sections if one.slug == "headlines").blocks[0].items
    assert len(headlines) >= 6
    for one in headlines:
        assert squeezed(one.figure) in text
        assert squeezed(one.text) in text
        assert one.rule in text


def test_every_drawing_of_the_pdf_has_words_for_it() -> None:
    pack = draft()
    reader = as_pdf(pack)
    told = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif hasattr(node, "get"):
            if node.get("/S") == "/Figure":
                told.append(str(node.get("/Alt", "")))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    assert len(told) >= pack.charts >= 9
    assert all(told)


def test_the_pdf_needs_no_font_of_the_machine_and_the_same_pack_makes_the_same_bytes() -> None:
    from commonweal.apps.reporting import api

    pack = draft("public")
    document = api.rendered(pack, "pdf")
    assert document == api.rendered(pack, "pdf")
    reader = as_pdf(pack)
    names = {
        str(font.get_object()["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()
    }
    assert names
    assert all("Arimo" in name for name in names)


def test_the_public_summary_is_one_page_of_plain_words_without_owners() -> None:
    pack = draft("public")
    reader = as_pdf(pack)
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text()
    assert "Small numbers of people are left out or rounded" in text
    assert "Performance Oversight Group" not in text
    assert all(one.basis for one in pack.figures)


class Sheets:
    """A spreadsheet's arithmetic, as far as the pack uses it, worked out afresh from the formulae."""

    def __init__(self, book: Any) -> None:
        self.book = book

    def value(self, sheet: str, cell: str) -> Any:
        held = self.book[sheet][cell].value
        return self.worked(held, sheet) if isinstance(held, str) and held.startswith("=") else held

    def area(self, sheet: str, first: str, last: str) -> list[Any]:
        return [self.value(sheet, cell.coordinate) for row in self.book[sheet][f"{first}:{last}"] for cell in row]

    def worked(self, formula: str, sheet: str) -> Any:
        text = formula[1:]
        words: list[str] = []
        text = re.sub(r'"[^"]*"', lambda m: f"W[{words.append(m[0][1:-1]) or len(words) - 1}]", text)
        text = re.sub(
            r"'([^']+)'!([A-Z]+\d+):([A-Z]+\d+)",
            lambda m: f"A[{words.append((m[1], m[2], m[3])) or len(words) - 1}]",
            text,
        )
        text = re.sub(r"\b([A-Z]{1,2}\d+)\b", lambda m: f"V('{m[1]}')", text)
        text = re.sub(r"(?<![<>=])=(?!=)", "==", text)
        names = {
            "V": lambda cell: self.value(sheet, cell) or 0,
            "W": words,
            "A": {n: self.area(*one) for n, one in enumerate(words) if isinstance(one, tuple)},
            "IF": lambda test, yes, no: yes() if test else no(),
            "ABS": abs,
            "SUM": lambda *parts: sum(parts),
            "COUNTIF": lambda cells, word: sum(one == word for one in cells),
        }
        # The branch of an IF that is not taken may divide by nought: each is worked out only when it is taken.
        text = re.sub(r"IF\(([^,]+),([^,]+),([^,]+)\)\Z", r"IF(\1,lambda:\2,lambda:\3)", text)
        return eval(text, {"__builtins__": {}} | names)


def test_every_formula_of_the_workbook_gives_the_figure_kept_beside_it() -> None:
    formulae, values = as_book(draft())
    sheets = Sheets(formulae)
    seen, verdicts = 0, []
    for sheet in formulae:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f" or sheet.title == "Contents":  # its two counts are held to the verdicts below
                    continue
                seen += 1
                kept = values[sheet.title][cell.coordinate].value
                worked = sheets.worked(cell.value, sheet.title)
                assert worked == (kept if isinstance(kept, str) else pytest.approx(kept)), (
                    sheet.title,
                    cell.coordinate,
                )
                if isinstance(kept, str):
                    verdicts.append(kept)
    assert seen > 100
    contents = values["Contents"]
    told = {row[0].value: row[1].value for row in contents.iter_rows(max_col=2) if row[0].value}
    assert told["Checks that agree"] == verdicts.count("agrees") > 40
    assert told["Checks that differ"] == verdicts.count("differs")


def test_what_differs_in_the_workbook_is_what_the_papers_print_wrongly() -> None:
    _, values = as_book(draft())
    found = set()
    for sheet in values:
        for row in sheet.iter_rows():
            if any(cell.value == "differs" for cell in row):
                found.add(str(row[0].value).split(" (")[0])
    assert "Bank staff" in found  # printed 226, computed 227
    assert len(found) <= 4, found


def test_no_text_of_a_table_becomes_a_formula_or_markup() -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.measurement.api import Indicator
    from commonweal.apps.reporting import api

    (row,) = measurement.get("maturity")
    nasty = '=HYPERLINK("http://example.org","x") #import "x" $a$ \\ [b] <c> @d'
    measurement.register_indicators([Indicator("nasty", nasty, nasty, "text", service_area="Workforce")])
    measurement.put("test:nasty", [replace(row, indicator="nasty", printed=nasty)])
    try:
        pack = draft()
        formulae, _ = as_book(pack)
        cells = [cell for sheet in formulae for line in sheet.iter_rows() for cell in line]
        assert any(nasty in str(cell.value) and cell.data_type == "s" for cell in cells)
        assert not [cell for cell in cells if cell.data_type == "f" and "example.org" in cell.value]
        text = squeezed("".join(page.extract_text() for page in as_pdf(pack).pages))
        assert squeezed('#import "x" $a$ \\ [b] <c> @d') in text
        assert "<c>" not in api.rendered(pack, "html").decode()
    finally:
        measurement.put("test:nasty", [])


def test_sections_are_chosen_and_an_unknown_one_is_named() -> None:
    from commonweal.domain.reporting.audiences import UnknownPartError

    pack = draft("committee", ["finance", "headlines"])
    assert [one.slug for one in pack.sections] == ["about-this-pack", "headlines", "finance", "sources"]
    anchors = {one.slug for one in pack.sections}
    assert {one.anchor for one in pack.sections[1].blocks[0].items} <= anchors
    with pytest.raises(UnknownPartError, match="no section gossip; there are headlines"):
        draft("board", ["gossip"])
    with pytest.raises(UnknownPartError, match="no audience press; choose board, committee, public"):
        draft("press")


def test_each_headline_names_a_rule_and_nothing_is_said_without_figures() -> None:
    from commonweal.apps.reporting.headlines import RULES

    pack = draft()
    headlines = next(one for one in pack.sections if one.slug == "headlines").blocks[0].items
    assert {one.rule for one in headlines} <= set(RULES)
    told = {section.slug: section for section in pack.sections}
    of_concern = [one for one in headlines if one.rule == "signal-of-concern"]
    assert of_concern
    for one in of_concern:  # each leads to a page whose newest point is of concerning nature
        icons = told[one.anchor].blocks[0]
        assert "concerning nature" in icons.items[0][1]
    assert "incidents, complaints, mortality and infection" in told["quality"].blocks[0].text


def test_an_exception_says_what_is_not_supplied_until_somebody_writes_it() -> None:
    from commonweal.apps.reporting import notes

    def terms() -> dict[str, str]:
        sections = {one.slug: one for one in draft().sections}
        return dict(sections["exception-activity-elective"].blocks[0].items)

    before = terms()
    assert before["What"].startswith("22,370 against a plan of 36,779 (−14,409; −39.2%)")
    assert before["Why"].startswith("Not supplied")
    assert before["Action"].startswith("Not supplied")
    assert before["Owner of the indicator"] == "Performance Oversight Group"
    notes.write(LEAD, "2020-10", "activity_elective", "reason", "Theatres were closed in the first wave")
    number = notes.write(
        LEAD, "2020-10", "activity_elective", "action", "Reopen theatres", "Planned care board", date(2020, 12, 1)
    )
    notes.take(SECRETARY, number, "start")
    after = terms()
    assert after["Why"] == "Theatres were closed in the first wave"
    assert after["Action"] == "Reopen theatres. Owner: Planned care board. Due 1 December 2020; under way."


def test_an_action_needs_an_owner_a_day_and_an_allowed_step() -> None:
    from commonweal.apps.reporting import notes
    from commonweal.domain.reporting.workflow import TransitionError

    for field, sent in {
        "text": ("comment", "  ", "", None),
        "owner": ("action", "Do it", "", date(2020, 12, 1)),
        "due": ("action", "Do it", "Board", None),
        "kind": ("rumour", "x", "", None),
    }.items():
        with pytest.raises(notes.BadNoteError) as told:
            notes.write(LEAD, "2020-10", "activity_elective", *sent)
        assert told.value.field == field
    with pytest.raises(Refused):
        notes.write(ANALYST, "2020-10", "activity_elective", "comment", "No right to")
    number = notes.write(LEAD, "2020-10", "activity_elective", "action", "Do it", "Board", date(2020, 12, 1))
    notes.take(LEAD, number, "finish", "Done at the site")
    with pytest.raises(TransitionError, match="start is no step from done; steps: reopen"):
        notes.take(LEAD, number, "start")
    assert [(one.step, one.state) for one in notes.notes(indicator="activity_elective")[-1].steps] == [
        ("finish", "done")
    ]


def test_a_version_is_frozen_signed_off_by_another_and_restated_when_a_figure_changes() -> None:
    from commonweal.apps.reporting import api

    made = api.prepare(LEAD, "2020-10", "board")
    assert (made.state, made.number, len(made.code)) == ("prepared", 1, 64)
    assert api.published_figures() == {}  # a version that nobody signed off is not published
    with pytest.raises(api.VersionError, match="somebody else has to sign off"):
        api.decide(LEAD, made.key, "sign_off")
    with pytest.raises(Refused):
        api.decide(ANALYST, made.key, "sign_off")
    assert api.decide(SECRETARY, made.key, "sign_off", "Agreed") == "published"
    frozen = api.content(made.key)
    assert draft().restated == ()
    try:
        _replace_actual("activity_ae", Decimal(64_000), "64,000")
        again = draft()
        (told,) = [one for one in again.restated if one.name == "A&E attendances" and one.now == "64,000"]
        assert (told.was, told.version) == ("63,756", 1)
        document = api.rendered(again, "html").decode()
        assert "Restated: 63,756 in version 1" in document
        assert "Figures restated since they were published" in document
        assert api.content(made.key) == frozen  # what was published stays as it was
    finally:
        _replace_actual("activity_ae", Decimal(63_756), "63,756")
        api.decide(LEAD, made.key, "withdraw", "End of the test")


def _replace_actual(code: str, value: Decimal, printed: str) -> None:
    """The same fact, reported otherwise: what a correction by a supplier does."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE measurement_measurement SET value = %s, printed = %s WHERE indicator = %s AND kind = 'actual'",
            [value, printed, code],
        )


def test_the_same_content_is_not_frozen_twice_and_a_return_needs_a_reason() -> None:
    from commonweal.apps.reporting import api
    from commonweal.domain.reporting.workflow import TransitionError

    made = api.prepare(LEAD, "2020-10", "committee")
    with pytest.raises(api.VersionError, match="version 1 has the same content and is prepared"):
        api.prepare(SECRETARY, "2020-10", "committee")
    with pytest.raises(api.VersionError, match="say why"):
        api.decide(SECRETARY, made.key, "return")
    assert api.decide(SECRETARY, made.key, "return", "A reason is missing") == "returned"
    with pytest.raises(TransitionError):
        api.decide(SECRETARY, made.key, "sign_off")
    assert api.prepare(LEAD, "2020-10", "committee").number == 2


@pytest.mark.usefixtures("as_app")
def test_the_database_itself_refuses_to_change_what_was_frozen() -> None:
    from django.db import DatabaseError, connection, transaction

    from commonweal.apps.reporting import api

    made = api.prepare(LEAD, "2020-10", "board", ["finance"])
    for statement in (
        "UPDATE reporting_version SET title = 'Other' WHERE id = %s",
        "UPDATE reporting_version SET figures = '[]' WHERE id = %s",
        "DELETE FROM reporting_version WHERE id = %s",
        "UPDATE reporting_version SET state = 'published' WHERE id = %s",
        "UPDATE reporting_version SET state = 'published', decided_by = prepared_by, decided_at = now() WHERE id = %s",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [made.key])


def test_open_data_shows_published_versions_only_and_no_hidden_count() -> None:
    from commonweal.apps.measurement import api as measurement
    from commonweal.apps.reporting import api, opendata

    opendata._open_figures.cache_clear()
    assert opendata.open_figures() == []
    made = api.prepare(LEAD, "2020-10", "board", ["inequality", "finance"])
    assert opendata.open_figures() == []
    api.decide(SECRETARY, made.key, "sign_off")
    shown = opendata.open_figures()
    assert shown
    hidden = [one for one in measurement.get(reported="2020-10") if one.state == "suppressed"]
    assert hidden
    by_key = {one.key: one for one in shown}
    from commonweal.apps.reporting.figures import figure_key

    for one in hidden:
        told = by_key.get(figure_key(one))
        assert told is None or (told.value, told.text, told.state) == ("", "Hidden", "suppressed")
    assert any(one.state == "suppressed" for one in shown)
    for one in shown:
        if one.basis == "disclosure control" and one.value:
            assert int(one.value) == 0 or int(one.value) > 7
    rows = list(csv.DictReader(io.StringIO(opendata.as_csv(shown))))
    assert [row["key"] for row in rows] == [one.key for one in shown]
    api.decide(LEAD, made.key, "withdraw", "End of the test")
    assert opendata.open_figures() == []


def test_open_data_refuses_what_it_does_not_answer() -> None:
    from commonweal.apps.reporting import opendata

    for query in ({"person": "x"}, {"limit": "0"}, {"limit": "1001"}, {"offset": "-1"}, {"offset": "٣"}):
        with pytest.raises(opendata.BadQueryError):
            opendata.asked(query)


def test_the_openapi_document_describes_the_answer_it_gets() -> None:
    from django.test import Client

    from commonweal.apps.reporting import api

    made = api.prepare(LEAD, "2020-10", "board", ["priorities"])
    api.decide(SECRETARY, made.key, "sign_off")
    client = Client(SERVER_NAME="127.0.0.1")
    document = client.get("/open-data/openapi.json").json()
    answer = client.get("/open-data/figures.json", {"limit": "2"})
    assert answer["Cache-Control"] == "public, max-age=300"
    body = answer.json()
    properties = document["components"]["schemas"]["Figure"]["properties"]
    assert body["figures"]
    assert all(set(one) == set(properties) for one in body["figures"])
    following = client.get(body["next"]).json()
    assert following["offset"] == 2
    bad = client.get("/open-data/figures.json", {"nhs_number": "9000000009"})
    assert (bad.status_code, list(bad.json())) == (400, ["error"])
    assert "9000000009" not in bad.content.decode()
    assert client.get("/open-data/figures.csv").content.decode().startswith("key,indicator,")
    assert json.dumps(document)
    api.decide(LEAD, made.key, "withdraw", "End of the test")


def test_a_command_writes_each_form_and_freezes_a_version(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from commonweal.cli.main import app

    for form, start in {"html": b"<!DOCTYPE html>", "pdf": b"%PDF-", "xlsx": b"PK"}.items():
        out = tmp_path / f"public.{form}"
        words = ["report", "board", "--period", "2020-10", "--audience", "public", "--format", form, "--out", str(out)]
        run = CliRunner().invoke(app, [*words, "--json"])
        assert run.exit_code == 0, run.output
        assert out.read_bytes().lstrip(b"{#\n ").startswith(start)
    run = CliRunner().invoke(app, ["report", "publish", "--period", "2020-10", "--audience", "public", "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["state"] == "prepared"
    run = CliRunner().invoke(app, ["report", "versions", "--json"])
    assert json.loads(run.output)[0]["prepared by"] == "the command line"
    run = CliRunner().invoke(app, ["report", "board", "--period", "2020-10", "--audience", "press", "--out", str(out)])
    assert run.exit_code == 1
