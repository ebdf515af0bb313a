"""Definitions of registers and measures, with the queries that count them. Nothing here is about one person."""

from dataclasses import dataclass

from commonweal.apps.population.data import code_lists
from commonweal.apps.population.lake import as_at
from commonweal.domain.population.codelists import ListedCode
from commonweal.domain.population.declarations import (
    DECLARATIONS,
    REGISTERED,
    Declaration,
    declaration,
    lists_of,
    sentence,
)
from commonweal.lake import registers as engine


@dataclass(frozen=True, slots=True)
class Definition:
    """A register or measure: what it counts in English, and the queries that count it, step by step.

    ``steps`` are (name, SQL), in order; ``codes`` those of its code lists in force today.
    """

    name: str
    title: str
    sentence: str
    unit: str
    steps: tuple[tuple[str, str], ...]
    codes: tuple[ListedCode, ...]


def registers() -> list[Definition]:
    """Every register and measure but the registered population itself."""
    return [_definition(one) for one in DECLARATIONS if one.name != REGISTERED]


def register(name: str) -> Definition:
    """One register or measure. Raises KeyError with the names there are."""
    return _definition(declaration(name))


def _definition(declared: Declaration) -> Definition:
    day, wanted = as_at(), lists_of(declared)
    return Definition(
        declared.name,
        declared.title,
        sentence(declared, day),
        declared.unit,
        tuple((step.name, step.sql) for step in engine.steps((declared,), day)),
        tuple(code for code in code_lists() if code.list in wanted and code.in_force(day)),
    )
