"""Registers and measures of ``domain.population`` as Ibis expressions, run step by step in DuckDB.

Each step has a name and SQL that can be read (``steps``); a later step reads an earlier one as a table. The
expressions are bound to no engine, so the same steps compile to Spark. Code lists and reference data are
tables, never text in the query; the only literals are dates and names from the declarations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import duckdb
import ibis
from ibis.expr.types import Table

from commonweal.domain.population.calendar import AGE_BANDS, UNKNOWN, first_day, month_number
from commonweal.domain.population.declarations import (
    DECLARATIONS,
    LENSES,
    AdmissionMeasure,
    Coded,
    Declaration,
    Register,
)
from commonweal.domain.population.reference import NOT_KNOWN_ETHNICITY, Cell
from commonweal.lake.sql import Sql, name, sql

# The tables the steps read: name -> column -> type. ``commonweal.lake.store`` provides them as views.
SCHEMAS: dict[str, dict[str, str]] = {
    "person": {
        "compartment": "uint64",
        "row": "int64",
        "birth_month": "date",
        "sex": "string",
        "ethnicity": "string",
        "lsoa": "string",
        "practice": "string",
        "managed_by": "string",
        "active": "boolean",
        "death_date": "date",
    },
    "link": {"compartment": "uint64", "person": "uint64"},
    "condition": {"compartment": "uint64", "code": "string", "date": "date", "ended": "date"},
    "observation": {"compartment": "uint64", "code": "string", "date": "date"},
    "admission": {"compartment": "uint64", "method": "string", "start": "date"},
    "codelist": {"list": "string", "code": "string"},
    "practice": {"practice": "string", "network": "string", "place": "string", "system": "string"},
    "small_area": {"lsoa": "string", "quintile": "int64"},
}
FOOTPRINT_COLUMNS = ("system", "place", "network")
LENS_COLUMNS = tuple(lens for lens in LENSES if lens != "all")
_DIMENSIONS = (*FOOTPRINT_COLUMNS, *LENS_COLUMNS)
_ATTRIBUTES = ("birth_month", "sex", "ethnicity", "lsoa", "death_date", "active")


@dataclass(frozen=True, slots=True)
class Step:
    """One named query; its result is a table of that name for the steps after it."""

    name: str
    sql: str


def _table(which: str) -> Table:
    return ibis.table(SCHEMAS[which], name=which)


def _with_dimensions(people: Table, as_at: date) -> Table:
    """``people`` (attributes, system, place, network) with one column a lens."""
    areas = _table("small_area")
    joined = people.left_join(areas, people.lsoa == areas.lsoa)
    months = joined.birth_month.year() * 12 + joined.birth_month.month() - 1
    years = (ibis.literal(month_number(as_at)) - months) // 12
    branches: list[tuple[Any, str]] = [(years >= lowest, band) for lowest, band in reversed(AGE_BANDS)]
    return joined.mutate(
        age_band=ibis.cases(*branches, else_=UNKNOWN),
        sex=joined.sex.fill_null(UNKNOWN),
        ethnicity=joined.ethnicity.fill_null(NOT_KNOWN_ETHNICITY),
        deprivation_quintile=joined.quintile.cast("string").fill_null(UNKNOWN),
    )


def _registration() -> Table:
    """One row a person: the practice record that speaks for them, active ones first, then the newest."""
    person, practice, link = _table("person"), _table("practice"), _table("link")
    records = person.join(link, "compartment").join(practice, person.managed_by == practice.practice)
    rank = ibis.row_number().over(group_by="person", order_by=[ibis.desc("active"), ibis.desc("row")])
    chosen = records.mutate(rank=rank).filter(lambda t: t["rank"] == 0)
    return chosen.select("person", *_ATTRIBUTES, *FOOTPRINT_COLUMNS)


def _registered(as_at: date) -> Table:
    """Registrations with their lens categories; ``counts`` says who is alive and registered."""
    chosen = ibis.table(
        {
            "person": "uint64",
            **{one: SCHEMAS["person"][one] for one in _ATTRIBUTES},
            **dict.fromkeys(FOOTPRINT_COLUMNS, "string"),
        },
        name="registration",
    )
    people = _with_dimensions(chosen, as_at)
    alive = people.death_date.isnull() | (people.death_date > as_at)
    return people.select("person", *_DIMENSIONS, counts=people.active & alive)


def _latest(wanted: Coded, as_at: date) -> Table:
    """person, latest: each person's last entry of a code list on or before the day, not over by then."""
    entries, codes, link = _table(wanted.table), _table("codelist"), _table("link")
    listed = codes.filter(codes.list == wanted.codes)
    stands: Any = entries.date <= as_at
    if "ended" in entries.columns:
        stands = stands & (entries.ended.isnull() | (entries.ended > as_at))
    found = entries.filter(stands).semi_join(listed, "code").join(link, "compartment")
    return found.group_by("person").agg(latest=found.date.max())


def _people() -> Table:
    return ibis.table(
        {"person": "uint64", **dict.fromkeys(_DIMENSIONS, "string"), "counts": "boolean"}, name="registered_people"
    )


def _members(declared: Register, as_at: date) -> Table:
    people = _people().filter(lambda t: t.counts)
    if declared.having is None:
        return people.select(*_DIMENSIONS)
    return people.semi_join(_on(declared.having, declared.ended_by, as_at), "person").select(*_DIMENSIONS)


def _on(having: Coded, ended_by: Coded | None, as_at: date) -> Table:
    """Everybody, registered or not, whose latest entry says they belong."""
    on = _latest(having, as_at)
    if ended_by is not None:
        off = _latest(ended_by, as_at).rename(ended_person="person", ended="latest")
        both = on.left_join(off, on.person == off.ended_person)
        on = both.filter(both.ended.isnull() | (both.latest > both.ended))
    return on.select("person")


def _visits(declared: AdmissionMeasure, as_at: date) -> Table:
    admission, codes, link = _table("admission"), _table("codelist"), _table("link")
    methods = codes.filter(codes.list == declared.methods)
    within = admission.filter(admission.start.between(first_day(as_at, declared.months), as_at))
    counted = within.semi_join(methods, within.method == methods.code)
    linked = counted.left_join(link, "compartment").select("compartment", "person")
    people = _people()
    by_practice = linked.join(people, "person").select(*_DIMENSIONS)
    person, practice = _table("person"), _table("practice")
    own = (
        linked.anti_join(people, "person")
        .join(person, "compartment")
        .join(practice, "practice")
        .select(*_ATTRIBUTES, *FOOTPRINT_COLUMNS)
    )
    return by_practice.union(_with_dimensions(own, as_at).select(*_DIMENSIONS))


def _cube(declared: Declaration, as_at: date) -> Table:
    """Every dimension of one declaration, and n: the smallest table that still holds each of its cells."""
    rows = _members(declared, as_at) if isinstance(declared, Register) else _visits(declared, as_at)
    return rows.group_by(*_DIMENSIONS).agg(n=rows.count())


def _all_cubes(declarations: Sequence[Declaration]) -> Table:
    """The cubes one under the other, each row with its register."""
    schema = {**dict.fromkeys(_DIMENSIONS, "string"), "n": "int64"}
    parts = [
        ibis.table(schema, name=f"count_{one.name}").mutate(register=ibis.literal(one.name)) for one in declarations
    ]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def _cells() -> Table:
    """One row a cell of every footprint and lens."""
    cube = ibis.table({**dict.fromkeys(_DIMENSIONS, "string"), "n": "int64", "register": "string"}, name="counts")
    parts = []
    for kind in FOOTPRINT_COLUMNS:
        for lens in LENSES:
            keys: dict[str, Any] = {
                "register": cube.register,
                "footprint_kind": ibis.literal(kind),
                "footprint": cube[kind],
                "lens": ibis.literal(lens),
                "category": ibis.literal("all") if lens == "all" else cube[lens],
            }
            parts.append(cube.group_by(**keys).agg(n=cube.n.sum()))
    return ibis.union(*parts)


@lru_cache(maxsize=32)
def steps(declarations: tuple[Declaration, ...], as_at: date, dialect: str = "duckdb") -> tuple[Step, ...]:
    """The named queries that count ``declarations`` on ``as_at``, in order; the last is ``register_cells``."""
    named = {
        "registration": _registration(),
        "registered_people": _registered(as_at),
        **{f"count_{one.name}": _cube(one, as_at) for one in declarations},
        "counts": _all_cubes(declarations),
        "register_cells": _cells(),
    }
    return tuple(Step(which, str(ibis.to_sql(table, dialect=dialect))) for which, table in named.items())


@lru_cache(maxsize=8)
def membership_steps(as_at: date, dialect: str = "duckdb") -> tuple[Step, ...]:
    """The named queries of who is registered and on which register: person by person, for a project's extract.

    ``registered_people`` has every dimension and ``counts``; ``register_members`` one row a person and register.
    """
    parts = [
        _on(one.having, one.ended_by, as_at).mutate(register=ibis.literal(one.name))
        for one in DECLARATIONS
        if isinstance(one, Register) and one.having is not None
    ]
    named = {
        "registration": _registration(),
        "registered_people": _registered(as_at),
        "register_members": ibis.union(*parts),
    }
    return tuple(Step(which, str(ibis.to_sql(table, dialect=dialect))) for which, table in named.items())


def count(connection: duckdb.DuckDBPyConnection, declarations: Sequence[Declaration], as_at: date) -> dict[Cell, int]:
    """Every non-zero cell of every declaration. The connection must have the tables of ``SCHEMAS``."""
    made: list[Sql] = []
    try:
        for step in steps(tuple(declarations), as_at):
            connection.execute(
                str(sql("CREATE OR REPLACE TEMP TABLE {name} AS {query}", name=name(step.name), query=Sql(step.sql)))
            )
            made.append(name(step.name))
        rows = connection.execute(
            "SELECT register, footprint_kind, footprint, lens, category, n FROM register_cells ORDER BY ALL"
        ).fetchall()
    finally:
        for one in made:
            connection.execute(str(sql("DROP TABLE {name}", name=one)))
    return {Cell(*row[:5]): row[5] for row in rows}
