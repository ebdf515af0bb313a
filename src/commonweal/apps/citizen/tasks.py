"""The worker's job for requests: the draft of a copy, put together apart from the page that asks for it."""

from contextlib import closing

from django.db import InterfaceError, OperationalError, connection
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app as queue

from commonweal.apps.citizen.gathering import gather

_AGAIN = RetryStrategy(max_attempts=10, wait=3, retry_exceptions={OperationalError, InterfaceError})


@queue.task(name="copies.gather", queue="bulk", retry=_AGAIN)
def put_together(copy_id: int) -> None:
    """Gather the entries of one request."""
    with closing(connection):
        gather(copy_id)
