"""The policies as tables: who, what for, by which relationship, sees which categories."""

from datetime import date

import cedarpy
import pytest

from commonweal.apps.access import gate
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.vocabulary import (
    Action,
    Category,
    Purpose,
    RelationshipKind,
    RestrictionReason,
    Role,
    default_purpose,
)

TODAY = date(2020, 10, 31)
ALL = frozenset(Category)
OUTLINE = frozenset({Category.DEMOGRAPHICS, Category.CLINICAL, Category.MEDICATION})
NOTHING: frozenset[Category] = frozenset()

READS = [
    (Role.CLINICIAN, Purpose.DIRECT_CARE, ["registered"], ALL),
    (Role.CLINICIAN, Purpose.DIRECT_CARE, ["under_care"], ALL),
    (Role.CLINICIAN, Purpose.DIRECT_CARE, ["referred"], OUTLINE),
    (Role.CLINICIAN, Purpose.DIRECT_CARE, [], NOTHING),
    (Role.CLINICIAN, Purpose.DIRECT_CARE, ["emergency"], NOTHING),
    (Role.CLINICIAN, Purpose.EMERGENCY, ["emergency"], ALL),
    (Role.CLINICIAN, Purpose.EMERGENCY, ["registered"], NOTHING),
    (Role.CLINICIAN, Purpose.POPULATION_HEALTH, ["registered"], NOTHING),
    (Role.CLINICIAN, Purpose.OWN_RECORD, ["self"], NOTHING),
    (Role.SOCIAL_WORKER, Purpose.DIRECT_CARE, ["under_care"], ALL),
    (Role.SOCIAL_WORKER, Purpose.DIRECT_CARE, ["referred"], OUTLINE),
    (Role.CITIZEN, Purpose.OWN_RECORD, ["self"], ALL),
    (Role.CITIZEN, Purpose.OWN_RECORD, [], NOTHING),
    (Role.CITIZEN, Purpose.DIRECT_CARE, ["self", "registered"], NOTHING),
    (Role.ANALYST, Purpose.POPULATION_HEALTH, ["registered"], NOTHING),
    (Role.ANALYST, Purpose.DIRECT_CARE, ["registered", "under_care"], NOTHING),
    (Role.PERFORMANCE_LEAD, Purpose.PERFORMANCE, ["registered"], NOTHING),
    (Role.BOARD_SECRETARY, Purpose.PERFORMANCE, ["registered"], NOTHING),
    (Role.ADMINISTRATOR, Purpose.DIRECT_CARE, ["registered"], frozenset({Category.DEMOGRAPHICS})),
    (Role.ADMINISTRATOR, Purpose.OPERATIONS, ["registered"], NOTHING),
    (Role.SERVICE, Purpose.OPERATIONS, ["registered"], NOTHING),
]


@pytest.mark.parametrize(("role", "purpose", "kinds", "expected"), READS)
def test_what_each_role_reads(role: Role, purpose: Purpose, kinds: list[str], expected: frozenset[Category]) -> None:
    assert {c for c in Category if gate.decide(TODAY, role, purpose, Action.READ, c, kinds)} == expected


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        (Action.SEARCH_PEOPLE, {Role.CLINICIAN, Role.SOCIAL_WORKER}),
        (Action.READ_DIRECTORY, {Role.CLINICIAN, Role.SOCIAL_WORKER, Role.CITIZEN, Role.ADMINISTRATOR}),
        (Action.READ_AGGREGATE, {Role.ANALYST, Role.PERFORMANCE_LEAD, Role.BOARD_SECRETARY}),
        (Action.PROPOSE_DEFINITION, {Role.ANALYST, Role.PERFORMANCE_LEAD}),
        (Action.IMPORT_FIGURES, {Role.ANALYST, Role.PERFORMANCE_LEAD}),
        (Action.REVIEW_DEFINITION, {Role.PERFORMANCE_LEAD, Role.BOARD_SECRETARY}),
        (Action.PREPARE_REPORT, {Role.PERFORMANCE_LEAD, Role.BOARD_SECRETARY}),
        (Action.SIGN_OFF_REPORT, {Role.PERFORMANCE_LEAD, Role.BOARD_SECRETARY}),
        (Action.ANNOTATE_FIGURES, {Role.PERFORMANCE_LEAD, Role.BOARD_SECRETARY}),
        (Action.READ_FEEDS, {Role.ANALYST, Role.PERFORMANCE_LEAD, Role.ADMINISTRATOR}),
        (Action.READ_QUARANTINE, {Role.ADMINISTRATOR}),
        (Action.REVIEW_IDENTITY, {Role.ADMINISTRATOR}),
        (Action.MAINTAIN_SOURCE, {Role.SERVICE}),
        (Action.READ_POLICIES, {Role.PRIVACY_OFFICER}),
        (Action.REVIEW_ACCESS, {Role.PRIVACY_OFFICER}),
        (Action.KEEP_AGREEMENTS, {Role.PRIVACY_OFFICER}),
        (Action.KEEP_RESTRICTIONS, {Role.PRIVACY_OFFICER}),
    ],
)
def test_what_names_no_person(action: Action, allowed: set[Role]) -> None:
    assert {role for role in Role if gate.decide(TODAY, role, default_purpose(role), action)} == allowed


RESTRICTED = [
    # reason, purpose, role, kinds, own entry, still seen
    ("objection", Purpose.DIRECT_CARE, Role.CLINICIAN, ["registered"], False, False),
    ("objection", Purpose.DIRECT_CARE, Role.CLINICIAN, ["registered"], True, True),
    ("objection", Purpose.EMERGENCY, Role.CLINICIAN, ["emergency"], False, True),
    ("objection", Purpose.OWN_RECORD, Role.CITIZEN, ["self"], False, True),
    ("safeguarding", Purpose.DIRECT_CARE, Role.SOCIAL_WORKER, ["under_care"], False, False),
    ("safeguarding", Purpose.DIRECT_CARE, Role.SOCIAL_WORKER, ["under_care"], True, True),
    ("safeguarding", Purpose.EMERGENCY, Role.SOCIAL_WORKER, ["emergency"], False, True),
    ("safeguarding", Purpose.OWN_RECORD, Role.CITIZEN, ["self"], True, False),
    ("serious_harm", Purpose.DIRECT_CARE, Role.CLINICIAN, ["registered"], False, True),
    ("serious_harm", Purpose.OWN_RECORD, Role.CITIZEN, ["self"], False, False),
]


@pytest.mark.parametrize(("reason", "purpose", "role", "kinds", "own", "seen"), RESTRICTED)
def test_what_a_restriction_withholds(
    reason: str, purpose: Purpose, role: Role, kinds: list[str], own: bool, seen: bool
) -> None:
    assert gate.decide(TODAY, role, purpose, Action.READ, Category.CLINICAL, kinds, reason, own) is seen


def test_an_unknown_restriction_does_not_open_anything() -> None:
    for role in Role:
        for purpose in Purpose:
            for category in Category:
                assert not gate.decide(TODAY, role, purpose, Action.READ, category, [], "anything")


def test_nothing_is_allowed_before_the_first_policies() -> None:
    first = gate.effective_dates()[0]
    assert gate.in_force(date(first.year - 1, 1, 1)) is None
    assert not gate.decide(
        date(first.year - 1, 1, 1), Role.CLINICIAN, Purpose.DIRECT_CARE, Action.READ, Category.CLINICAL, ["registered"]
    )
    assert gate.in_force(first) == first


def test_a_policy_that_fails_to_evaluate_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (
        '@id("y") permit (principal, action, resource); '
        '@id("x") forbid (principal, action, resource) when { context.nope };'
    )
    _forgotten()
    monkeypatch.setattr(gate, "policy_text", lambda effective: broken)
    try:
        assert not gate.decide(TODAY, Role.CLINICIAN, Purpose.DIRECT_CARE, Action.READ, Category.CLINICAL)
    finally:
        _forgotten()


def _forgotten() -> None:
    """Nothing remembered of policies or of answers."""
    gate._slices.cache_clear()
    gate._decide.cache_clear()


SCHEMA = """
entity Group; entity Role in [Group]; entity Category in [Group]; entity System;
type Asked = { purpose: String, relationships: Set<String>, restriction: String, own_entry: Bool, agreement: String };
action read, write, restrict appliesTo { principal: [Role], resource: [Category], context: Asked };
action search_people, read_directory, read_aggregate, read_feeds, read_quarantine, settle_referrals,
  review_identity, maintain_source, read_policies, review_access, manage_sign_in,
  propose_definition, review_definition, import_figures, prepare_report, sign_off_report, annotate_figures,
  work_on_project, decide_project, act_on_list, keep_agreements, keep_restrictions, confirm_relationships
    appliesTo { principal: [Role], resource: [System], context: Asked };
"""


@pytest.mark.parametrize("effective", gate.effective_dates())
def test_policies_pass_cedar_validation_and_use_only_known_words(effective: date) -> None:
    text = gate.policy_text(effective)
    result = cedarpy.validate_policies(text, SCHEMA)
    assert result.validation_passed, [str(error) for error in result.errors]
    known = {
        item.value for kind in (Role, Purpose, Category, RelationshipKind, RestrictionReason, Action) for item in kind
    }
    known |= {"platform", "care_staff", "oversight", "whole_record", "outline", *Standing}
    code = "\n".join(line for line in text.splitlines() if not line.strip().startswith(("//", "@id")))
    words = code.split('"')[1::2]
    assert set(words) <= known
    assert text.count("@id(") == text.count("permit (") + text.count("forbid (")
