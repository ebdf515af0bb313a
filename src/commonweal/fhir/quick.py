"""The quick yes: whether a resource is faultless, without saying why not.

Most resources are faultless and of a few shapes. So the names of an object's elements, as a tuple, are looked up
once: which elements they are, that none is unknown, missing or a second choice is decided per shape, not per
object; what is left is one check a value, and for values that recur (codes, systems, display texts, references) that
check is a dictionary hit. A resource that is not quickly good goes to :mod:`commonweal.fhir.validate`, which
decides alone; a property test holds the two together: what is quickly good has no issue there.
"""

from collections.abc import Callable
from functools import cache
from operator import call
from typing import Any

from orjson import dumps

from commonweal.fhir import definitions
from commonweal.fhir.invariants import KEY_RULES, VALUE_RULES
from commonweal.fhir.primitives import PRIMITIVES, is_id, is_string

Good = Callable[[Any], bool]
_REMEMBERED = 50_000  # values a cache holds before it starts again: bounds memory, whatever a feed holds
_REMEMBERED_BYTES = 400  # of an object; larger ones hardly recur
_SHAPES = 2_000


class _Known(dict[Any, bool]):
    """Values already found good; looking one up is a C call, and only a new one runs the check."""

    def __init__(self, check: Good) -> None:
        super().__init__()
        self._check = check

    def __missing__(self, value: Any) -> bool:
        if not self._check(value):
            return False
        if len(self) >= _REMEMBERED:
            self.clear()
        self[value] = True
        return True


def _remembering(check: Good) -> Good:
    """``check`` for objects that recur whole, such as coded concepts: the same JSON is judged once."""
    known: set[bytes] = set()

    def again(value: Any) -> bool:
        text = dumps(value)
        if text in known:
            return True
        if not check(value):
            return False
        if len(text) <= _REMEMBERED_BYTES:
            if len(known) >= _REMEMBERED:
                known.clear()
            known.add(text)
        return True

    return again


def faultless(resource: Any) -> bool:
    """True when ``resource`` certainly has neither error nor warning; False when that takes a closer look."""
    try:
        return _resource(resource)
    except (TypeError, RecursionError):
        return False  # an unhashable value where text belongs, or a very deep one


def _resource(value: Any) -> bool:
    kind = value["resourceType"] if value.__class__ is dict and "resourceType" in value else None
    return kind.__class__ is str and kind in definitions.resource_types() and _checker(kind)(value)


@cache
def _checker(path: str) -> Good:
    """The check of a complex type."""
    if path == "Resource":
        return _resource
    shapes: dict[tuple[str, ...], tuple[Good, ...]] = {}
    find = shapes.get
    rules = VALUE_RULES.get(path, ())

    def check(value: Any) -> bool:
        if value.__class__ is not dict:
            return False
        shape = tuple(value)
        plan = find(shape)
        if plan is None:
            plan = _plan(path, shape)
            if plan is None:
                return False
            if len(shapes) < _SHAPES:
                shapes[shape] = plan
        if not all(map(call, plan, value.values())):
            return False
        return not rules or all(rule(value) is None for rule in rules)

    return check


def _plan(path: str, shape: tuple[str, ...]) -> tuple[Good, ...] | None:
    """The checks of an object's values in order, ``None`` when its element names alone are not right."""
    known = _elements(path)
    if not shape or any(name not in known for name in shape):
        return None
    stems = [known[name][1] for name in shape]
    if len(set(stems)) < len(stems):
        return None  # a choice made twice, or an element beside its _sibling: not the quick path
    if any(element.required and name not in stems for name, element in definitions.elements(path).items()):
        return None
    names = dict.fromkeys(shape)
    if any(rule(names) is not None for rule in KEY_RULES.get(path, ())):
        return None
    return tuple(known[name][0] for name in shape)


@cache
def _elements(path: str) -> dict[str, tuple[Good, str]]:
    """Check and defining name of every element that JSON may hold, primitive siblings left to the closer look."""
    found: dict[str, tuple[Good, str]] = {}
    for name, element in definitions.elements(path).items():
        for kind in element.types:
            key = name[:-3] + kind[0].upper() + kind[1:] if name.endswith("[x]") else name
            check = _value(path, name, kind, element)
            found[key] = (_many(check) if element.many else check, name)
    if path in definitions.resource_types():
        found["resourceType"] = (path.__eq__, "resourceType")
    return found


def _many(check: Good) -> Good:
    def many(value: Any) -> bool:
        if value.__class__ is not list:
            return False
        if len(value) == 1:
            return check(value[0])
        return bool(value) and all(map(check, value))

    return many


def _value(path: str, name: str, kind: str, element: definitions.Element) -> Good:
    if kind == "Reference":
        return _reference(element.targets or definitions.resource_types())
    if element.binding:
        listed = definitions.codes(element.binding)
        if kind == "code":
            return frozenset().union(*listed.values()).__contains__
        if kind in ("CodeableConcept", "Coding"):
            return _remembering(_bound(kind, {(system, code) for system, codes in listed.items() for code in codes}))
    if kind in ("CodeableConcept", "Extension"):
        return _remembering(_lazy(kind))
    if kind not in PRIMITIVES:
        return _lazy(kind)
    check = _text if kind in ("string", "markdown") else PRIMITIVES[kind][0]
    recurs = kind in ("code", "uri", "string", "date") and not (path in definitions.resource_types() and name == "id")
    return _Known(check).__getitem__ if recurs else check


def _text(value: Any) -> bool:
    return is_string(value) and value.isprintable()


def _lazy(path: str) -> Good:
    compiled: Good | None = None

    def check(value: Any) -> bool:
        nonlocal compiled
        if compiled is None:
            compiled = _checker(path)
        return compiled(value)

    return check


def _bound(kind: str, listed: set[tuple[str, str]]) -> Good:
    shape = _lazy(kind)

    def check(value: Any) -> bool:
        if not shape(value):
            return False
        codings = value.get("coding", ()) if kind == "CodeableConcept" else (value,)
        return any((coding.get("system"), coding.get("code")) in listed for coding in codings)

    return check


def _reference(targets: frozenset[str]) -> Good:
    """A lone relative reference to an allowed type, or a reference with no literal at all."""
    shape = _lazy("Reference")

    def literal(value: Any) -> bool:
        if value.__class__ is not str:
            return False
        kind, _, rest = value.partition("/")
        return kind in targets and is_id(rest)

    known = _Known(literal).__getitem__
    unliteral = _remembering(shape)

    def check(value: Any) -> bool:
        if value.__class__ is not dict:
            return False
        if "reference" in value:
            return known(value["reference"]) and (len(value) == 1 or shape(value))
        return ("identifier" in value or "display" in value) and unliteral(value)

    return check
