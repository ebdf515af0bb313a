"""Policies of relationships that wait: what comes with this is a policy, and what is none is refused by name."""

import json
from datetime import date
from typing import Any

import pytest

from commonweal.domain.access.confirmation import SHIPPED, ConfirmationError, Whom, read

RULE: dict[str, Any] = {
    "name": "a", "kinds": ["registered"], "feeds": ["gp"], "organisations": ["*"], "whom": "held_elsewhere",
    "confirmed_by": ["officer"], "days": None, "why": "b",
}  # fmt: skip


def text(**changed: Any) -> str:
    return json.dumps({"policy": "p", "from": "2026-04-01", "rules": [{**RULE, **changed}]})


def test_what_comes_with_this_can_be_read() -> None:
    shipped, strict = (read(SHIPPED[name].read_text()) for name in ("as-shipped", "strict"))
    assert [(one.kinds, one.waits, one.whom, one.days) for one in shipped.rules] == [
        (("registered",), True, Whom.REGISTERED, 14)
    ]
    crew, *others = strict.rules
    assert (crew.feeds, crew.waits) == (("ambulance",), False)
    assert {(one.waits, one.days) for one in others} == {(True, None)}


def test_a_policy_is_kept_as_it_was_read_and_may_begin_another_day() -> None:
    policy = read(text(), date(2027, 1, 1))
    assert policy.starts == date(2027, 1, 1)
    assert policy.as_data() == [RULE]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ("{", "policy"),
        ("[]", "policy"),
        (json.dumps({"policy": "p", "from": "2026-04-01"}), "policy"),
        (json.dumps({"policy": "p", "from": "spring", "rules": []}), "from"),
        (json.dumps({"policy": " ", "from": "2026-04-01", "rules": []}), "policy"),
        (json.dumps({"policy": "p", "from": "2026-04-01", "rules": ["x"]}), "rules[1]"),
        (text(kinds=["emergency"]), "rules[1].kinds"),
        (text(kinds=[]), "rules[1].kinds"),
        (text(feeds="gp"), "rules[1].feeds"),
        (text(days=-1), "rules[1].days"),
        (text(days=True), "rules[1].days"),
        (text(whom="friends"), "rules[1].whom"),
        (text(confirmed_by=["rumour"]), "rules[1].whom"),
        (text(confirmed_by=["practice"]), "rules[1]"),
        (text(confirmed_by=[], days=14), "rules[1]"),
        (text(why="\0"), "rules[1].why"),
    ],
)
def test_what_is_no_policy_is_refused_by_the_place_that_is_wrong(wrong: str, field: str) -> None:
    with pytest.raises(ConfirmationError) as refused:
        read(wrong)
    assert refused.value.field == field
