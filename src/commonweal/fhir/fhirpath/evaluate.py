"""Plain-Python evaluation, the reference that the DuckDB compiler must agree with.

A collection is a list of JSON values as ``json`` or ``orjson`` gives them; JSON null is never in one.
"""

import re
from collections.abc import Callable
from typing import Any

from commonweal.fhir.fhirpath.boundary import boundary
from commonweal.fhir.fhirpath.errors import EvaluationFault
from commonweal.fhir.fhirpath.moments import Texts, are_moments, order, texts
from commonweal.fhir.fhirpath.tree import (
    INTEGER_TYPES,
    PRIMITIVE_TYPES,
    Binary,
    Call,
    Constant,
    Empty,
    Item,
    Literal,
    Member,
    NamedItem,
    Negative,
    Node,
    RowIndex,
    This,
    type_name,
)

Collection = list[Any]
_REFERENCE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/[A-Za-z0-9.\-]{1,64})?$")


def evaluate(node: Node, focus: Any, row_index: int = 0) -> Collection:
    """The collection ``node`` yields from ``focus`` (a JSON value, or None for no item).

    Raises ``EvaluationFault`` where the language asks for one item and there are several.
    """
    match node:
        case This():
            return [] if focus is None else [focus]
        case RowIndex():
            return [row_index]
        case Literal(value, _):
            return [value]
        case Empty():
            return []
        case Member(of, name):
            return members(evaluate(of, focus, row_index), name)
        case Item(of, index):
            return evaluate(of, focus, row_index)[index : index + 1]
        case Negative(of):
            number = _number(evaluate(of, focus, row_index))
            return [] if number is None else [-number]
        case Call():
            return _call(node, focus, row_index)
        case Binary("and" | "or" | "xor" | "implies" as operator, left, right):
            known = _logic(operator, truth(evaluate(left, focus, row_index)), truth(evaluate(right, focus, row_index)))
            return [] if known is None else [known]
        case Binary(operator, left, right):
            sides = evaluate(left, focus, row_index), evaluate(right, focus, row_index)
            return _operate(operator, *sides, texts(left, right))
        case Constant(name) | NamedItem(_, name):
            raise EvaluationFault(f"constant %{name} has no value")


def members(items: Collection, name: str) -> Collection:
    """Every value of element ``name`` of the objects in ``items``, lists opened, nulls left out."""
    found: Collection = []
    for item in items:
        value = item.get(name) if isinstance(item, dict) else None
        if isinstance(value, list):
            found.extend(one for one in value if one is not None)
        elif value is not None:
            found.append(value)
    return found


def truth(items: Collection) -> bool | None:
    """The collection as a boolean: empty → None, one boolean → itself, one other item → True."""
    if len(items) > 1:
        raise EvaluationFault(f"{len(items)} items where a boolean expects at most one")
    if not items:
        return None
    return items[0] if isinstance(items[0], bool) else True


def choice_element(name: str, type_: str) -> str:
    """``value`` and ``Quantity`` → ``valueQuantity``: how JSON writes a choice of types."""
    return name + type_[:1].upper() + type_[1:]


def boundary_kind(call: Call) -> str:
    """'dateTime' if the operand's type, or the column's, says that a bare date stands for a moment; 'time', 'date'."""
    if call.arguments and isinstance(call.arguments[0], Literal):
        return str(call.arguments[0].value)
    if isinstance(call.of, Call) and call.of.name == "ofType":
        return "dateTime" if type_name(call.of.arguments[0]) in ("dateTime", "instant") else "date"
    if isinstance(call.of, Literal):
        return {"dateTime": "dateTime", "instant": "dateTime", "time": "time"}.get(call.of.type, "date")
    return "date"


def _call(node: Call, focus: Any, row_index: int) -> Collection:
    if node.name == "ofType":
        return _of_type(node, focus, row_index)
    items = evaluate(node.of, focus, row_index)
    simple = _SIMPLE.get(node.name)
    if simple is not None:
        return simple(items)
    first = node.arguments[0] if node.arguments else None

    def holds(item: Any) -> bool | None:
        return True if first is None else truth(evaluate(first, item, row_index))

    match node.name:
        case "where":
            return [item for item in items if holds(item)]
        case "exists":
            return [any(holds(item) for item in items)]
        case "all":
            return [all(holds(item) for item in items)]
        case "join":
            between = str(first.value) if isinstance(first, Literal) else ""
            return [between.join(item for item in items if isinstance(item, str))]
        case "extension":
            url = first.value if isinstance(first, Literal) else None
            if isinstance(node.of, Member):  # a primitive's extensions stand beside it: birthDate, _birthDate
                items = items + members(evaluate(node.of.of, focus, row_index), "_" + node.of.name)
            return [item for item in members(items, "extension") if isinstance(item, dict) and item.get("url") == url]
        case "getReferenceKey":
            return [key for item in items if (key := _reference_key(item, type_name(first) if first else ""))]
        case _:  # lowBoundary, highBoundary: the parser admits nothing else
            high = node.name == "highBoundary"
            ends = (boundary(item, high, boundary_kind(node)) for item in items)
            return [end for end in ends if end is not None]


def _not(items: Collection) -> Collection:
    known = truth(items)
    return [] if known is None else [not known]


_SIMPLE: dict[str, Callable[[Collection], Collection]] = {
    "empty": lambda items: [not items],
    "not": _not,
    "count": lambda items: [len(items)],
    "first": lambda items: items[:1],
    "last": lambda items: items[-1:],
    "getResourceKey": lambda items: members(items, "id"),
}


def _of_type(node: Call, focus: Any, row_index: int) -> Collection:
    name = type_name(node.arguments[0])
    if isinstance(node.of, Member):
        return members(evaluate(node.of.of, focus, row_index), choice_element(node.of.name, name))
    return [item for item in evaluate(node.of, focus, row_index) if _is_type(item, name)]


def _is_type(item: Any, name: str) -> bool:
    if name not in PRIMITIVE_TYPES:
        return isinstance(item, dict) and item.get("resourceType") == name
    if isinstance(item, bool) or name == "boolean":
        return isinstance(item, bool) and name == "boolean"
    if name in INTEGER_TYPES:
        return isinstance(item, int)
    return isinstance(item, int | float) if name == "decimal" else isinstance(item, str)


def _reference_key(item: Any, type_: str) -> str | None:
    reference = item.get("reference") if isinstance(item, dict) else None
    match = _REFERENCE.search(reference) if isinstance(reference, str) else None
    return match[2] if match and type_ in ("", match[1]) else None


def _number(items: Collection) -> int | float | None:
    if len(items) > 1:
        raise EvaluationFault(f"{len(items)} items where arithmetic expects at most one")
    if not items or isinstance(items[0], bool) or not isinstance(items[0], int | float):
        return None
    return items[0]


def _logic(operator: str, left: bool | None, right: bool | None) -> bool | None:
    """Three-valued logic, https://hl7.org/fhirpath/N1/#boolean-logic."""
    match operator:
        case "and":
            if left is False or right is False:
                return False
            return None if left is None or right is None else True
        case "or":
            if left or right:
                return True
            return None if left is None or right is None else False
        case "implies":
            return _logic("or", None if left is None else not left, right)
        case _:
            return None if left is None or right is None else left != right


def _operate(operator: str, left: Collection, right: Collection, how: Texts) -> Collection:
    if operator == "&":
        return ["".join(_one_text(side) for side in (left, right))]
    if operator in ("=", "!="):
        same = _same(left, right, how)
        return [] if same is None else [same if operator == "=" else not same]
    if len(left) > 1 or len(right) > 1:
        raise EvaluationFault(f"{operator} was given {max(len(left), len(right))} items where it expects one")
    if not left or not right:
        return []
    a, b = left[0], right[0]
    if isinstance(a, str) and isinstance(b, str):
        if operator == "+":
            return [a + b]
        if operator not in _COMPARE:
            return []
        if how is Texts.PLAIN:
            return [_compare(operator, a, b)]
        decided = order(a, b)
        return [] if decided is None else [_compare(operator, decided, 0)]
    x, y = _number(left), _number(right)
    if x is None or y is None:
        return []
    return [_compare(operator, x, y)] if operator in _COMPARE else _arithmetic(operator, x, y)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


def _compare(operator: str, a: Any, b: Any) -> bool:
    return _COMPARE[operator](a, b)


def _one_text(items: Collection) -> str:
    if len(items) > 1:
        raise EvaluationFault(f"& was given {len(items)} items where it expects one")
    return items[0] if items and isinstance(items[0], str) else ""


def _same(left: Collection, right: Collection, how: Texts) -> bool | None:
    """Whether the items are the same in number and order; None if either side is empty or dates do not say."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    if how is Texts.DATED and len(left) == 1 and isinstance(left[0], str) and isinstance(right[0], str):
        decided = order(left[0], right[0])
        return None if decided is None else decided == 0
    return all(_equal(a, b, how) for a, b in zip(left, right, strict=True))


def _equal(a: Any, b: Any, how: Texts) -> bool:
    if how is Texts.ALIKE and isinstance(a, str) and isinstance(b, str) and are_moments(a, b):
        return a == b or order(a, b) == 0
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _arithmetic(operator: str, x: float, y: float) -> Collection:
    match operator:
        case "+":
            return [x + y]
        case "-":
            return [x - y]
        case "*":
            return [x * y]
    if y == 0:
        return []
    if operator == "/":
        return [x / y]
    whole = int(x / y)
    return [whole] if operator == "div" else [x - y * whole]
