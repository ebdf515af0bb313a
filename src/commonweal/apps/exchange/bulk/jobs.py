"""The queue in the same PostgreSQL: deferring in the request's own transaction, and the worker that does the jobs.

https://procrastinate.readthedocs.io. A job's only argument is the number of a request; what is asked, by whom and
how far it has come stands in that request's row. So nothing about a person is in the queue, and a job that is done
twice finds the first time's result.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from django.db import InterfaceError, OperationalError
from django.utils import timezone
from procrastinate import App, RetryStrategy
from procrastinate.contrib.django import app as queue

log = logging.getLogger(__name__)

# The database may be restarted under a job; whatever else goes wrong is the job's own affair and ends it.
AGAIN = RetryStrategy(max_attempts=10, wait=3, retry_exceptions={OperationalError, InterfaceError})
_LOOK_EVERY = 1.0  # seconds between looks for jobs whose worker died


def work(stalled: float, heartbeat: float, wait: bool, stopping: float) -> None:
    """Run a worker in this process: SIGINT and SIGTERM stop it, without ``wait`` so does an empty queue.

    ``stalled``: seconds without a heartbeat after which a worker is taken for dead; ``heartbeat``: seconds between
    this one's own; ``stopping``: seconds a running job has to end once the worker is told to stop.
    """
    asyncio.run(_work(stalled, heartbeat, wait, stopping))


async def _work(stalled: float, heartbeat: float, wait: bool, stopping: float) -> None:
    connector = queue.connector.get_worker_connector()  # type: ignore[attr-defined]  # of the Django connector only
    with queue.replace_connector(connector) as app:
        async with app.open_async():
            await _serve(app, stalled, heartbeat, wait, stopping)


async def _serve(app: App, stalled: float, heartbeat: float, wait: bool, stopping: float) -> None:
    await _take_up(app, stalled)
    rescuer = asyncio.create_task(_rescue(app, stalled))
    try:
        await app.run_worker_async(
            wait=wait,
            update_heartbeat_interval=heartbeat,
            stalled_worker_timeout=stalled,
            shutdown_graceful_timeout=stopping,
            delete_jobs="successful",
        )
    finally:
        rescuer.cancel()
        with suppress(asyncio.CancelledError):
            await rescuer


async def _rescue(app: App, stalled: float) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            await _take_up(app, stalled)
        except Exception:  # the database may be away; the worker says so itself
            log.warning("could not look for jobs of dead workers; trying again")


async def _take_up(app: App, stalled: float) -> None:
    """Put jobs of dead workers back in the queue."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled):
        log.warning("job %s of a dead worker is taken up again", job.id)
        await app.job_manager.retry_job(job, retry_at=timezone.now() - timedelta(seconds=1))
