"""Registers and measures counted in plain Python: the meaning that every other engine must agree with."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from commonweal.domain.population.calendar import UNKNOWN, age_band, first_day
from commonweal.domain.population.declarations import AdmissionMeasure, Coded, Declaration, Register

Day = date  # a field may be called date
NOT_KNOWN_ETHNICITY = "99"  # NHS Data Dictionary, ethnic category 2001: not known


class Cell(NamedTuple):
    """One figure: a register or measure, a footprint, and one category of one lens."""

    register: str
    footprint_kind: str
    footprint: str
    lens: str
    category: str


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """What one source's Patient record says, as the lake keeps it. ``managed_by`` is the source's ODS code."""

    compartment: int
    row: int
    birth_month: date | None = None
    sex: str | None = None
    ethnicity: str | None = None
    lsoa: str | None = None
    practice: str | None = None
    managed_by: str | None = None
    active: bool = True
    death_date: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One coded entry; ``ended`` is the day a problem was over."""

    compartment: int
    code: str
    date: Day | None
    ended: Day | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """One hospital visit."""

    compartment: int
    method: str | None
    start: date | None


@dataclass(frozen=True, slots=True)
class Tables:
    """The lake's tables. ``person_of`` maps a compartment to a person; ``footprints`` a practice to its
    (network, place, system); ``quintiles`` a small area to 1 (most deprived) … 5; ``codes`` a list to its codes."""

    people: Sequence[PersonRecord] = ()
    condition: Sequence[Entry] = ()
    observation: Sequence[Entry] = ()
    admission: Sequence[Admission] = ()
    person_of: Mapping[int, int] = field(default_factory=dict)
    footprints: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    quintiles: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)


def registrations(tables: Tables) -> dict[int, PersonRecord]:
    """Person → the general practice record that speaks for them.

    A record is a practice's if its source is one. Of several, active ones come first, then the newest.
    """
    chosen: dict[int, PersonRecord] = {}
    for record in tables.people:
        person = tables.person_of.get(record.compartment)
        if person is None or record.managed_by not in tables.footprints:
            continue
        best = chosen.get(person)
        if best is None or (record.active, record.row) > (best.active, best.row):
            chosen[person] = record
    return chosen


def is_registered(record: PersonRecord, as_at: date) -> bool:
    """Alive and registered on the day."""
    return record.active and (record.death_date is None or record.death_date > as_at)


def members(declared: Register, tables: Tables, as_at: date) -> set[int]:
    """The people on a register."""
    people = {person for person, record in registrations(tables).items() if is_registered(record, as_at)}
    if declared.having is None:
        return people
    having = _latest(declared.having, tables, as_at)
    ended = _latest(declared.ended_by, tables, as_at) if declared.ended_by else {}
    return {person for person in people if person in having and (person not in ended or having[person] > ended[person])}


def _latest(wanted: Coded, tables: Tables, as_at: date) -> dict[int, date]:
    found: dict[int, date] = {}
    entries: Sequence[Entry] = getattr(tables, wanted.table)
    for entry in entries:
        person = tables.person_of.get(entry.compartment)
        if person is None or entry.date is None or entry.date > as_at:
            continue
        if entry.ended is not None and entry.ended <= as_at:
            continue
        if entry.code in tables.codes.get(wanted.codes, frozenset()):
            found[person] = max(entry.date, found.get(person, entry.date))
    return found


def counts(declared: Declaration, tables: Tables, as_at: date) -> Counter[Cell]:
    """Every non-zero cell: each footprint with each category of each lens."""
    chosen = registrations(tables)
    records: Iterable[tuple[PersonRecord, str | None]]
    if isinstance(declared, Register):
        on_register = (chosen[person] for person in members(declared, tables, as_at))
        records = [(record, record.managed_by) for record in on_register]
    else:
        records = _admitted(declared, tables, as_at, chosen)
    found: Counter[Cell] = Counter()
    for record, practice in records:
        area = tables.footprints.get(practice or "")
        if area is None:
            continue
        network, place, system = area
        for kind, code in (("system", system), ("place", place), ("network", network)):
            for lens, category in categories(record, tables, as_at):
                found[Cell(declared.name, kind, code, lens, category)] += 1
    return found


def _admitted(
    declared: AdmissionMeasure, tables: Tables, as_at: date, chosen: Mapping[int, PersonRecord]
) -> list[tuple[PersonRecord, str | None]]:
    own = {record.compartment: record for record in tables.people}
    first, methods = first_day(as_at, declared.months), tables.codes.get(declared.methods, frozenset())
    found: list[tuple[PersonRecord, str | None]] = []
    for visit in tables.admission:
        if visit.start is None or not first <= visit.start <= as_at or visit.method not in methods:
            continue
        registration = chosen.get(tables.person_of.get(visit.compartment, -1))
        if registration is not None:
            found.append((registration, registration.managed_by))
        elif visit.compartment in own:
            found.append((own[visit.compartment], own[visit.compartment].practice))
    return found


def categories(record: PersonRecord, tables: Tables, as_at: date) -> list[tuple[str, str]]:
    """(lens, category) of a person through every lens."""
    quintile = tables.quintiles.get(record.lsoa or "")
    return [
        ("all", "all"),
        ("age_band", age_band(record.birth_month, as_at)),
        ("sex", record.sex or UNKNOWN),
        ("ethnicity", record.ethnicity or NOT_KNOWN_ETHNICITY),
        ("deprivation_quintile", UNKNOWN if quintile is None else str(quintile)),
    ]
