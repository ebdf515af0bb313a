"""Extensions: defined, allowed where they stand, and as their definition says.

https://hl7.org/fhir/R4/extensibility.html, contexts: https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commonweal.fhir import definitions
from commonweal.fhir.fhirpath.errors import FhirPathError
from commonweal.fhir.fhirpath.rules import compile_path
from commonweal.fhir.profiles.faults import Faults, Run, fault

_KEYS = ("extension", "modifierExtension")
_LONGEST_WALK = 200_000  # elements of one resource that are looked at


@dataclass(frozen=True, slots=True)
class Place:
    """Where an extension stands: ``path`` as JSON has it, ``elements`` its owner's path without indexes."""

    path: str
    elements: str
    value: Mapping[str, Any]
    owner: Any
    modifier: bool
    inside: str  # url of the extension it is part of, or ''


def places(resource: Mapping[str, Any]) -> Iterator[Place]:
    """Every extension of ``resource``, those inside extensions and on primitives too; not those of resources in it."""
    stack: list[tuple[str, str, Any, str]] = [("", str(resource.get("resourceType", "")), resource, "")]
    seen = 0
    while stack:
        path, elements, value, inside = stack.pop()
        seen += 1
        if seen > _LONGEST_WALK:
            return
        for key in reversed(value):
            item = value[key]
            if key in _KEYS and isinstance(item, list):
                for n, one in enumerate(item):
                    if isinstance(one, dict):
                        below = f"{path}.{key}[{n}]" if path else f"{key}[{n}]"
                        yield Place(below, elements, one, value, key == "modifierExtension", inside)
                        stack.append((below, f"{elements}.extension", one, str(one.get("url", ""))))
            elif isinstance(item, dict | list):
                stack += _further(path, elements, key, item, inside if key.startswith("value") else "")


def _further(path: str, elements: str, key: str, item: Any, inside: str) -> Iterator[tuple[str, str, Any, str]]:
    if key == "contained":
        return
    name = key.removeprefix("_")
    below = f"{path}.{name}" if path else name
    for n, one in enumerate(item) if isinstance(item, list) else [(-1, item)]:
        if isinstance(one, dict) and "resourceType" not in one:
            yield (below if n < 0 else f"{below}[{n}]", f"{elements}.{name}", one, inside)


def types_at(elements: str) -> list[str]:
    """The FHIR types of the element at ``Patient.contact.name``: its own path, its data type, Element or Resource."""
    names = elements.split(".")
    owner, found = names[0], [names[0]]
    if len(names) == 1:
        return [elements, "DomainResource", "Resource"] if elements in definitions.resource_types() else [elements]
    for name in names[1:]:
        kind = ""
        if owner in definitions.paths():
            for known, element in definitions.elements(owner).items():
                if known == name and len(element.types) == 1:
                    kind = element.types[0]
                elif known.endswith("[x]") and name.startswith(known[:-3]):
                    kind = next((t for t in element.types if t[:1].upper() + t[1:] == name[len(known) - 3 :]), kind)
        owner = kind
        found = [f"{one}.{name}" for one in found]
        if kind:
            found.append(kind)  # a data type, or the element whose like this one is (Questionnaire.item.item)
    return [*found, *(["BackboneElement"] if "." in owner else []), "Element"]


def context_fault(definition: Mapping[str, Any], place: Place, run: Run) -> Faults:
    """Whether the extension's definition allows it where it stands; None when it does, or it names no context."""
    contexts = [one for one in definition.get("context", ()) if isinstance(one, dict)]
    if not contexts:
        return None
    # value[x] is written by its type in JSON and by its stem in a context.
    here = set(types_at(place.elements))
    stems = {one for one in here for one in _stems(one)}
    for context in contexts:
        kind, text = context.get("type"), str(context.get("expression", ""))
        if kind == "extension":
            if text.partition("#")[0] == place.inside:
                return None
        elif kind == "element" and (text in here or text in stems or text == "Element"):
            return None
        elif kind == "fhirpath":
            try:
                if any(one is place.owner for one in compile_path(text)([run.around.resource], run.around)):
                    return None
            except FhirPathError as why:
                run.cannot(place.path, f"the context {text} of {definition.get('url')} is not checked: {why}"[:300])
                return None
        elif kind not in ("element", "extension"):
            run.cannot(place.path, f"a context of type {kind} of {definition.get('url')} is not checked")
            return None
    allowed = ", ".join(str(one.get("expression")) for one in contexts)[:160]
    return fault(place.path, "extension-context", place.value.get("url"), f"may stand only on {allowed}")


def _stems(path: str) -> list[str]:
    head, _, name = path.rpartition(".")
    for stem in ("value", "deceased", "multipleBirth", "onset", "abatement", "effective", "medication", "performed"):
        if head and name.startswith(stem) and name[len(stem) :][:1].isupper():
            return [f"{head}.{stem}", f"{head}.{stem}[x]"]
    return []
