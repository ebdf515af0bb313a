"""Releases in the publishers' own formats, made of a handful of codes. Terms are ours; ids are SNOMED CT's."""

import zipfile
from pathlib import Path

DISEASE, DIABETES, TYPE_1, TYPE_2, GLUCOSE, GONE = (
    "64572001",
    "73211009",
    "46635009",
    "44054006",
    "126877002",
    "191044006",
)
REFSET = "999002271000000101"
_HEADS = {
    "sct2_Concept_Snapshot_GB1000000_20230412.txt": "id effectiveTime active moduleId definitionStatusId",
    "sct2_Description_Snapshot-en_GB1000000_20230412.txt": (
        "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId"
    ),
    "sct2_Relationship_Snapshot_GB1000000_20230412.txt": (
        "id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId characteristicTypeId "
        "modifierId"
    ),
    "der2_cRefset_LanguageSnapshot-en_GB1000000_20230412.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId acceptabilityId"
    ),
    "der2_Refset_SimpleSnapshot_GB1000000_20230412.txt": (
        "id effectiveTime active moduleId refsetId referencedComponentId"
    ),
}
CONCEPTS = {
    DISEASE: "Disease",
    GLUCOSE: "Disorder of glucose metabolism",
    DIABETES: "Diabetes mellitus",
    TYPE_1: "Diabetes mellitus type 1",
    TYPE_2: "Diabetes mellitus type 2",
}
IS_A = ((GLUCOSE, DISEASE), (DIABETES, GLUCOSE), (TYPE_1, DIABETES), (TYPE_2, DIABETES))
_DAY, _MODULE, _FSN, _SYNONYM, _ISA = (
    "20230412",
    "999000011000000103",
    "900000000000003001",
    "900000000000013009",
    "116680003",
)


def snomed(folder: Path, packed: bool = False) -> Path:
    """RF2 Snapshot files (https://confluence.ihtsdotools.org/display/DOCRELFMT), zipped if ``packed``."""
    rows: dict[str, list[tuple[str, ...]]] = {name: [] for name in _HEADS}
    concept, description, relation, language, simple = rows.values()
    for n, (code, term) in enumerate(CONCEPTS.items()):
        concept.append((code, _DAY, "1", _MODULE, "900000000000074008"))
        description.append((f"{n}1", _DAY, "1", _MODULE, code, "en", _FSN, f"{term} (disorder)", "x"))
        description.append((f"{n}2", _DAY, "1", _MODULE, code, "en", _SYNONYM, f"{term}, so called", "x"))
        description.append((f"{n}3", _DAY, "1", _MODULE, code, "en", _SYNONYM, term, "x"))
        description.append((f"{n}4", _DAY, "0", _MODULE, code, "en", _SYNONYM, "withdrawn term", "x"))
        language.append((f"l{n}", _DAY, "1", _MODULE, "900000000000508004", f"{n}3", "900000000000548007"))
        language.append((f"m{n}", _DAY, "1", _MODULE, "900000000000509007", f"{n}2", "900000000000548007"))
    concept.append((GONE, _DAY, "0", _MODULE, "900000000000074008"))
    description.append(("91", _DAY, "1", _MODULE, GONE, "en", _SYNONYM, "Non-insulin dependent diabetes", "x"))
    for n, (code, above) in enumerate(IS_A):
        relation.append((f"r{n}", _DAY, "1", _MODULE, code, above, "0", _ISA, "x", "x"))
    relation.append(("r8", _DAY, "0", _MODULE, TYPE_1, DISEASE, "0", _ISA, "x", "x"))
    relation.append(("r9", _DAY, "1", _MODULE, TYPE_1, DISEASE, "0", "363698007", "x", "x"))
    simple.append(("s1", _DAY, "1", _MODULE, REFSET, TYPE_2))
    simple.append(("s2", _DAY, "0", _MODULE, REFSET, TYPE_1))
    texts = {
        name: "\r\n".join("\t".join(row) for row in [tuple(head.split()), *rows[name]]) + "\r\n"
        for name, head in _HEADS.items()
    }
    if packed:
        with zipfile.ZipFile(folder / "uk_sct2cl.zip", "w") as archive:
            for name, text in texts.items():
                archive.writestr(f"SnomedCT_UKClinicalRF2/Snapshot/Terminology/{name}", text)
        return folder / "uk_sct2cl.zip"
    place = folder / "Snapshot"
    place.mkdir(parents=True)
    for name, text in texts.items():
        (place / name).write_text(text, "utf-8", newline="")
    return folder


DMD = {
    "f_vtm2_3200423.xml": "<VIRTUAL_THERAPEUTIC_MOIETIES><VTM><VTMID>108537001</VTMID><NM>Amlodipine</NM></VTM>"
    "</VIRTUAL_THERAPEUTIC_MOIETIES>",
    "f_vmp2_3200423.xml": "<VIRTUAL_MED_PRODUCTS><VMPS><VMP><VPID>319283006</VPID><VTMID>108537001</VTMID>"
    "<NM>Amlodipine 5mg tablets</NM></VMP><VMP><VPID>1</VPID><INVALID>1</INVALID><NM>Old &amp; gone</NM></VMP></VMPS>"
    "<DRUG_FORM><DFORM><VPID>319283006</VPID><FORMCD>385055001</FORMCD></DFORM></DRUG_FORM></VIRTUAL_MED_PRODUCTS>",
    "f_amp2_3200423.xml": "<ACTUAL_MEDICINAL_PRODUCTS><AMPS><AMP><APID>942711000001104</APID><VPID>319283006</VPID>"
    "<NM>Istin 5mg tablets</NM><DESC>Istin 5mg tablets (Pfizer)</DESC></AMP></AMPS></ACTUAL_MEDICINAL_PRODUCTS>",
    "f_vmpp2_3200423.xml": "<VIRTUAL_MED_PRODUCT_PACK><VMPPS><VMPP><VPPID>1029811000001106</VPPID>"
    "<NM>Amlodipine 5mg tablets 28 tablet</NM><VPID>319283006</VPID></VMPP></VMPPS></VIRTUAL_MED_PRODUCT_PACK>",
}


def dmd(folder: Path, **more: str) -> Path:
    """dm+d's XML files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**DMD, **more}.items():
        (folder / name).write_text('<?xml version="1.0" encoding="utf-8" ?>\n' + text, "utf-8")
    return folder
