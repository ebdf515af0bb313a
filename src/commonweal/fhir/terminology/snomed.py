"""SNOMED CT from RF2 Snapshot files: https://confluence.ihtsdotools.org/display/DOCRELFMT (Release File Specification)

Concept, Description, Relationship, language reference sets (which term is preferred) and simple reference sets
(membership, as property ``memberOf``). Several editions in one release (international, UK clinical, UK drug) are
laid over each other: of two rows with one id the later ``effectiveTime`` counts.
"""

from collections.abc import Iterator

from commonweal.fhir.systems import SNOMED
from commonweal.fhir.terminology.files import Files
from commonweal.fhir.terminology.release import Concept, Release, ReleaseFault

IS_A = "116680003"
FULLY_SPECIFIED = "900000000000003001"
PREFERRED = "900000000000548007"
# Whose word on the preferred term counts most: NHS realm (clinical, then pharmacy), then GB English, then any.
LANGUAGES = ("999001261000000100", "999000691000001104", "900000000000508004")

_NAME = r"(?:x?sct2|x?der2)_{}_?[A-Za-z]*Snapshot[^/]*\.txt"
_COLUMNS = {
    "Concept": ("id", "effectiveTime", "active"),
    "Description": ("id", "effectiveTime", "active", "moduleId", "conceptId", "languageCode", "typeId", "term"),
    "Relationship": (
        *("id", "effectiveTime", "active", "moduleId", "sourceId", "destinationId", "relationshipGroup"),
        "typeId",
    ),
    "cRefset_Language": (
        *("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId"),
        "acceptabilityId",
    ),
    "Refset_Simple": ("id", "effectiveTime", "active", "moduleId", "refsetId", "referencedComponentId"),
}


def read(files: Files) -> Release:
    """The release in ``files``. Raises ``ReleaseFault`` when Concept, Description or Relationship is missing."""
    concepts: dict[str, Concept] = {}
    latest = ""
    for ident, time, active in _rows(files, "Concept"):
        concepts[ident] = Concept(ident, "", active == "1")
        latest = max(latest, time)
    preferred = _preferred(files)
    best: dict[str, tuple[int, str]] = {}
    for row in _rows(files, "Description"):
        concept = concepts.get(row[4])
        if concept is None or row[2] != "1":
            continue
        full = row[6] == FULLY_SPECIFIED
        concept.terms.append((row[7], "fully-specified" if full else "synonym"))
        rank = len(LANGUAGES) + 2 if full else preferred.get(row[0], len(LANGUAGES) + 1)
        if row[4] not in best or rank < best[row[4]][0]:
            best[row[4]] = (rank, row[7])
    for code, (_, term) in best.items():
        concepts[code].display = term
    broader = [(row[4], row[5]) for row in _rows(files, "Relationship") if row[2] == "1" and row[7] == IS_A]
    for row in _rows(files, "Refset_Simple", needed=False):
        if row[2] == "1" and row[5] in concepts:
            concepts[row[5]].properties.append(("memberOf", row[4]))
    return Release(SNOMED, latest, "SNOMED CT", list(concepts.values()), broader)


def _preferred(files: Files) -> dict[str, int]:
    """Description id → rank of the language reference set that prefers it, 0 the best."""
    found: dict[str, int] = {}
    for row in _rows(files, "cRefset_Language", needed=False):
        if row[2] == "1" and row[6] == PREFERRED:
            rank = LANGUAGES.index(row[4]) if row[4] in LANGUAGES else len(LANGUAGES)
            found[row[5]] = min(rank, found.get(row[5], rank))
    return found


def _rows(files: Files, kind: str, *, needed: bool = True) -> Iterator[list[str]]:
    """The rows of all files of a kind, each id once, as last changed; the columns of ``_COLUMNS`` in their order."""
    names = files.named(_NAME.format(kind))
    if not names and needed:
        raise ReleaseFault(f"no sct2_{kind}_Snapshot file: give the folder or zip of an RF2 release with Snapshot/")
    wanted = _COLUMNS[kind]
    if len(names) == 1:
        yield from _file(files, names[0], wanted)
        return
    rows: dict[str, list[str]] = {}
    for name in names:
        for row in _file(files, name, wanted):
            former = rows.get(row[0])
            if former is None or former[1] <= row[1]:
                rows[row[0]] = row
    yield from rows.values()


def _file(files: Files, name: str, wanted: tuple[str, ...]) -> Iterator[list[str]]:
    with files.lines(name) as lines:
        header = next(lines, "").split("\t")
        if tuple(header[: len(wanted)]) != wanted:
            raise ReleaseFault(f"{name}: its columns are not RF2's ({', '.join(wanted)}, …)")
        for number, line in enumerate(lines, 2):
            row = line.split("\t")
            if len(row) < len(wanted):
                if line:
                    raise ReleaseFault(f"{name}, line {number}: {len(row)} columns where RF2 has {len(header)}")
                continue
            yield row[: len(wanted)]
