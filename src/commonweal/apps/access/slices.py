"""Of a set of policies, those that can matter to one question, found without asking Cedar.

Cedar evaluates every policy it is given, some 2.5 µs each, and a set has hundreds. A policy whose head names another
role, action or resource, or which begins with a condition on the purpose, the relationships, the restriction or the
agreement that the question does not meet, decides nothing: it is left out. Only what is plainly so is read off the
policy (Cedar's own JSON of it); at the first condition of another form reading stops, and the policy is kept. That the
answer and the rules that decided are those of the whole set is tested on every question there is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cedarpy

_ONE = ("purpose", "restriction", "agreement")  # of these a question has one; of relationships any number


@dataclass(frozen=True, slots=True)
class Slice:
    """Some policies, parsed, and what the engine's number for each is called in the file (``@id``)."""

    policies: cedarpy.PolicySet
    names: Mapping[str, str]


@dataclass(slots=True)
class _Index:
    """Of one part of a question: which policies take any value of it, and which a particular one; a bit a policy."""

    anything: int = 0
    one: dict[str, int] = field(default_factory=dict)

    def add(self, bit: int, values: Iterable[str] | None) -> None:
        if values is None:
            self.anything |= bit
        else:
            for value in values:
                self.one[value] = self.one.get(value, 0) | bit

    def of(self, values: Iterable[str]) -> int:
        found = self.anything
        for value in values:
            found |= self.one.get(value, 0)
        return found


class Slices:
    """A policy set, to be asked for the part of it that can matter. ``groups``: entity → itself and its groups."""

    def __init__(self, text: str, groups: Mapping[tuple[str, str], frozenset[str]]) -> None:
        parsed = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
        self._groups = groups
        self._texts: list[str] = []
        self._names: list[str] = []
        self._indexes = {part: _Index() for part in ("principal", "action", "resource", "relationships", *_ONE)}
        for n, policy in enumerate(parsed.values()):
            alone = {"staticPolicies": {"policy0": policy}, "templates": {}, "templateLinks": []}
            self._texts.append(cedarpy.policies_from_json_str(json.dumps(alone)))
            self._names.append(policy["annotations"]["id"])
            needed = _needed(policy["conditions"])
            for part, index in self._indexes.items():
                head = part in ("principal", "action", "resource")
                index.add(1 << n, _scope(policy[part]) if head else needed.get(part))
        self._made: dict[int, Slice | None] = {}

    def __len__(self) -> int:
        return len(self._names)

    def matching(
        self,
        principal: tuple[str, str],
        action: str,
        resource: tuple[str, str],
        relationships: Iterable[str],
        context: Mapping[str, str],
    ) -> Slice | None:
        """The policies that can matter to a question, or None. ``context``: purpose, restriction, agreement."""
        part = self._indexes
        found = (
            part["principal"].of(self._groups[principal])
            & part["action"].of((f"Action::{action}",))
            & part["resource"].of(self._groups[resource])
            & part["relationships"].of(relationships)
        )
        for name in _ONE:
            found &= part[name].of((context[name],))
        if found not in self._made:
            self._made[found] = self._make(found)
        return self._made[found]

    def _make(self, mask: int) -> Slice | None:
        chosen = [n for n in range(len(self._names)) if mask >> n & 1]
        if not chosen:
            return None
        text = "\n".join(self._texts[n] for n in chosen)
        return Slice(cedarpy.PolicySet.from_str(text), {f"policy{k}": self._names[n] for k, n in enumerate(chosen)})


def _scope(said: Mapping[str, Any]) -> list[str] | None:
    """The entities a policy's head names, as ``Type::id``; None for any."""
    if said["op"] not in ("==", "in"):
        return None
    entities = said.get("entities") or [said["entity"]]
    return [f"{one['type']}::{one['id']}" for one in entities]


def _needed(conditions: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """What a policy's leading conditions ask of the context: attribute → the values one of which must be there."""
    needed: dict[str, set[str]] = {}
    for condition in conditions:
        if condition["kind"] != "when":
            return needed
        for one in _conjuncts(condition["body"]):
            found = _plain(one)
            if found is None:
                return needed
            name, values = found
            if name in needed and name == "relationships":
                return needed  # two conditions on a set are not one on both
            needed[name] = needed.get(name, values) & values
    return needed


def _conjuncts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "&&" in body:
        return [*_conjuncts(body["&&"]["left"]), *_conjuncts(body["&&"]["right"])]
    return [body]


def _plain(body: Mapping[str, Any]) -> tuple[str, set[str]] | None:
    """What such as ``context.x == "v"`` or ``context.relationships.contains("v")`` asks for; None for other forms."""
    ((operator, sides),) = body.items()
    if operator not in ("==", "contains", "containsAny"):
        return None
    left, right = _attribute(sides["left"]), _attribute(sides["right"])
    if operator == "==" and left in _ONE:
        values = _values(sides["right"])
    elif operator == "contains" and right in _ONE:
        left, values = right, _values(sides["left"])
    elif operator in ("contains", "containsAny") and left == "relationships":
        values = _values(sides["right"])
    else:
        return None
    return None if values is None else (left, values)


def _attribute(said: Mapping[str, Any]) -> str:
    inside = said.get(".")
    return str(inside["attr"]) if inside and inside["left"] == {"Var": "context"} else ""


def _values(said: Mapping[str, Any]) -> set[str] | None:
    many = said.get("Set", [said])
    found = [one.get("Value") for one in many]
    return {str(one) for one in found} if all(isinstance(one, str) for one in found) else None
