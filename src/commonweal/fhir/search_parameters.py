"""The standard's search parameters of every R4 type, as :mod:`commonweal.fhir.distil_search` distilled them.

https://hl7.org/fhir/R4/searchparameter-registry.html. A parameter reads *indexed elements*; stored search rows carry
the element's number, so that one row serves every parameter that reads it.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from commonweal.fhir import definitions
from commonweal.fhir.compartment import person_elements


class Indexed(NamedTuple):
    """An element whose values are search rows. ``kind``: ``token``, ``date``, ``string``, ``phonetic``,
    ``reference``, ``number``, ``deceased`` or ``position``; ``path``: dotted JSON names, ``[x=y]`` a condition.
    """

    number: int
    kind: str
    path: str


class Read(NamedTuple):
    """What a parameter reads: an element's rows, or of them those of a reference to one type, or of one system."""

    number: int
    restriction: str = ""


class Part(NamedTuple):
    """A component of a composite."""

    kind: str
    reads: tuple[Read, ...]


class Parameter(NamedTuple):
    """A search parameter of a type. ``kind`` is the standard's; ``alternatives`` are a composite's, else empty."""

    name: str
    kind: str
    reads: tuple[Read, ...]
    alternatives: tuple[tuple[Part, ...], ...] = ()


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(files("commonweal.fhir").joinpath("r4-search.json").read_text("utf-8"))
    return table


@cache
def edition() -> str:
    """A digest of the table: search rows made by another edition want making again."""
    text = json.dumps([_table()["elements"], 1], sort_keys=True)  # 1: raise it when the extractors make other rows
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def indexed(kind: str) -> tuple[Indexed, ...]:
    """The indexed elements of a resource type; empty for what is no type."""
    return tuple(Indexed(*row) for row in _table()["elements"].get(kind, ()))


@cache
def parameters(kind: str) -> Mapping[str, Parameter]:
    """The search parameters of a resource type by name; empty for what is no type."""
    return {name: _parameter(name, row) for name, row in _table()["parameters"].get(kind, {}).items()}


def summary_elements(kind: str) -> list[str]:
    """The top-level elements of a type's summary."""
    listed: list[str] = _table()["summary"][kind]
    return listed


def _parameter(name: str, row: list[Any]) -> Parameter:
    kind, listed = row
    if kind != "composite":
        return Parameter(name, kind, tuple(Read(*item) for item in listed))
    alternatives = tuple(tuple(Part(sort, tuple(Read(*i) for i in reads)) for sort, reads in alt) for alt in listed)
    return Parameter(name, kind, (), alternatives)


@cache
def element(kind: str, number: int) -> Indexed:
    """The indexed element with this number; KeyError if the type has none."""
    return next(item for item in indexed(kind) if item.number == number)


@cache
def grouped(kind: str) -> frozenset[str]:
    """Repeating top-level elements within which a composite's components must be of one item."""
    tops: set[str] = set()
    for parameter in parameters(kind).values():
        for alternative in parameter.alternatives:
            named = [{element(kind, read.number).path.partition(".")[0] for read in part.reads} for part in alternative]
            tops |= set.intersection(*named) if len(named) > 1 else set()
    known = definitions.elements(kind)
    return frozenset(top for top in tops if top in known and known[top].many)


@cache
def own(kind: str) -> frozenset[int]:
    """Numbers of the references that say whose a resource is: to its own person they need no row."""
    paths = person_elements(kind)
    return frozenset(item.number for item in indexed(kind) if item.kind == "reference" and item.path in paths)


@cache
def targets(kind: str, name: str) -> frozenset[str]:
    """The types that references by parameter ``name`` may be to; empty where any type is allowed."""
    found: set[str] = set()
    for read in parameters(kind)[name].reads:
        if read.restriction:
            found.add(read.restriction)
            continue
        allowed = _targets(kind, element(kind, read.number).path)
        if not allowed:
            return frozenset()
        found |= allowed
    return frozenset(found)


def _targets(kind: str, path: str) -> frozenset[str]:
    at, allowed = kind, frozenset[str]()
    for step in path.split("."):
        name = step.partition("[")[0]
        _, at, allowed = resolve(at, name)
    return allowed if at == "Reference" else frozenset()


def resolve(owner: str, key: str) -> tuple[bool, str, frozenset[str]]:
    """Whether the element of this JSON name repeats, its type, and its targets; KeyError if there is none."""
    known = definitions.elements(owner)
    if key in known:
        return known[key].many, known[key].types[0], known[key].targets
    for name, item in known.items():
        stem = name.removesuffix("[x]")
        for kind in item.types:
            if name != stem and key == stem + kind[0].upper() + kind[1:]:
                return item.many, kind, item.targets
    raise KeyError(f"{owner} has no element {key}")
