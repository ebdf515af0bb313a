"""The steps a version and an action may take, and no other."""

import pytest

from commonweal.domain.reporting.audiences import AUDIENCES, SECTIONS, audience, chosen
from commonweal.domain.reporting.workflow import ACTION, VERSION, TransitionError, after

STEPS = [
    # table, state, step, next
    (VERSION, "prepared", "sign_off", "published"),
    (VERSION, "prepared", "return", "returned"),
    (VERSION, "published", "withdraw", "withdrawn"),
    (ACTION, "open", "start", "under_way"),
    (ACTION, "open", "finish", "done"),
    (ACTION, "open", "cancel", "cancelled"),
    (ACTION, "under_way", "finish", "done"),
    (ACTION, "under_way", "cancel", "cancelled"),
    (ACTION, "done", "reopen", "open"),
    (ACTION, "cancelled", "reopen", "open"),
]


@pytest.mark.parametrize(("table", "state", "step", "leads_to"), STEPS)
def test_each_step(table: dict[str, dict[str, str]], state: str, step: str, leads_to: str) -> None:
    assert after(table, state, step) == leads_to


def test_every_other_step_is_refused() -> None:
    allowed = {(id(table), state, step) for table, state, step, _ in STEPS}
    for table in (VERSION, ACTION):
        steps = {step for way in table.values() for step in way}
        for state in table:
            for step in steps:
                if (id(table), state, step) not in allowed:
                    with pytest.raises(TransitionError):
                        after(table, state, step)


def test_nothing_leads_back_from_a_frozen_version_to_one_that_may_change() -> None:
    assert "prepared" not in {to for way in VERSION.values() for to in way.values()}


def test_sections_keep_the_order_of_the_pack_and_bring_their_sources() -> None:
    assert chosen(audience("board"), ["finance", "headlines"]) == ("headlines", "finance", "sources")
    assert chosen(audience("public"), ["finance"]) == ()
    assert all(set(one.sections) <= set(SECTIONS) for one in AUDIENCES.values())
