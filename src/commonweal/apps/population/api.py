"""The public face of the population app."""

from commonweal.apps.population.actions import refresh
from commonweal.apps.population.breakdown import Breakdown, Row, breakdown
from commonweal.apps.population.data import disclosure_profiles
from commonweal.apps.population.evaluation import compare_with_truth
from commonweal.apps.population.lake import forgotten_by, open_lake
from commonweal.apps.population.projects import face as projects
from commonweal.apps.population.selectors import Definition, register, registers
from commonweal.domain.population.codelists import CodeListFault
from commonweal.lake.store import LakeFault

__all__ = [
    "Breakdown",
    "CodeListFault",
    "Definition",
    "LakeFault",
    "Row",
    "breakdown",
    "compare_with_truth",
    "disclosure_profiles",
    "forgotten_by",
    "open_lake",
    "projects",
    "refresh",
    "register",
    "registers",
]
