"""Make a package of the UK Core definitions, which their repository keeps as XML, for the tests to load.

    python -m tests.uk_core_package FOLDER OUT.tgz

FOLDER is a checkout of NHSDigital/FHIR-R4-UKCORE-STAGING-MAIN (HL7 UK, Apache-2.0). The conversion is mechanical:
https://hl7.org/fhir/R4/json.html against https://hl7.org/fhir/R4/xml.html. The product reads JSON only.
"""

import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from commonweal.fhir import definitions

_FHIR = "{http://hl7.org/fhir}"
_NUMBERS = frozenset(("integer", "unsignedInt", "positiveInt"))


def to_json(text: str) -> dict[str, Any]:
    """A resource in FHIR XML as FHIR JSON."""
    root = ElementTree.fromstring(text)
    return _resource(root)


def _resource(element: ElementTree.Element) -> dict[str, Any]:
    kind = element.tag.removeprefix(_FHIR)
    return {"resourceType": kind, **_object(element, kind)}


def _object(element: ElementTree.Element, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("id", "url"):
        if name in element.attrib:
            found[name] = element.attrib[name]
    for child in element:
        if not child.tag.startswith(_FHIR):
            found["div"] = ElementTree.tostring(child, encoding="unicode")
            continue
        name = child.tag.removeprefix(_FHIR)
        kind, many = _kind(path, name)
        if kind == "Resource":
            _put(found, name, _resource(child[0]), many)
        elif kind[:1].islower():
            _primitive(found, name, child, kind, many)
        else:
            _put(found, name, _object(child, kind), many)
    return found


def _kind(path: str, name: str) -> tuple[str, bool]:
    for known, element in definitions.elements(path).items():
        if known == name:
            return element.types[0], element.many
        if known.endswith("[x]") and name.startswith(known[:-3]):
            for kind in element.types:
                if name == known[:-3] + kind[0].upper() + kind[1:]:
                    return kind, False
    raise ValueError(f"{path} has no {name}")


def _put(found: dict[str, Any], name: str, value: Any, many: bool) -> None:
    if many:
        found.setdefault(name, []).append(value)
    else:
        found[name] = value


def _primitive(found: dict[str, Any], name: str, child: ElementTree.Element, kind: str, many: bool) -> None:
    text = child.attrib.get("value")
    value: Any = text
    if text is not None and kind == "boolean":
        value = text == "true"
    elif text is not None and kind in _NUMBERS:
        value = int(text)
    elif text is not None and kind == "decimal":
        value = float(text)
    rest = _object(child, "Element") if len(child) or "id" in child.attrib else None
    if not many:
        if value is not None:
            found[name] = value
        if rest:
            found["_" + name] = rest
        return
    count = len(found.get(name, ()))
    found.setdefault(name, []).append(value)
    if rest or "_" + name in found:
        siblings = found.setdefault("_" + name, [None] * count)
        siblings += [None] * (count - len(siblings))
        siblings.append(rest)


def package(folder: Path) -> bytes:
    """The definitions under ``folder`` as an npm-style package."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        manifest = {"name": "fhir.r4.ukcore.test", "version": "0.0.0", "fhirVersions": ["4.0.1"]}
        _add(archive, "package/package.json", manifest)
        for part in ("structuredefinitions", "valuesets", "codesystems"):
            for file in sorted((folder / part).glob("*.xml")):
                _add(archive, f"package/{file.stem}.json", to_json(file.read_text("utf-8-sig")))
    return held.getvalue()


def _add(archive: tarfile.TarFile, name: str, value: dict[str, Any]) -> None:
    data = json.dumps(value).encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(package(Path(sys.argv[1])))
