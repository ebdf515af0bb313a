"""Reading the tables of a register's specification: rows in, members out."""

from dataclasses import dataclass
from datetime import date

from commonweal.domain.population.declarations import declaration
from commonweal.domain.population.reference import Admission, Entry, PersonRecord, Tables
from tests.spec.lake_tables import both

AS_AT = date(2020, 10, 31)
FOOTPRINTS = {
    "P1": ("Network 1", "Place 1", "System"),
    "P2": ("Network 2", "Place 1", "System"),
    "OLD": ("Network 2", "Place 1", "System"),  # merged into P2
}
QUINTILES = {"poor": 1, "rich": 5}
CODES = {
    "diabetes": frozenset(("dm", "dm2")),
    "diabetes_resolved": frozenset(("dmres",)),
    "hypertension": frozenset(("hyp",)),
    "carer": frozenset(("carer",)),
    "not_carer": frozenset(("notcarer",)),
    "emergency_admission_method": frozenset(("21", "28")),
}


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a table drawn with bars; an empty cell is ''."""
    lines = [[cell.strip() for cell in line.strip().split("|")] for line in text.strip().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@dataclass(frozen=True, slots=True)
class Lake:
    """A lake drawn as tables. ``person`` in every table is the compartment's person unless ``links`` says other."""

    tables: Tables

    def count(self, name: str, lens: str = "all", kind: str = "system") -> dict[str, int]:
        """Category (or footprint, for the lens ``all``) → count, equal in the reference and in DuckDB."""
        cells = both((declaration(name),), self.tables, AS_AT)
        return {
            cell.footprint if lens == "all" else cell.category: n
            for cell, n in cells.items()
            if cell.lens == lens and cell.footprint_kind == kind
        }


def lake(people: str, condition: str = "", observation: str = "", admission: str = "") -> Lake:
    """A lake of these tables. Columns left out of ``people`` take the values of a living, registered person."""
    records, links = [], {}
    for n, row in enumerate(rows(people), 1):
        compartment = int(row.get("record") or row["person"])
        links[compartment] = int(row["person"])
        source = row.get("source", "P1")
        records.append(
            PersonRecord(
                compartment,
                n,
                _day(row.get("born", "1970-05-01")),
                row.get("sex", "female") or None,
                row.get("ethnicity", "A") or None,
                row.get("area", "poor") or None,
                row.get("practice", source) or None,
                source,
                row.get("active", "yes") == "yes",
                _day(row.get("died", "")),
            )
        )

    def entries(text: str) -> list[Entry]:
        return [
            Entry(int(row["record"]), row["code"], _day(row["date"]), _day(row.get("ended", "")))
            for row in (rows(text) if text else [])
        ]

    visits = [
        Admission(int(row["record"]), row["method"] or None, _day(row["start"]))
        for row in (rows(admission) if admission else [])
    ]
    return Lake(Tables(records, entries(condition), entries(observation), visits, links, FOOTPRINTS, QUINTILES, CODES))
