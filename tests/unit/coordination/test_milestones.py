"""What the messages of a hospital amount to, whatever order they come in; and the rules file."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.coordination.milestones import STILL_IN, Milestone, Said, milestones
from commonweal.apps.coordination.rules import read, rules
from commonweal.domain.coordination.alerts import Kind
from commonweal.feeds import adt as feed
from commonweal.feeds.types import Parsed
from tests.alert_world import HOSPITAL, NOW, adt, registered_death, stamp

HOUR = timedelta(hours=1)
RULES = rules(date(2026, 1, 1))


def amounts_to(messages: list[str]) -> list[Milestone]:
    """The milestones of messages about one person, through the feed's own fold."""
    items = feed.fold(HOSPITAL, [one.encode() for one in messages])
    said = [Said(7, "clinical", item.resource) for item in items if isinstance(item, Parsed)]
    return milestones(HOSPITAL, said, RULES.classes, RULES.died_ways)


def kinds(messages: list[str]) -> list[Kind]:
    return [one.kind for one in sorted(amounts_to(messages), key=lambda one: one.happened)]


def message(n: int, event: str, hours: float, **fields: str) -> str:
    return adt(n, 1, event, NOW + hours * HOUR, **fields)


LEFT = {"left": "19", "discharged": stamp(NOW + 9 * HOUR)}
STORY = [
    message(1, "A01", 0),
    message(2, "A02", 3, ward="WARD 9"),
    message(3, "A12", 4, cancels=stamp(NOW + 3 * HOUR)),
    message(4, "A02", 5, ward="STROKE"),
    message(5, "A03", 9, **LEFT),
    message(6, "A13", 10, cancels=stamp(NOW + 9 * HOUR)),
    message(7, "A08", 11, died="Y"),
    message(8, "A01", 20, visit="b"),
    message(9, "A11", 21, visit="b", cancels=stamp(NOW + 20 * HOUR)),
]


def test_a_story_told_in_order() -> None:
    assert kinds(STORY[:1]) == ["admitted"]
    assert kinds(STORY[:2]) == ["admitted", "transferred"]
    assert kinds(STORY[:3]) == ["admitted"]
    assert kinds(STORY[:5]) == ["admitted", "transferred", "discharged"]
    assert kinds(STORY[:6]) == ["admitted", "transferred"]
    assert kinds(STORY[:8]) == ["admitted", "transferred", "died", "admitted"]
    assert [one.place for one in amounts_to(STORY[:5]) if one.kind == "transferred"] == ["STROKE"]


@given(st.permutations(STORY), st.lists(st.sampled_from(STORY), max_size=4))
def test_any_order_and_any_repetition_amounts_to_the_same(messages: list[str], again: list[str]) -> None:
    assert amounts_to([*messages, *again]) == amounts_to(STORY)


def test_dead_and_still_in_is_a_stated_conflict() -> None:
    (death,) = [one for one in amounts_to(STORY[:7]) if one.kind == "died"]
    assert death.doubt == STILL_IN
    assert [one.doubt for one in amounts_to([STORY[0], message(5, "A03", 9, died="Y", **LEFT)])] == ["", "", ""]


@pytest.mark.parametrize("way", ["79", "4"])
def test_leaving_by_death_is_a_death_and_no_discharge(way: str) -> None:
    gone = message(5, "A03", 9, left=way, discharged=stamp(NOW + 9 * HOUR))
    assert kinds([STORY[0], gone]) == ["admitted", "died"]
    both = message(5, "A03", 9, left=way, discharged=stamp(NOW + 9 * HOUR), died="Y", death="20260302")
    assert kinds([STORY[0], both]).count(Kind.DIED) == 1


def test_a_death_that_was_a_mistake_is_one_no_more() -> None:
    dead = message(5, "A08", 9, died="Y", death="202603021700")
    assert kinds([STORY[0], dead]) == ["admitted", "died"]
    assert kinds([STORY[0], dead, message(6, "A08", 10, died="N")]) == ["admitted"]
    assert kinds([STORY[0], dead, message(6, "A08", 10)]) == ["admitted", "died"]  # not mentioned is not taken back


def test_an_emergency_attendance_and_a_planned_admission_are_no_milestones() -> None:
    assert kinds([message(1, "A01", 0, kind="E")]) == []
    assert kinds([message(1, "A05", 0)]) == []


def test_a_formally_registered_death_is_told_apart() -> None:
    def of(patient: dict[str, Any]) -> list[Kind]:
        said = [Said(7, "demographics", patient)]
        return [one.kind for one in milestones("A81001", said, RULES.classes, RULES.died_ways)]

    formal = registered_death(1, NOW)
    informal = formal | {"extension": []}
    assert (of(formal), of(informal)) == ([Kind.DEATH_REGISTERED], [Kind.DIED])
    assert of({"resourceType": "Patient", "deceasedDateTime": "2026"}) == []
    assert of({"resourceType": "Patient", "deceasedBoolean": True}) == []  # when, nobody knows: no alert of today


@pytest.mark.parametrize("text", ["", "rubbish", "2026-13-01", "2026-03-02T99:00:00Z"])
def test_a_time_that_is_none_is_no_milestone(text: str) -> None:
    stay = {"resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"}, "period": {"start": text}}
    assert milestones(HOSPITAL, [Said(1, "clinical", stay)], RULES.classes, RULES.died_ways) == []


def test_every_kind_has_a_rule_and_escalations_come_one_after_the_other() -> None:
    for kind in Kind:
        rule = RULES.kinds[kind]
        assert rule.tell
        raised = datetime(2026, 1, 1, tzinfo=UTC)
        assert next(step.to for step in rule.steps(narrow=True)) == "team"
        for narrow in (True, False):
            due = [rule.due(raised, level, narrow=narrow) for level in range(len(rule.steps(narrow)) + 1)]
            assert due[-1] is None
            assert due[:-1] == sorted(set(due[:-1]))


def test_rules_that_miss_a_kind_or_tell_nobody_known_are_refused() -> None:
    kind = {"tell": ["social_worker"], "late_hours": 1, "suspends": False, "escalate": []}
    entry = {
        "valid_from": date(2020, 1, 1), "valid_to": None, "known_to": [], "classes": [], "died_ways": [],
        "link_hours": 1, "own_word_days": 90, "kinds": {one.value: kind for one in Kind},
        "feeds": {"troubles": ["stopped"], "escalate": [{"minutes": 9, "to": "administrators"}]},
    }  # fmt: skip
    assert read(entry).link == HOUR
    with pytest.raises(ValueError, match="say nothing of died"):
        read(entry | {"kinds": {one.value: kind for one in Kind if one is not Kind.DIED}})
    backwards = kind | {"escalate": [{"minutes": 9, "to": "duty"}, {"minutes": 3, "to": "duty"}]}
    with pytest.raises(ValueError, match="must come later"):
        read(entry | {"kinds": {one.value: backwards for one in Kind}})
    with pytest.raises(ValueError, match="duty or organisation"):
        read(entry | {"kinds": {one.value: kind | {"escalate": [{"minutes": 9, "to": "all"}]} for one in Kind}})
    with pytest.raises(ValueError, match="organisation or administrators"):
        read(entry | {"feeds": {"troubles": [], "escalate": [{"minutes": 9, "to": "duty"}]}})
    with pytest.raises(ValueError, match="no alert rules"):
        rules(date(1999, 1, 1))
