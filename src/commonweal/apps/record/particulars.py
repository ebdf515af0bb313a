"""What must not be shown inside other entries of somebody whose demographics are withheld from who asks.

Their Patient is not opened at all; but a reference to it may carry their name and NHS number, a narrative made from an
entry begins with them, and a contained copy has the address. What somebody wrote in words of their own, a letter or a
note, is kept as it is: a name in it cannot be told from any other word.
https://hl7.org/fhir/R4/references.html#Reference; https://hl7.org/fhir/R4/narrative.html#Narrative (``generated``: all
of it is in the data as well).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from commonweal.apps.access.api import Category, Scope
from commonweal.apps.record.locations import labelled
from commonweal.apps.record.stored import Stored
from commonweal.fhir.compartment import person_elements

_PEOPLE = frozenset(("Patient", "Person", "RelatedPerson"))
_NAMING = frozenset(("display", "_display", "identifier"))
_MADE = frozenset(("generated", "extensions"))


def open_in(scope: Scope) -> bool:
    """Whether the person's demographics are open, whichever source wrote them."""
    return all(scope.opens(compartment, Category.DEMOGRAPHICS) for compartment in scope.compartments)


def without(resource: Mapping[str, Any]) -> dict[str, Any]:
    """``resource`` less what names its person, labelled REDACTED if anything was left out."""
    kind = str(resource.get("resourceType"))
    if kind in _PEOPLE:  # of the reader's own organisation, since the others' are not opened
        return dict(resource)
    about = person_elements(kind)
    kept: dict[str, Any] = {}
    for name, value in resource.items():
        if name == "contained":
            inside = [one for one in value if one.get("resourceType") not in _PEOPLE]
            if inside:
                kept[name] = [_walked(one) for one in inside]
        elif name == "text" and isinstance(value, dict) and value.get("status") in _MADE:
            continue
        else:
            kept[name] = _unnamed(value) if name in about and isinstance(value, dict) else _walked(value)
    return kept if kept == resource else labelled(kept)


def _walked(value: Any) -> Any:
    """``value`` with every reference to a person in it, at any depth, less their name and numbers."""
    if isinstance(value, list):
        return [_walked(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _walked(one) for name, one in value.items()}
    return _unnamed(found) if _to_person(value) else found


def _to_person(value: Mapping[str, Any]) -> bool:
    parts = str(value.get("reference", "")).split("/")
    return value.get("type") in _PEOPLE or any(one in _PEOPLE for one in parts[:-1])


def _unnamed(reference: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in reference.items() if name not in _NAMING}


def shown(stored: Stored) -> Stored:
    """``stored`` as it may be shown to who is not told the person's name."""
    if stored.deleted or not stored.body:
        return stored
    said = orjson.loads(stored.body)
    kept = without(said)
    return stored if kept == said else replace(stored, body=orjson.dumps(kept))
