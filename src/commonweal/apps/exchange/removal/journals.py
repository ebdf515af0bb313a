"""Closing the journals a listener is writing, so that a removal reaches what they hold.

A journal is its listener's alone until it is a landed file, which is up to a quarter of an hour. A removal asks for
that to be now, and waits; what a dead listener left is applied and closed here.
"""

from collections.abc import Callable, Collection
from pathlib import Path

from commonweal.apps.exchange.errors import RemovalRefused
from commonweal.apps.exchange.floor import landing_floor
from commonweal.apps.exchange.listening import journal
from commonweal.apps.exchange.listening.storing import Store
from commonweal.apps.exchange.models import Receipt

Pause = Callable[[float], None]
_POLL = 0.25  # seconds; a listener looks every five
_PATIENCE = 240  # polls: a minute


def close(sources: Collection[str], pause: Pause) -> int:
    """See the open journals of these sources made into landed files; how many there were.

    Raises:
        RemovalRefused: their listener does not close them within a minute, as when the database keeps it waiting.
    """
    folder = landing_floor() / "journal"
    names = Receipt.objects.filter(source__in=sources, sha256__startswith=journal.PREFIX).values_list("sha256")
    waiting = [path for (name,) in names if (path := folder / name).exists()]
    found = len(waiting)
    for path in waiting:
        journal.ask_to_close(path)
    for _ in range(_PATIENCE):
        waiting = [path for path in waiting if path.exists()]
        if not waiting:
            return found
        if any(_left(path) for path in waiting):
            Store(pause).recover()
        pause(_POLL)
    raise RemovalRefused(
        "a listener still writes messages that may be about this person; see that commonweal mllp is well, then run "
        "commonweal remove --resume"
    )


def _left(path: Path) -> bool:
    try:
        return journal.abandoned(path)
    except FileNotFoundError:  # closed since
        return False
