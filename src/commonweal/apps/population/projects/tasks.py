"""What the worker does for projects by itself."""

import logging
from contextlib import closing

from django.db import connection
from procrastinate.contrib.django import app as queue

from commonweal.apps.population.projects import caring, extracts
from commonweal.domain.population.projects import ProjectError

log = logging.getLogger(__name__)


@queue.periodic(cron="*/10 * * * *", periodic_id="projects.tidy")
@queue.task(name="projects.tidy", queue="bulk", queueing_lock="projects.tidy", pass_context=False)
def tidy(timestamp: int) -> None:
    """Delete extracts whose time is over, and find the people of lists that a lost job left behind."""
    with closing(connection):
        extracts.tidy()
        _resolve_waiting()


@queue.task(name="projects.resolve", queue="bulk", queueing_lock="projects.resolve")
def resolve() -> None:
    """Find the people of every list that both words are given for."""
    with closing(connection):
        _resolve_waiting()


def _resolve_waiting() -> None:
    for ident in caring.waiting_to_be_resolved():
        try:
            caring.resolve(ident)
        except ProjectError as fault:  # one list that cannot be trusted holds up no other
            log.error("%s", fault)


@queue.task(name="projects.extract", queue="bulk")
def extract(code: str, by: str) -> None:
    """Make the next extract of a project, as one of its analysts asked."""
    with closing(connection):
        extracts.make(code, by)
