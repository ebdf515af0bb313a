"""A lost second factor takes two administrators, neither of them its owner; then the password alone enrols anew."""

from typing import Any

import pytest
from django.db import connection

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Role

pytestmark = pytest.mark.usefixtures("database", "as_app")
FIRST = Actor("user:reviewer", "Alex", Role.ADMINISTRATOR, "ICB")
SECOND = Actor("user:second", "Ruth", Role.ADMINISTRATOR, "ICB")
WORDS = "came to the office with a staff card"


@pytest.fixture
def loser(database: str) -> Any:
    """An administrator with a second factor and a session, so that owner and agreeing may be tried on one account."""
    from commonweal.apps.access import factors
    from commonweal.apps.access.models import User

    connection.close()
    connection.settings_dict["USER"] = "commonweal_batch"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_lost_factor")
        cursor.execute("DELETE FROM access_factor")
    user, _ = User.objects.get_or_create(
        username="loser", defaults={"name": "Sam", "role": "administrator", "organisation": "ICB"}
    )
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    factors.add_passkey(user, "key", b"credential", b"data", 0)
    return user


def lost() -> Any:
    from commonweal.apps.access import lost_factors

    return lost_factors


def held(user: Any) -> int:
    from commonweal.apps.access import factors

    return len(factors.factors(user))


def test_one_asks_another_agrees_and_it_is_cleared(loser: Any) -> None:
    lost().ask(FIRST, "loser", WORDS)
    [one], _ = lost().losses(SECOND)
    assert (one.username, one.asked_by, one.words) == ("loser", FIRST.key, WORDS)
    assert held(loser) == 1
    lost().settle(SECOND, one.id, "cleared")
    assert held(loser) == 0
    waiting, [settled] = lost().losses(FIRST)
    assert (waiting, settled.outcome, settled.settled_by) == ([], "cleared", SECOND.key)
    with pytest.raises(lost().LossRefused, match="settled"):
        lost().settle(SECOND, one.id, "cleared")


def test_nobody_agrees_with_themselves_nor_about_themselves(loser: Any) -> None:
    owner = Actor("user:loser", "Sam", Role.ADMINISTRATOR, "ICB")
    with pytest.raises(lost().LossRefused, match="your own"):
        lost().ask(owner, "loser", WORDS)
    lost().ask(FIRST, "loser", WORDS)
    [one], _ = lost().losses(FIRST)
    for actor in (FIRST, owner):
        with pytest.raises(lost().LossRefused, match="second administrator"):
            lost().settle(actor, one.id, "cleared")
    assert held(loser) == 1
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_lost_factor SET settled_by = asked_by, settled_at = now(), outcome = 'cleared' "
            "WHERE id = %s",
            [one.id],
        )
    lost().settle(FIRST, one.id, "withdrawn")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_do(loser: Any, role: Role) -> None:
    for what in (
        lambda actor: lost().losses(actor),
        lambda actor: lost().ask(actor, "loser", WORDS),
        lambda actor: lost().settle(actor, 1, "cleared"),
    ):
        with pytest.raises(Refused):
            what(Actor("user:x", "X", role, "P01"))


@pytest.mark.parametrize(
    ("username", "words", "says"),
    [("nobody", WORDS, "no account"), ("loser", "rang me", "ten characters"), ("", WORDS, "no account")],
)
def test_what_is_asked_must_say_who_and_why(loser: Any, username: str, words: str, says: str) -> None:
    with pytest.raises(lost().LossRefused, match=says):
        lost().ask(FIRST, username, words)


def test_an_account_waits_once(loser: Any) -> None:
    lost().ask(FIRST, "loser", WORDS)
    with pytest.raises(lost().LossRefused, match="waits"):
        lost().ask(SECOND, "loser", WORDS)
    [one], _ = lost().losses(SECOND)
    lost().settle(SECOND, one.id, "refused")
    assert held(loser) == 1
