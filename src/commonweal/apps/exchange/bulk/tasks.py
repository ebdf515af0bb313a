"""The jobs the worker knows. Each takes the number of a bulk request and nothing else."""

import logging
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app as queue

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bulk import exporting, files, importing, requests, uploads
from commonweal.apps.exchange.bulk.jobs import AGAIN

log = logging.getLogger(__name__)
LOCK = 62_063  # the class of this module's advisory locks; the key is made of the request's number
UNUSED_SECONDS = 7 * 24 * 3600  # an upload waits so long for the import that names it
REMEMBERED = timedelta(days=30)  # a request's row, once its files are gone


@queue.task(name="bulk.export", queue="bulk", retry=AGAIN)
def export(request: str) -> None:
    """Write the files of an export."""
    _do(UUID(request), exporting.run, "The export could not be finished; ask for it again, then tell support")


@queue.task(name="bulk.import", queue="bulk", retry=AGAIN)
def take_in(request: str) -> None:
    """Land the lines of an import."""
    _do(UUID(request), importing.run, "The import could not be finished; send it again, then tell support")


@queue.periodic(cron="*/10 * * * *", periodic_id="bulk.expire")
@queue.task(name="bulk.expire", queue="bulk", queueing_lock="bulk.expire", pass_context=False)
def expire(timestamp: int) -> None:
    """Remove files whose time is over; a request's row goes a month later."""
    with closing(connection):
        requests.forget(REMEMBERED)
        for ident in files.expired(requests.keeping()):
            files.remove(ident)
    uploads.remove_older(UNUSED_SECONDS)


def _do(ident: UUID, run: Callable[[requests.Asked], None], sorry: str) -> None:
    """Do one request, alone: a worker that was only slow, and taken for dead, must not meet its successor."""
    with closing(connection), access.alone(LOCK, ident.int & 0x7FFF_FFFF):  # the next job may be done in another thread
        asked = requests.find(ident)
        if asked is None:
            return
        try:
            if asked.state == "cancelled":
                raise requests.Cancelled
            if asked.open:
                run(asked)
        except requests.Cancelled:
            files.remove(ident)
            importing.drop(asked)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            requests.fail(ident, sorry)
            raise
