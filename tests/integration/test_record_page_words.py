"""The record page in words: five kinds of nothing look different, and what was typed by a source stays text."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

SEEN = datetime(2020, 10, 31, 9, tzinfo=UTC)


@pytest.fixture
def draw(home: Path) -> Any:
    """Draws the page of a view model as HTML."""
    from django.template.loader import get_template

    from commonweal.apps.record.page import choices, chosen

    def drawn(page: Any, way_in: str = "/people/x/emergency") -> str:
        shown = {"page": page, "emergency_address": way_in, "choices": choices, "chosen": chosen, "asked": {}}
        return str(get_template("record/person.jinja").render(shown))

    return drawn


@pytest.fixture
def page(home: Path) -> Any:
    """A record with nothing in it."""
    from commonweal.apps.record.page import Banner, Details, PersonPage, Section, SourceHeard

    nothing = Section((), (), ())
    banner = Banner(
        "Ada Example", date(1950, 2, 1), 70, None, "female", "9990000018", "1 A Road", "", "X1", "A Surgery"
    )
    heard = SourceHeard("X1", "A Surgery", "gp", "General practice record", SEEN, False, 1, False)
    rest = Details(*[nothing] * 12, (), (), (), (heard,), {})
    return PersonPage(banner, (), nothing, nothing, nothing, nothing, lambda: rest)


def with_details(page: Any, **changed: Any) -> Any:
    """The page with other details."""
    rest = replace(page.details, **changed)
    return replace(page, later=lambda: rest)


def _allergies(html: str) -> str:
    return html.split('id="allergies"')[1].split("</section>", 1)[0]


def test_five_kinds_of_nothing_are_five_different_sentences(draw: Any, page: Any) -> None:
    from commonweal.apps.access.api import explain
    from commonweal.apps.record.page import Section

    def words(**reasons: Any) -> str:
        known = {"recorded": False, "none_known": False, "withheld": False, "may_emergency": True} | reasons
        return _allergies(draw(replace(page, allergies=Section((), (), explain("Allergies", **known)))))

    shown = {
        "none known": words(none_known=True),
        "not recorded": words(),
        "withheld": words(withheld=True),
        "not shared": words(not_shared_by=("A Hospital",)),
        "not heard from": words(silent=(("A Surgery", SEEN),)),
    }
    for reason, html in shown.items():
        assert reason in html
    assert len(set(shown.values())) == 5
    # Withheld shows the way to emergency access, and nothing else does
    assert [reason for reason, html in shown.items() if "/people/x/emergency" in html] == ["withheld"]
    # A hospital that does not send allergies must not hide that the practice recorded none
    assert "not recorded by the sources that share them" in shown["not shared"]
    assert "none known" not in shown["not shared"]


def test_what_a_source_typed_is_text_and_never_markup(draw: Any, page: Any) -> None:
    from commonweal.apps.record.entries import Entry
    from commonweal.apps.record.page import Section

    hostile = "<script>alert('x')</script>"
    entry = Entry("Condition", "1", hostile, "1", hostile, "active", None, hostile, "X1", hostile)
    html = draw(
        with_details(
            replace(page, banner=replace(page.banner, name=hostile, address=hostile)),
            problems=Section((entry._replace(also=(entry,)),), (), ()),
        )
    )
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;") >= 6


def test_a_death_is_said_in_the_banner(draw: Any, page: Any) -> None:
    html = draw(replace(page, banner=replace(page.banner, death_date=date(2020, 3, 5), age=70)))
    assert "Died" in html
    assert "5 March 2020" in html
    assert "Age at death" in html


def test_an_overdue_source_is_marked(draw: Any, page: Any) -> None:
    html = draw(with_details(page, sources=(replace(page.details.sources[0], overdue=True),)))
    assert "Overdue" in html.split('id="sources"')[1]
    assert "Overdue" not in draw(page)


def test_many_entries_fold_and_none_is_lost(draw: Any, page: Any) -> None:
    from commonweal.apps.record.entries import Contact

    contacts = tuple(
        Contact("Encounter", str(n), date(2020, 1, 1), "1 January 2020", None, None, False, f"Visit number {n}.",
                "A Surgery", "", "finished", "clinical", "X1", "A Surgery", SEEN)
        for n in range(500)
    )  # fmt: skip
    html = draw(with_details(page, timeline=contacts))
    assert "Earlier contacts (480)" in html
    assert all(f"Visit number {n}." in html for n in range(500))


def test_caring_stands_with_who_is_involved_and_an_ended_one_is_said_to_have_ended(draw: Any, page: Any) -> None:
    from commonweal.apps.record.caring import Caring
    from commonweal.apps.record.entries import Entry

    def said(text: str, day: str) -> Entry:
        return Entry("Observation", "1", text, "1", "", "final", None, day, "X1", "A Surgery")

    began, ended = said("Provides care", "1 May 2019"), said("Is no longer a carer", "3 May 2020")

    def involved(caring: Caring) -> str:
        return str(draw(with_details(page, caring=caring))).split('id="involved"')[1].split("</section>", 1)[0]

    assert "Carer: Provides care, 1 May 2019" in involved(Caring(True, (began,)))
    now = involved(Caring(False, (ended, began)))
    assert "Not a carer: Is no longer a carer, 3 May 2020" in now
    assert "Carer: " not in now
    assert "Provides care" in now.partition("Recorded earlier about caring")[2]
