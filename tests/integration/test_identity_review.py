"""Clerical review end to end: queue, two reviewers, what a decision does to care, undoing, and who may look.

Decisions are kept for ever, so each test has records of its own numbers.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Purpose, Role
from commonweal.fhir.demographics import Demographics
from tests.conftest import _point_at
from tests.integration.test_identity import ANNA, NUMBERS, empty_tables, land

pytestmark = pytest.mark.usefixtures("database")
__all__ = ["empty_tables"]  # a fixture that runs by itself
fresh = count(101, 10)


@contextmanager
def serving(database: str) -> Iterator[None]:
    """The role that serves people."""
    _point_at(database, "commonweal_app")
    try:
        yield
    finally:
        _point_at(database, "commonweal_batch")


def reviewer(name: str, role: Role = Role.ADMINISTRATOR) -> Actor:
    return Actor(name, name, role, "QT1")


def look(actor: Actor) -> AbstractContextManager[Any]:
    from commonweal.apps.access import api as access

    return access.session(actor, Purpose.OPERATIONS, "review identity", "pair")


def two(other: Demographics) -> tuple[int, int]:
    """Anna's record and another's, in the queue after a run or not; their compartments."""
    from commonweal.apps.identity import api

    first = next(fresh)
    land((first, "Y00001", f"gp-{first}", ANNA), (first + 1, "RXX", f"mrn-{first}", other))
    api.identify()
    return first, first + 1


def people(*compartments: int) -> int:
    from commonweal.apps.identity import api

    return len(set(api.people_of(compartments).values()))


NO_NUMBER = replace(ANNA, nhs_number="", family="Smith", postcode="NG9 9ZZ", birth_date=None)
SAME_NUMBER = replace(ANNA, given=("Harriet",))


def test_a_confirmed_pair_is_one_person_for_care_and_undoing_parts_it_again(database: str) -> None:
    from commonweal.apps.identity import api, reviewing

    pair = two(SAME_NUMBER)
    assert people(*pair) == 2
    with serving(database), look(reviewer("ann")) as session:
        assert [(one.first, one.second, one.state) for one in reviewing.queue()] == [(*pair, "open")]
        assert reviewing.decide(session, *pair, "same", "spoke to the practice") == "same"
        assert reviewing.queue() == []

    api.identify()
    assert people(*pair) == 1
    assert api.basis_of(pair) == dict.fromkeys(pair, "confirmed")

    with serving(database), look(reviewer("bob")) as session:
        (decision,) = reviewing.latest(1)
        assert reviewing.undo(session, decision.id, "the practice was wrong") == pair
    api.identify()
    assert people(*pair) == 2
    with serving(database), look(reviewer("ann")):
        assert [(one.first, one.second) for one in reviewing.queue()] == [pair]


def test_a_high_risk_pair_waits_for_a_second_person(database: str) -> None:
    from commonweal.apps.identity import api, reviewing

    pair = two(replace(SAME_NUMBER, gender="male"))
    with serving(database), look(reviewer("ann")) as session:
        shown = reviewing.compare(session, *pair)
        assert shown is not None
        assert shown.risks == ["The recorded sex differs."]
        assert reviewing.decide(session, *pair, "same", "seen both") == "waiting"
        with pytest.raises(reviewing.ReviewRefused, match="decided this pair already"):
            reviewing.decide(session, *pair, "same", "once more")
    api.identify()
    assert people(*pair) == 2
    with serving(database), look(reviewer("bob")) as session:
        assert reviewing.decide(session, *pair, "same", "letter in the file") == "same"
    api.identify()
    assert people(*pair) == 1


def test_a_pair_decided_apart_leaves_the_queue_and_stays_apart_whatever_comes(database: str) -> None:
    from commonweal.apps.identity import api, reviewing

    pair = two(SAME_NUMBER)
    with serving(database), look(reviewer("ann")) as session:
        assert reviewing.decide(session, *pair, "different", "twins") == "different"
    land((pair[1], "RXX", f"mrn-{pair[0]}", ANNA))  # now it would verify
    api.identify()
    assert people(*pair) == 2
    assert len({api.probable_people()[one] for one in pair}) == 2


def test_two_numbers_are_never_joined_by_a_decision(database: str) -> None:
    from commonweal.apps.identity import api, reviewing

    first = next(fresh)
    land(
        (first, "Y00001", f"gp-{first}", ANNA),
        (
            first + 1,
            "Y00001",
            f"gp-{first + 1}",
            replace(ANNA, nhs_number=NUMBERS[1], given=("Edward",), gender="male"),
        ),
    )
    api.merge_within_source("Y00001", f"gp-{first + 1}", f"gp-{first}", datetime(2020, 5, 1, tzinfo=UTC), f"m{first}")
    api.identify()
    with (
        serving(database),
        look(reviewer("ann")) as session,
        pytest.raises(reviewing.ReviewRefused, match="never joined") as refused,
    ):
        reviewing.decide(session, first, first + 1, "same", "x")
    for word in ("gender", "adopt", "recognition", "sex"):  # the reason for a new number is never guessed at
        assert word not in str(refused.value)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_may_look(database: str, role: Role) -> None:
    from commonweal.apps.identity import reviewing

    pair = two(SAME_NUMBER)
    with serving(database), pytest.raises(Refused), look(reviewer("eve", role)) as session:
        reviewing.compare(session, *pair)


def test_a_look_at_a_pair_is_audited_for_both_people_and_only_pairs_in_review_open(database: str) -> None:
    from django.db import connection

    from commonweal.apps.identity import api, reviewing

    pair = two(SAME_NUMBER)
    lone = next(fresh)
    land((lone, "RXX", f"x-{lone}", replace(ANNA, nhs_number=NUMBERS[2], given=("Zed",), family="Quill")))
    api.identify()
    with serving(database), look(reviewer("ann")) as session:
        assert reviewing.compare(session, pair[0], lone) is None
        assert api.demographics_of([pair[0], lone]) == {}
        assert reviewing.compare(session, *pair) is not None
        assert set(api.demographics_of([*pair, lone])) == set(pair)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT s.person_id) FROM access_audit a JOIN access_audit_subject s ON s.audit_id = a.id"
            " WHERE a.actor = 'ann' AND s.person_id = ANY(%s)",
            [list(api.people_of(pair).values())],
        )
        assert cursor.fetchone() == (2,)


def test_each_field_has_its_weight_and_the_parts_make_the_whole(database: str) -> None:
    from commonweal.apps.identity import reviewing

    pair = two(replace(ANNA, nhs_number="", family="Smyth", postcode="NG9 9ZZ", gender="unknown"))
    with serving(database), look(reviewer("ann")) as session:
        (waiting,) = reviewing.queue()
        shown = reviewing.compare(session, *pair)
    assert waiting.weight is not None
    assert shown is not None
    assert {"given", "family", "born", "postcode"} <= {name for name, _ in shown.fields}
    assert dict(shown.fields)["born"] > 0 > dict(shown.fields)["postcode"]


def test_a_sample_of_links_measures_precision(database: str) -> None:
    from commonweal.apps.identity import reviewing

    pair = two(replace(ANNA, nhs_number=""))
    with serving(database), look(reviewer("ann")) as session:
        (waiting,) = reviewing.queue()
        assert waiting.sample
        reviewing.decide(session, *pair, "same", "same address and phone")
        quality = reviewing.measured()
    assert quality is not None
    assert quality.precision.value == 1.0
    assert quality.precision.low < 1.0


def test_a_second_practice_that_claims_a_person_raises_a_review(database: str) -> None:
    from commonweal.apps.identity import api, reviewing

    first = next(fresh)
    land(
        (first, "Y00001", f"gp-{first}", ANNA),
        (first + 1, "Y00002", f"gp-{first + 1}", replace(ANNA, practice="Y00002")),
    )
    api.identify()
    assert people(first, first + 1) == 1
    with serving(database), look(reviewer("ann")) as session:
        (waiting,) = reviewing.queue()
        assert waiting.reason.startswith("registered with two practices")
        reviewing.decide(session, first, first + 1, "different", "the second practice put in a wrong number")
    api.identify()
    assert people(first, first + 1) == 2


# -- the report of whom linkage serves worse ---------------------------------------------------------------------------


def opened_by(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Status and text of the report's page."""
    from django.test import Client

    from commonweal.apps.access import api as access

    monkeypatch.setattr(access, "actor_of", lambda request: actor)
    answer = Client(SERVER_NAME="127.0.0.1").get("/identity/fairness")
    return answer.status_code, answer.content.decode()


def test_the_linkage_report_says_in_words_which_groups_link_less(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.identity import bias
    from commonweal.domain.identity.bias import Counted

    analyst = reviewer("ana", Role.ANALYST)
    with _emptied(database), serving(database):
        status, text = opened_by(analyst, monkeypatch)
        assert status == 200
        assert "Records have not been linked yet" in text
    practices = [Counted("practice", f"Y{n:05}", 400, 240 + n % 7, 0, 0.0) for n in range(25)]
    bias.store(
        [
            Counted("sex", "female", 1_000, 990, 4, 0.5),
            Counted("sex", "male", 1_000, 890, 9, 0.5),
            Counted("ethnicity", "A", 900, 850, 3, 0.2),
            Counted("ethnicity", "R", 12, 11, 0, 0.0),
            Counted("age", "90s", 9, 2, 0, 0.0),  # too few to compare
            Counted("age", "unknown", 40, 38, 0, 0.0),
            Counted("source", "RXX", 2_000, 1_880, 13, 1.0),
            *practices,
        ],
        datetime(2020, 10, 31, 9, tzinfo=UTC),
    )
    with serving(database):
        for actor in (analyst, reviewer("rea"), reviewer("pia", Role.PRIVACY_OFFICER)):
            status, text = opened_by(actor, monkeypatch)
            assert status == 200
            assert "1 group is linked less often than chance explains" in text
            assert "<strong>Sex: Male</strong>: 89.0% linked, where 91." in text
            assert "None of 2 groups lies beyond the 99.8% limits." in text
            assert "Chinese" in text
            assert "90 and over" not in text
            assert text.count("<svg") == 3  # two lists of points, a funnel of many practices, nothing of one group
            assert ("Identity review</a>" in text) is (actor.role is Role.ADMINISTRATOR)
        assert opened_by(reviewer("carl", Role.CLINICIAN), monkeypatch)[0] == 403


@contextmanager
def _emptied(database: str) -> Iterator[None]:
    """No run has been kept."""
    from django.db import connection

    _point_at(database, "commonweal_owner")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM identity_bias")
    _point_at(database, "commonweal_batch")
    yield


def test_the_bands_drawn_are_the_limits_that_groups_are_judged_by() -> None:
    """Of whole counts: 12 of 12 lie inside a band that reaches 100% at 12 records."""
    from commonweal.apps.identity.fairness import bands
    from commonweal.domain.identity.bias import Counted, judge

    counted = [
        Counted("practice", f"P{n:02}", 10 + 7 * n, round((10 + 7 * n) * (0.93 + 0.07 * (n % 2))), 0, 0.0)
        for n in range(30)
    ]
    found = judge(counted)
    centre = sum(one.linked for one in counted) / sum(one.records for one in counted)
    drawn = {band.size: band for band in bands([one.records for one in found], centre)}
    for one in found:
        band = drawn[one.records]
        assert (band.low998, band.high998) == (100 * one.low, 100 * one.high)
        rate = 100 * one.rate
        outside = (rate > band.high95) + (rate > band.high998) - (rate < band.low95) - (rate < band.low998)
        assert outside == one.place
    assert {one.place for one in found} > {0}
