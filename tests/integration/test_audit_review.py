"""Audit review: the command raises looks once, the officer's page shows why, and closing takes a reason."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from typer.testing import CliRunner

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Purpose, Role
from tests.integration.fhir_world import World, make

pytestmark = pytest.mark.usefixtures("database")
OFFICER = Actor("user:nadia", "Nadia", Role.PRIVACY_OFFICER, "ICB")
TOMORROW = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def review(*words: str) -> dict[str, int]:
    """What the command raised, by rule."""
    from commonweal.cli.main import app

    result = CliRunner().invoke(app, ["audit", "review", "--json", *words])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout.splitlines()[0])["raised"])


@pytest.fixture(scope="module")
def world(database: str) -> World:
    """Vicky Moss, at whom Dr Moss of her practice looks, and a colleague of his who is on no list."""
    from commonweal.apps.access import api as access

    made = make()
    for username, name in (("moss", "Dr John Moss"), ("lee", "Sam Lee")):
        access.create_user(username, "a long password", access.Role.CLINICIAN, "P01", name)
    access.create_user("nadia", "a long password", access.Role.PRIVACY_OFFICER, "ICB", "Nadia")
    for username in ("moss", "lee"):
        look(made, username)
    return made


def look(world: World, username: str) -> None:
    from commonweal.apps.access import api as access

    actor = Actor(f"user:{username}", username, Role.CLINICIAN, "P01")
    with access.session(actor, Purpose.DIRECT_CARE, "record.page") as opened:
        opened.open_person(world.vicky, {world.compartment: "P01"})


@pytest.fixture
def officer(world: World, as_app: None) -> Any:
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    assert client.login(username="nadia", password="a long password")
    return client


PAGE = "/information-governance/audit-review"


def test_looks_are_raised_once_and_not_before_their_day_is_over(world: World) -> None:
    assert sum(review().values()) == 0
    raised = review("--until", TOMORROW)
    assert raised == {"surname": 1, "address": 0, "colleague": 0, "watched": 0, "hours": 0, "volume": 0}
    assert sum(review("--until", TOMORROW).values()) == 0


def test_a_day_that_is_none_is_said() -> None:
    from commonweal.cli.main import app

    result = CliRunner().invoke(app, ["audit", "review", "--until", "yesterday"])
    assert result.exit_code == 1
    assert "YYYY-MM-DD" in result.output


def test_the_page_says_why_and_closing_takes_a_reason(officer: Any, world: World) -> None:
    from commonweal.apps.access import anomalies

    page = officer.get(PAGE).content.decode()
    assert "Same surname" in page
    assert "Dr John Moss" in page
    assert str(world.vicky) in page
    ((one,), _) = anomalies.anomalies(OFFICER)
    sent = {"do": "close", "id": one.id, "finding": "explained", "words": "too short"}
    refused = officer.post(PAGE, sent)
    assert refused.status_code == 400
    assert "ten characters" in refused.content.decode()
    assert officer.post(PAGE, sent | {"words": "No relation: I asked the practice."}).status_code == 302
    still, (closed,) = anomalies.anomalies(OFFICER)
    assert still == []
    assert (closed.finding, closed.closed_by) == ("explained", "user:nadia")
    assert officer.post(PAGE, sent | {"words": "and once more, differently"}).status_code == 400


def test_the_list_to_watch_raises_who_looks_and_colleagues(
    world: World, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.access import anomalies
    from commonweal.domain.access.cases import CaseError

    anomalies.watch(OFFICER, str(world.vicky), "", "a member of parliament, in the news")
    assert review("--until", TOMORROW)["watched"] == 2
    anomalies.watch(OFFICER, str(world.vicky), "lee", "she asked that colleagues keep away")
    assert review("--until", TOMORROW)["colleague"] == 2  # lee's own look, and a colleague's
    ((one,),) = [anomalies.watched(OFFICER)]
    assert (one.person_id, one.account) == (world.vicky, "lee")
    anomalies.unwatch(OFFICER, str(world.vicky))
    assert anomalies.watched(OFFICER) == []
    for person, account, why in (("x", "", "a good reason"), (str(uuid4()), "nobody", "a good reason")):
        with pytest.raises(CaseError):
            anomalies.watch(OFFICER, person, account, why)
    with pytest.raises(CaseError, match="Say why"):
        anomalies.watch(OFFICER, str(uuid4()), "", "short")


@pytest.mark.parametrize(
    ("person", "account", "why", "field"),
    [
        ("x", "", "a good reason", "person"),
        (str(UUID(int=1)), "nobody", "a good reason", "account"),
        (str(UUID(int=1)), "", "short", "why"),
    ],
)
def test_what_is_wrong_with_the_list_is_said_at_its_field(
    officer: Any, person: str, account: str, why: str, field: str
) -> None:
    answer = officer.post(PAGE, {"do": "watch", "person": person, "account": account, "why": why})
    assert answer.status_code == 400
    assert f'href="#{field}"' in answer.content.decode()
    assert f'id="{field}-error"' in answer.content.decode()


def test_each_step_is_audited(world: World, database: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT action, target FROM access_audit WHERE actor <> 'user:moss'")
        done = {(action, target.partition(" ")[0]) for action, target in cursor.fetchall()}
    assert {("review audit", "anomaly"), ("watch a record", ""), ("watch a record no more", "")} <= done
    assert any(action == "run.audit-review" for action, _ in done)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PRIVACY_OFFICER])
def test_only_the_privacy_officer_reviews_the_audit(world: World, as_app: None, role: Role) -> None:
    from commonweal.apps.access import anomalies

    other = Actor("user:x", "X", role, "P01", person_id=UUID(int=1) if role is Role.CITIZEN else None)
    for ask in (
        lambda: anomalies.anomalies(other),
        lambda: anomalies.watched(other),
        lambda: anomalies.close(other, 1, "explained", "because I say so"),
        lambda: anomalies.watch(other, str(world.vicky), "", "because I say so"),
        lambda: anomalies.unwatch(other, str(world.vicky)),
    ):
        with pytest.raises(Refused):
            ask()


def test_without_the_gates_word_nothing_is_seen_and_nothing_closed_changes(world: World, as_app: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM access_anomaly) + (SELECT count(*) FROM access_watched)")
        assert cursor.fetchone()[0] == 0
        cursor.execute("UPDATE access_anomaly SET finding = 'explained', words = 'not at all', closed_at = now()")
        assert cursor.rowcount == 0
        with pytest.raises(ProgrammingError):
            cursor.execute("DELETE FROM access_anomaly")
