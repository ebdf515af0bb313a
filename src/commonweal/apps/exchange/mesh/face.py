"""MESH for the command line: check the file of mailboxes, poll, send, see to what was set aside."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from django.conf import settings
from django.db import Error, connection

from commonweal.apps.exchange.errors import ExchangeError
from commonweal.apps.exchange.mesh import mailboxes
from commonweal.apps.exchange.mesh.aside import again, discard, waiting
from commonweal.apps.exchange.mesh.errors import MeshFault, MeshUnreachable
from commonweal.apps.exchange.mesh.mailboxes import Mailbox, named
from commonweal.apps.exchange.mesh.polling import poll
from commonweal.apps.exchange.mesh.sending import send, send_due
from commonweal.apps.exchange.mesh.talking import talking

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
    """Poll, and send what is due, every so many seconds until ``stop`` is set; one mailbox in trouble stops no other.

    ``tell`` is given what each poll found and each sending did, or ``{"mailbox": ..., "trouble": ...}``.
    """
    failures = dict.fromkeys((box.name for box in boxes), 0)
    resting = dict.fromkeys(failures, 0.0)
    while not stop.is_set():
        for box in boxes:
            if resting[box.name] > 0:
                continue
            try:
                tell(poll(box).told())
                for one in send_due(box):
                    tell({"mailbox": box.name, "sent": one})
                failures[box.name] = 0
            except (ExchangeError, Error, OSError) as trouble:
                failures[box.name] += 1
                known = isinstance(trouble, ExchangeError)
                tell({"mailbox": box.name, "trouble": str(trouble) if known else type(trouble).__name__})
            finally:
                connection.close()
            resting[box.name] = pause(every, failures[box.name], rng)
        shortest = min(resting.values())
        stop.wait(shortest)
        resting = {name: left - shortest for name, left in resting.items()}


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
