"""MESH for the command line: check the file of mailboxes, poll, send, see to what was set aside."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from django.conf import settings
from django.db import Error, connection

from commonweal.apps.exchange.mesh import mailboxes
from commonweal.apps.exchange.mesh.aside import again, discard, waiting
from commonweal.apps.exchange.mesh.errors import MeshFault, MeshUnreachable
from commonweal.apps.exchange.mesh.mailboxes import Mailbox, named
from commonweal.apps.exchange.mesh.polling import poll
from commonweal.apps.exchange.mesh.sending import send, send_due
from commonweal.apps.exchange.mesh.talking import talking
from commonweal.domain.errors import CommonwealError

LONGEST_PAUSE = 900.0  # seconds between tries while MESH is away


def read_mailboxes() -> tuple[Mailbox, ...]:
    """The mailboxes of this installation, held to what has landed. Raises ``BadMailboxes``, ``NumberedApart``."""
    found = mailboxes.read(Path(settings.COMMONWEAL_HOME) / "mesh.yaml")
    mailboxes.check_numbering_of(found)
    return found


def check(mailbox: Mailbox) -> None:
    """Ask MESH whether it lets a mailbox in. Raises ``MeshFault``."""
    with talking(mailbox):
        return


def pause(every: float, failures: int, rng: Random) -> float:
    """Seconds until the next round: ``every``, doubled for each failure in a row, scattered, 15 minutes at most."""
    if not failures:
        return every
    longest = max(every, LONGEST_PAUSE)
    return min(longest, every * 2.0 ** min(failures, 20)) * rng.uniform(0.8, 1.0)


def keep_polling(
    boxes: tuple[Mailbox, ...], every: float, stop: Event, tell: Callable[[dict[str, Any]], None], rng: Random
) -> None:
    """Poll, and send what is due, every so many seconds until ``stop`` is set; what is in trouble stops nothing else.

    ``tell`` is given what each poll found and each sending did, or ``{"mailbox": ..., "trouble": ...}``.
    """
    jobs = [(box, work) for box in boxes for work in (_polled, _sent)]
    failures, resting = [0] * len(jobs), [0.0] * len(jobs)
    while not stop.is_set():
        for n, (box, work) in enumerate(jobs):
            if resting[n] > 0:
                continue
            try:
                for one in work(box):
                    tell(one)
                failures[n] = 0
            except (CommonwealError, Error, OSError) as trouble:
                failures[n] += 1
                known = isinstance(trouble, CommonwealError)
                tell({"mailbox": box.name, "trouble": str(trouble) if known else type(trouble).__name__})
            finally:
                connection.close()
            resting[n] = pause(every, failures[n], rng)
        shortest = min(resting)
        stop.wait(shortest)
        resting = [left - shortest for left in resting]


def _polled(box: Mailbox) -> list[dict[str, Any]]:
    return [poll(box).told()]


def _sent(box: Mailbox) -> list[dict[str, Any]]:
    return [{"mailbox": box.name, "sent": one} for one in send_due(box)]


__all__ = [
    "Mailbox",
    "MeshFault",
    "MeshUnreachable",
    "again",
    "check",
    "discard",
    "keep_polling",
    "named",
    "pause",
    "poll",
    "read_mailboxes",
    "send",
    "send_due",
    "waiting",
]
