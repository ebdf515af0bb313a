"""Reading a large file in a process of its own, so that reading and storing have a processor each.

Python computes in one thread at a time, and a thread that reads keeps the one that stores from its turn. The process
is a fork: it starts in milliseconds with everything loaded, keeps nothing open but the pipe back (so that it neither
holds a lock of the database nor answers for this process), reads, and ends. Where there is no safe fork (macOS), and
for what is read in less time than that saves, a thread does.
"""

import fcntl
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, NoReturn

from commonweal.apps.exchange.errors import ReaderLost
from commonweal.apps.exchange.reading import Batch

LARGE = 8 << 20  # bytes of a file for which a process of its own is worth it


class _Over:
    """The last thing a reading process says: what went wrong, if anything did."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def beside(read: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
    """What ``read()`` yields, computed in another process. It may use no database connection.

    Raises what it raises, and ``ReaderLost`` if the process is gone before its end.
    """
    incoming, outgoing = os.pipe()
    _widened(outgoing)
    child = os.fork()
    if child == 0:
        _serve(read, outgoing)
    os.close(outgoing)
    try:
        with os.fdopen(incoming, "rb", buffering=1 << 20) as stream:
            yield from _heard(stream)
    finally:
        os.kill(child, signal.SIGKILL)  # ended already, or not wanted any more
        os.waitpid(child, 0)


def _widened(pipe: int) -> None:
    """Let a megabyte wait in ``pipe``, so that the two processes do not take turns every few kilobytes."""
    if sys.platform == "linux":
        with suppress(OSError):  # the system allows each user only so much of this; less does
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)


def worth(size: int) -> bool:
    """Whether a file of ``size`` bytes is to be read by ``beside``."""
    return size >= LARGE and sys.platform == "linux" and (os.cpu_count() or 1) > 1


def _heard(stream: BinaryIO) -> Iterator[Batch]:
    while True:
        try:
            said = pickle.load(stream)  # noqa: S301  # of the process forked from this one, through its own pipe
        except (EOFError, pickle.UnpicklingError):
            raise ReaderLost("the process reading the file was ended; give the same command again") from None
        if isinstance(said, _Over):
            if said.error is not None:
                raise said.error
            return
        yield said


def _serve(read: Callable[[], Iterator[Batch]], outgoing: int) -> NoReturn:
    """The reading process. It leaves by ``_exit``: nothing of what it inherited is closed, flushed or told."""
    status = 1
    try:
        os.closerange(3, outgoing)
        os.closerange(outgoing + 1, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
        with os.fdopen(outgoing, "wb", buffering=1 << 20) as stream:
            over = _Over()
            try:
                for batch in read():
                    batch.prepared.pack()
                    pickle.dump(batch, stream, pickle.HIGHEST_PROTOCOL)
                    stream.flush()
            except BrokenPipeError:
                raise
            except Exception as error:  # whatever it is, the process that asked is to hear of it
                over = _Over(error)
            pickle.dump(over, stream, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)
