"""Reads of this app: definitions, and released counts. Nothing here is about one person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from commonweal.apps.measurement import api as measurement
from commonweal.apps.places import api as places
from commonweal.apps.population.data import code_lists, disclosure_profiles
from commonweal.apps.population.lake import as_at
from commonweal.domain.measurement.disclosure import profile_for
from commonweal.domain.population.calendar import AGE_BANDS
from commonweal.domain.population.codelists import ListedCode
from commonweal.domain.population.declarations import (
    DECLARATIONS,
    LENSES,
    REGISTERED,
    AdmissionMeasure,
    Declaration,
    declaration,
    sentence,
)
from commonweal.lake import registers as engine

LENS_NAMES: Mapping[str, str] = {
    "all": "Everyone",
    "age_band": "Age",
    "sex": "Sex",
    "ethnicity": "Ethnicity",
    "deprivation_quintile": "Deprivation",
}
# Ethnic category 2001, NHS Data Dictionary: https://www.datadictionary.nhs.uk/attributes/ethnic_category_code_2001.html
ETHNICITIES: Mapping[str, str] = {
    "A": "White: British",
    "B": "White: Irish",
    "C": "White: any other",
    "D": "Mixed: White and Black Caribbean",
    "E": "Mixed: White and Black African",
    "F": "Mixed: White and Asian",
    "G": "Mixed: any other",
    "H": "Asian: Indian",
    "J": "Asian: Pakistani",
    "K": "Asian: Bangladeshi",
    "L": "Asian: any other",
    "M": "Black: Caribbean",
    "N": "Black: African",
    "P": "Black: any other",
    "R": "Other: Chinese",
    "S": "Other: any other",
    "Z": "Not stated",
    "99": "Not known",
}
_QUINTILES = {"1": "1 (most deprived fifth)", "2": "2", "3": "3", "4": "4", "5": "5 (least deprived fifth)"}
_ORDER: Mapping[str, list[str]] = {
    "all": ["all"],
    "age_band": [band for _, band in AGE_BANDS],
    "sex": ["female", "male", "other"],
    "ethnicity": list(ETHNICITIES),
    "deprivation_quintile": list(_QUINTILES),
}


@dataclass(frozen=True, slots=True)
class Definition:
    """A register or measure: what it counts in English, and the queries that count it, step by step."""

    name: str
    title: str
    sentence: str
    unit: str
    steps: tuple[tuple[str, str], ...]
    codes: tuple[ListedCode, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a breakdown: released count and population, rate per 1,000 where both are shown.

    ``hidden`` says that disclosure control hides the count; ``count`` is then None.
    """

    footprint_kind: str
    footprint: str
    footprint_name: str
    category: str
    category_name: str
    count: int | None
    population: int | None
    per_thousand: float | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A register through one lens, with where its figures come from."""

    definition: Definition
    lens: str
    lens_name: str
    as_at: date | None
    period: str
    query: str
    rule: str
    lines: tuple[Line, ...]


def registers() -> list[Definition]:
    """Every register and measure but the registered population itself."""
    return [_definition(one) for one in DECLARATIONS if one.name != REGISTERED]


def register(name: str) -> Definition:
    """One register or measure. Raises KeyError with the names there are."""
    return _definition(declaration(name))


def lenses() -> list[tuple[str, str]]:
    """(name, title) of every lens."""
    return [(lens, LENS_NAMES[lens]) for lens in LENSES]


def register_breakdown(
    name: str, lens: str = "all", footprint_kind: str | None = None, footprint: str | None = None
) -> Breakdown:
    """Released counts of a register through one lens, in the lens's own order.

    ``footprint_kind`` (system, place, network) and ``footprint`` (a code) narrow it. Empty before the first
    refresh. Raises KeyError for a register or lens there is not.
    """
    definition = register(name)
    if lens not in LENS_NAMES:
        raise KeyError(f"no lens {lens!r}; there are {', '.join(LENSES)}")
    found = [
        one
        for one in measurement.get(name, lens=lens)
        if footprint_kind in (None, one.footprint_kind) and footprint in (None, one.footprint)
    ]
    names = places.names_of({one.footprint for one in found})
    lines = sorted((_line(one, names) for one in found), key=lambda line: _place(line, lens))
    first = found[0] if found else None
    return Breakdown(
        definition,
        lens,
        LENS_NAMES[lens],
        first.as_at if first else None,
        first.period if first else "",
        (first.query or "") if first else "",
        first.note if first else profile_for(disclosure_profiles(), "population", as_at()).sentence,
        tuple(lines),
    )


def category_name(lens: str, category: str) -> str:
    """A category as people read it."""
    if lens == "ethnicity":
        return ETHNICITIES.get(category, category)
    if lens == "deprivation_quintile":
        return _QUINTILES.get(category, "Not known")
    return {"all": "Everyone", "unknown": "Not known"}.get(category, category.capitalize())


def _definition(declared: Declaration) -> Definition:
    day = as_at()
    if isinstance(declared, AdmissionMeasure):
        wanted = {declared.methods}
    else:
        wanted = {one.codes for one in (declared.having, declared.ended_by) if one is not None}
    return Definition(
        declared.name,
        declared.title,
        sentence(declared, day),
        declared.unit,
        tuple((step.name, step.sql) for step in engine.steps((declared,), day)),
        tuple(code for code in code_lists() if code.list in wanted and code.in_force(day)),
    )


def _line(one: measurement.Measurement, names: Mapping[str, str]) -> Line:
    hidden = one.state == measurement.State.SUPPRESSED
    count = None if one.value is None else int(one.value)
    people = None if one.denominator is None else int(one.denominator)
    return Line(
        one.footprint_kind,
        one.footprint,
        names[one.footprint],
        one.category,
        category_name(one.lens, one.category),
        count,
        people,
        round(count / people * 1000, 1) if count is not None and people else None,
        hidden,
    )


def _place(line: Line, lens: str) -> tuple[int, str, int, str]:
    order = _ORDER[lens]
    at = order.index(line.category) if line.category in order else len(order)
    return ("system", "place", "network").index(line.footprint_kind), line.footprint_name, at, line.category
