"""Invariants: the whole of FHIRPath that profiles use, compiled once to closures over plain JSON.

https://hl7.org/fhirpath/N1/ with https://hl7.org/fhir/R4/fhirpath.html. JSON carries no types, so what an expression
asks of types is answered from the choice element's own name, from ``resourceType`` or from ``focus_type``; where none
of them can tell, ``NotChecked`` is raised: an invariant we cannot judge is reported, never passed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from commonweal.fhir.fhirpath import functions as fn
from commonweal.fhir.fhirpath.errors import EvaluationFault, NotChecked
from commonweal.fhir.fhirpath.evaluate import Collection, truth
from commonweal.fhir.fhirpath.parse import parse_rule
from commonweal.fhir.fhirpath.tree import (
    TEXT_TYPES,
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


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds the element an invariant looks at.

    ``resource`` and ``root`` are %resource and %rootResource; ``resolve`` gives the resource a reference names, or
    ``None``; ``member_of(value set, value)`` and ``conforms(profile, value)`` answer True, False or None (unknown).
    """

    resource: Any
    root: Any
    resolve: Callable[[str], Any] | None = None
    member_of: Callable[[str, Any], bool | None] | None = None
    conforms: Callable[[str, Any], bool | None] | None = None


Run = Callable[[Collection, Around], Collection]
_CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}


@lru_cache(maxsize=8192)
def compile_path(text: str, focus_type: str = "") -> Run:
    """``text`` as a function of a focus and its surroundings. Raises ``SyntaxFault``."""
    return _node(parse_rule(text), focus_type)


@lru_cache(maxsize=8192)
def compile_rule(text: str, focus_type: str = "") -> Callable[[Any, Around], bool | None]:
    """``text`` as a judgement: True holds, False is broken, None when the data do not decide it.

    ``focus_type`` is the FHIR type of the element the rule stands on. Raises ``SyntaxFault``; the result raises
    ``EvaluationFault`` (``NotChecked`` when it is this evaluator, not the data, that cannot tell).
    """
    run = compile_path(text, focus_type)

    def judge(focus: Any, around: Around) -> bool | None:
        found = run([focus], around)
        return truth(found) if len(found) < 2 else True

    return judge


def _node(node: Node, kind: str) -> Run:
    match node:
        case This():
            return lambda focus, around: focus
        case Literal(value, _):
            return lambda focus, around: [value]
        case Empty():
            return lambda focus, around: []
        case Constant(name) | NamedItem(_, name):
            return _constant(name)
        case Member(of, name):
            return _member(of, name, kind)
        case Item(of, index):
            inner = _node(of, kind)
            return lambda focus, around: inner(focus, around)[index : index + 1]
        case Negative(of):
            inner = _node(of, kind)
            return lambda focus, around: [-fn.number(one) for one in inner(focus, around)]
        case Call():
            return _call(node, kind)
        case Binary("and" | "or" | "xor" | "implies" as operator, left, right):
            return _logic(operator, _node(left, kind), _node(right, kind))
        case Binary(operator, left, right):
            apply, one, two = fn.OPERATORS[operator], _node(left, kind), _node(right, kind)
            return lambda focus, around: apply(one(focus, around), two(focus, around))
        case RowIndex():
            raise NotChecked("%rowIndex has no meaning in an invariant")


def _constant(name: str) -> Run:
    match name:
        case "resource":
            return lambda focus, around: [around.resource]
        case "rootResource":
            return lambda focus, around: [around.root]
        case "context":
            return lambda focus, around: focus
    prefix, _, rest = name.partition("-")
    known = {"vs": "http://hl7.org/fhir/ValueSet/", "ext": "http://hl7.org/fhir/StructureDefinition/"}
    value = known[prefix] + rest if prefix in known and rest else _CONSTANTS.get(name)
    if value is None:
        raise NotChecked(f"%{name} is not known here")
    return lambda focus, around: [value]


def _member(of: Node, name: str, kind: str) -> Run:
    inner = _node(of, kind)
    if name in ("extension", "id") and isinstance(of, Member):
        # A primitive's id and extensions stand in its _sibling: https://hl7.org/fhir/R4/json.html#primitive
        owner, owned = _node(of.of, kind), of.name
        return lambda focus, around: [
            *fn.members(inner(focus, around), name),
            *fn.members(fn.members(owner(focus, around), "_" + owned), name),
        ]
    if isinstance(of, This) and name[:1].isupper():
        return lambda focus, around: [one for one in focus if fn.is_resource(one, name)]
    return lambda focus, around: fn.members(inner(focus, around), name)


def _logic(operator: str, left: Run, right: Run) -> Run:
    """Three-valued, and the right side is only asked when the left does not decide."""

    def implies(focus: Collection, around: Around) -> Collection:
        first = truth(left(focus, around))
        if first is False:
            return [True]
        second = truth(right(focus, around))
        return [second] if second or (first and second is not None) else []

    def both(focus: Collection, around: Around) -> Collection:
        first = truth(left(focus, around))
        if first is False:
            return [False]
        second = truth(right(focus, around))
        return [False] if second is False else [True] if first and second else []

    def either(focus: Collection, around: Around) -> Collection:
        first = truth(left(focus, around))
        if first:
            return [True]
        second = truth(right(focus, around))
        return [True] if second else [False] if first is False and second is False else []

    def differ(focus: Collection, around: Around) -> Collection:
        first, second = truth(left(focus, around)), truth(right(focus, around))
        return [] if first is None or second is None else [first != second]

    return {"implies": implies, "and": both, "or": either, "xor": differ}[operator]


def _call(node: Call, kind: str) -> Run:
    name, arguments = node.name, node.arguments
    if name in ("is", "as", "ofType"):
        return _typed(node, kind)
    if name == "extension":
        chosen = Call(Member(node.of, "extension"), "where", (Binary("=", Member(This(), "url"), arguments[0]),))
        return _call(chosen, kind)
    inner = _node(node.of, kind)
    simple = fn.SIMPLE.get(name)
    if simple is not None and not arguments:
        return lambda focus, around: simple(inner(focus, around))
    valued = fn.VALUED.get(name)
    if valued is not None:
        values = [_node(one, kind) for one in arguments]
        return lambda focus, around: valued(inner(focus, around), *(one(focus, around) for one in values))
    # Inside a criterion the focus is another; only an iif() on the focus itself keeps it.
    each = [_node(one, kind if name == "iif" and isinstance(node.of, This) else "") for one in arguments]
    return _with_criteria(name, inner, each)


def _with_criteria(name: str, inner: Run, each: list[Run]) -> Run:
    first = each[0] if each else None
    if first is None:
        return _outside(name, inner, None)

    def holds(item: Any, around: Around) -> bool | None:
        return truth(first([item], around))

    match name:
        case "where":
            return lambda focus, around: [one for one in inner(focus, around) if holds(one, around)]
        case "exists":
            return lambda focus, around: [any(holds(one, around) for one in inner(focus, around))]
        case "all":
            return lambda focus, around: [all(holds(one, around) for one in inner(focus, around))]
        case "select":
            return lambda focus, around: [got for one in inner(focus, around) for got in first([one], around)]
        case "repeat":
            return lambda focus, around: fn.repeat(inner(focus, around), lambda one: first([one], around))
        case "iif":
            return _iif(inner, each)
        case "trace":
            return inner
    return _outside(name, inner, first)


def _iif(inner: Run, each: list[Run]) -> Run:
    def choose(focus: Collection, around: Around) -> Collection:
        items = inner(focus, around)
        if truth(each[0](items, around)):
            return each[1](items, around)
        return each[2](items, around) if len(each) > 2 else []

    return choose


def _outside(name: str, inner: Run, argument: Run | None) -> Run:
    """Functions that ask beyond the resource: resolve, memberOf, conformsTo."""

    def resolve(focus: Collection, around: Around) -> Collection:
        found = []
        for one in inner(focus, around):
            literal = one.get("reference") if isinstance(one, dict) else one
            if isinstance(literal, str):
                target = around.resolve(literal) if around.resolve else None
                found.append(target if target is not None else fn.unresolved(literal))
        return found

    def ask(focus: Collection, around: Around) -> Collection:
        answerer = around.member_of if name == "memberOf" else around.conforms
        urls = argument(focus, around) if argument else []
        verdicts = []
        for one in inner(focus, around):
            verdict = answerer(str(urls[0]), one) if answerer and urls else None
            if verdict is None:
                raise NotChecked(f"{name}({urls[0] if urls else ''}): not loaded")
            verdicts.append(verdict)
        return verdicts

    if name == "resolve":
        return resolve
    if name in ("memberOf", "conformsTo"):
        return ask
    raise NotChecked(f"{name}() is not evaluated")


def _typed(node: Call, kind: str) -> Run:
    wanted = type_name(node.arguments[0])
    asks = node.name == "is"
    inner = _node(node.of, kind)
    if isinstance(node.of, Member) and node.of.name in fn.CHOICES:
        owner, stem = _node(node.of.of, kind), node.of.name
        key = stem + wanted[:1].upper() + wanted[1:]
        if asks:
            return lambda focus, around: [
                chosen == key for one in owner(focus, around) if (chosen := fn.chosen(one, stem)) is not None
            ]
        return lambda focus, around: fn.members(owner(focus, around), key)
    if isinstance(node.of, This) and kind:
        same = kind.lower() == wanted.lower() or (wanted in ("uri", "string") and kind in TEXT_TYPES - {wanted})
        if asks:
            return lambda focus, around: [same]
        return lambda focus, around: focus if same else []

    def judge(focus: Collection, around: Around) -> Collection:
        items = inner(focus, around)
        return [fn.is_type(one, wanted) for one in items] if asks else [one for one in items if fn.is_type(one, wanted)]

    return judge


__all__ = ["Around", "EvaluationFault", "NotChecked", "compile_path", "compile_rule"]
