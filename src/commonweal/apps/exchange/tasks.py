"""What the worker does for the feeds by itself."""

from contextlib import closing

from django.db import connection
from procrastinate.contrib.django import app as queue

from commonweal.apps.exchange import health


@queue.periodic(cron="*/15 * * * *", periodic_id="feeds.watch")
@queue.task(name="feeds.watch", queue="bulk", queueing_lock="feeds.watch", pass_context=False)
def watch(timestamp: int) -> None:
    """Raise and close notices about feeds every quarter of an hour."""
    with closing(connection):
        health.watch()
