"""Functions and operators of FHIRPath over collections of plain JSON values. https://hl7.org/fhirpath/N1/#functions

A primitive that has only extensions and no value is a ``Bare``: it exists, and has no value.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from commonweal.fhir import definitions
from commonweal.fhir.fhirpath.errors import EvaluationFault, NotChecked
from commonweal.fhir.fhirpath.evaluate import Collection, truth
from commonweal.fhir.fhirpath.tree import INTEGER_TYPES, TEXT_TYPES
from commonweal.fhir.narrative import is_narrative

LONGEST_MATCHED = 10_000  # characters a package's regular expression is let loose on
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
_RELATIVE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?$")


class Bare(dict[str, Any]):
    """The ``_sibling`` of a primitive without a value."""


class Unresolved:
    """A reference's target that is not at hand: its type is all that is known."""

    __slots__ = ("type",)

    def __init__(self, kind: str) -> None:
        self.type = kind


def unresolved(literal: str) -> Unresolved:
    """What ``literal`` says of its target. Raises ``NotChecked`` if not even its type."""
    match = _RELATIVE.search(literal)
    if match is None:
        raise NotChecked(f"the target of {literal[:80]!r} is not at hand")
    return Unresolved(match[1])


def _choices() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for path in definitions.paths():
        for name, element in definitions.elements(path).items():
            if name.endswith("[x]"):
                keys = found.setdefault(name[:-3], set())
                keys.update(name[:-3] + kind[0].upper() + kind[1:] for kind in element.types)
    return {stem: frozenset(keys) for stem, keys in found.items()}


CHOICES = _choices()


def chosen(item: Any, stem: str) -> str | None:
    """The key under which ``item`` holds the choice ``stem``[x], such as valueQuantity."""
    if isinstance(item, Unresolved):
        raise NotChecked(f"the {item.type} referred to is not at hand")
    if not isinstance(item, dict):
        return None
    keys = CHOICES[stem]
    return next((key.lstrip("_") for key in item if key.lstrip("_") in keys), None)


def members(items: Collection, name: str) -> Collection:
    """Every value of element ``name``, choices by their stem, lists opened, places of null left out."""
    found: Collection = []
    for item in items:
        if isinstance(item, Unresolved):
            raise NotChecked(f"the {item.type} referred to is not at hand")
        if not isinstance(item, dict):
            continue
        key = name
        if name not in item and name in CHOICES:
            key = chosen(item, name) or name
        value = item.get(key)
        if value is None:
            sibling = item.get("_" + key)
            if sibling is not None:
                found += [Bare(one) for one in (sibling if isinstance(sibling, list) else [sibling]) if one]
        elif isinstance(value, list):
            found += [one for one in value if one is not None]
        else:
            found.append(value)
    return found


def is_resource(item: Any, kind: str) -> bool:
    """Whether ``item`` is a resource of type ``kind``, or of any type for Resource and DomainResource."""
    own = item.type if isinstance(item, Unresolved) else item.get("resourceType") if isinstance(item, dict) else None
    if kind in ("Resource", "DomainResource"):
        return own is not None and (kind == "Resource" or own not in definitions.PLAIN_RESOURCES)
    return bool(own == kind)


def is_type(item: Any, kind: str) -> bool:
    """Whether a JSON value is of FHIR type ``kind``. Raises ``NotChecked`` where JSON does not say."""
    if kind in definitions.resource_types() or kind in ("Resource", "DomainResource"):
        return is_resource(item, kind)
    lower = kind[:1].lower() + kind[1:]
    if isinstance(item, bool) or lower == "boolean":
        return isinstance(item, bool) and lower == "boolean"
    if isinstance(item, int | float):
        return lower == "decimal" or (lower in INTEGER_TYPES and isinstance(item, int))
    if isinstance(item, str):
        if lower not in TEXT_TYPES:
            return False
        if lower == "string":
            return True
    elif lower in TEXT_TYPES or isinstance(item, Unresolved) or "resourceType" in item:
        return False
    raise NotChecked(f"JSON does not say whether this is a {kind}")


def children(items: Collection) -> Collection:
    """The element's own elements, one level down."""
    found: Collection = []
    for item in items:
        if isinstance(item, Unresolved):
            raise NotChecked(f"the {item.type} referred to is not at hand")
        if isinstance(item, dict):
            for key, value in item.items():
                if key != "resourceType" and not (key[0] == "_" and key[1:] in item):
                    found += [one for one in value if one is not None] if isinstance(value, list) else [value]
    return found


def descendants(items: Collection) -> Collection:
    """Every element below."""
    found: Collection = []
    level = children(items)
    while level:
        found += level
        level = children(level)
    return found


def repeat(items: Collection, step: Callable[[Any], Collection]) -> Collection:
    """``step`` applied again to what it finds, until nothing new comes."""
    found: Collection = []
    level = list(items)
    while level:
        level = [got for one in level for got in step(one) if got not in found]
        found += level
    return found


def number(value: Any) -> Any:
    """``value`` if it is a number; raises ``EvaluationFault`` if not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvaluationFault("a number is expected")
    return value


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def distinct(items: Iterable[Any]) -> Collection:
    """Without repeats, in order."""
    found: Collection = []
    for item in items:
        if not any(_same(item, other) for other in found):
            found.append(item)
    return found


def _within(item: Any, items: Collection) -> bool:
    return any(_same(item, other) for other in items)


def _single(items: Collection) -> Any:
    if len(items) > 1:
        raise EvaluationFault(f"{len(items)} items where one is expected")
    return items[0] if items and not isinstance(items[0], Bare) else None


def _compare(test: Callable[[int], bool]) -> Callable[[Collection, Collection], Collection]:
    def compared(left: Collection, right: Collection) -> Collection:
        order = _order(_single(left), _single(right))
        return [] if order is None else [test(order)]

    return compared


def _order(a: Any, b: Any) -> int | None:
    """-1, 0, 1; None where the order is not known: nothing given, other units, other precision."""
    if isinstance(a, dict) and isinstance(b, dict):
        units = [(q.get("system"), q.get("code") or q.get("unit")) for q in (a, b)]
        return _order(a.get("value"), b.get("value")) if units[0] == units[1] else None
    if isinstance(a, dict) or isinstance(b, dict) or a is None or b is None:
        return None
    if isinstance(a, str) != isinstance(b, str):
        raise NotChecked("text is compared with a number")
    dated = isinstance(a, str) and _DATE.fullmatch(a) and _DATE.fullmatch(b)
    if dated and (a[19:] != b[19:] or len(a) != len(b)):
        # Other zones can put one moment on neighbouring days, so only the month decides then.
        width = min(len(a), len(b), 7 if len(a) > 10 or len(b) > 10 else 10)
        a, b = a[:width], b[:width]
        if a == b:
            return None
    return int(a > b) - int(a < b)


def _arithmetic(apply: Callable[[Any, Any], Any]) -> Callable[[Collection, Collection], Collection]:
    def reckoned(left: Collection, right: Collection) -> Collection:
        a, b = _single(left), _single(right)
        if a is None or b is None:
            return []
        return [apply(number(a), number(b))]

    return reckoned


def _plus(left: Collection, right: Collection) -> Collection:
    a, b = _single(left), _single(right)
    if a is None or b is None:
        return []
    return [a + b] if isinstance(a, str) and isinstance(b, str) else [number(a) + number(b)]


def _equal(left: Collection, right: Collection) -> Collection:
    if not left or not right:
        return []
    return [len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))]


def _alike(left: Collection, right: Collection) -> Collection:
    def plain(item: Any) -> Any:
        return " ".join(item.lower().split()) if isinstance(item, str) else item

    a, b = [plain(one) for one in left], [plain(one) for one in right]
    return [len(a) == len(b) and all(_within(one, b) for one in a)]


def _contains(items: Collection, one: Collection) -> Collection:
    item = _single(one)
    return [] if item is None else [_within(item, items)]


def _divide(a: Any, b: Any, whole: bool) -> Any:
    if b == 0:
        raise EvaluationFault("division by zero")
    return int(a / b) if whole else a / b


def _refuted(found: Collection) -> Collection:
    return [not found[0]] if found else []


OPERATORS: dict[str, Callable[[Collection, Collection], Collection]] = {
    "=": _equal,
    "!=": lambda left, right: _refuted(_equal(left, right)),
    "~": _alike,
    "!~": lambda left, right: _refuted(_alike(left, right)),
    "<": _compare(lambda order: order < 0),
    ">": _compare(lambda order: order > 0),
    "<=": _compare(lambda order: order <= 0),
    ">=": _compare(lambda order: order >= 0),
    "|": lambda left, right: distinct([*left, *right]),
    "in": lambda left, right: _contains(right, left),
    "contains": _contains,
    "&": lambda left, right: ["".join(str(one) for side in (left, right) if (one := _single(side)) is not None)],
    "+": _plus,
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(lambda a, b: _divide(a, b, False)),
    "div": _arithmetic(lambda a, b: _divide(a, b, True)),
    "mod": _arithmetic(lambda a, b: a - b * _divide(a, b, True)),
}


def _not(items: Collection) -> Collection:
    known = truth(items)
    return [] if known is None else [not known]


def _to_number(whole: bool) -> Callable[[Collection], Collection]:
    def converted(items: Collection) -> Collection:
        item = _single(items)
        if isinstance(item, str):
            pattern = r"[+-]?\d+" if whole else r"[+-]?\d+(\.\d+)?"
            return [(int if whole else float)(item)] if re.fullmatch(pattern, item) else []
        return [] if item is None or (whole and isinstance(item, float)) else [item]

    return converted


def _on_text(apply: Callable[[str], Any]) -> Callable[[Collection], Collection]:
    def applied(items: Collection) -> Collection:
        item = _single(items)
        return [] if item is None else [apply(_text(item))]

    return applied


def _text(item: Any) -> str:
    if not isinstance(item, str):
        raise EvaluationFault("text is expected")
    return item


def _shown(items: Collection) -> Collection:
    item = _single(items)
    if item is None or isinstance(item, dict):
        return []
    return [("true" if item else "false") if isinstance(item, bool) else str(item)]


SIMPLE: dict[str, Callable[[Collection], Collection]] = {
    "empty": lambda items: [not items],
    "exists": lambda items: [bool(items)],
    "not": _not,
    "count": lambda items: [len(items)],
    "first": lambda items: items[:1],
    "last": lambda items: items[-1:],
    "tail": lambda items: items[1:],
    "single": lambda items: [] if not items else [_single(items)],
    "distinct": distinct,
    "isDistinct": lambda items: [len(distinct(items)) == len(items)],
    "allTrue": lambda items: [all(one is True for one in items)],
    "allFalse": lambda items: [all(one is False for one in items)],
    "anyTrue": lambda items: [any(one is True for one in items)],
    "anyFalse": lambda items: [any(one is False for one in items)],
    "hasValue": lambda items: [len(items) == 1 and not isinstance(items[0], dict | Unresolved)],
    "children": children,
    "descendants": descendants,
    "toString": _shown,
    "toInteger": _to_number(True),
    "toDecimal": _to_number(False),
    "length": _on_text(len),
    "lower": _on_text(str.lower),
    "upper": _on_text(str.upper),
    "trim": _on_text(str.strip),
    "htmlChecks": lambda items: [all(is_narrative(one) for one in items)],
    "join": lambda items: ["".join(one for one in items if isinstance(one, str))],
}


def _textual(apply: Callable[..., Any]) -> Callable[..., Collection]:
    """A function of a text and arguments that are one value each; empty gives empty."""

    def applied(items: Collection, *arguments: Collection) -> Collection:
        values = [_single(items), *(_single(one) for one in arguments)]
        return [] if any(value is None for value in values) else [apply(_text(values[0]), *values[1:])]

    return applied


def _matches(text: str, pattern: str) -> bool:
    """The whole text, as R4's own invariants mean it (``name.matches('[A-Z]…')``)."""
    if len(text) > LONGEST_MATCHED:
        raise NotChecked(f"a text over {LONGEST_MATCHED} characters is not matched")
    try:
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    except re.error as bad:
        raise NotChecked(f"the regular expression cannot be read: {bad}") from None


def _replace_matches(text: str, pattern: str, new: str) -> str:
    if len(text) > LONGEST_MATCHED:
        raise NotChecked(f"a text over {LONGEST_MATCHED} characters is not matched")
    try:
        return re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", new), text)
    except re.error as bad:
        raise NotChecked(f"the regular expression cannot be read: {bad}") from None


def _substring(text: str, start: int, length: int | None = None) -> str:
    return text[start:] if length is None else text[start : start + length]


VALUED: dict[str, Callable[..., Collection]] = {
    "startsWith": _textual(str.startswith),
    "endsWith": _textual(str.endswith),
    "contains": _textual(lambda text, part: part in text),
    "indexOf": _textual(str.find),
    "matches": _textual(_matches),
    "replace": _textual(lambda text, old, new: text.replace(old, new)),
    "replaceMatches": _textual(_replace_matches),
    "substring": _textual(_substring),
    "join": lambda items, between: [str(_single(between) or "").join(one for one in items if isinstance(one, str))],
    "skip": lambda items, count: items[max(number(_single(count)), 0) :],
    "take": lambda items, count: items[: max(number(_single(count)), 0)],
    "union": lambda items, other: distinct([*items, *other]),
    "combine": lambda items, other: [*items, *other],
    "intersect": lambda items, other: [one for one in distinct(items) if _within(one, other)],
    "exclude": lambda items, other: [one for one in items if not _within(one, other)],
    "subsetOf": lambda items, other: [all(_within(one, other) for one in items)],
    "supersetOf": lambda items, other: [all(_within(one, items) for one in other)],
}
