"""The public face of the population app."""

from commonweal.apps.population.actions import refresh
from commonweal.apps.population.evaluation import compare_with_truth
from commonweal.apps.population.lake import open_lake
from commonweal.apps.population.selectors import (
    Breakdown,
    Definition,
    Line,
    category_name,
    lenses,
    register,
    register_breakdown,
    registers,
)
from commonweal.domain.population.codelists import CodeListFault
from commonweal.lake.store import LakeFault

__all__ = [
    "Breakdown",
    "CodeListFault",
    "Definition",
    "LakeFault",
    "Line",
    "category_name",
    "compare_with_truth",
    "lenses",
    "open_lake",
    "refresh",
    "register",
    "register_breakdown",
    "registers",
]
