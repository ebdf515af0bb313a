"""The distilled definitions of FHIR R4 4.0.1 (:mod:`commonweal.fhir.distil` makes the file they come from)."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

# Bundle, Binary and Parameters are Resources but not DomainResources: no narrative, extension or contained.
# https://hl7.org/fhir/R4/domainresource.html
PLAIN_RESOURCES = frozenset(("Binary", "Bundle", "Parameters"))


class Element(NamedTuple):
    """One element of a type: ``many`` when it repeats; ``types`` are type names or backbone paths."""

    required: bool
    many: bool
    types: tuple[str, ...]
    targets: frozenset[str]
    binding: str


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(files("commonweal.fhir").joinpath("r4.json").read_text("utf-8"))
    return table


@cache
def resource_types() -> frozenset[str]:
    """Every concrete resource type of R4."""
    return frozenset(_table()["resources"])


def paths() -> frozenset[str]:
    """Every complex type: resources, data types, and backbone elements by path (``Patient.contact``)."""
    return frozenset(_table()["elements"])


@cache
def elements(path: str) -> Mapping[str, Element]:
    """Elements of a resource, data type or backbone path, common ones included; choices end in ``[x]``."""
    found = dict(_COMMON_ELEMENT)
    if path in resource_types():
        found = dict(_RESOURCE if path in PLAIN_RESOURCES else _DOMAIN_RESOURCE)
    elif "." in path:
        found["modifierExtension"] = _EXTENSION
    for name, row in _table()["elements"][path].items():
        minimum, single, types, targets, binding = _filled(row)
        found[name] = Element(minimum > 0, not single, tuple(types), frozenset(targets), binding)
    return found


def _filled(row: list[Any]) -> tuple[int, int, list[str], list[str], str]:
    """A row with the trailing empties that the table leaves out."""
    targets = row[3] if len(row) > 3 else []
    return row[0], row[1], row[2], targets, row[4] if len(row) > 4 else ""


def codes(binding: str) -> Mapping[str, frozenset[str]]:
    """Codes by code system of a required value set."""
    return {system: frozenset(listed) for system, listed in _table()["bindings"][binding].items()}


def listed(url: str) -> Mapping[str, frozenset[str]] | None:
    """Codes by code system of R4's value set at ``url``; ``None`` where the standard's own table has no list of it."""
    return codes(url) if url in _table()["bindings"] else None


def _optional(kind: str, *, many: bool = False) -> Element:
    return Element(False, many, (kind,), frozenset(), "")


_EXTENSION = _optional("Extension", many=True)
_COMMON_ELEMENT = {"id": _optional("string"), "extension": _EXTENSION}
_RESOURCE = {
    "id": _optional("id"),
    "meta": _optional("Meta"),
    "implicitRules": _optional("uri"),
    "language": _optional("code"),
}
_DOMAIN_RESOURCE = _RESOURCE | {
    "text": _optional("Narrative"),
    "contained": _optional("Resource", many=True),
    "extension": _EXTENSION,
    "modifierExtension": _EXTENSION,
}
