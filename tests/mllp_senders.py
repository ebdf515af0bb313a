"""Senders for the listener's tests: frames over a socket, a listener in a process of its own, kills."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from commonweal.feeds.mllp import END, START
from tests.landing_files import adt_message
from tests.landing_kills import end_sessions

LISTEN = (
    "import sys; from commonweal.cli import runtime; runtime.start('batch'); "
    "from commonweal.apps.exchange.listening import storing; storing.JOURNAL_SECONDS = 1.5; "
    "from commonweal.cli import main; sys.argv[1:] = ['mllp', '--allow', 'RXX', '--port', sys.argv[1]]; main.main()"
)


def connect(port: int, timeout: float = 20) -> socket.socket:
    """A connection to a listener on this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout)


def frame(message: str | bytes) -> bytes:
    return START + (message.encode() if isinstance(message, str) else message) + END


def answers(sender: socket.socket, number: int) -> list[bytes]:
    """The next ``number`` answers, without framing; fewer when the listener hangs up."""
    got = b""
    while got.count(END) < number:
        data = sender.recv(1 << 16)
        if not data:
            break
        got += data
    return [part.removeprefix(START) for part in got.split(END) if part]


def said(answer: bytes) -> tuple[str, str]:
    """(code, control id) of an answer."""
    fields = next(s for s in answer.decode("latin-1").split("\r") if s.startswith("MSA")).split("|")
    return fields[1], fields[2]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def listen(database: str, port: int) -> subprocess.Popen[bytes]:
    """A listener in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", LISTEN, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "COMMONWEAL_DB_NAME": database},
    )


def stays(count: int) -> list[str]:
    """Messages of stays: admitted, updated, discharged, with a few discharges cancelled."""
    found = []
    for n in range(count):
        person = n % 25
        event = ("A01", "A08", "A03", "A13")[n // 25 % 4]
        found.append(adt_message("RXX", f"M{person}", n, event, f"2020{n // 25 % 12 + 1:02d}101000", f"V{person}"))
    return found


class Insistent(threading.Thread):
    """A sender that sends each message until it is acknowledged, whatever happens to the listener."""

    def __init__(self, port: int, messages: list[str]) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._messages = messages
        self.acknowledged: list[str] = []
        self.stop = False

    def run(self) -> None:
        waiting = list(self._messages)
        while waiting and not self.stop:
            try:
                with connect(self._port, 5) as sender:
                    while waiting and not self.stop:
                        some = waiting[:4]
                        sender.sendall(b"".join(map(frame, some)))
                        for answer in answers(sender, len(some)):
                            code, control_id = said(answer)
                            if code == "AA":
                                self.acknowledged.append(control_id)
                                waiting = [m for m in waiting if f"|{control_id}|" not in m]
            except OSError:
                time.sleep(0.05)


def through_kills(database: str, messages: list[str], kills: int, seed: int) -> list[str]:
    """Send everything while the listener and its database sessions are killed; the control ids acknowledged."""
    rng = random.Random(seed)
    port = free_port()
    senders = [Insistent(port, messages[part::3]) for part in range(3)]
    listener = listen(database, port)
    for sender in senders:
        sender.start()
    try:
        for kill in range(kills):
            wanted = (kill + 1) * len(messages) // (kills + 2)
            deadline = time.monotonic() + 60
            while sum(len(s.acknowledged) for s in senders) < wanted:
                assert listener.poll() is None, f"the listener ended by itself with {listener.returncode}"
                assert time.monotonic() < deadline, "nothing was acknowledged for a minute"
                time.sleep(0.01)
            time.sleep(rng.random() * 0.03)
            if kill % 5 in (1, 3):
                end_sessions(database)
            else:
                listener.send_signal(signal.SIGKILL)
                listener.wait()
                listener = listen(database, port)
        for sender in senders:
            sender.join(timeout=90)
    finally:
        for sender in senders:
            sender.stop = True
        listener.terminate()
        listener.wait(20)
    return [control_id for sender in senders for control_id in sender.acknowledged]


def landed_journals(home: Path) -> list[Path]:
    """Journals a listener left open."""
    return sorted((home / "landing" / "journal").glob("journal-*"))
