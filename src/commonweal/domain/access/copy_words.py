"""A resource in words, all of it, for somebody who reads a copy of their record: no path, no code system."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from commonweal.domain.access.requests import Decision

_LEFT_OUT = frozenset(
    {"resourceType", "id", "meta", "implicitRules", "extension", "modifierExtension", "subject", "patient"}
    | {"identifier", "system", "contained", "userSelected", "data", "contentType", "hash", "size", "url"}
)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ENDINGS = ("CodeableConcept", "Quantity", "DateTime", "Reference", "Period", "String", "Boolean", "Integer")


def particulars(resource: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, value) of every element of a resource that says something, in the order it was sent."""
    return list(_of(resource, ""))


def goes_out(decision: Decision | None, needed: bool) -> bool:
    """Whether an item is in the copy: decided so, or nobody needed to decide. Undecided is not in it."""
    return decision is not Decision.NONE and (decision is not None or not needed)


def _of(value: Mapping[str, Any], within: str) -> Iterator[tuple[str, str]]:
    named = _said(value.get("code")) if within else ""
    for name, inner in value.items():
        narrative = name == "text" and not within  # says again, with marks of its own, what the elements say
        if name in _LEFT_OUT or narrative or name.startswith("_") or (named and name == "code"):
            continue
        label = f"{within}, {_label(name)}" if within else _label(name).capitalize()
        if named:  # a part that says what it is: "systolic blood pressure: 131 mmHg"
            label = named if name.startswith("value") else f"{named}, {_label(name)}"
        for one in inner if isinstance(inner, list) else [inner]:
            said = _said(one)
            if said:
                yield label, said
            elif isinstance(one, Mapping) and not _leads(one):
                yield from _of(one, label)
    for one in value.get("identifier", ()) if not within else ():
        if isinstance(one, Mapping) and str(one.get("system", "")).endswith("/nhs-number"):
            yield "NHS number", str(one.get("value", ""))


def _leads(value: Mapping[str, Any]) -> bool:
    """Whether it only leads to something else, which a reader of the copy finds under its own heading."""
    return "reference" in value or ("identifier" in value and set(value) <= {"identifier", "type"})


def _label(name: str) -> str:
    for ending in _ENDINGS:
        name = name.removesuffix(ending) or name
    return _CAPITAL.sub(" ", name).lower()


def _said(value: Any) -> str:
    """A value in words; '' for one whose own elements are to be said instead."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, Mapping):
        return str(value).strip() if value is not None else ""
    if "coding" in value or (set(value) <= {"text", "extension"} and "text" in value):
        shown = [str(one.get("display") or one.get("code") or "") for one in value.get("coding", ())]
        return str(value.get("text") or next(filter(None, shown), ""))
    if "display" in value and not isinstance(value["display"], Mapping):
        return str(value["display"])
    if _leads(value):
        return ""
    if "value" in value and ("unit" in value or "code" in value):
        parts = (value.get("comparator", ""), value["value"], value.get("unit") or value.get("code", ""))
        return " ".join(str(part) for part in parts if part != "")
    if value and set(value) <= {"start", "end"}:
        return f"{value.get('start', 'not known')} to {value.get('end', 'not ended')}"
    if "value" in value and "use" in value:
        return f"{value['value']} ({value['use']})"
    if "family" in value or "given" in value:
        return " ".join([*value.get("prefix", ()), *value.get("given", ()), str(value.get("family", ""))]).strip()
    if "line" in value or "postalCode" in value:
        return ", ".join([*value.get("line", ()), *filter(None, (value.get("city"), value.get("postalCode")))])
    return ""
