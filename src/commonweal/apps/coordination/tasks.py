"""The worker's job for alerts: links for hospital numbers that are not known yet."""

from contextlib import closing, suppress

from django.db import connection
from procrastinate.contrib.django import app as queue

from commonweal.apps.exchange import api as exchange
from commonweal.apps.identity import api as identity


@queue.periodic(cron="* * * * *", periodic_id="alerts.link")
@queue.task(name="alerts.link", queue="alerts", queueing_lock="alerts.link", pass_context=False)
def link(timestamp: int) -> None:
    """Link hospital numbers that changes wait for: nobody is told of a person who is not yet known to be anybody."""
    with closing(connection), suppress(identity.IdentifyBusy):
        if exchange.changes.waiting():
            identity.identify(changed=True)
