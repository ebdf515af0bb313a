"""What the worker does for the feeds by itself."""

from contextlib import closing

from django.db import connection
from procrastinate.contrib.django import app as queue

from commonweal.apps.access import api as access
from commonweal.apps.exchange import actions, health
from commonweal.apps.exchange.bulk.jobs import AGAIN


@queue.periodic(cron="*/15 * * * *", periodic_id="feeds.watch")
@queue.task(name="feeds.watch", queue="bulk", queueing_lock="feeds.watch", pass_context=False)
def watch(timestamp: int) -> None:
    """Raise and close notices about feeds every quarter of an hour."""
    with closing(connection):
        health.watch()


@queue.task(name="feeds.replay", queue="bulk", retry=AGAIN)
def replay(receipt: int) -> None:
    """Read the quarantined lines of a file again, as somebody asked on its page."""
    with closing(connection), access.service_run("replay", f"receipt {receipt}"):
        actions.replay(receipt)
