"""The process that raises alerts: woken by the outbox, it works it off; every quarter of a minute it escalates.

And it then brings alerts about feeds to what the exchange has noticed of them.
"""

import logging
import time
from collections.abc import Callable

import psycopg
from django.db import InterfaceError, OperationalError, connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination.escalating import escalate
from commonweal.apps.coordination.feed_alerts import bring
from commonweal.apps.coordination.raising import work_off
from commonweal.apps.coordination.registered import note_deaths

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.25  # without a word from the outbox it is looked at all the same
ESCALATE_SECONDS = 15.0
REST_SECONDS = 1.0  # after a fault


def run(going: Callable[[], bool]) -> None:
    """Raise and escalate alerts for as long as ``going`` says; a database that is away is waited for."""
    with access.service_run("alerts"):
        pass
    escalated = 0.0
    while going():
        try:
            _listen()
            while going():
                if time.monotonic() - escalated > ESCALATE_SECONDS:
                    escalated = time.monotonic()
                    escalate()
                    bring()
                    note_deaths()
                if not work_off():
                    _wait()
        except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
            log.warning("alerts wait for the database (%s)", type(error).__name__)
            connection.close()
            time.sleep(REST_SECONDS)


def _listen() -> None:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute('LISTEN "commonweal_changes"')  # exchange.changes.CHANNEL


def _wait() -> None:
    """Until the outbox says that it was written to, or for a moment."""
    for _ in connection.connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
        pass
