"""``mllp``: ADT messages a second answered AA, journal and record durable, against a single INSERT + commit each.

Both on the same server in the same run: the limit stores the same bytes in a table with one index, one durable
transaction a message. The answers are read from eight connections with messages under way. Then the time to an answer
at 50 messages a second, for ten seconds (ten minutes with ``COMMONWEAL_BENCH_LARGE=1``).
"""

import os
import socket
import statistics
import subprocess
import sys
import threading
import time

COUNT = 4_000 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 800
SECONDS = 600 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 10
RATE = 50
CONNECTIONS = 8
UNDER_WAY = 50
TARGET = 0.10


def run() -> list[dict[str, object]]:
    """The two rows."""
    from commonweal.cli import runtime

    runtime.start("batch")
    seed = time.time_ns() % 10**9
    listener, port = _listener()
    try:
        _send(port, _messages(seed, 50))  # warm
        ratios, ours, limits = [], [], []
        for turn in range(3):
            messages = _messages(seed + (turn + 1) * 10_000, COUNT)
            limit, mine = _inserts(messages[:400]), _send(port, messages)
            limits.append(limit)
            ours.append(mine)
            ratios.append(mine / limit)
        waits = _paced(port, _messages(seed + 100_000, RATE * SECONDS))
    finally:
        listener.terminate()
        listener.wait(30)
    spread = " ".join(f"p{int(share * 100)} {_at(waits, share):.0f}" for share in (0.5, 0.9, 0.99, 1.0))
    print(f"milliseconds to an answer at {RATE}/s: {spread}", file=sys.stderr)
    middle = statistics.median(ratios)
    p99 = _at(waits, 0.99)
    name = f"answer at {RATE}/s for {SECONDS} s, 99th percentile, ms"
    return [
        {"name": "mllp messages/s answered after durable", "ours": statistics.median(ours),
         "limit": statistics.median(limits), "ratio": middle, "target": TARGET},
        {"name": name, "ours": p99, "limit": 100.0, "ratio": 100.0 / p99, "target": 1.0},
    ]  # fmt: skip


def _at(waits: list[float], share: float) -> float:
    """Milliseconds within which a ``share`` of the answers came."""
    return sorted(waits)[max(0, int(len(waits) * share) - 1)] * 1000


def _messages(seed: int, count: int) -> list[bytes]:
    """Admissions of people who do not exist."""
    found = []
    for n in range(count):
        at, number = f"20200{n % 9 + 1}{n % 28 + 1:02d}1000", f"B{seed + n}"
        pv1 = "PV1|1|I|WARD 1^^^RXB|21|||||||||||||||V" + number + "|" * 25 + at
        found.append(
            "\r".join(
                [
                    f"MSH|^~\\&|PAS|RXB|CW|ICS|{at}||ADT^A01|{number}|P|2.4|||||GBR|UNICODE UTF-8",
                    f"EVN|A01|{at}",
                    f"PID|1||{number}^^^RXB^MR||Ashworth^Vicky^^^Ms||19500311|F|||1 High Street^^Town^^ZZ1 1ZZ",
                    pv1,
                ]
            ).encode()
        )
    return found


def _listener() -> tuple[subprocess.Popen[str], int]:
    """A listener in a process of its own, and its port."""
    command = [sys.executable, "-m", "commonweal.cli.main", "mllp", "--allow", "RXB", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr or ():
        if "Listening" in line:
            return process, int(line.split(":")[-1].split()[0])
    raise RuntimeError("the listener did not start")


def _inserts(messages: list[bytes]) -> float:
    """Messages a second, one INSERT and one commit each."""
    import psycopg
    from django.db import connection

    wanted = connection.settings_dict
    with psycopg.connect(
        host=wanted["HOST"], port=wanted["PORT"] or None, dbname=wanted["NAME"], user="postgres", autocommit=True
    ) as direct:
        direct.execute("CREATE TABLE bench_mllp (id text PRIMARY KEY, raw bytea)")
        try:
            begun = time.perf_counter()
            for number, raw in enumerate(messages):
                direct.execute("INSERT INTO bench_mllp VALUES (%s, %s)", [str(number), raw])
            return len(messages) / (time.perf_counter() - begun)
        finally:
            direct.execute("DROP TABLE bench_mllp")


def _send(port: int, messages: list[bytes]) -> float:
    """Messages a second from the first sent to the last answered, over several connections."""
    faults: list[str] = []

    def work(own: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as sender:
            for at in range(0, len(own), UNDER_WAY):
                some = own[at : at + UNDER_WAY]
                sender.sendall(b"".join(b"\x0b" + raw + b"\x1c\r" for raw in some))
                got = b""
                while got.count(b"\x1c\r") < len(some):
                    got += sender.recv(1 << 16)
                if got.count(b"MSA|AA|") != len(some):
                    faults.append(got.decode("latin-1"))

    threads = [threading.Thread(target=work, args=(messages[part::CONNECTIONS],)) for part in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"not every message was taken: {faults[0][:300]}")
    return len(messages) / (time.perf_counter() - begun)


def _paced(port: int, messages: list[bytes]) -> list[float]:
    """Seconds to each answer when messages come at a steady rate, whether or not the one before is answered."""
    sent: list[float] = []
    waits: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as sender:

        def receive() -> None:
            rest = b""
            while len(waits) < len(messages):
                rest += sender.recv(1 << 16)
                while b"\x1c\r" in rest:
                    _, rest = rest.split(b"\x1c\r", 1)
                    waits.append(time.perf_counter() - sent[len(waits)])

        reader = threading.Thread(target=receive)
        reader.start()
        begun = time.perf_counter()
        for number, raw in enumerate(messages):
            time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            sent.append(time.perf_counter())
            sender.sendall(b"\x0b" + raw + b"\x1c\r")
        reader.join()
    return waits
