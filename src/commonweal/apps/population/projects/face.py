"""What other rooms and the command line use of projects (``population.api.projects``)."""

from commonweal.apps.population.projects.actions import decide, propose
from commonweal.apps.population.projects.caring import resolve, waiting_to_be_resolved
from commonweal.apps.population.projects.extracts import bridge, folder, make, rotate, summary, tidy, trace
from commonweal.apps.population.projects.forms import ProposalForm
from commonweal.apps.population.projects.marking import Marking, mark
from commonweal.apps.population.projects.marking import decide as decide_list
from commonweal.apps.population.projects.storing import project_by_id, projects
from commonweal.domain.population.projects import ListStep, ProjectError, ProjectPurpose, ProjectStep, Proposal

__all__ = [
    "ListStep",
    "Marking",
    "ProjectError",
    "ProjectPurpose",
    "ProjectStep",
    "Proposal",
    "ProposalForm",
    "bridge",
    "decide",
    "decide_list",
    "folder",
    "make",
    "mark",
    "project_by_id",
    "projects",
    "propose",
    "resolve",
    "rotate",
    "summary",
    "tidy",
    "trace",
    "waiting_to_be_resolved",
]
