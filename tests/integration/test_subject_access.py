"""A copy of one's own record: asked for, gathered, decided on item by item, released by a second person."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import ProgrammingError

from commonweal.domain.access.requests import CopyStep, Decision, Ground, RequestError
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Role
from tests.integration.acting import as_batch
from tests.integration.withholding import withhold

from ..conftest import _point_at
from .fhir_world import NHS, World, make, patient

GP = Actor("user:gp", "Dr Ray", Role.CLINICIAN, "P01")
SOCIAL = Actor("user:sw", "Jo", Role.SOCIAL_WORKER, "C01")
STRANGER = Actor("user:stranger", "Dr Lee", Role.CLINICIAN, "P99")
OFFICER = Actor("user:officer", "Nadia", Role.PRIVACY_OFFICER, "ICB")
WHY = "her sister is named and was not asked"


def resource(kind: str, ident: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": ident, "subject": {"reference": "Patient/vicky"}} | more


HELD = [
    ("clinical", resource("Condition", "asthma", code={"text": "Asthma"}, onsetDateTime="2012")),
    ("clinical", resource("Condition", "noted", code={"text": "Low mood"}, note=[{"text": "Her sister Ann rang us"}])),
    ("mental_health", resource("Condition", "psychosis", code={"text": "First episode"})),
    ("clinical", resource("FamilyMemberHistory", "mother", relationship={"text": "mother"})),
]


@pytest.fixture(scope="module")
def world(database: str) -> World:
    """Vicky of the FHIR world, with a note about her sister, a mental-health entry and a relative's illness."""
    from commonweal.apps.record import api as record
    from commonweal.feeds.types import Parsed

    made = make()
    said = patient(id="vicky", identifier=[{"system": NHS, "value": "9990000018"}])
    rows = [("demographics", said), *HELD]
    record.write(
        "P01",
        "gp",
        [
            Parsed(number, one["resourceType"], one["id"], "vicky", json.dumps(one).encode(), one, category)
            for number, (category, one) in enumerate(rows, 1)
        ],
    )
    return made


@pytest.fixture
def vicky(world: World) -> Iterator[Actor]:
    """Vicky, with no request of hers; the connection is the role that serves people."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_copy")
        cursor.execute("DELETE FROM access_restriction")
    _point_at(connection.settings_dict["NAME"], "commonweal_app")
    yield Actor("user:citizen", "Vicky", Role.CITIZEN, "", person_id=world.vicky)
    _point_at(connection.settings_dict["NAME"], "commonweal_batch")


def modules() -> tuple[Any, Any, Any]:
    from commonweal.apps.citizen import copies, officer, requests

    return copies, requests, officer


def asked(vicky: Actor) -> int:
    from commonweal.apps.citizen.gathering import gather

    number = modules()[0].ask(vicky, "everything")
    with as_batch():
        assert gather(number) == 5
        assert gather(number) == 0  # once
    return int(number)


def items(number: int, reader: Actor = GP) -> dict[str, Any]:
    return {item.ident: item for item, _ in modules()[1].draft(reader, number).items}


def decide(number: int, ident: str, decision: Decision, ground: Ground | None = None, by: Actor = GP) -> None:
    modules()[1].decide(by, number, [items(number)[ident].id], decision, ground, WHY if ground else "")


def released(vicky: Actor) -> int:
    number = asked(vicky)
    decide(number, "noted", Decision.PART, Ground.OTHERS)
    decide(number, "psychosis", Decision.NONE, Ground.HARM)
    decide(number, "mother", Decision.NONE, Ground.OTHERS)
    modules()[1].review_step(GP, number, CopyStep.FINISH, "")
    modules()[2].take_step(OFFICER, number, CopyStep.RELEASE, "")
    return number


def test_what_must_be_looked_at_is_marked(vicky: Actor) -> None:
    found = items(asked(vicky))
    assert {ident: (sorted(item.marks), item.needed) for ident, item in found.items()} == {
        "vicky": ([], False),
        "asthma": ([], False),
        "noted": (["free_text"], True),
        "psychosis": (["harm"], True),
        "mother": (["others"], True),
    }


def test_the_released_copy_has_what_was_decided_and_says_what_is_left_out(vicky: Actor) -> None:
    copies, _, _ = modules()
    number = released(vicky)
    document = copies.read(vicky, number)
    titles = {entry.title: entry for section in document.sections for entry in section.entries}
    assert {"Asthma", "Low mood"} <= set(titles)
    assert "First episode" not in titles
    assert titles["Low mood"].shortened
    whole = repr(document)
    assert "Ann" not in whole
    assert "First episode" not in whole
    # the serious-harm item is not counted: to say that it is there is to say it
    assert (document.left_out, document.shortened) == (1, 1)
    bundle = json.loads(copies.read(vicky, number, "fhir"))
    assert [one["resource"]["id"] for one in bundle["entry"]] == ["asthma", "noted", "vicky"]
    assert "note" not in bundle["entry"][1]["resource"]
    assert any(visit.what.startswith("decided") for visit in document.looks) is False  # looks until it was asked for


def test_the_pdf_is_tagged_with_headings(vicky: Actor) -> None:
    from pypdf import PdfReader

    from commonweal.apps.citizen.copy_pdf import pdf

    document = modules()[0].read(vicky, released(vicky))
    made = PdfReader(BytesIO(pdf(document, True)))
    assert made.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert made.trailer["/Root"]["/Lang"] == "en-GB"
    text = "".join(page.extract_text() for page in made.pages)
    assert "Asthma" in text
    assert "Ann" not in text


def test_nothing_is_released_before_review_nor_by_the_reviewer(vicky: Actor) -> None:
    copies, requests, officer = modules()
    number = asked(vicky)
    with pytest.raises(RequestError, match="stands now"):
        officer.take_step(OFFICER, number, CopyStep.RELEASE, "")
    with pytest.raises(RequestError, match="3 marked items"):
        requests.review_step(GP, number, CopyStep.FINISH, "")
    with pytest.raises(RequestError, match="not yours"):
        modules()[0].take_step(vicky, number, CopyStep.FINISH, "")
    assert copies.read(vicky, number) is None
    with connection.cursor() as cursor:  # nor by the role that serves people, whatever the code says
        cursor.execute("SELECT set_config('commonweal.compartments', %s, false)", ["1"])
        cursor.execute("UPDATE access_copy SET state = 'reviewed' WHERE id = %s", [number])
        with pytest.raises(ProgrammingError, match="row-level security"):
            cursor.execute("UPDATE access_copy SET state = 'released' WHERE id = %s", [number])
    connection.close()


def test_serious_harm_in_health_data_is_for_a_health_professional(vicky: Actor) -> None:
    number = asked(vicky)
    with pytest.raises(RequestError, match="health professional"):
        decide(number, "psychosis", Decision.NONE, Ground.HARM, by=SOCIAL)
    decide(number, "mother", Decision.NONE, Ground.OTHERS, by=SOCIAL)
    with pytest.raises(RequestError, match="ground"):
        decide(number, "noted", Decision.NONE)


def test_what_is_withheld_later_is_not_in_a_copy_released_before(vicky: Actor, world: World) -> None:
    from commonweal.apps.access import api as access

    number = released(vicky)
    with as_batch():
        withhold(world.compartment, access.RestrictionReason.SAFEGUARDING, "P01", category=access.Category.CLINICAL)
    document = modules()[0].read(vicky, number)
    assert [section.slug for section in document.sections] == ["patient"]


def test_safeguarding_never_reaches_a_draft(vicky: Actor, world: World) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.citizen.gathering import gather

    with as_batch():
        withhold(
            world.compartment, access.RestrictionReason.SAFEGUARDING, "P01", category=access.Category.MENTAL_HEALTH
        )
    number = modules()[0].ask(vicky, "")
    with as_batch():
        assert gather(number) == 4
    assert "psychosis" not in items(number)


def test_the_clock_stops_while_somebody_is_asked_and_is_extended_once(
    vicky: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, requests, officer = modules()

    def today(day: date) -> None:
        now = datetime(day.year, day.month, day.day, 9, tzinfo=ZoneInfo("Europe/London"))
        monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: now)

    today(date(2026, 1, 30))
    number = asked(vicky)
    assert copies.own_copies(vicky)[0].due == date(2026, 3, 2)  # 28 February is a Saturday
    requests.review_step(GP, number, CopyStep.CLARIFY, "which hospital do you mean?")
    assert copies.own_copies(vicky)[0].due is None
    assert copies.own_copy(vicky, number)[1] == "which hospital do you mean?"
    today(date(2026, 2, 9))
    copies.take_step(vicky, number, CopyStep.ANSWER, "the Royal, since 2019")
    assert copies.own_copies(vicky)[0].due == date(2026, 3, 10)
    officer.take_step(OFFICER, number, CopyStep.EXTEND, "there are nine thousand pages")
    assert copies.own_copies(vicky)[0].due == date(2026, 5, 11)  # the 10th is a Sunday
    with pytest.raises(RequestError, match="once"):
        officer.take_step(OFFICER, number, CopyStep.EXTEND, "there are still more pages")


def test_a_request_on_paper_waits_to_know_who_asks(vicky: Actor) -> None:
    copies, requests, _ = modules()
    number = requests.ask_for_copy(GP, vicky.person_id, "post", date(2020, 10, 1), False, "all", "")
    assert copies.own_copies(vicky)[0].due is None
    with pytest.raises(RequestError, match="already"):
        copies.ask(vicky, "")
    requests.review_step(GP, number, CopyStep.IDENTIFY, "passport seen at the desk")
    assert copies.own_copies(vicky)[0].due is not None
    copies.take_step(vicky, number, CopyStep.WITHDRAW, "")
    assert copies.own_copies(vicky)[0].state == "withdrawn"


@pytest.mark.parametrize("who", [STRANGER, Actor("user:x", "X", Role.ANALYST, "ICB"), OFFICER])
def test_nobody_else_reads_a_draft(vicky: Actor, who: Actor) -> None:
    number = asked(vicky)
    calls: list[Callable[[], Any]] = [
        lambda: modules()[1].draft(who, number),
        lambda: modules()[1].requests_of(who, vicky.person_id),
        lambda: modules()[1].decide(who, number, [1], Decision.WHOLE, None, ""),
        lambda: modules()[0].read(who, number),
    ]
    for call in calls:
        with pytest.raises(Refused):
            call()
    if who is not OFFICER:
        with pytest.raises(Refused):
            modules()[2].request(who, number)


def test_a_refused_look_at_a_draft_is_audited_and_no_stranger_is_told_whose_requests_wait(vicky: Actor) -> None:
    number = asked(vicky)
    for who, which in ((STRANGER, number), (GP, 999_999_999)):
        with pytest.raises(Refused):
            modules()[1].draft(who, which)
        with as_batch(), connection.cursor() as cursor:
            cursor.execute("SELECT actor, action, target, outcome FROM access_audit ORDER BY id DESC LIMIT 1")
            assert cursor.fetchone() == (who.key, "review copy", f"request {which}", "refused")
    now = settings.COMMONWEAL_NOW()
    for asking, seen in (("P01", [(number, vicky.person_id)]), ("P99", []), ("", [])):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM access_copies_waiting(%s, %s)", [asking, now])
            assert cursor.fetchall() == seen


def test_a_copy_tells_the_time_by_the_clocks_of_the_united_kingdom(
    vicky: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.citizen import copy_document, copy_pdf

    late = datetime(2020, 6, 30, 23, 30, tzinfo=UTC)
    assert copy_pdf._moment(late) == "1 July 2020, 00:30"
    monkeypatch.setattr(access, "opt_outs_of", lambda about: {access.OptOut.TYPE_1: (late, "Vicky")})
    monkeypatch.setattr(access.restricting, "objections_of", lambda scope: [])
    (said,) = copy_document._choices(SimpleNamespace(compartments=()))  # type: ignore[arg-type]  # all that is read
    assert said == "Opted out (type 1) since 1 July 2020, by the word of Vicky."


def test_another_citizen_has_no_part_in_it(vicky: Actor) -> None:
    number = released(vicky)
    other = Actor("user:other", "Other", Role.CITIZEN, "", person_id=None)
    with pytest.raises(Refused):
        modules()[0].read(other, number)


def test_a_lawful_removal_reaches_drafts_and_released_copies(vicky: Actor, world: World) -> None:
    from commonweal.apps.access import api as access

    number = released(vicky)
    with as_batch():
        before = access.erasing.count_of([world.compartment])
        relationships = access.organisation_relationships("P01")
        assert world.compartment in relationships
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM access_copy_item WHERE copy_id = %s", [number])
            assert cursor.fetchone()[0] == 5
            for statement in access.erasing._FORGET_REQUESTS:
                cursor.execute(statement, [[world.compartment]])
            cursor.execute("SELECT (SELECT count(*) FROM access_copy_item), (SELECT count(*) FROM access_copy)")
            assert cursor.fetchone() == (0, 0)
    assert before >= 6
    assert modules()[0].read(vicky, number) is None
