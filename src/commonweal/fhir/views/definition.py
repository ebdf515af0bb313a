"""A ViewDefinition read, checked and resolved: constants put in, column names settled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from commonweal.fhir.errors import FhirError, excerpt
from commonweal.fhir.fhirpath import SyntaxFault, parse
from commonweal.fhir.fhirpath.parse import DEEPEST, LARGEST
from commonweal.fhir.fhirpath.tree import (
    PRIMITIVE_TYPES,
    TEXT_TYPES,
    Binary,
    Call,
    Constant,
    Item,
    Literal,
    Member,
    NamedItem,
    Negative,
    Node,
    RowIndex,
    This,
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # sql-name-valid
_RESOURCE = re.compile(r"[A-Z][A-Za-z]+")
_STRUCTURE = re.compile(r"[A-Z][A-Za-z]*(\.[A-Za-z]+)*")
MOST_COLUMNS = 2_000
_SYSTEM_TYPES = {
    "Boolean": "boolean",
    "String": "string",
    "Integer": "integer",
    "Decimal": "decimal",
    "Date": "date",
    "DateTime": "dateTime",
    "Time": "time",
}
_ELEMENT = frozenset(("id", "extension", "modifierExtension"))
_CONSTANT = _ELEMENT | {"name"}
_COLUMN = _ELEMENT | {"path", "name", "description", "collection", "type", "tag"}
_SELECT = _ELEMENT | {"column", "select", "forEach", "forEachOrNull", "repeat", "unionAll"}
_WHERE = _ELEMENT | {"path", "description"}
# What says what the view is, and changes no row: the elements of MetadataResource and of every resource.
_VIEW = frozenset(
    """
    resourceType resourceDefinition id meta implicitRules language text contained extension modifierExtension
    url identifier version versionAlgorithmString versionAlgorithmCoding name title status experimental date
    publisher contact description useContext jurisdiction purpose copyright copyrightLabel approvalDate
    lastReviewDate effectivePeriod topic author editor reviewer endorser relatedArtifact
    resource profile fhirVersion constant select where
    """.split()  # noqa: SIM905  forty quoted names, a line each, say no more
)


class ViewFault(FhirError):
    """The ViewDefinition breaks a rule; the message names the element (``select[0].column[1].path``)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``type`` is a FHIR type name or '' when the view gives none."""

    name: str
    path: Node
    type: str
    collection: bool


@dataclass(frozen=True, slots=True)
class Select:
    """One selection. ``iteration`` is '', 'forEach', 'forEachOrNull' or 'repeat'; ``over`` its paths."""

    iteration: str
    over: tuple[Node, ...]
    columns: tuple[Column, ...]
    selects: tuple["Select", ...]
    union: tuple["Select", ...]

    def signature(self) -> tuple[tuple[str, str, bool], ...]:
        """(name, type, collection) of each column in the order of the output row."""
        own = [(column.name, column.type, column.collection) for column in self.columns]
        nested = [part for select in self.selects for part in select.signature()]
        return (*own, *nested, *(self.union[0].signature() if self.union else ()))

    def counted(self) -> frozenset[str]:
        """The columns that are ``%rowIndex``, which is 0 in a row of nothing else."""
        own = {one.name for one in self.columns if one.path == RowIndex() and not one.collection}
        return frozenset(own).union(*(part.counted() for part in (*self.selects, *self.union[:1])))


@dataclass(frozen=True, slots=True)
class View:
    """A whole view of one resource type."""

    resource: str
    name: str
    selects: tuple[Select, ...]
    where: tuple[Node, ...]

    def signature(self) -> tuple[tuple[str, str, bool], ...]:
        """(name, type, collection) of each column in the order of the output row."""
        return tuple(part for select in self.selects for part in select.signature())


def read_view(definition: object) -> View:
    """Check and resolve a ViewDefinition given as parsed JSON; raises ``ViewFault`` on the first fault."""
    whole = _object(definition, "the view")
    _known(whole, _VIEW, "")
    resource = whole.get("resource")
    if not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
        raise ViewFault("resource: must name a FHIR resource type, such as Patient")
    name = whole.get("name", "")
    if not isinstance(name, str) or (name and not _NAME.fullmatch(name)):
        raise ViewFault("name: must be letters, digits and _, starting with a letter")
    reader = _Reader(resource, _constants(whole))
    selects = reader.selects(whole, "select", "")
    if not selects:
        raise ViewFault("select: a view needs at least one")
    where = tuple(
        reader.criterion(_known(_object(one, f"where[{n}]"), _WHERE, f"where[{n}].").get("path"), f"where[{n}].path")
        for n, one in enumerate(_array(whole, "where", ""))
    )
    view = View(resource, name, selects, where)
    seen: set[str] = set()
    for column, _, _ in view.signature():
        if column.lower() in seen:
            raise ViewFault(f"select: column {column!r} appears twice (SQL does not tell capitals from small letters)")
        seen.add(column.lower())
    if len(seen) > MOST_COLUMNS:
        raise ViewFault(f"select: {len(seen)} columns, more than {MOST_COLUMNS}")
    return view


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ViewFault(f"{where}: must be a JSON object")
    return value


def _known(given: Mapping[str, Any], elements: frozenset[str], where: str) -> Mapping[str, Any]:
    """``given``, if it has no element but ``elements``: what is misspelt would be left out in silence."""
    for name in given:
        if name not in elements and not name.startswith("_"):
            raise ViewFault(f"{where}{excerpt(name)}: there is no such element in a ViewDefinition")
    return given


def _array(parent: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = parent.get(name, [])
    if not isinstance(value, list):
        raise ViewFault(f"{where}{name}: must be a list")
    return value


def _fhir_type(given: str, where: str) -> str:
    """The FHIR name of a type given by name, by URL, or as FHIRPath's own (``System.Integer``)."""
    name = given.removeprefix("http://hl7.org/fhir/StructureDefinition/").removeprefix("http://hl7.org/fhirpath/")
    name = name.removeprefix("FHIR.").removeprefix("System.")
    name = _SYSTEM_TYPES.get(name, name)
    if name in PRIMITIVE_TYPES or name in ("", "xhtml") or "://" in name or _STRUCTURE.fullmatch(name):
        return name
    raise ViewFault(f"{where}: {excerpt(given)!r} is not the name of a FHIR type")


def _constants(view: Mapping[str, Any]) -> dict[str, Literal]:
    found: dict[str, Literal] = {}
    for n, one in enumerate(_array(view, "constant", "")):
        constant = _object(one, f"constant[{n}]")
        name = constant.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ViewFault(f"constant[{n}].name: must be letters, digits and _, starting with a letter")
        values = [key for key in constant if key.startswith("value")]
        if len(values) != 1:
            raise ViewFault(f"constant[{n}] ({name}): needs exactly one value[x]")
        _known(constant, _CONSTANT | {values[0]}, f"constant[{n}].")
        if name in found or name == "rowIndex":
            raise ViewFault(f"constant[{n}].name: %{name} is there already")
        type_ = values[0][5:6].lower() + values[0][6:]
        if type_ not in PRIMITIVE_TYPES:
            raise ViewFault(f"constant[{n}].{values[0]}: is not a primitive type")
        found[name] = Literal(_constant_value(constant[values[0]], type_, f"constant[{n}].{values[0]}"), type_)
    return found


def _constant_value(value: object, type_: str, where: str) -> str | bool | int | float:
    if type_ in TEXT_TYPES:
        if isinstance(value, str) and "\x00" not in value:
            return value
    elif type_ == "boolean":
        if isinstance(value, bool):
            return value
    elif type_ == "integer64" and isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value):
        if -LARGEST <= int(value) <= LARGEST:
            return int(value)  # R5 writes 64-bit integers as strings
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if type_ == "decimal":
            return float(value)
        if isinstance(value, int) and -LARGEST <= value <= LARGEST:
            return value
    raise ViewFault(f"{where}: {excerpt(value)!r} is not a {type_}")


@dataclass(frozen=True, slots=True)
class _Reader:
    resource: str
    constants: Mapping[str, Literal]

    def selects(self, parent: Mapping[str, Any], name: str, where: str) -> tuple[Select, ...]:
        given = _array(parent, name, where)
        if given and where.count(".") >= DEEPEST:
            raise ViewFault(f"{where}{name}: selections inside selections, more than {DEEPEST} deep")
        return tuple(
            self.select(_object(one, f"{where}{name}[{n}]"), f"{where}{name}[{n}].") for n, one in enumerate(given)
        )

    def select(self, given: Mapping[str, Any], where: str) -> Select:
        _known(given, _SELECT, where)
        iterations = [name for name in ("forEach", "forEachOrNull", "repeat") if name in given]
        if len(iterations) > 1:
            raise ViewFault(f"{where}{iterations[1]}: cannot stand beside {iterations[0]}")
        iteration = iterations[0] if iterations else ""
        over: tuple[Node, ...] = ()
        if iteration == "repeat":
            over = tuple(self.path(one, f"{where}repeat[{n}]") for n, one in enumerate(_array(given, "repeat", where)))
            if not over:
                raise ViewFault(f"{where}repeat: needs at least one path")
        elif iteration:
            over = (self.path(given[iteration], where + iteration),)
        columns = tuple(
            self.column(_object(one, f"{where}column[{n}]"), f"{where}column[{n}].")
            for n, one in enumerate(_array(given, "column", where))
        )
        union = self.selects(given, "unionAll", where)
        for n, branch in enumerate(union[1:], 1):
            if branch.signature() != union[0].signature():
                raise ViewFault(f"{where}unionAll[{n}]: columns differ in name, type or order from unionAll[0]")
        select = Select(iteration, over, columns, self.selects(given, "select", where), union)
        if not select.signature():
            raise ViewFault(f"{where.rstrip('.')}: needs a column, select or unionAll")
        return select

    def column(self, given: Mapping[str, Any], where: str) -> Column:
        _known(given, _COLUMN, where)
        name, type_, collection = given.get("name"), given.get("type", ""), given.get("collection", False)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ViewFault(f"{where}name: must be letters, digits and _, starting with a letter")
        if not isinstance(type_, str):
            raise ViewFault(f"{where}type: must be the name of a FHIR type")
        if not isinstance(collection, bool):
            raise ViewFault(f"{where}collection: must be true or false")
        type_ = _fhir_type(type_, where + "type")
        path = self.path(given.get("path"), where + "path")
        if type_ in ("dateTime", "instant"):
            path = _moments(path)
        return Column(name, path, type_, collection)

    def path(self, text: object, where: str) -> Node:
        if not isinstance(text, str):
            raise ViewFault(f"{where}: must be a FHIRPath expression")
        try:
            return self.resolve(parse(text), where)
        except SyntaxFault as fault:
            raise ViewFault(f"{where}: {fault}") from fault

    def criterion(self, text: object, where: str) -> Node:
        node = self.path(text, where)
        if not may_be_boolean(node):
            raise ViewFault(f"{where}: must be a true-or-false expression")
        return node

    def resolve(self, node: Node, where: str) -> Node:
        """``node`` with constants replaced by their values and a leading resource type left out."""
        match node:
            case Constant(name):
                if name not in self.constants:
                    raise ViewFault(f"{where}: %{name} is not among the view's constants")
                return self.constants[name]
            case Member(This(), name) if name in (self.resource, "Resource", "DomainResource"):
                return This()
            case NamedItem(of, name):
                if name not in self.constants:
                    raise ViewFault(f"{where}: %{name} is not among the view's constants")
                place = self.constants[name].value
                if isinstance(place, bool) or not isinstance(place, int) or place < 0:
                    raise ViewFault(f"{where}: %{name} is an index, so it must be a whole number from 0")
                return Item(self.resolve(of, where), place)
            case Member() | Item() | Negative():
                return replace(node, of=self.resolve(node.of, where))
            case Call(of, "ofType" | "getReferenceKey" as name, arguments):
                return Call(self.resolve(of, where), name, arguments)  # the argument is a type, not a path
            case Call(of, name, arguments):
                resolved = tuple(self.resolve(one, where) for one in arguments)
                if name in ("extension", "join") and any(
                    not isinstance(getattr(o, "value", ""), str) for o in resolved
                ):
                    raise ViewFault(f"{where}: {name}() needs a text")
                return Call(self.resolve(of, where), name, resolved)
            case Binary(operator, left, right):
                return Binary(operator, self.resolve(left, where), self.resolve(right, where))
        return node


_OTHER_CALLS = frozenset(
    ("join", "count", "getResourceKey", "getReferenceKey", "lowBoundary", "highBoundary", "extension")
)
_BOOLEAN_OPERATORS = frozenset(("and", "or", "xor", "implies", "=", "!=", "<", ">", "<=", ">="))


def may_be_boolean(node: Node) -> bool:
    """False if the expression can be seen, without data, to yield something other than a boolean."""
    match node:
        case Literal(_, type_):
            return type_ == "boolean"
        case Call(_, name, _):
            return name not in _OTHER_CALLS
        case Binary(operator, _, _):
            return operator in _BOOLEAN_OPERATORS
        case Negative():
            return False
    return True


def _moments(node: Node) -> Node:
    """``node`` with each boundary told that a bare date stands for a moment, as its column's type says."""
    match node:
        case Call(of, "lowBoundary" | "highBoundary" as name, ()):
            return Call(of, name, (Literal("dateTime", "code"),))
        case Member() | Item():
            return replace(node, of=_moments(node.of))
        case Call(of, name, arguments):
            return Call(_moments(of), name, arguments)
    return node


__all__ = ["Column", "Select", "View", "ViewFault", "may_be_boolean", "read_view"]
