"""The base definitions of R4 as trees (:mod:`commonweal.fhir.profiles.distil` makes the file they come from)."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from commonweal.fhir.primitives import PRIMITIVES
from commonweal.fhir.profiles.shape import Shape, tree

CORE = "http://hl7.org/fhir/StructureDefinition/"


@cache
def _lines() -> dict[str, str]:
    """Each base type's line by its address; a line is read when its type is first asked for."""
    text = files("commonweal.fhir.profiles").joinpath("base.jsonl").read_text("utf-8")
    found = {}
    for line in text.splitlines():
        url = line.rpartition('"url":"')[2].rstrip('"}')
        found[url] = line
    return found


@cache
def base(url: str) -> Shape | None:
    """The tree of the base type at ``url``, ``None`` if R4 has no such type. Not to be changed: copy it."""
    line = _lines().get(url)
    if line is not None:
        return tree(json.loads(line)["element"])
    name = url.removeprefix(CORE)
    return tree(_primitive(name)) if name in PRIMITIVES and url != name else None


def _primitive(name: str) -> list[dict[str, Any]]:
    """Primitives have an id, extensions and a value, all alike: https://hl7.org/fhir/R4/datatypes.html#primitive"""
    parts = (("id", "1", "string"), ("extension", "*", "Extension"))
    return [
        {"path": name, "min": 0, "max": "*"},
        *({"path": f"{name}.{part}", "min": 0, "max": most, "type": [{"code": kind}]} for part, most, kind in parts),
    ]
