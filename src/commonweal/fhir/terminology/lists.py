"""Code lists as tables: ICD-10 and OPCS-4 as TRUD releases them, any code system as CSV, and FHIR CodeSystems.

ICD-10 5th edition: ``…CodesAndTitlesAndMetadata….txt``, tab-separated with a header of which CODE, ALT_CODE and
DESCRIPTION are read. OPCS-4: ``…CodesAndTitles….txt``, code and title by tab, no header. Both layouts are taken from
what public code reads of these files (the releases themselves are licensed and were not seen here): a file that does
not have them is refused with a sentence, and CSV with the columns code, term and, if there is a hierarchy, parent
is always accepted.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from commonweal.fhir.terminology.files import Files
from commonweal.fhir.terminology.release import Concept, Release, ReleaseFault

# Sources write these two systems in several ways; a deployer names theirs when loading.
ICD10 = "http://hl7.org/fhir/sid/icd-10"
OPCS4 = "https://fhir.nhs.uk/Id/opcs-4"
_OPCS_CODE = re.compile(r"[A-Z]\d\d(\.\d)?")


def read_icd10(files: Files) -> Release:
    """ICD-10, a four-character code below its three-character category. Raises ``ReleaseFault``."""
    names = files.named(r".*CodesAndTitlesAndMetadata.*\.txt")
    if not names:
        return read_csv(files, ICD10, "ICD-10")
    concepts = []
    with files.lines(names[0], "utf-8-sig") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not {"CODE", "DESCRIPTION"} <= set(rows.fieldnames or ()):
            raise ReleaseFault(f"{names[0]}: no columns CODE and DESCRIPTION; give a CSV with code, term")
        for row in rows:
            code = (row["CODE"] or "").strip()
            if code:
                other = (row.get("ALT_CODE") or "").strip()
                properties = [("alternative", other)] if other and other != code else []
                concepts.append(Concept(code, (row["DESCRIPTION"] or "").strip(), properties=properties))
    return Release(ICD10, _edition(names[0]), "ICD-10", concepts, list(_shortened(concepts)))


def read_opcs4(files: Files) -> Release:
    """OPCS-4, a four-character code below its three-character category. Raises ``ReleaseFault``."""
    names = files.named(r".*CodesAndTitles.*\.txt")
    if not names:
        return read_csv(files, OPCS4, "OPCS-4")
    concepts = []
    with files.lines(names[0], "utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            code, tab, title = line.partition("\t")
            if not line.strip() or (number == 1 and not _OPCS_CODE.fullmatch(code.strip())):
                continue
            if not tab or not _OPCS_CODE.fullmatch(code.strip()):
                raise ReleaseFault(f"{names[0]}, line {number}: not a code, a tab and a title; give a CSV instead")
            concepts.append(Concept(code.strip(), title.strip()))
    return Release(OPCS4, _edition(names[0]), "OPCS-4", concepts, list(_shortened(concepts)))


def _edition(name: str) -> str:
    found = re.findall(r"\d{8}|OPCS\d+", name.rpartition("/")[2])
    return str(found[-1]) if found else ""


def _shortened(concepts: Iterable[Concept]) -> Iterator[tuple[str, str]]:
    """E11.9 is below E11: the classifications' own rule of their fourth character."""
    for concept in concepts:
        head, dot, _ = concept.code.partition(".")
        if dot:
            yield concept.code, head


def read_csv(files: Files, url: str, name: str) -> Release:
    """Any code system as CSV: code, term, and maybe parent and active (0 or 1). Raises ``ReleaseFault``."""
    names = files.named(r".*\.csv")
    if len(names) != 1:
        raise ReleaseFault("give one CSV file with the columns code, term and, if there is a hierarchy, parent")
    concepts: dict[str, Concept] = {}
    broader = []
    with files.lines(names[0]) as lines:
        rows = csv.DictReader(lines)
        if not {"code", "term"} <= set(rows.fieldnames or ()):
            raise ReleaseFault(f"{names[0]}: the first line must name the columns code and term")
        for row in rows:
            code, term = (row["code"] or "").strip(), (row["term"] or "").strip()
            if not code:
                raise ReleaseFault(f"{names[0]}, line {rows.line_num}: no code")
            concepts.setdefault(code, Concept(code, term, row.get("active") != "0"))
            if (row.get("parent") or "").strip():
                broader.append((code, str(row["parent"]).strip()))
    found = list(concepts.values())
    return Release(url, "", name, found, broader or list(_shortened(found)))


def from_resource(resource: Mapping[str, Any]) -> Release | None:
    """A FHIR CodeSystem with its concepts; ``None`` where it holds none (``content`` not-present or supplement).

    https://hl7.org/fhir/R4/codesystem.html. Nesting, and the properties ``parent`` and ``child``, are the hierarchy.
    """
    if resource.get("content") in ("not-present", "supplement") or not resource.get("concept"):
        return None
    concepts: list[Concept] = []
    broader: list[tuple[str, str]] = []
    stack = [(one, "") for one in reversed(resource["concept"])]
    while stack:
        one, above = stack.pop()
        if not isinstance(one, dict) or not isinstance(one.get("code"), str):
            continue
        concept = Concept(one["code"], str(one.get("display") or one["code"]))
        for said in one.get("designation") or ():
            if isinstance(said, dict) and isinstance(said.get("value"), str):
                concept.terms.append((said["value"], "synonym"))
        for name, value in _properties(one):
            if name == "parent":
                broader.append((concept.code, value))
            elif name == "child":
                broader.append((value, concept.code))
            elif (name, value) in (("inactive", "true"), ("status", "retired"), ("notSelectable", "true")):
                concept.active = name == "notSelectable"
                concept.properties.append((name, value))
            else:
                concept.properties.append((name, value))
        if above:
            broader.append((concept.code, above))
        concepts.append(concept)
        stack += [(child, concept.code) for child in reversed(one.get("concept") or ())]
    return Release(
        str(resource["url"]),
        str(resource.get("version") or ""),
        str(resource.get("title") or resource.get("name") or resource["url"]),
        concepts,
        broader,
        complete=resource.get("content") == "complete",
    )


def _properties(concept: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in concept.get("property") or ():
        if not isinstance(one, dict):
            continue
        value = next((v for key, v in one.items() if key.startswith("value")), None)
        if isinstance(value, dict):
            value = value.get("code")
        if value is not None and isinstance(one.get("code"), str):
            yield one["code"], str(value).lower() if isinstance(value, bool) else str(value)
