"""A feed that stops is an alert to its owner, else to administrators: taken on, escalated, over when heard again."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Role
from commonweal.domain.coordination.alerts import AlertError, AlertStep

pytestmark = pytest.mark.usefixtures("database")
NOW = datetime(2020, 10, 31, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=45)
HEADER = "feed,source,organisation,team,account,valid_from,valid_to"
ACCOUNTS = {
    "ann": (Role.ADMINISTRATOR, "RY9", "Data"),
    "ben": (Role.ANALYST, "RY9", "Data"),
    "cat": (Role.ANALYST, "RY9", "Other"),
    "root": (Role.ADMINISTRATOR, "ICB", ""),
    "nurse": (Role.CLINICIAN, "RY9", "Data"),
}
ACTORS = {name: Actor(f"user:{name}", name.title(), *parts) for name, parts in ACCOUNTS.items()}


class Clock:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def clock(database: str) -> Iterator[Clock]:
    from commonweal.apps.access import api as access

    before, settings.COMMONWEAL_NOW = settings.COMMONWEAL_NOW, Clock()
    for name, (role, organisation, team) in ACCOUNTS.items():
        access.create_user(name, "a long enough word", role, organisation, name.title(), team)
    yield settings.COMMONWEAL_NOW
    settings.COMMONWEAL_NOW = before


@pytest.fixture(autouse=True)
def stopped(clock: Clock) -> Iterator[None]:
    """Community contacts of RY9 have not come for a fortnight longer than they may take."""
    from commonweal.apps.exchange import api
    from tests.landing_files import empty

    empty()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM coordination_feed_alert")
        cursor.execute("DELETE FROM coordination_absence")
    clock.at = NOW
    arrives("a")
    clock.at = LATER
    assert [one.trouble for one in api.watch()] == ["stopped"]
    yield
    (settings.COMMONWEAL_HOME / "feeds" / "owners.csv").unlink(missing_ok=True)


def arrives(name: str) -> None:
    from commonweal.apps.exchange import api
    from tests.integration import test_mapped_feeds as mapped

    path = Path(settings.COMMONWEAL_HOME) / f"{name}.csv"
    path.write_text(f"{mapped.HEADER}\n{mapped.CONTACT.replace('C1', name)}\n")
    api.land("community", [path], "RY9")


def owned(tmp_path: Path, *rows: str) -> None:
    from commonweal.apps.exchange import api

    path = tmp_path / "owners.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    api.load_owners(path)


def as_web(do: Callable[[], Any]) -> Any:
    from tests.integration.test_alerts import as_web as web

    return web(do)


def told() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, why FROM coordination_feed_recipient")
        return {account.removeprefix("user:"): why for account, why in cursor.fetchall()}


def listed(name: str, shown: str = "team") -> Any:
    from commonweal.apps.coordination import feed_desk

    return as_web(lambda: feed_desk.alerts(ACTORS[name], shown))


def answer(name: str, alert: int, step: AlertStep, words: str = "rang the supplier") -> None:
    from commonweal.apps.coordination import feed_desk

    as_web(lambda: feed_desk.take_step(ACTORS[name], alert, step, words))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], {"ann": "administrators", "root": "administrators"}),
        (["community,RY9,RY9,Data,ben,,"], {"ben": "owner"}),
        ([",RY9,RY9,Data,,,", "community,,RY9,,ben,,"], {"ann": "owner", "ben": "owner"}),
        (["community,RY9,RY9,,,,"], {"ann": "owner", "ben": "owner", "cat": "owner"}),
        (["community,RY9,RY9,,nurse,,"], {"ann": "administrators", "root": "administrators"}),  # may not read feeds
        (["community,RY9,RY9,,ben,,2020-11-30"], {"ann": "administrators", "root": "administrators"}),
    ],
)
def test_whose_the_feed_is_on_the_day_is_told(tmp_path: Path, rows: list[str], expected: dict[str, str]) -> None:
    from commonweal.apps.coordination.api import feed_alerts

    owned(tmp_path, *rows)
    assert (feed_alerts(), feed_alerts()) == (1, 0)
    assert told() == expected
    assert all(len(listed(name).alerts) == 1 for name in expected)
    assert [listed(name).alerts for name in ("ann", "ben", "cat", "root") if name not in expected] == [
        [] for name in ("ann", "ben", "cat", "root") if name not in expected
    ]


def test_taken_on_it_is_owned_and_ends_when_the_feed_is_heard_again(tmp_path: Path, clock: Clock) -> None:
    from commonweal.apps.coordination import stream
    from commonweal.apps.coordination.api import feed_alerts
    from commonweal.apps.exchange import api

    owned(tmp_path, "community,RY9,RY9,Data,,,")
    feed_alerts()
    assert stream.waiting(["user:ann", "user:cat"])["user:ann"]["waiting"] == 1
    (alert,) = listed("ann").alerts
    assert "Ashworth" not in str(alert)
    assert stream.waiting(["user:ann"]) == {}  # seen
    with pytest.raises(AlertError, match="no such"):
        answer("cat", alert.id, AlertStep.ACKNOWLEDGE)
    answer("ann", alert.id, AlertStep.ACKNOWLEDGE)
    with pytest.raises(AlertError, match="Ann already"):
        answer("ben", alert.id, AlertStep.ACKNOWLEDGE)
    with pytest.raises(AlertError, match="Only the one"):
        answer("ben", alert.id, AlertStep.CLOSE)
    with pytest.raises(AlertError, match="few words"):
        answer("ann", alert.id, AlertStep.CLOSE, "x")
    clock.at = LATER + timedelta(days=2)
    assert feed_alerts() == 0  # owned: nobody else is told
    assert [one.id for one in listed("ann", "mine").alerts] == [alert.id]
    arrives("b")
    api.watch()
    assert feed_alerts() == 1
    (over,) = listed("ann", "ended").alerts
    assert (over.id, over.state) == (alert.id, "withdrawn")
    assert (feed_alerts(), listed("ann", "mine").alerts) == (0, [])
    with pytest.raises(Refused):
        listed("nurse")


def test_closed_it_stays_closed_until_the_feed_was_heard_and_stops_anew(clock: Clock) -> None:
    from commonweal.apps.coordination.api import feed_alerts
    from commonweal.apps.exchange import api

    feed_alerts()
    (alert,) = listed("root").alerts
    answer("root", alert.id, AlertStep.ACKNOWLEDGE)
    answer("root", alert.id, AlertStep.CLOSE, "contract has ended")
    assert feed_alerts() == 0
    arrives("b")
    api.watch()
    assert feed_alerts() == 0
    clock.at = LATER + timedelta(days=60)
    api.watch()
    assert feed_alerts() == 1
    assert len(listed("root").alerts) == 1


def test_unanswered_it_escalates_and_handed_back_it_is_due_at_once(tmp_path: Path, clock: Clock) -> None:
    from commonweal.apps.coordination.api import feed_alerts

    owned(tmp_path, "community,,RY9,,ben,,")
    feed_alerts()
    assert set(told()) == {"ben"}
    clock.at = LATER + timedelta(minutes=239)
    assert feed_alerts() == 0
    clock.at = LATER + timedelta(minutes=241)
    assert feed_alerts() == 1
    assert told() == {"ben": "owner", "ann": "team"}
    (alert,) = listed("ben", "escalated").alerts
    answer("ben", alert.id, AlertStep.ACKNOWLEDGE)
    answer("ben", alert.id, AlertStep.RELEASE, "on leave from today")
    assert feed_alerts() == 1
    assert set(told()) == {"ben", "ann", "cat"}
    clock.at = LATER + timedelta(days=3)
    assert feed_alerts() == 1
    assert set(told()) == {"ben", "ann", "cat", "root"}
    assert feed_alerts() == 0


def test_an_owner_who_is_away_is_covered_for(tmp_path: Path) -> None:
    from commonweal.apps.coordination.api import feed_alerts

    owned(tmp_path, "community,,RY9,,ben,,")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coordination_absence (organisation, account, starts, ends, cover, set_by, set_at) "
            "VALUES ('RY9', 'user:ben', %s, %s, 'user:cat', 'user:ann', now())",
            [LATER.date(), LATER.date()],
        )
    feed_alerts()
    assert told() == {"cat": "cover"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("feed,source\n", "lacks the column organisation"),
        (f"{HEADER}\ncommunity,RY9,,Data,,,\n", "line 2: give the ODS code"),
        (f"{HEADER}\ncommunity,RY9,RY9,,,1/4/2020,\n", "line 2: write days"),
        (f"{HEADER}\ncommunity,RY9,RY9,,,,\ncommunity,RY9,RX1,,,2020-01-01,\n", "two owners"),
    ],
)
def test_a_list_that_cannot_be_followed_changes_nothing(tmp_path: Path, text: str, said: str) -> None:
    from commonweal.apps.coordination.api import feed_alerts
    from commonweal.apps.exchange import api

    owned(tmp_path, "community,RY9,RY9,,ben,,")
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(api.BadOwners, match=said):
        api.load_owners(path)
    assert [one.account for one in api.owners()] == ["ben"]
    (settings.COMMONWEAL_HOME / "feeds" / "owners.csv").write_text(text)  # edited by hand: alerts must go on
    feed_alerts()
    assert set(told()) == {"ann", "root"}


def test_the_pages_show_owner_and_alert(tmp_path: Path) -> None:
    from django.test import Client

    from commonweal.apps.coordination.api import feed_alerts

    owned(tmp_path, "community,RY9,RY9,Data,,,")
    feed_alerts()

    def seen() -> tuple[str, str, str, int]:
        client = Client(SERVER_NAME="127.0.0.1")
        client.login(username="ann", password="a long enough word")
        alerts = client.get("/alerts").content.decode()
        address = alerts.split('href="/alerts/feeds/')[1].split('"')[0]
        page = client.post(f"/alerts/feeds/{address}", {"step": "acknowledge"}, follow=True).content.decode()
        missing = client.get("/alerts/feeds/0").status_code
        return alerts, page, client.get("/feeds").content.decode(), missing

    alerts, page, feeds, missing = as_web(seen)
    assert "Data, RY9" in alerts
    assert "You have this alert" in page
    assert "Data, RY9" in feeds
    assert missing == 404


def test_every_receipt_can_be_reached_and_owners_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test import Client

    from commonweal.apps.exchange import presenting, views

    read: list[int] = []
    monkeypatch.setattr(presenting, "read_owners", lambda: read.append(1) or [])
    monkeypatch.setattr(views, "NEWEST", 1)
    monkeypatch.setattr(views, "PAGE", 1)
    for name in "bc":
        arrives(name)

    def seen(address: str) -> list[str]:
        client = Client(SERVER_NAME="127.0.0.1")
        client.login(username="ann", password="a long enough word")
        found = []
        while address:
            page = client.get(address).content.decode()
            found += [name for name in ("a.csv", "b.csv", "c.csv") if name in page]
            older = [link for link in page.split('href="')[1:] if "?before=" in link.split('"')[0]]
            address = older[0].split('"')[0] if older else ""
        return found

    for address in ("/feeds", "/feeds/of/community/RY9"):
        read.clear()
        assert as_web(lambda address=address: seen(address)) == ["c.csv", "b.csv", "a.csv"]
        assert len(read) == 3  # once a page
    assert as_web(lambda: seen("/feeds?before=x")) == ["c.csv", "b.csv", "a.csv"]


def test_an_alert_ends_only_with_its_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from commonweal.apps.coordination import feed_alerts, rules

    assert feed_alerts.bring() == 1
    today = rules.rules(LATER.date())
    changed = replace(today, feeds=replace(today.feeds, troubles=frozenset({"never heard"})))
    monkeypatch.setattr(feed_alerts, "rules", lambda on: changed)
    assert feed_alerts.bring() == 0
    assert [one.state for one in listed("root").alerts] == ["open"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM coordination_feed_alert")
    assert feed_alerts.bring() == 0  # nobody is told of it any more


def test_days_are_both_included() -> None:
    from commonweal.apps.exchange.api import Owner

    one = Owner("", "", "RY9", "", "", date(2020, 1, 1), date(2020, 1, 2))
    assert [one.owns("gp", "A1", date(2020, 1, day)) for day in (1, 2, 3)] == [True, True, False]
