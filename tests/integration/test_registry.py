"""Definitions are changed by two people, and every form they had is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commonweal.domain.measurement.figures import Indicator
from commonweal.domain.measurement.targets import Target

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
BEDS = Indicator(
    "beds",
    "Beds",
    "Beds open on an average day.",
    "beds",
    "higher",
    owner="Capacity group",
    targets=(Target(date(2020, 4, 1), value=Decimal(1500)),),
    sources=("Daily count",),
    lenses=("site",),
)
LATER = replace(BEDS, valid_from=date(2026, 4, 1), sentence="Beds open at midnight.", rounding=0)


@contextmanager
def refused(says: str) -> Iterator[None]:
    from commonweal.apps.measurement import api

    with pytest.raises(api.ReviewError, match=says):
        yield


def test_a_change_is_in_force_once_somebody_else_approves_it() -> None:
    from commonweal.apps.measurement import api

    author, reviewer = api.Who("user:a", "Author"), api.Who("user:r", "Reviewer")
    api.register_indicators([BEDS])
    number = api.propose(LATER, "Counted at midnight from April", author, NOW)
    assert api.versions("beds") == [BEDS]
    waiting = api.proposal(number)
    assert waiting is not None
    assert ("Sentence", BEDS.sentence, LATER.sentence) in waiting.differs
    with refused("somebody else"):
        api.decide(number, approve=True, note="", who=author, now=NOW)
    with refused("say why"):
        api.decide(number, approve=False, note="", who=reviewer, now=NOW)
    api.decide(number, approve=True, note="Agreed", who=reviewer, now=NOW)
    assert [one.valid_to for one in api.versions("beds")] == [date(2026, 3, 31), None]
    assert api.versions("beds")[-1] == LATER
    with refused("approved before"):
        api.decide(number, approve=False, note="no", who=reviewer, now=NOW)
    decided = api.proposal(number)
    assert decided is not None
    assert (decided.state, decided.reviewed_name) == ("approved", "Reviewer")
    assert ("Sentence", BEDS.sentence, LATER.sentence) in decided.differs
    assert [past.change for past in api.history("beds")] == [number, None]


def test_a_file_loaded_again_does_not_undo_a_reviewed_change() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([replace(BEDS, code="chairs")])
    mine = replace(BEDS, code="chairs", owner="Chairs group")
    number = api.propose(mine, "The group has a new name", api.Who("user:a", "Author"), NOW)
    api.decide(number, approve=True, note="", who=api.Who("user:r", "Reviewer"), now=NOW)
    api.register_indicators([replace(BEDS, code="chairs")])
    assert api.versions("chairs") == [mine]


def test_what_need_not_be_proposed() -> None:
    from commonweal.apps.measurement import api

    author = api.Who("user:a", "Author")
    api.register_indicators([replace(BEDS, code="desks")])
    desks = replace(BEDS, code="desks")
    with refused("nothing differs"):
        api.propose(desks, "why not", author, NOW)
    with refused("say why"):
        api.propose(replace(desks, owner="x"), " ", author, NOW)
    number = api.propose(replace(desks, owner="x"), "new owner", author, NOW)
    with refused("already waiting"):
        api.propose(replace(desks, owner="x"), "new owner", author, NOW)
    with refused("only its author"):
        api.withdraw(number, api.Who("user:z", "Other"))
    api.withdraw(number, author)
    with refused("withdrawn before"):
        api.decide(number, approve=True, note="", who=api.Who("user:r", "Reviewer"), now=NOW)
    with refused("no change 999999"):
        api.decide(999999, approve=True, note="", who=author, now=NOW)
    assert api.proposal(999999) is None


def test_definitions_go_out_and_come_back_from_the_store() -> None:
    from commonweal.apps.measurement import api

    api.register_indicators([replace(BEDS, code="lifts")])
    for form in ("yaml", "csv"):
        again = api.read_definitions(api.write_definitions(api.versions("lifts"), form), form)
        assert api.plan(again) == []
    assert [standing is None for _, standing in api.plan([replace(BEDS, code="never.seen")])] == [True]


@pytest.mark.usefixtures("as_app")
def test_the_role_that_serves_people_cannot_write_a_definition_unreviewed() -> None:
    from django.db import InternalError, ProgrammingError

    from commonweal.apps.measurement import api

    with pytest.raises((InternalError, ProgrammingError), match="approved by a second person"):
        api.register_indicators([replace(BEDS, code="sly")])


@pytest.mark.usefixtures("as_app")
def test_the_database_itself_wants_two_people() -> None:
    from django.db import IntegrityError, connection, transaction

    from commonweal.apps.measurement import api

    number = api.propose(replace(BEDS, code="solo"), "mine alone", api.Who("user:a", "Author"), NOW)
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE measurement_definition_change SET state = 'approved', reviewed_by = proposed_by, "
            "reviewed_at = now() WHERE id = %s",
            [number],
        )


@pytest.mark.usefixtures("as_app")
def test_nobody_rewrites_history() -> None:
    from django.db import ProgrammingError, connection, transaction

    for statement in (
        "DELETE FROM measurement_indicator_history",
        "UPDATE measurement_indicator_history SET code = ''",
    ):
        with pytest.raises(ProgrammingError, match="denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
