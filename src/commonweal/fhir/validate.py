"""Validation against FHIR R4 4.0.1: structure, cardinality, formats, required codes, choices, references.

https://hl7.org/fhir/R4/validation.html. The rules come from the standard's own definitions
(:mod:`commonweal.fhir.definitions`), compiled once a type into closures that allocate nothing while all is well.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from commonweal.fhir import definitions
from commonweal.fhir.errors import Issue, excerpt
from commonweal.fhir.invariants import INVARIANTS
from commonweal.fhir.primitives import PRIMITIVES, is_decimal_text, is_id
from commonweal.fhir.quick import faultless

# A finding on its way up: path below the current object, rule, value, message, severity.
Fault = tuple[str, str, str, str, str]
Check = Callable[[Any], "list[Fault] | None"]

MOST_FAULTS = 200
"""In one array or object: past an error that is this many, the rest of it is not looked at, and so it is said."""
_TOO_MANY = "the rest was not looked at; correct these, then send it again"


def validate(resource: Mapping[str, Any]) -> list[Issue]:
    """Everything wrong with ``resource``, in document order; empty when it conforms.

    Never raises, whatever JSON it is given. Unknown extensions are fine; unknown elements are errors.
    """
    if faultless(resource):
        return []
    return explain(resource)


def explain(resource: Mapping[str, Any]) -> list[Issue]:
    """What :func:`validate` finds, without its short cut for faultless resources."""
    try:
        faults = _resource(resource)
    except RecursionError:
        message = "nested too deeply to read; flatten the resource"
        return [Issue(str(resource.get("resourceType", "")), "nesting-too-deep", "", message)]
    if faults is None:
        return []
    root = resource.get("resourceType") if isinstance(resource, dict) else None
    name = root if isinstance(root, str) and root in definitions.resource_types() else ""
    return [Issue(_join(name, path), rule, value, message, severity) for path, rule, value, message, severity in faults]


def _join(parent: str, child: str) -> str:
    if not parent or not child:
        return parent or child
    return f"{parent}{child}" if child.startswith("[") else f"{parent}.{child}"


def _fault(path: str, rule: str, value: Any, message: str, severity: str = "error") -> list[Fault]:
    return [(path, rule, "" if value is None else excerpt(value), message, severity)]


def _and(faults: list[Fault] | None, more: list[Fault]) -> list[Fault]:
    """``faults`` with ``more`` at their end; the list grows in place, so that a million cost no more than each."""
    if faults is None:
        return more
    faults += more
    return faults


def _below(name: str, faults: list[Fault]) -> list[Fault]:
    return [(_join(name, path), rule, value, message, severity) for path, rule, value, message, severity in faults]


def _resource(value: Any) -> list[Fault] | None:
    """Any resource: the type it names decides."""
    if value.__class__ is not dict:
        return _fault("", "resource-expected", value, "send one JSON object with a resourceType")
    kind = value.get("resourceType")
    if kind.__class__ is not str:
        return _fault("resourceType", "resource-type-missing", kind, "name the resourceType")
    if kind not in definitions.resource_types():
        return _fault("resourceType", "resource-type-unknown", kind, "use a resource type of FHIR R4 (case matters)")
    return _checker(kind)(value)


@cache
def _checker(path: str) -> Check:
    """The compiled check of a resource, data type or backbone path. Types refer to each other lazily."""
    if path == "Resource":
        return _resource
    table: dict[str, tuple[Check, int, int]] = {}
    needs: list[str] = []
    bit = 1
    for name, element in definitions.elements(path).items():
        choice = name.endswith("[x]")
        need = bit if element.required else 0
        only_one = bit << 1 if choice else 0
        bit <<= 2
        if need:
            needs.append(name)
        for kind in element.types:
            key = name[:-3] + kind[0].upper() + kind[1:] if choice else name
            check = _value(kind, element)
            table[key] = (_many(check) if element.many else check, need, only_one)
            if kind in PRIMITIVES:
                sibling = _lazy("Element")
                table["_" + key] = (_many_siblings(sibling) if element.many else sibling, need, 0)
    if path in definitions.resource_types():
        table["resourceType"] = (_anything, 0, 0)
    required = {name: entry[1] for name, entry in table.items() if entry[1]}
    checked = _object(table, required, tuple(needs))
    rules = INVARIANTS.get(path)
    return checked if rules is None else _with_invariants(checked, rules)


def _object(table: Mapping[str, tuple[Check, int, int]], required: Mapping[str, int], needs: tuple[str, ...]) -> Check:
    get = table.get
    all_needed = 0
    for one in required.values():
        all_needed |= one

    def check(value: Any) -> list[Fault] | None:
        if value.__class__ is not dict:
            return _fault("", "object-expected", value, "send a JSON object here")
        if not value:
            return _fault("", "empty", value, "leave the element out instead of sending an empty object")
        seen = 0
        faults: list[Fault] | None = None
        for name, item in value.items():
            entry = get(name)
            if entry is None:
                if name == "fhir_comments":
                    note = "comments are not part of FHIR R4 JSON; they are kept as received"
                    faults = _and(faults, _fault(name, "comments-property", item, note, "warning"))
                    continue
                message = "not an element of this type in FHIR R4; correct the name or move it to an extension"
                faults = _and(faults, _fault(name, "unknown-element", item, message))
                if len(faults) >= MOST_FAULTS:
                    return _and(faults, _fault("", "too-many-faults", None, _TOO_MANY))
                continue
            one, need, only_one = entry
            if need:
                seen |= need
            if only_one:
                if seen & only_one:
                    faults = _and(faults, _fault(name, "choice-more-than-one", item, "send only one type of it"))
                seen |= only_one
            found = one(item)
            if found is not None:
                if "_" + name in value:
                    # https://hl7.org/fhir/R4/json.html#primitive: null holds a place its sibling fills
                    found = [fault for fault in found if fault[1] != "null-in-array"]
                if found:
                    faults = _and(faults, _below(name, found))
        if seen & all_needed != all_needed:
            for name in needs:
                stem = name.removesuffix("[x]")
                if not any(seen & bit for key, bit in required.items() if key.lstrip("_").startswith(stem)):
                    faults = _and(faults, _fault(name, "required", None, f"{name} is required; send it"))
        return faults

    return check


def _with_invariants(check: Check, rules: tuple[Callable[[dict[str, Any]], Fault | None], ...]) -> Check:
    def both(value: Any) -> list[Fault] | None:
        faults = check(value)
        if faults is not None:
            return faults
        for rule in rules:
            fault = rule(value)
            if fault is not None:
                faults = [*(faults or ()), fault]
        return faults

    return both


def _anything(value: Any) -> list[Fault] | None:
    return None


def _lazy(path: str) -> Check:
    """The check of another type, compiled when first needed: types are recursive."""
    compiled: Check | None = None

    def check(value: Any) -> list[Fault] | None:
        nonlocal compiled
        if compiled is None:
            compiled = _checker(path)
        return compiled(value)

    return check


def _value(kind: str, element: definitions.Element) -> Check:
    if kind == "Reference":
        return _reference(element.targets or definitions.resource_types())
    if element.binding:
        listed = definitions.codes(element.binding)
        name = element.binding.rpartition("/")[2]
        if kind == "code":
            return _bound_code(frozenset().union(*listed.values()), name)
        if kind in ("CodeableConcept", "Coding"):
            return _bound_concept(kind, listed, name)
    if kind in PRIMITIVES:
        return _primitive(kind)
    return _lazy(kind)


def _many(check: Check) -> Check:
    def many(value: Any) -> list[Fault] | None:
        if value.__class__ is not list:
            return _fault("", "array-expected", value, "this element repeats: send a JSON array")
        if not value:
            return _fault("", "empty", value, "leave the element out instead of sending an empty array")
        faults: list[Fault] | None = None
        for index, item in enumerate(value):
            found = check(item)
            if found is not None:
                rule = "null-in-array" if item is None else ""
                told = [
                    (f"[{index}]" + _dotted(path), rule or own, shown, message, severity)
                    for path, own, shown, message, severity in found
                ]
                faults = _and(faults, told)
                if len(faults) >= MOST_FAULTS and told[-1][4] == "error":
                    return _and(faults, _fault("", "too-many-faults", None, _TOO_MANY))
        return faults

    return many


def _dotted(path: str) -> str:
    return path if not path or path.startswith("[") else "." + path


def _many_siblings(check: Check) -> Check:
    inner = _many(check)

    def many(value: Any) -> list[Fault] | None:
        return inner([v for v in value if v is not None] or None) if value.__class__ is list else inner(value)

    return many


def _primitive(kind: str) -> Check:
    good, advice = PRIMITIVES[kind]
    message = f"not a FHIR {kind}: {advice}"
    rule = f"format-{kind.lower() if kind != 'dateTime' else 'date-time'}"

    def check(value: Any) -> list[Fault] | None:
        return None if good(value) else _fault("", rule, value, message)

    def decimal(value: Any) -> list[Fault] | None:
        if good(value):
            return None
        if is_decimal_text(value):
            note = "a number in quotes; it is kept as received, send it without quotes"
            return _fault("", "decimal-as-text", value, note, "warning")
        return _fault("", rule, value, message)

    def text(value: Any) -> list[Fault] | None:
        if value.__class__ is str and value.isprintable() and value:
            return None
        if not good(value):
            return _fault("", rule, value, message)
        if any(c < " " and c not in "\t\r\n" for c in value):
            note = "control character in text; it is kept as received"
            return _fault("", "control-character", value, note, "warning")
        return None

    if kind == "decimal":
        return decimal
    return text if kind in ("string", "markdown") else check


def _bound_code(codes: frozenset[str], name: str) -> Check:
    message = f"not a code of {name}; use one of: {', '.join(sorted(codes)[:12])}" + (" …" if len(codes) > 12 else "")

    def check(value: Any) -> list[Fault] | None:
        try:
            if value in codes:
                return None
        except TypeError:
            pass
        return _fault("", "code-not-in-value-set", value, message)

    return check


def _bound_concept(kind: str, listed: Mapping[str, frozenset[str]], name: str) -> Check:
    shape = _lazy(kind)
    codes = sorted(set().union(*listed.values()))
    message = f"needs a coding from {name}: {', '.join(codes[:12])}" + (" …" if len(codes) > 12 else "")

    def check(value: Any) -> list[Fault] | None:
        faults = shape(value)
        if faults is not None:
            return faults
        codings = value.get("coding", ()) if kind == "CodeableConcept" else (value,)
        for coding in codings:
            if coding.get("code") in listed.get(coding.get("system", ""), ()):
                return None
        shown = ", ".join(f"{c.get('system', '')}|{c.get('code', '')}" for c in codings) or value.get("text")
        return _fault("coding" if kind == "CodeableConcept" else "", "code-not-in-value-set", shown, message)

    return check


def _reference(targets: frozenset[str]) -> Check:
    """Relative ``Type/id`` of an allowed type, absolute URL, urn: or #contained; or an identifier or display.

    https://hl7.org/fhir/R4/references.html
    """
    shape = _lazy("Reference")
    allowed = ", ".join(sorted(targets)[:8]) + (" …" if len(targets) > 8 else "")

    def check(value: Any) -> list[Fault] | None:
        if value.__class__ is dict:
            literal = value.get("reference")
            if literal.__class__ is str:
                kind, _, rest = literal.partition("/")
                if kind in targets and is_id(rest):
                    return None if len(value) == 1 else shape(value)
            faults = shape(value)
            if faults is not None or literal is None:
                if faults is None and not value.keys() & {"identifier", "display", "extension"}:
                    return _fault("", "reference-empty", value, "give a reference, an identifier or a display")
                return faults
            return _literal(literal, targets, allowed)
        return shape(value)

    return check


def _literal(literal: str, targets: frozenset[str], allowed: str) -> list[Fault] | None:
    if literal.startswith(("#", "urn:uuid:", "urn:oid:", "http://", "https://")) and " " not in literal:
        return None
    kind, _, rest = literal.partition("?" if "?" in literal else "/")
    if kind not in definitions.resource_types():
        message = "write it as Type/id, an absolute URL, urn:uuid:… or #contained"
        return _fault("reference", "reference-shape", literal, message)
    if kind not in targets:
        return _fault("reference", "reference-target", literal, f"may refer only to {allowed}")
    bare, history, version = rest.partition("/_history/")
    if "?" in literal or (is_id(bare) and (not history or is_id(version))):
        return None
    return _fault("reference", "reference-shape", literal, f"write it as {kind}/id with a valid id")
