"""The MLLP listener: sockets, frames, time limits, and answers in the order the messages came.

Everything here is one event loop; storing is one thread beside it. A message is answered AA only after ``Store.take``
has returned, and so after the journal and the record hold it. Nothing a sender does holds more than its bounded share:
bytes of one frame, messages under way, time without a word, time within a frame, bytes held for all.
"""

import asyncio
import contextlib
import gc
import logging
import resource
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count

from django.db import connection

from commonweal.apps.exchange.listening.senders import Senders
from commonweal.apps.exchange.listening.storing import Arrived, Store, single
from commonweal.feeds.hl7v2 import BOM
from commonweal.feeds.hl7v2_answers import Fault, answer, code_of, header, wanted
from commonweal.feeds.mllp import Broken, Frames, framed

log = logging.getLogger(__name__)
_FRAMING = b"\r\n \t"
_ROTATE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one sender, and all together, may take. Bytes, seconds and counts."""

    frame: int = 5 << 20
    together: int = 256 << 20
    connections: int = 4_000
    under_way: int = 200  # messages of one connection not yet answered
    group: int = 500  # messages in one transaction
    idle: float = 4 * 3600.0  # without a frame begun
    within: float = 30.0  # from a frame's first byte to its last
    answering: float = 30.0  # for a sender to take its answer


class Listener:
    """Listens until told to stop. ``now`` is the care clock; ``limits`` are for all connections."""

    def __init__(self, senders: Senders, now: Callable[[], datetime], limits: Limits | None = None) -> None:
        self._senders = senders
        self._now = now
        self._limits = limits or Limits()
        self._halt = threading.Event()
        self._store = Store(self._pause)
        self._waiting: asyncio.Queue[tuple[Arrived, asyncio.Future[list[Fault]]]] = asyncio.Queue(maxsize=2_000)
        self._thread = ThreadPoolExecutor(1, "mllp-store")
        self._connections: set[asyncio.Task[None]] = set()
        self._held = 0
        self._numbers = count(1)
        self._started = f"{now():%Y%m%d%H%M%S}"

    async def run(self, host: str, port: int, tls: ssl.SSLContext | None, ready: Callable[[int], None]) -> None:
        """Recover, listen on ``host`` and ``port``, tell ``ready`` the port, and go on until cancelled."""
        _room_for(self._limits.connections)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._store.recover)
        server = await asyncio.start_server(self._serve, host, port, ssl=tls, backlog=1_024, limit=1 << 16)
        storing = asyncio.create_task(self._storing())
        rotating = asyncio.create_task(self._rotating())
        gc.collect()
        gc.freeze()  # what is loaded by now stays: walking it at each full collection would hold all senders up
        try:
            ready(server.sockets[0].getsockname()[1])
            await asyncio.wait([storing, rotating], return_when=asyncio.FIRST_COMPLETED)
            for task in (storing, rotating):
                if task.done():
                    task.result()
        finally:
            server.close()
            storing.cancel()
            rotating.cancel()
            self._halt.set()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(storing, rotating, *self._connections, return_exceptions=True)
            with contextlib.suppress(InterruptedError):
                await loop.run_in_executor(self._thread, partial(self._store.rotate, everything=True))
            await loop.run_in_executor(self._thread, lambda: connection.close())  # noqa: PLW0108  # looked up in that thread
            self._thread.shutdown(wait=True)

    def _pause(self, seconds: float) -> None:
        if self._halt.wait(seconds):
            raise InterruptedError("the listener is told to stop while it waits for the database")

    async def _rotating(self) -> None:
        while True:
            await asyncio.sleep(_ROTATE_SECONDS)
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.rotate)

    async def _storing(self) -> None:
        """Store what has come while the last group was stored, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            group = [await self._waiting.get()]
            while len(group) < self._limits.group and not self._waiting.empty():
                group.append(self._waiting.get_nowait())
            verdicts = await loop.run_in_executor(self._thread, self._store.take, [one for one, _ in group])
            for (_, future), verdict in zip(group, verdicts, strict=True):
                if not future.done():
                    future.set_result(verdict)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last answer."""
        own = asyncio.current_task()
        if own is None or len(self._connections) >= self._limits.connections:
            writer.close()
            return
        self._connections.add(own)
        _keep_alive(writer)
        answers: asyncio.Queue[asyncio.Future[bytes] | None] = asyncio.Queue(maxsize=self._limits.under_way)
        answering = asyncio.create_task(self._answer(answers, writer))
        try:
            await self._read(reader, writer, answers, answering)
            await answers.put(None)
            await answering
        except (ConnectionError, TimeoutError, ssl.SSLError, asyncio.CancelledError):
            pass  # the listener stops, or the sender has gone; what it was not told it will send again
        finally:
            answering.cancel()
            self._connections.discard(own)
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await asyncio.wait_for(writer.wait_closed(), 1)

    async def _read(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: "asyncio.Queue[asyncio.Future[bytes] | None]",
        answering: "asyncio.Task[None]",
    ) -> None:
        """Take frames until the sender ends, falls silent or breaks the rules."""
        loop = asyncio.get_running_loop()
        peer = str((writer.get_extra_info("peername") or ("127.0.0.1",))[0])
        frames = Frames(self._limits.frame)
        begun = loop.time()
        mine = 0
        try:
            while not answering.done():
                left = self._limits.idle if not frames.unfinished else begun + self._limits.within - loop.time()
                try:
                    data = await asyncio.wait_for(reader.read(1 << 16), max(left, 0.001))
                except TimeoutError:
                    data = b""
                if not data:
                    rest = frames.rest()
                    if rest is not None:
                        await answers.put(self._refused(rest))
                    return
                if not frames.unfinished:
                    begun = loop.time()
                for frame in frames.feed(data):
                    begun = loop.time()
                    if isinstance(frame, Broken):
                        await answers.put(self._refused(frame))
                        if frame.last:
                            return
                    else:
                        await answers.put(await self._take(frame, peer))
                self._held += frames.held - mine
                mine = frames.held
                if self._held > self._limits.together:
                    return  # too much is held unfinished: this sender must begin again
        finally:
            self._held -= mine

    async def _take(self, frame: bytes, peer: str) -> "asyncio.Future[bytes]":
        """Queue a frame's message for storing; the future of its answer."""
        raw = frame.removeprefix(BOM).strip(_FRAMING)
        about = header(raw)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()
        fault: Fault | None = None
        source = self._senders.source(about.parts(4), peer, self._now().date())
        if not about.fields:
            fault = Fault("MSH", "message-header-missing", "start the message with an MSH segment")
        elif source is None:
            fault = Fault(
                "MSH-4", "source-not-allowed", "this sender is not on the list; ask whoever runs the receiver"
            )
        elif not single(raw):
            fault = Fault("MSH", "several-in-frame", "send one message in each frame")
        if fault is not None or source is None:
            answered.set_result(self._answered(raw, [fault] if fault else []))
            return answered
        stored: asyncio.Future[list[Fault]] = loop.create_future()

        def tell(done: "asyncio.Future[list[Fault]]") -> None:
            if not answered.done() and not done.cancelled():
                answered.set_result(self._answered(raw[:4000], done.result()))

        stored.add_done_callback(tell)
        await self._waiting.put((Arrived(raw, source), stored))
        return answered

    def _refused(self, broken: Broken) -> "asyncio.Future[bytes]":
        advice = {
            "frame-too-long": f"a message may have {self._limits.frame} bytes; send it in parts or as a file",
            "frame-not-ended": "end each message with <FS><CR>; nothing of it was taken",
            "not-framed": "begin each message with <VT> and end it with <FS><CR>",
        }[broken.rule]
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        answered.set_result(self._answered(broken.beginning.lstrip(b"\x0b"), [Fault("", broken.rule, advice)]))
        return answered

    def _answered(self, raw: bytes, faults: list[Fault]) -> bytes:
        """What goes back for one message: an answer, or as many as its sender asks for, which may be none."""
        about, now = header(raw), self._now()
        return b"".join(
            framed(answer(about, code, faults, now, f"CW{self._started}{next(self._numbers)}"))
            for code in wanted(about, code_of(faults))
        )

    async def _answer(
        self, answers: "asyncio.Queue[asyncio.Future[bytes] | None]", writer: asyncio.StreamWriter
    ) -> None:
        """Write answers in the order of their messages."""
        while (future := await answers.get()) is not None:
            writer.write(await future)
            await asyncio.wait_for(writer.drain(), self._limits.answering)


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have the system notice a sender that has gone without a word."""
    taken = writer.get_extra_info("socket")
    if taken is not None:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                taken.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _room_for(connections: int) -> None:
    """Let this process have a file for each connection, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 200
    if soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
