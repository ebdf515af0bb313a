"""A question put to the policies that can matter to it has the answer, and the rules, of the whole set."""

from datetime import date
from itertools import combinations, product

import cedarpy
import pytest

from commonweal.apps.access import gate
from commonweal.apps.access.slices import Slices
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.vocabulary import Action, Category, Purpose, RelationshipKind, RestrictionReason, Role

ON = gate.effective_dates()[-1]
KINDS = [frozenset(some) for n in (0, 1, 2) for some in combinations(sorted(RelationshipKind), n)]


@pytest.mark.parametrize("role", Role)
def test_a_slice_answers_as_the_whole_set(role: Role) -> None:
    whole = cedarpy.PolicySet.from_str(gate.policy_text(ON))
    names = [line.split('"')[1] for line in gate.policy_text(ON).splitlines() if line.startswith("@id(")]
    asked = [
        *product(Purpose, [Action.READ], Category, KINDS[:4] + KINDS[-3:], ("", "objection"), (False,), ("own",)),
        *product(Purpose, [Action.READ, Action.WRITE], [Category.SOCIAL_CARE], KINDS[1:4], RestrictionReason, (True,),
                 ("own",)),
        *product(Purpose, [Action.READ], [Category.CLINICAL], KINDS[2:4], ("",), (False,), Standing),
        *product(Purpose, set(Action) - {Action.READ, Action.WRITE}, [None], KINDS[:1], ("",), (False,),
                 ("own", "none")),
    ]  # fmt: skip
    for purpose, action, category, kinds, restriction, own, agreement in asked:
        found = gate.decision(ON, role, purpose, action, category, kinds, restriction, own, agreement)
        result = cedarpy.is_authorized(
            {
                "principal": {"type": "Role", "id": role.value},
                "action": {"type": "Action", "id": action.value},
                "resource": {"type": "Category", "id": category.value} if category else 'System::"platform"',
                "context": {
                    "purpose": purpose.value, "relationships": sorted(kinds), "restriction": restriction,
                    "own_entry": own, "agreement": str(agreement),
                },
            },
            whole,
            gate._groups(),
        )  # fmt: skip
        rules = tuple(sorted(names[int(one.removeprefix("policy"))] for one in result.diagnostics.reasons))
        assert (found.allowed, found.rules) == (result.allowed, rules)


def test_what_is_not_plainly_conditional_is_kept() -> None:
    text = """
    @id("odd") permit (principal, action, resource) when { context.purpose == "a" || context.own_entry };
    @id("late") permit (principal, action, resource) when { context.own_entry } when { context.purpose == "a" };
    @id("twice") permit (principal, action, resource)
    when { context.relationships.contains("x") } when { context.relationships.contains("y") };
    @id("plain") permit (principal, action, resource) when { context.purpose == "a" && context.agreement == "own" };
    """
    slices = Slices(text, {("Role", "r"): frozenset({"Role::r"}), ("System", "s"): frozenset({"System::s"})})

    def kept(purpose: str, *kinds: str) -> set[str]:
        context = {"purpose": purpose, "restriction": "", "agreement": "own"}
        some = slices.matching(("Role", "r"), "read", ("System", "s"), kinds, context)
        return set(some.names.values()) if some else set()

    assert kept("b") == {"odd", "late"}
    assert kept("a", "x") == {"odd", "late", "twice", "plain"}
    assert date(2015, 4, 1) in gate.effective_dates()
