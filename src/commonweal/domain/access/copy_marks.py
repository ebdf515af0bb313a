"""What in a resource somebody must look at before the person is given a copy of it, and the copy without it.

Marking is generous: an item marked for nothing costs a reviewer a moment, one that is not marked may name an informant.
The rules are dated data (``apps/access/rights/marks.csv``), each with the paragraph it serves.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commonweal.domain.access.requests import Mark

_ANY = "*"
_CUT = frozenset({Mark.OTHERS, Mark.FREE_TEXT})


@dataclass(frozen=True, slots=True)
class MarkRule:
    """From ``since``: an element named ``element`` in a resource of ``kind`` and ``category`` (``*``: any) is marked.

    ``element`` ``*`` marks the resource itself; one that ends in ``/`` marks references to that type.
    """

    since: date
    mark: Mark
    kind: str
    category: str
    element: str


def rules_for(rules: Iterable[MarkRule], kind: str, category: str, on: date) -> list[MarkRule]:
    """The rules in force on a day for one resource."""
    return [
        rule for rule in rules if rule.since <= on and rule.kind in (_ANY, kind) and rule.category in (_ANY, category)
    ]


def marks_of(resource: Mapping[str, Any], rules: Iterable[MarkRule]) -> tuple[Mark, ...]:
    """The marks of a resource by ``rules`` (those of its kind and category), in the order of ``Mark``."""
    found = {rule.mark for rule in rules if rule.element == _ANY}
    named = {rule.element: rule.mark for rule in rules if rule.element != _ANY}
    if named:
        found |= {named[name] for name in _names(resource) if name in named}
    return tuple(mark for mark in Mark if mark in found)


def without_marked(resource: Mapping[str, Any], rules: Iterable[MarkRule]) -> dict[str, Any]:
    """The resource without the elements marked as about others or as free text; the rest as it was."""
    names = {rule.element for rule in rules if rule.mark in _CUT and rule.element != _ANY}
    return {name: _cut(value, names) for name, value in resource.items() if not _goes(name, value, names)}


def _names(value: Any) -> Iterator[str]:
    """The names of all elements within, and of the types that references lead to (``RelatedPerson/``)."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            if name == "reference" and isinstance(inner, str):
                yield inner.partition("/")[0] + "/"
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _goes(name: str, value: Any, names: set[str]) -> bool:
    if name in names:
        return True
    reference = value.get("reference") if isinstance(value, Mapping) else None
    return isinstance(reference, str) and reference.partition("/")[0] + "/" in names


def _cut(value: Any, names: set[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _cut(inner, names) for name, inner in value.items() if not _goes(name, inner, names)}
    if isinstance(value, list):
        kept = [_cut(inner, names) for inner in value if not _goes("", inner, names)]
        return [inner for inner in kept if inner != {}]
    return value
