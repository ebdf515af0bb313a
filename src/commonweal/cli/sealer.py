"""The audit sealer: each second, hash the audit rows that are finished: ``python -m commonweal.cli.sealer``.

It ends when the process that started it does, so a killed server leaves no orphan behind. It is also the one that
notices within a second that the database is gone, and starts the embedded one again.
"""

import logging
import os
import subprocess
import sys
import time

from commonweal.cli import runtime

EVERY_SECONDS = 1.0
TRIES = 60  # a second apart, to find a database that went away while this was starting
log = logging.getLogger(__name__)


def main() -> None:
    """Seal until the parent process is gone. A database fault is logged and tried again."""
    tried, parent = (int(word) for word in sys.argv[1:]) if len(sys.argv) > 1 else (1, os.getppid())
    _start(tried, parent)
    import psycopg
    from django.conf import settings
    from django.db import DatabaseError, InterfaceError, connections

    from commonweal.apps.access import api as access

    while os.getppid() == parent:
        try:
            access.seal()
        except (DatabaseError, InterfaceError, psycopg.Error):
            log.exception("sealing failed; trying again in a second")
            connections.close_all()
            try:
                settings.COMMONWEAL_REVIVE_DATABASE()
            except Exception:  # whatever PostgreSQL says, what is left to do is to try again
                log.exception("the database could not be started; trying again in a second")
        time.sleep(EVERY_SECONDS)
    # The command was killed, so nobody else sees to it that the embedded server stops with the last of its processes.
    subprocess.Popen([sys.executable, "-m", "commonweal.config.database"], start_new_session=True)


def _start(tried: int, parent: int) -> None:
    """Set Django up; begin anew in this process's place if the database went away meanwhile, while somebody waits."""
    import psycopg
    from django.db import DatabaseError

    try:
        runtime.start("batch")
    except (psycopg.OperationalError, DatabaseError, RuntimeError, AssertionError, subprocess.CalledProcessError):
        if tried >= TRIES or os.getppid() != parent:
            raise
        log.exception("the database is away; trying again in a second")
        time.sleep(EVERY_SECONDS)
        # Settings that failed half-way cannot be read again, so the whole program is.
        words = [sys.executable, "-m", "commonweal.cli.sealer", str(tried + 1), str(parent)]
        os.execv(sys.executable, words)  # noqa: S606 - every word is ours


if __name__ == "__main__":
    main()
