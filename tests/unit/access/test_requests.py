"""Requests about one's own record: their steps, their clock, what is marked and cut, and what an age means."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.apps.access import rights
from commonweal.domain.access.copy_marks import MarkRule, marks_of, rules_for, without_marked
from commonweal.domain.access.copy_words import goes_out, particulars
from commonweal.domain.access.deadlines import due, months_later
from commonweal.domain.access.proxies import (
    PROXY_STEPS,
    Assessment,
    ProxyState,
    ProxyStep,
    Standing,
    after_proxy_step,
    own_access_holds,
    parental_holds,
    standing_on,
)
from commonweal.domain.access.requests import (
    COPY_STEPS,
    CopyState,
    CopyStep,
    Decision,
    Mark,
    Party,
    RequestError,
    after_copy_step,
)

SAID = "because the papers were seen"
BORN = date(2010, 6, 1)
DAYS = st.dates(date(2018, 5, 25), date(2027, 12, 1))


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        # ICO, Right of access: a request of 3 September is to be answered by 3 October
        (date(2024, 9, 3), date(2024, 10, 3)),
        # of 31 March by 30 April, the month having no 31st
        (date(2025, 3, 31), date(2025, 4, 30)),
        # and of 25 November by the next working day after Christmas Day and Boxing Day, which end a week in 2026
        (date(2026, 11, 25), date(2026, 12, 29)),
    ],
)
def test_a_month_is_counted_as_the_commissioner_says(received: date, answer: date) -> None:
    assert due(received, rights.months("months", received), 0, rights.bank_holidays()) == answer


@given(DAYS, st.integers(1, 3), st.integers(0, 60))
def test_the_last_day_is_a_working_day_no_sooner_than_the_month_and_its_pauses(
    day: date, months: int, paused: int
) -> None:
    last = due(day, months, paused, rights.bank_holidays())
    assert last.weekday() < 5
    assert last not in rights.bank_holidays()
    assert timedelta(0) <= last - (months_later(day, months) + timedelta(days=paused)) <= timedelta(days=4)


def test_every_end_is_reached_only_by_a_listed_step_and_never_left() -> None:
    ended = {CopyState.RELEASED, CopyState.REFUSED, CopyState.WITHDRAWN}
    assert all(state not in ended for state, _ in COPY_STEPS)
    assert {after for (_, step), (after, _) in COPY_STEPS.items() if step is CopyStep.RELEASE} == {CopyState.RELEASED}
    assert all(who == {Party.OFFICER} for (_, step), (_, who) in COPY_STEPS.items() if step is CopyStep.RELEASE)
    for state in CopyState:
        for step in CopyStep:
            if (state, step) not in COPY_STEPS:
                with pytest.raises(RequestError):
                    after_copy_step(state, step, party=Party.OFFICER, by="a", words=SAID)


def test_the_reviewer_does_not_release() -> None:
    with pytest.raises(RequestError, match="Somebody else"):
        after_copy_step(
            CopyState.REVIEWED, CopyStep.RELEASE, party=Party.OFFICER, by="a", words="", reviewers=["b", "a"]
        )


@given(st.booleans(), st.sampled_from([None, *Decision]))
def test_what_somebody_must_decide_on_goes_out_only_when_decided(needed: bool, decision: Decision | None) -> None:
    assert goes_out(decision, needed) == (
        decision in (Decision.WHOLE, Decision.PART) or (decision is None and not needed)
    )


RULES = [
    MarkRule(date(2018, 5, 25), Mark.FREE_TEXT, "*", "*", "note"),
    MarkRule(date(2018, 5, 25), Mark.OTHERS, "*", "*", "RelatedPerson/"),
    MarkRule(date(2018, 5, 25), Mark.HARM, "*", "mental_health", "*"),
    MarkRule(date(2018, 5, 25), Mark.AUTHOR, "*", "*", "Practitioner/"),
]
PLAIN = st.dictionaries(st.sampled_from(["status", "code", "value", "text"]), st.text(max_size=8), max_size=3)
LEADING = st.sampled_from(["RelatedPerson/ann", "Practitioner/ray", "Encounter/1"]).map(lambda to: {"reference": to})
ELEMENT = st.recursive(
    PLAIN | LEADING,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["note", "author", "part", "who"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["note", "author", "component", "code"]), ELEMENT, max_size=4))
def test_what_is_cut_is_marked_no_longer_and_nothing_else_goes(resource: dict[str, Any]) -> None:
    rules = rules_for(RULES, "Observation", "clinical", date(2020, 1, 1))
    cut = without_marked(resource, rules)
    assert not {Mark.OTHERS, Mark.FREE_TEXT} & set(marks_of(cut, rules))
    if not {Mark.OTHERS, Mark.FREE_TEXT} & set(marks_of(resource, rules)):
        assert without_marked(cut, rules) == cut


def test_a_rule_counts_from_its_day_for_its_category() -> None:
    assert rules_for(RULES, "Condition", "mental_health", date(2018, 5, 24)) == []
    assert marks_of({}, rules_for(RULES, "Condition", "mental_health", date(2018, 5, 25))) == (Mark.HARM,)
    assert marks_of({}, rules_for(RULES, "Condition", "clinical", date(2018, 5, 25))) == ()


def test_an_entry_in_words_says_all_of_it_and_no_code_system() -> None:
    said = particulars(
        {
            "resourceType": "Observation",
            "id": "1",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "75367002", "display": "Blood pressure"}]},
            "subject": {"reference": "Patient/1"},
            "encounter": {"reference": "Encounter/1"},
            "component": [{"code": {"text": "Systolic"}, "valueQuantity": {"value": 131, "unit": "mmHg"}}],
            "text": {"div": "said again"},
            "note": [{"time": "2020-03-01", "text": "Felt well"}],
        }
    )
    assert said == [
        ("Code", "Blood pressure"),
        ("Systolic", "131 mmHg"),
        ("Note, time", "2020-03-01"),
        ("Note, text", "Felt well"),
    ]


def test_a_proxy_needs_two_people_at_every_turn() -> None:
    for (state, step), after in PROXY_STEPS.items():
        if after is ProxyState.ACTIVE:
            assert (state, step) == (ProxyState.SEEN, ProxyStep.ALONE)
    with pytest.raises(RequestError, match="Somebody else"):
        after_proxy_step(ProxyState.SEEN, ProxyStep.ALONE, by="a", evidence_by="a", words=SAID)


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (date(2021, 5, 31), Standing.PARENTS),
        (date(2021, 6, 1), Standing.EACH_CASE),
        (date(2026, 5, 31), Standing.EACH_CASE),
        (date(2026, 6, 1), Standing.OWN),
    ],
)
def test_the_standing_changes_on_the_birthday(day: date, standing: Standing) -> None:
    assert standing_on(BORN, day, rights.age_rules()) is standing


@given(st.dates(date(2015, 4, 1), date(2040, 1, 1)), st.none() | st.builds(Assessment, DAYS, st.booleans()))
def test_parents_and_child_never_both_hold_by_competence_and_from_sixteen_only_the_person(
    day: date, assessed: Assessment | None
) -> None:
    parents = parental_holds(BORN, day, rights.age_rules(), assessed)
    own = own_access_holds(BORN, day, rights.age_rules(), assessed)
    assert not (parents and own)
    if day >= date(2026, 6, 1):
        assert own
        assert not parents


def test_a_birth_date_nobody_knows_opens_nothing_to_a_parent() -> None:
    assert not parental_holds(None, date(2020, 1, 1), rights.age_rules(), None)
    assert own_access_holds(None, date(2020, 1, 1), rights.age_rules(), None)
