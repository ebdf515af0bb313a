"""Some elements of a resource, marked as not the whole: https://hl7.org/fhir/R4/search.html#elements"""

import json
from collections.abc import Set
from typing import Any

import orjson

from commonweal.fhir import definitions

_SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
_ALWAYS = frozenset(("resourceType", "id", "meta"))


def subset(body: bytes, elements: Set[str]) -> bytes:
    """``body`` with only ``elements`` (names, or ``Type.name``) and what its type requires; tagged ``SUBSETTED``.

    A resource of a type none of the elements is asked of stays whole. Numbers keep the digits they came with.
    """
    resource: dict[str, Any] = json.loads(body, parse_float=_as_it_came, parse_int=_as_it_came)
    kind = resource["resourceType"]
    asked = {name.rpartition(".")[2] for name in elements if "." not in name or name.partition(".")[0] == kind}
    if not asked:
        return body
    known = definitions.elements(kind)
    single = asked | {name for name, one in known.items() if one.required and not name.endswith("[x]")} | _ALWAYS
    choices = tuple(
        name[:-3] for name, one in known.items() if name.endswith("[x]") and (one.required or name[:-3] in asked)
    )

    def wanted(name: str) -> bool:
        return name in single or any(name.startswith(stem) and name[len(stem) :][:1].isupper() for stem in choices)

    kept = {name: value for name, value in resource.items() if wanted(name.removeprefix("_"))}
    meta = dict(kept.get("meta") or {})
    meta["tag"] = [*(meta.get("tag") or ()), _SUBSETTED]
    kept["meta"] = meta
    return orjson.dumps(kept)


def _as_it_came(digits: str) -> orjson.Fragment:
    return orjson.Fragment(digits)
