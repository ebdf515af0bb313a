"""A supposed question gets the gate's own answer, with the rules that decided and the words on the page."""

from dataclasses import replace
from datetime import date

import pytest

from commonweal.apps.access import gate
from commonweal.apps.access.rules import policy_files
from commonweal.apps.access.trial import Supposed, suppose
from commonweal.domain.access.vocabulary import Category, Purpose, Role

ON = date(2020, 10, 31)
AT_COUNCIL = Supposed(
    role=Role.SOCIAL_WORKER,
    organisation="C01",
    purpose=Purpose.DIRECT_CARE,
    relationship="under_care",
    category=Category.MENTAL_HEALTH,
    source="T01",
    restriction="",
    whole=False,
    on=ON,
)


def test_a_social_worker_sees_mental_health_contacts_of_somebody_in_their_care() -> None:
    answer = suppose(AT_COUNCIL)
    assert (answer.may_read, answer.may_write) == (True, True)
    assert answer.rules == ("care staff read the record of a person in their care",)
    assert answer.write_rules == ("care staff add to the record of a person in their care",)


def test_a_referral_opens_no_mental_health_contacts_and_says_that_something_is_withheld() -> None:
    answer = suppose(replace(AT_COUNCIL, relationship="referred"))
    assert not answer.may_read
    assert answer.rules == ()
    assert answer.messages == (
        "Mental health: something is held and withheld from you. In an emergency, give a reason to see it.",
    )
    assert answer.may_emergency


def test_no_relationship_is_refused_in_the_words_care_staff_read() -> None:
    answer = suppose(replace(AT_COUNCIL, relationship=""))
    assert not answer.may_read
    assert "no recorded relationship" in answer.messages[0]


def test_an_objection_names_the_rule_that_withholds_and_spares_its_source() -> None:
    objected = replace(AT_COUNCIL, restriction="objection", whole=True)
    answer = suppose(objected)
    assert not answer.may_read
    assert answer.rules == ("an objection to sharing is respected",)
    assert suppose(replace(objected, source="C01")).may_read
    # Two organisations that nobody named are not one and the same
    assert not suppose(replace(objected, source="", organisation="")).may_read


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.CLINICIAN, Role.SOCIAL_WORKER}])
def test_to_everybody_else_a_refusal_looks_like_absence(role: Role) -> None:
    answer = suppose(replace(AT_COUNCIL, role=role, relationship=""))
    assert (answer.may_read, answer.messages, answer.may_emergency) == (False, ("No such person or item.",), False)


def test_an_administrator_is_not_told_that_mental_health_contacts_are_held() -> None:
    assert suppose(replace(AT_COUNCIL, role=Role.ADMINISTRATOR)).messages == ("Mental health: not recorded.",)


def test_before_the_first_rules_nothing_is_allowed() -> None:
    assert not suppose(replace(AT_COUNCIL, on=date(2014, 1, 1))).may_read


def test_every_rule_has_a_name_is_shown_once_and_decides_something() -> None:
    text = gate.policy_text(gate.effective_dates()[-1])
    shown = [rule for file in policy_files(gate.effective_dates()[-1]) for rule in file.rules]
    assert len(shown) == text.count("@id(") == text.count("permit (") + text.count("forbid (")
    assert len({rule.name for rule in shown}) == len(shown)
    assert [rule.name for rule in shown if not rule.found.roles] == []


def test_what_a_rule_is_said_to_open_is_what_it_opens() -> None:
    rules = {rule.name: rule for file in policy_files(gate.in_force(ON) or ON) for rule in file.rules}
    outline = rules["care staff read the outline of a person referred to them"]
    assert outline.why.startswith("A referral opens what is needed to accept it.")
    assert outline.found.roles == ("clinician", "social_worker")
    assert outline.found.categories == ("demographics", "clinical", "medication")
    assert outline.found.relationships == ("referred",)
    withheld = rules["serious harm withholds from the person's own view"]
    assert (withheld.permits, withheld.found.roles, withheld.found.purposes) == (
        False,
        ("citizen",),
        ("own_record", "on_behalf"),
    )
    unagreed = rules["another organisation's entries are shared under an agreement"]
    assert (unagreed.permits, unagreed.found.purposes) == (False, ("direct_care", "safeguarding"))
    assert rules["uses beyond care stop with their agreement"].found.actions == ("work_on_project",)


def test_without_an_agreement_another_organisations_entry_is_withheld_and_an_emergency_is_offered() -> None:
    seen = AT_COUNCIL
    assert suppose(seen).may_read
    for standing, shown in (("lapsed", True), ("ended", False), ("none", False)):
        answer = suppose(replace(seen, agreement=standing))
        assert answer.may_read is shown
        if not shown:
            assert "another organisation's entries are shared under an agreement" in answer.rules
            assert answer.may_emergency
    own = replace(seen, source=seen.organisation, agreement="none")
    assert suppose(own).may_read
