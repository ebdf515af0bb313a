"""What the worker does for referrals: sends what is due, and keeps their Tasks. Jobs hold nothing about a person."""

from contextlib import closing
from uuid import UUID

from django.db import connection
from procrastinate.contrib.django import app as queue

from commonweal.apps.exchange.bars import deciding, sending
from commonweal.apps.exchange.bulk.jobs import AGAIN


@queue.periodic(cron="* * * * *", periodic_id="bars.due")
@queue.task(name="bars.due", queue="bulk", queueing_lock="bars.due", pass_context=False)
def due(timestamp: int) -> None:
    """Send again, each minute, what is due."""
    with closing(connection):
        sending.deliver_due()


@queue.task(name="bars.deliver", queue="bulk", retry=AGAIN)
def deliver() -> None:
    """Send what has just been queued."""
    with closing(connection):
        sending.deliver_due()


@queue.task(name="bars.decided", queue="bulk", retry=AGAIN)
def decided(request: str) -> None:
    """Keep the Task of a referral somebody has decided about, and send the answer that may wait."""
    with closing(connection):
        deciding.keep_task(UUID(request))
        sending.deliver_due()
