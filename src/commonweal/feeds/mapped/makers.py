"""From a checked target to functions that make its FHIR from the cells of a row: compiled once a file.

A row is the list of its cells, dates already ISO. Every function takes the row and gives a value, or ``None`` for an
element that is left out. What a code becomes is made once for each code and shared, since nothing changes it later.
"""

from collections.abc import Callable
from collections.abc import Mapping as Table
from typing import Any

from commonweal.feeds import people
from commonweal.feeds.mapped.language import Mapping, Value
from commonweal.feeds.mapped.target import EXTENSION_TYPES, EXTENSIONS, SYSTEMS, Leaf, Node, Target
from commonweal.feeds.people import Json
from commonweal.fhir import systems

Row = list[str]
Make = Callable[[Row], Any]
_UCUM = "http://unitsofmeasure.org"
_REMEMBERED = 20_000


class Makers:
    """The functions of one mapping for one source and one order of columns."""

    def __init__(self, mapping: Mapping, source: str, position: Table[str, int], aliases: Table[str, str]) -> None:
        self.mapping = mapping
        self.source = source
        self.position = position
        self.aliases = aliases

    def resource(self, target: Target) -> Callable[[Row, str, str], Json]:
        """A function (row, reference, subject's Patient id) → the resource."""
        one = target.resource
        fields = self._fields(target.root)
        extensions = [
            (EXTENSIONS.get(alias, alias), self._extension(alias, value)) for alias, value in one.extensions.items()
        ]
        identified = "identifier" not in target.root.children and one.type != "Observation"
        kind, name, subject, source = one.type, one.name, target.subject, self.source

        def make(row: Row, reference: str, person: str) -> Json:
            made: Json = {"resourceType": kind, "id": people.stable_id(source, name, reference)}
            if extensions:
                found = [{"url": url, **said} for url, extend in extensions if (said := extend(row)) is not None]
                if found:
                    made["extension"] = found
            if identified:
                made["identifier"] = [{"system": systems.LOCAL_EVENT, "value": reference}]
            if subject:
                made[subject] = {"reference": "Patient/" + person}
            for key, build in fields:
                value = build(row)
                if value is not None:
                    made[key] = value
            return made

        return make

    def text(self, value: Value) -> Callable[[Row], str]:
        """A function row → text of a value, '' for none; codes mapped."""
        if value.constant:
            return lambda row: value.constant
        at, otherwise = self.position[value.column], value.otherwise
        if value.present or value.absent:
            return lambda row: value.present if row[at] else value.absent
        if not value.map:
            return (lambda row: row[at] or otherwise) if otherwise else (lambda row: row[at])
        codes = {key: code.code for key, code in self.mapping.code_maps[value.map].items()}
        rest = codes.get("*", otherwise)
        return lambda row: codes.get(row[at].casefold(), rest) if row[at] else otherwise

    def _fields(self, node: Node) -> list[tuple[str, Make]]:
        return [
            (name, self._leaf(child, many) if isinstance(child, Leaf) else self._object(child, many))
            for name, (many, child) in node.children.items()
        ]

    def _object(self, node: Node, many: bool) -> Make:
        fields = self._fields(node)

        def make(row: Row) -> Any:
            made = {name: value for name, build in fields if (value := build(row)) is not None}
            return ([made] if many else made) if made else None

        return make

    def _leaf(self, leaf: Leaf, many: bool) -> Make:
        makes = [self._value(value, leaf.type) for value in leaf.values]
        if not many:
            return makes[0]

        def make(row: Row) -> Any:
            return [value for build in makes if (value := build(row)) is not None] or None

        return make

    def _extension(self, alias: str, value: Value) -> Make:
        kind = EXTENSION_TYPES.get(alias, "string")
        build = self._value(value, kind)
        key = "value" + kind[0].upper() + kind[1:]

        def make(row: Row) -> Any:
            found = build(row)
            return None if found is None else {key: found}

        return make

    def _value(self, value: Value, kind: str) -> Make:
        if kind == "Reference":
            return self._reference(value)
        if kind in ("CodeableConcept", "Coding"):
            return self._coded(value, kind)
        text = self.text(value)
        if kind in ("integer", "positiveInt", "unsignedInt"):
            return lambda row: int(found) if (found := text(row)) else None
        if kind == "boolean":
            return lambda row: found == "true" if (found := text(row)) else None
        if kind == "decimal":
            return lambda row: _number(found) if (found := text(row)) else None
        if kind in ("Quantity", "Duration", "SimpleQuantity"):
            unit = {"unit": value.unit, "system": _UCUM, "code": value.unit} if value.unit else {}
            return lambda row: {"value": _number(found), **unit} if (found := text(row)) else None
        if kind == "Identifier":
            system = SYSTEMS.get(value.system, value.system) or systems.LOCAL_EVENT
            return lambda row: {"system": system, "value": found} if (found := text(row)) else None
        if kind == "Annotation":
            return lambda row: {"text": found} if (found := text(row)) else None
        return lambda row: text(row) or None

    def _reference(self, value: Value) -> Make:
        source, aliases = self.source, self.aliases
        if value.is_source:
            own = people.organisation(source)
            return lambda row: own
        text = self.text(value)
        if value.refers_to:
            name = value.refers_to
            kind = next(one.type for one in self.mapping.resources if one.name == name)
            return lambda row: (
                {"reference": f"{kind}/{people.stable_id(source, name, found)}"} if (found := text(row)) else None
            )
        if value.is_organisation:
            return lambda row: (
                people.organisation(aliases.get(found.casefold(), found)) if (found := text(row)) else None
            )
        if value.system:
            system = SYSTEMS.get(value.system, value.system)
            return lambda row: {"identifier": {"system": system, "value": found}} if (found := text(row)) else None
        return lambda row: {"display": found} if (found := text(row)) else None

    def _coded(self, value: Value, kind: str) -> Make:
        """What each cell becomes, made once; a code without words of its own is shown as the supplier wrote it."""
        system = SYSTEMS.get(value.system, value.system)
        codes = self.mapping.code_maps.get(value.map, {})
        known: dict[str, Any] = {}
        if value.present or value.absent or value.constant:
            text = self.text(value)
            return lambda row: _concept(kind, system, found, "", found) if (found := text(row)) else None
        at, otherwise = self.position[value.column], value.otherwise

        def make(row: Row) -> Any:
            cell = row[at]
            if cell in known:
                return known[cell]
            if len(known) >= _REMEMBERED:
                known.clear()
            if value.map:
                found = codes.get(cell.casefold(), codes.get("*")) if cell else None
                code, display = (found.code, found.display) if found else (otherwise, "")
            else:
                code, display = " ".join(cell.split()) or otherwise, ""
            known[cell] = made = _concept(kind, system, code, display, cell or code) if code else None
            return made

        return make


def _concept(kind: str, system: str, code: str, display: str, text: str) -> Json:
    coding: Json = {"system": system, "code": code} if system else {"code": code}
    if display:
        coding["display"] = display
    if kind == "Coding":
        return coding
    return {"coding": [coding], "text": text} if system else {"text": text}


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)
