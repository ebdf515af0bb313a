"""A mapping held to its target: every column, code and element of FHIR R4 it names, before a file is read.

https://hl7.org/fhir/R4/. A path such as ``hospitalization.admitSource`` is followed through the standard's own
definitions; the type at its end decides how a cell becomes a value (``makers``). Codes of required bindings are
checked here: those a map can give, a constant, and those a column may hold.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from commonweal.feeds.mapped.kinds import Kind, kinds
from commonweal.feeds.mapped.language import Column, Mapping, MappingFault, Resource, Value, nearest
from commonweal.fhir import definitions, systems
from commonweal.fhir.compartment import ABOUT_NOBODY, person_elements
from commonweal.fhir.primitives import PRIMITIVES

# Code systems and extensions by a short name, so that a mapping can be read aloud; any other is given as its URI.
SYSTEMS = {
    "snomed": systems.SNOMED,
    "encounter-class": systems.ENCOUNTER_CLASS,
    "treatment-function": systems.TREATMENT_FUNCTION,
    "admission-source": systems.ADMISSION_SOURCE,
    "discharge-destination": systems.DISCHARGE_DESTINATION,
    "community-contact-type": systems.COMMUNITY + "contact-type",
    "community-team-type": systems.COMMUNITY + "team-type",
    "community-referral-reason": systems.COMMUNITY + "referral-reason",
    "ambulance-category": systems.AMBULANCE + "category",
    "ambulance-complaint": systems.AMBULANCE + "complaint",
    "ambulance-disposition": systems.AMBULANCE + "disposition",
    "bed-type": systems.CARE_HOME + "bed-type",
    "worker": systems.WORKER,
}
EXTENSIONS = {
    "responsible-team": systems.TEAM_EXTENSION,
    "outcome": systems.OUTCOME_EXTENSION,
    "places-registered": systems.PLACES + "registered",
    "places-occupied": systems.PLACES + "occupied",
    "places-vacant": systems.PLACES + "vacant",
    "places-as-at": systems.PLACES + "as-at",
}
# Extensions that are no text: the element their value goes into.
EXTENSION_TYPES = {
    "places-registered": "integer",
    "places-occupied": "integer",
    "places-vacant": "integer",
    "places-as-at": "dateTime",
}
COMPLEX = (
    "CodeableConcept",
    "Coding",
    "Reference",
    "Identifier",
    "Quantity",
    "Duration",
    "Annotation",
    "SimpleQuantity",
)
_WITH_SYSTEM = ("CodeableConcept", "Coding", "Identifier", "Quantity", "Duration", "Reference")
_DATES = {"date": ("date",), "dateTime": ("date", "time"), "instant": ("time",)}
_NUMBERS = {"integer", "positiveInt", "unsignedInt"}
# https://terminology.hl7.org/CodeSystem-v3-ActCode.html, ActEncounterCode: extensible in R4, closed here.
_CLASSES = frozenset(("AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR"))


@dataclass(frozen=True, slots=True)
class Leaf:
    """The end of a path: its type, the codes it must have if the standard closes them, where its values come from."""

    type: str
    codes: frozenset[str]
    values: tuple[Value, ...]


@dataclass(slots=True)
class Node:
    """An object to build: its elements, each with whether it repeats."""

    children: dict[str, tuple[bool, "Node | Leaf"]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A resource of a mapping, checked: what to build, and where to put whose it is ('' for nobody)."""

    resource: Resource
    root: Node
    subject: str


def check(mapping: Mapping) -> tuple[Target, ...]:
    """The resources of a mapping with their paths followed. Raises ``MappingFault`` on the first thing wrong."""
    return _Check(mapping).run()


class _Check:
    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping

    def fault(self, where: str, message: str) -> MappingFault:
        return MappingFault(f"{self.mapping.label}: {where}: {message}")

    def run(self) -> tuple[Target, ...]:
        mapping = self.mapping
        kind = kinds().get(mapping.feed)
        if kind is None:
            raise self.fault("feed", f"{mapping.feed!r} is no kind of feed; {nearest(mapping.feed, kinds())}")
        self._sections(kind)
        for name, value in mapping.person.items():
            self._value(value, f"person.{name}", mapping.columns)
            if name in ("birth_date", "death_date"):
                self._dated(value, f"person.{name}", ("date",))
            if name == "gender" and value.map:
                genders = frozenset(("male", "female", "other", "unknown"))
                self._codes(value, f"person.{name}", genders)
        if mapping.latest_by and mapping.columns[mapping.latest_by].kind not in ("date", "time"):
            raise self.fault("latest_by", f"the column {mapping.latest_by!r} is no date; say how it is written")
        return tuple(self._resource(one, kind) for one in mapping.resources)

    def _sections(self, kind: Kind) -> None:
        """The parts that this kind of feed needs, and none that it may not have."""
        mapping = self.mapping
        if kind.zone == "analysis":
            if mapping.person or mapping.resources:
                message = "this kind of feed goes only into the analysis zone; say analysis instead of it"
                raise self.fault("person" if mapping.person else "resources", message)
            if not mapping.analysis:
                raise self.fault("analysis", "is missing; say which columns pass, and how")
            return
        if mapping.analysis:
            raise self.fault("analysis", "is for commissioning feeds; say person and resources")
        if not mapping.resources:
            raise self.fault("resources", "is missing; say what a row becomes")
        if kind.zone == "places":
            if mapping.person:
                raise self.fault("person", "this kind of feed is about places, and must name no person")
        elif "local_id" not in mapping.person:
            raise self.fault("person.local_id", "is missing; say which column is the supplier's own number of a person")
        elif not mapping.latest_by:
            raise self.fault("latest_by", "is missing; say which date tells the latest row about a person")

    def _resource(self, one: Resource, kind: Kind) -> Target:
        where = f"resources.{one.name}"
        if one.type not in kind.types:
            raise self.fault(
                f"{where}.type", f"{kind.name} does not yield {one.type!r}; {nearest(one.type, kind.types)}"
            )
        for column, words in one.when.items():
            listed = self.mapping.columns[column].one_of
            for word in words:
                if listed and word not in listed:
                    raise self.fault(f"{where}.when.{column}", f"{word!r} is not in one_of; {nearest(word, listed)}")
        root = Node()
        for path, values in one.elements.items():
            self._place(root, one.type, path, values, f"{where}.elements.{path}")
        for alias, value in one.extensions.items():
            if alias not in EXTENSIONS and "://" not in alias:
                raise self.fault(
                    f"{where}.extensions.{alias}", f"is not known; {nearest(alias, EXTENSIONS)} Or give its URI."
                )
            self._value(value, f"{where}.extensions.{alias}", self.mapping.columns)
            if alias in EXTENSION_TYPES:
                self._typed(value, f"{where}.extensions.{alias}", EXTENSION_TYPES[alias])
        subject = ""
        if one.type not in ABOUT_NOBODY:
            known = definitions.elements(one.type)
            subject = next(name for name in person_elements(one.type) if name in known)
            if subject in root.children:
                raise self.fault(f"{where}.elements.{subject}", "is filled from person; leave it out")
        self._complete(root, one.type, where, subject)
        return Target(one, root, subject)

    def _place(self, root: Node, kind: str, path: str, values: tuple[Value, ...], where: str) -> None:
        """Follow a path and put its leaf there."""
        node, parts = root, path.split(".")
        for n, part in enumerate(parts):
            name, many, types, targets, codes = self._element(kind, part, where)
            last = n == len(parts) - 1
            kind = types
            if last:
                self._leaf(kind, values, where, many, targets)
                node.children[name] = (many, Leaf(kind, codes, values))
                for value in values:
                    if kind == "code" and codes:
                        self._codes(value, where, codes)
                    elif value.system in ("encounter-class", systems.ENCOUNTER_CLASS):
                        self._codes(value, where, _CLASSES)
                return
            if kind in PRIMITIVES:
                raise self.fault(where, f"{name} is a {kind} and has no elements below it")
            _, below = node.children.setdefault(name, (many, Node()))
            if not isinstance(below, Node):
                raise self.fault(where, f"{name} is filled as a whole already; say one or the other")
            node = below

    def _element(self, kind: str, part: str, where: str) -> tuple[str, bool, str, frozenset[str], frozenset[str]]:
        """The element ``part`` of a type: its name as sent, whether it repeats, its type, its targets and codes."""
        known = definitions.elements(kind)
        names = {}
        for name, element in known.items():
            for one in element.types:
                sent = name[:-3] + one[0].upper() + one[1:] if name.endswith("[x]") else name
                names[sent] = (element, one)
        if part not in names or part in ("id", "meta", "extension", "modifierExtension", "contained", "text"):
            advice = nearest(
                part, [one for one in names if one[0].islower() and one not in ("id", "meta", "extension")]
            )
            raise self.fault(where, f"{kind} has no element {part!r} to fill; {advice}")
        element, of = names[part]
        codes: frozenset[str] = frozenset()
        if element.binding and of == "code":
            codes = frozenset().union(*definitions.codes(element.binding).values())
        return part, element.many, of, element.targets, codes

    def _leaf(self, kind: str, values: tuple[Value, ...], where: str, many: bool, targets: frozenset[str]) -> None:
        if kind not in PRIMITIVES and kind not in COMPLEX:
            inside = [name for name in definitions.elements(kind) if name not in ("id", "extension")]
            raise self.fault(where, f"is a {kind}; go on to one of its elements: {', '.join(inside[:10])}")
        if len(values) > 1 and not many:
            raise self.fault(where, "does not repeat; give one value")
        for value in values:
            self._value(value, where, self.mapping.columns)
            self._typed(value, where, kind)
            if value.system and kind not in _WITH_SYSTEM:
                raise self.fault(where, f"a {kind} has no system")
            if value.system and value.system not in SYSTEMS and "://" not in value.system and ":" not in value.system:
                raise self.fault(
                    where, f"system {value.system!r} is not known; {nearest(value.system, SYSTEMS)} Or its URI."
                )
            if kind == "Coding" and not value.system:
                raise self.fault(where, "a Coding needs a system")
            if value.refers_to:
                named = {one.name: one.type for one in self.mapping.resources}
                if value.refers_to not in named:
                    raise self.fault(
                        where, f"refers_to: {value.refers_to!r} is no resource; {nearest(value.refers_to, named)}"
                    )
                if targets and named[value.refers_to] not in targets:
                    raise self.fault(
                        where, f"cannot refer to {named[value.refers_to]}; to {', '.join(sorted(targets))}"
                    )
            if (value.refers_to or value.is_source or value.is_organisation) and kind != "Reference":
                raise self.fault(where, f"is a {kind} and refers to nothing")

    def _typed(self, value: Value, where: str, kind: str) -> None:
        """The column's kind must be the element's."""
        if kind in _DATES:
            self._dated(value, where, _DATES[kind])
        elif kind in _NUMBERS:
            self._numbered(value, where, ("integer",))
        elif kind in ("decimal", "Quantity", "Duration", "SimpleQuantity"):
            self._numbered(value, where, ("integer", "decimal"))
        elif kind == "boolean":
            self._codes(value, where, frozenset(("true", "false")))

    def _dated(self, value: Value, where: str, wanted: tuple[str, ...]) -> None:
        if value.column and self.mapping.columns[value.column].kind not in wanted:
            message = f"needs a date; say in columns how {value.column!r} is written: {{{wanted[0]}: '%d/%m/%Y'}}"
            raise self.fault(where, message)

    def _numbered(self, value: Value, where: str, wanted: tuple[str, ...]) -> None:
        if value.column and self.mapping.columns[value.column].kind not in wanted:
            raise self.fault(where, f"needs a number; say in columns that {value.column!r} is {{{wanted[0]}: ''}}")

    def _value(self, value: Value, where: str, columns: dict[str, Column] | object) -> None:
        if value.map and value.map not in self.mapping.code_maps:
            raise self.fault(where, f"there is no code map {value.map!r}; {nearest(value.map, self.mapping.code_maps)}")
        if value.map and not value.column:
            raise self.fault(where, "a map needs a column")
        if value.column and value.map:
            listed = self.mapping.columns[value.column].one_of
            codes = self.mapping.code_maps[value.map]
            for word in listed:
                if word.casefold() not in codes and "*" not in codes:
                    message = f"code map {value.map!r} has no {word!r}, which {value.column!r} may hold"
                    raise self.fault(where, f"{message}; {nearest(word, codes)}")

    def _codes(self, value: Value, where: str, allowed: frozenset[str]) -> None:
        """Every code this value can give is one of ``allowed``."""
        given: list[str] = [one for one in (value.constant, value.otherwise, value.present, value.absent) if one]
        if value.map:
            given += [code.code for code in self.mapping.code_maps[value.map].values()]
        elif value.column and not (value.present or value.absent):
            listed = self.mapping.columns[value.column].one_of
            if not listed:
                message = f"takes only some codes; give {value.column!r} a map, or list its values in one_of"
                raise self.fault(where, message)
            given += listed
        for code in given:
            if code not in allowed:
                raise self.fault(where, f"{code!r} is not a code of it; {nearest(code, allowed)}")

    def _complete(self, node: Node, kind: str, where: str, subject: str) -> None:
        """What the standard requires is there, in every object that is begun."""
        self._have(node.children, kind, where, {subject})
        for name, (_, child) in node.children.items():
            if isinstance(child, Node):
                self._complete(child, self._element(kind, name, where)[2], f"{where}.{name}", "")

    def _have(self, children: Collection[str], kind: str, where: str, given: set[str]) -> None:
        for name, element in definitions.elements(kind).items():
            if not element.required or name in given:
                continue
            stem = name.removesuffix("[x]")
            if not any(child == name or (name.endswith("[x]") and child.startswith(stem)) for child in children):
                raise self.fault(f"{where}.elements", f"{kind} requires {name}; say where it comes from")
