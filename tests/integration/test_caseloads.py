"""Alerts reach who works with the person: by a list, by their own word, by cover during absence; and nobody else."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from commonweal.domain.access.scope import Refused
from commonweal.domain.coordination.alerts import AlertStep
from tests.alert_world import BORN, COUNCIL, HOSPITAL, NOW, nhs_number
from tests.integration.test_alerts import (
    ACTORS,
    HOUR,
    as_web,
    clean,
    emptied,
    heard,
    ids,
    lists,
    only,
    page,
    step,
    told,
    work,
    world,
)
from tests.integration.withholding import nameless

__all__ = ["clean", "world"]  # fixtures
pytestmark = pytest.mark.usefixtures("database")
HEADER = "PersonId,AllocationId,Worker,WorkerName,Team,From,To"
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def unallocated(clean: None) -> Any:
    """Nobody is down as working with anybody, and nobody is away."""
    yield
    default = connection.settings_dict
    with psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, dbname=default["NAME"], user="postgres"
    ) as owner:
        owner.execute("DELETE FROM coordination_allocation")
        owner.execute("DELETE FROM coordination_absence")
        owner.execute("UPDATE record_resource SET deleted = true WHERE type = 'CareTeam'")


FILES = iter(range(1, 1000))


def listed(world: Any, *rows: tuple[int, str, str, date, date | None]) -> None:
    """The council's list arrives: (person, reference, worker, from, to)."""
    from commonweal.apps.exchange import api as exchange

    lines = [
        f"L{person},{reference},{worker},Ann Example,North,{start:%d/%m/%Y},{f'{end:%d/%m/%Y}' if end else ''}"
        for person, reference, worker, start, end in rows
    ]
    path = world[0] / f"caseload{next(FILES)}.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    (landed,) = exchange.land("caseload", [path], COUNCIL, same_numbering=True)["files"]
    assert landed["quarantined"] == 0
    work()


def test_a_worker_on_the_list_is_told_first_and_the_team_when_they_are_silent(world: Any) -> None:
    from commonweal.apps.coordination.api import escalate

    listed(world, (1, "a1", "north.a", TODAY - 30 * DAY, None))
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.a"}
    assert (lists("north.a")["mine"], lists("north.b")) == (1, {"team": 0, "mine": 0, "escalated": 0, "ended": 0})
    assert only("north.a", "mine").row.why == "worker"
    assert escalate(NOW + timedelta(minutes=31)) == 1
    assert told() == {"north.a", "north.b"}
    assert (lists("north.a")["mine"], lists("north.b")["escalated"]) == (1, 1)
    assert escalate(NOW + timedelta(minutes=121)) == 1
    assert told() == {"north.a", "north.b", "duty"}


def test_a_registration_number_means_the_account_that_has_it(world: Any) -> None:
    from commonweal.apps.access import api as access

    access.register_worker("north.b", "sw 12345", by="operator:test")
    listed(world, (1, "a2", "SW12345", TODAY, None))
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.b"}
    with pytest.raises(ValueError, match="another account"):
        access.register_worker("north.a", "SW12345", by="operator:test")
    access.register_worker("north.b", "", by="operator:test")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (TODAY, TODAY, {"south"}),
        (TODAY - 9 * DAY, TODAY - DAY, {"duty"}),  # has ended
        (TODAY + DAY, None, {"duty"}),  # has not begun
    ],
)
def test_an_allocation_counts_from_its_first_day_to_its_last(
    world: Any, start: date, end: date | None, expected: Any
) -> None:
    listed(world, (2, "a3", "south", start, end))
    heard(world, (2, "A01", NOW - HOUR))
    assert told() == expected


def test_a_later_list_ends_an_allocation_and_the_same_again_changes_nothing(world: Any) -> None:
    listed(world, (2, "a4", "south", TODAY - 9 * DAY, None))
    listed(world, (2, "a4", "south", TODAY - 9 * DAY, None))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM coordination_allocation")
        assert cursor.fetchone() == (1,)
    listed(world, (2, "a4", "south", TODAY - 9 * DAY, TODAY - 2 * DAY))
    heard(world, (2, "A01", NOW - HOUR))
    assert told() == {"duty"}


def test_the_list_of_one_council_names_nobody_of_another(world: Any) -> None:
    listed(world, (1, "a5", "elsewhere", TODAY, None))
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.a", "north.b"}


def test_who_is_away_is_covered_and_without_cover_the_team_is_told_and_why(world: Any) -> None:
    from commonweal.apps.coordination import allocating

    listed(world, (1, "a6", "north.a", TODAY - 30 * DAY, None))
    as_web(lambda: allocating.away(ACTORS["north.a"], "user:north.a", TODAY, TODAY + 7 * DAY, "user:south"))
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"south"}
    assert only("south", "mine").row.why == "cover"
    emptied()
    as_web(lambda: allocating.away(ACTORS["duty"], "user:south", TODAY, TODAY))
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.b"}
    assert only("north.b").row.why == "away"
    (absence, *_) = absences()
    as_web(lambda: allocating.back(ACTORS["north.b"], absence))
    emptied()
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.a"}


def absences() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM coordination_absence WHERE cancelled_at IS NULL ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_with_everybody_away_somebody_is_told_all_the_same(world: Any) -> None:
    from commonweal.apps.coordination import allocating

    for name in ("north.a", "north.b", "south", "duty"):
        as_web(lambda name=name: allocating.away(ACTORS["duty"], f"user:{name}", TODAY, TODAY))
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.a", "north.b", "south", "duty"}


@pytest.mark.parametrize(
    ("who", "whom", "starts", "ends", "cover", "says"),
    [
        ("north.a", "user:south", TODAY, TODAY, "", "colleague of your team"),
        ("north.a", "user:elsewhere", TODAY, TODAY, "", "colleague of your team"),
        ("north.a", "user:north.a", TODAY, TODAY, "user:north.a", "who covers"),
        ("north.a", "user:north.a", TODAY, TODAY, "user:elsewhere", "who covers"),
        ("north.a", "user:north.a", TODAY, TODAY - DAY, "", "before the first"),
        ("north.a", "user:north.a", TODAY - 9 * DAY, TODAY - DAY, "", "not over"),
        ("north.a", "user:north.a", TODAY, TODAY + 500 * DAY, "", "400"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(
    world: Any, who: str, whom: str, starts: date, ends: date, cover: str, says: str
) -> None:
    from commonweal.apps.coordination import allocating

    with pytest.raises(allocating.CaseloadError, match=says):
        as_web(lambda: allocating.away(ACTORS[who], whom, starts, ends, cover))


def test_a_worker_says_so_of_their_teams_people_until_they_no_longer_do(world: Any) -> None:
    from commonweal.apps.coordination import allocating, working_with
    from commonweal.apps.identity import api as identity
    from commonweal.apps.record import api as record

    compartment = record.compartments([(COUNCIL, "L1")])[COUNCIL, "L1"]
    person = identity.person_of(compartment)
    assert person is not None
    with pytest.raises(allocating.CaseloadError, match="Another team"):
        as_web(lambda: allocating.begin(ACTORS["south"], person))
    with pytest.raises(Refused):
        as_web(lambda: allocating.begin(ACTORS["elsewhere"], person))
    with pytest.raises(allocating.CaseloadError, match="last day"):
        as_web(lambda: allocating.begin(ACTORS["north.b"], person, TODAY + 400 * DAY))
    as_web(lambda: allocating.begin(ACTORS["north.b"], person))
    with pytest.raises(allocating.CaseloadError, match="already"):
        as_web(lambda: allocating.begin(ACTORS["north.b"], person))
    found = as_web(lambda: working_with.who_works(ACTORS["gp"], person))
    ((one, _),) = found.working
    assert (one.name, one.mine, one.ends) == ("North.B", False, TODAY + 183 * DAY)
    heard(world, (1, "A01", NOW - HOUR))
    assert told() == {"north.b"}
    ((known, working),) = as_web(lambda: working_with.caseload(ACTORS["north.b"])).people
    assert known.name == "Vicky Ashworth1"
    with pytest.raises(allocating.CaseloadError):
        as_web(lambda: allocating.end(ACTORS["north.a"], working.id))
    as_web(lambda: allocating.end(ACTORS["north.b"], working.id))
    assert as_web(lambda: working_with.caseload(ACTORS["north.b"])).people == ()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM access_audit a JOIN access_audit_subject s ON s.audit_id = a.id "
            "WHERE a.action = 'begin working with a person' AND a.actor = 'user:north.b' AND s.person_id = %s",
            [person],
        )
        assert cursor.fetchone()[0] >= 1


def test_a_list_opens_the_record_to_its_organisation_and_shows_who_works_with_the_person(world: Any) -> None:
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.apps.record import api as record

    listed(world, (3, "a7", "south", TODAY - DAY, None))  # their service ended two years ago
    compartment = record.compartments([(COUNCIL, "L3")])[COUNCIL, "L3"]
    person = identity.person_of(compartment)
    assert person is not None
    known = identity.demographics_of([compartment])[compartment]
    assert known.family == "Ashworth3"  # a list that names nobody but a number takes nothing away

    def drawn() -> Any:
        with access.session(ACTORS["south"], access.Purpose.DIRECT_CARE, "test") as session:
            return record.person_page(session.open_person(person, identity.compartments_of(person)))

    involved = as_web(drawn).details.involved
    assert ("Ann Example", "North", "Named worker") in [(one.who, one.team, one.role) for one in involved]
    heard(world, (3, "A01", NOW - HOUR))
    assert told() == {"south"}


def test_whose_name_is_withheld_is_named_in_no_alert_and_no_caseload(world: Any) -> None:
    from commonweal.apps.coordination import selectors, working_with
    from commonweal.apps.identity import api as identity
    from commonweal.apps.record import api as record

    listed(world, (1, "n1", "north.a", TODAY - DAY, None), (2, "n2", "north.a", TODAY - DAY, None))
    heard(world, (1, "A01", NOW - HOUR))
    compartment = record.compartments([(COUNCIL, "L1")])[COUNCIL, "L1"]
    person = identity.person_of(compartment)
    assert person is not None

    def named() -> list[tuple[str, date | None]]:
        (alert,) = selectors.alerts(ACTORS["north.a"], "mine").alerts
        opened = page("north.a", alert.row.id).alert
        assert (alert.nhs_number, opened.nhs_number) in (("", ""), (nhs_number(1),) * 2)
        people = [one for one, _ in working_with.caseload(ACTORS["north.a"]).people]
        assert "Vicky Ashworth2" in {one.name for one in people}  # of whom nothing is withheld
        mine = next(one for one in people if one.id == person)
        who = working_with.who_works(ACTORS["north.a"], person)
        assert who is not None
        return [(one.name, one.birth_date) for one in (alert, opened, mine, who.person)]

    assert as_web(named) == [("Vicky Ashworth1", BORN)] * 4
    with nameless(compartment, COUNCIL):
        assert as_web(named) == [("Name withheld", None)] * 4


def test_an_alert_that_moves_on_stays_with_who_was_told_and_whoever_took_it_on_owns_it(world: Any) -> None:
    listed(world, (1, "a8", "north.a", TODAY, None))
    heard(world, (1, "A01", NOW - 5 * HOUR))
    heard(world, (1, "A02", NOW - 3 * HOUR, {"ward": "WARD 9"}))
    alert = only("north.a", "mine")
    assert (alert.row.kind, told()) == ("transferred", {"north.a"})
    step("north.a", alert.row.id, AlertStep.ACKNOWLEDGE)
    assert page("north.a", alert.row.id).told_to == 1
    assert len(ids()) == 2


def test_the_database_lets_a_worker_speak_for_nobody_else(world: Any) -> None:
    listed(world, (1, "a9", "north.a", TODAY, None))

    def counted(names: str, organisation: str) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('commonweal.worker_names', %s, true), "
                "set_config('commonweal.worker_organisation', %s, true)",
                [names, organisation],
            )
            cursor.execute("SELECT count(*) FROM coordination_allocation")
            return int(cursor.fetchone()[0])

    def forged() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('commonweal.worker_names', 'south', true), "
                "set_config('commonweal.worker_organisation', %s, true)",
                [COUNCIL],
            )
            cursor.execute(
                "INSERT INTO coordination_allocation (compartment_id, category, organisation, worker, starts, origin, "
                "set_at) VALUES (1, 'social_care', %s, 'north.b', now(), 'worker', now())",
                [COUNCIL],
            )

    assert as_web(lambda: (counted("north.a", COUNCIL), counted("south", COUNCIL), counted("north.a", HOSPITAL))) == (
        1,
        0,
        0,
    )
    with pytest.raises(DatabaseError, match="row-level security"):
        as_web(forged)


def test_a_row_that_cannot_be_read_is_set_aside_and_tells_nobody(world: Any, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api as exchange

    path = tmp_path / "bad.csv"
    path.write_text(HEADER + "\nL1,b1,,,North,02/03/2026,\nL1,b2,north.a,Ann,North,31/02/2026,\n")
    (landed,) = exchange.land("caseload", [path], COUNCIL, same_numbering=True)["files"]
    assert (landed["quarantined"], landed["accepted"]) == (2, 0)
