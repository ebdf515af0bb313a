"""dm+d, the NHS dictionary of medicines and devices, from the XML files NHSBSA releases through TRUD.

https://www.nhsbsa.nhs.uk/pharmacies-gp-practices-and-appliance-contractors/dictionary-medicines-and-devices-dmd
Products are below what they are one of: AMP below VMP below VTM; packs AMPP below VMPP. The pack's product is its
property ``product``. Files are read in passing, entities and DOCTYPE refused.
"""

from typing import Any
from xml.parsers import expat

from commonweal.fhir.terminology.files import Files
from commonweal.fhir.terminology.release import Concept, Release, ReleaseFault

DMD = "https://dmd.nhs.uk"
_CHUNK = 1 << 20

# file, element of one product, its id, its name, what it is one of, what it is a pack of
_KINDS = (
    (r"f_vtm2?_?\d*\.xml", "VTM", "VTMID", "NM", "", ""),
    (r"f_vmp2?_?\d*\.xml", "VMP", "VPID", "NM", "VTMID", ""),
    (r"f_amp2?_?\d*\.xml", "AMP", "APID", "DESC", "VPID", ""),
    (r"f_vmpp2?_?\d*\.xml", "VMPP", "VPPID", "NM", "", "VPID"),
    (r"f_ampp2?_?\d*\.xml", "AMPP", "APPID", "NM", "VPPID", "APID"),
)


def read(files: Files) -> Release:
    """The release in ``files``. Raises ``ReleaseFault`` when the VTM, VMP or AMP file is missing or no such XML."""
    concepts: list[Concept] = []
    broader: list[tuple[str, str]] = []
    version = ""
    for pattern, kind, ident, name, above, product in _KINDS:
        names = files.named(pattern)
        if not names:
            if kind in ("VTM", "VMP", "AMP"):
                raise ReleaseFault(f"no f_{kind.lower()}2_….xml: give the folder or zip of a dm+d release")
            continue
        version = max(version, names[-1].rpartition("_")[2].removesuffix(".xml"))
        for row in _rows(files, names[-1], kind):
            if ident not in row:
                raise ReleaseFault(f"{names[-1]}: a {kind} without {ident}")
            terms = [(row["NM"], "synonym")] if name != "NM" and "NM" in row else []
            concept = Concept(row[ident], row.get(name) or row.get("NM", ""), row.get("INVALID") != "1", terms)
            concept.properties.append(("kind", kind))
            if row.get(product):
                concept.properties.append(("product", row[product]))
            if row.get(above):
                broader.append((row[ident], row[above]))
            concepts.append(concept)
    return Release(DMD, version, "dm+d", concepts, broader)


def _rows(files: Files, name: str, kind: str) -> list[dict[str, str]]:
    """The ``kind`` elements directly within the list of them, each as its children's texts."""
    rows: list[dict[str, str]] = []
    path: list[str] = []
    text: list[str] = []
    row: dict[str, str] = {}

    def start(tag: str, _: Any) -> None:
        path.append(tag)
        text.clear()
        if path[1:] == [kind + "S", kind] or path == [kind + "S", kind] or (len(path) == 2 and tag == kind):
            row.clear()

    def end(tag: str) -> None:
        if len(path) >= 2 and path[-2] == kind:
            row.setdefault(tag, "".join(text).strip())
        elif tag == kind:
            rows.append(dict(row))
        path.pop()
        text.clear()

    def refuse(*_: Any) -> None:
        raise ReleaseFault(f"{name}: it declares a DOCTYPE, which dm+d does not; refused")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        with files.opened(name) as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as bad:
        raise ReleaseFault(f"{name}: not whole XML ({bad}); fetch it again") from None
    return rows
