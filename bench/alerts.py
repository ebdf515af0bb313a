"""``alerts``: 50 hospital messages a second through the listener, every one about somebody a council team looks after.

In a home of its own: the listener, the alerter and the stream run as they do in service, and eight workers of two teams
hold a stream open. Measured from the first byte of a message to its answer (AA: durable), and to the moment each worker
it is told to hears of the alert, which can be read by then. First it is asserted that every message was answered AA,
that each raised one alert, and that nobody else heard of it. A minute; ten with ``COMMONWEAL_BENCH_LARGE=1``.
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from _own_process import MEASURE, measured

SECONDS = 600 if os.environ.get("COMMONWEAL_BENCH_LARGE") else 60
RATE = 50
PEOPLE = 1_000
WORKERS = 8
HOSPITAL, COUNCIL, STRANGERS = "RXB", "QCC", "QDD"


def run() -> list[dict[str, object]]:
    """The two rows."""
    found = measured(__file__)[0]
    return [
        {"name": f"alerts: answer at {RATE}/s for {SECONDS} s, 99th percentile, ms", "ours": found["answer"],
         "limit": 100.0, "ratio": 100.0 / float(str(found["answer"])), "target": 1.0},
        {"name": f"alerts: heard of by each worker at {RATE}/s, 99th percentile, ms", "ours": found["heard"],
         "limit": 1000.0, "ratio": 1000.0 / float(str(found["heard"])), "target": 1.0},
    ]  # fmt: skip


_AGREED = {
    "agreements": [
        {
            "reference": "ISA-BENCH", "title": "Care", "parties": ["*"], "from": "2024-01-01", "to": "2028-12-31",
            "categories": ["demographics", "clinical", "medication", "mental_health", "social_care"],
            "purposes": ["direct_care"], "dpia": "none", "controller": "the parties", "basis": "6(1)(e)",
            "confidentiality": "implied consent",
        }
    ]
}  # fmt: skip


def _measure() -> dict[str, float]:
    from commonweal.cli import runtime

    runtime.start("batch")
    _world()
    sessions = _sessions()
    processes = [_start("commonweal.cli.main", "alerter")]
    listener, port = _listener()
    stream_port = _free_port()
    processes += [listener, _stream(stream_port)]
    try:
        ears = [_Ear(stream_port, key) for key in sessions]
        messages = _messages(RATE * SECONDS)
        sent, answered = _paced(port, messages)
        told = _await_alerts(len(messages))
        for ear in ears:
            ear.close()
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)
    waits = []
    for number, (alert, team) in told.items():
        for index, ear in enumerate(ears):
            if index < WORKERS and index % 2 == team:
                waits.append(ear.heard(alert) - sent[number])
    if ears[-1].times:
        raise RuntimeError("somebody heard of an alert that was not theirs")
    return {"answer": _p99([done - begun for begun, done in zip(sent, answered, strict=True)]), "heard": _p99(waits)}


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1] * 1000


def _nhs_number(n: int) -> str:
    for tail in range(n * 10, n * 10 + 10):
        digits = f"999{tail:06d}"
        check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
        if check != 10:
            return digits + str(check % 11)
    raise ValueError(n)


def _who(n: int) -> tuple[str, str, date]:
    """Given name, family name and birth date of a person: nobody is like anybody else, so that linking is quick."""
    rng = random.Random(n)
    given, family = ("".join(rng.choices("abcdefghijklmnoprstuvwyz", k=9)).title() for _ in range(2))
    return given, family, date(1930, 1, 1) + timedelta(days=rng.randrange(20_000))


def _world() -> None:
    """A council that looks after everybody, half by each of two teams, and a hospital that knows them; linked."""
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places.models import OrganisationRow
    from commonweal.feeds.cld import HEADER

    for code, kind in ((HOSPITAL, "acute"), (COUNCIL, "council"), (STRANGERS, "council")):
        OrganisationRow.objects.create(ods_code=code, name=code, kind=kind, valid_from=datetime(2000, 1, 1).date())
    for n in range(WORKERS):
        access.create_user(f"w{n}", "a long enough word", access.Role.SOCIAL_WORKER, COUNCIL, f"W{n}", f"Team {n % 2}")
    access.create_user("stranger", "a long enough word", access.Role.SOCIAL_WORKER, STRANGERS, "S", "Team 0")
    for officer in ("one", "other"):
        access.create_user(officer, "a long enough word", access.Role.PRIVACY_OFFICER, COUNCIL, officer)
    access.load_agreements(_AGREED, by="one", approved_by="other")
    folder = Path(tempfile.mkdtemp(dir=os.environ["COMMONWEAL_HOME"]))
    rows = [",".join(HEADER)]
    for n in range(PEOPLE):
        given, family, born = _who(n)
        cells = dict.fromkeys(HEADER, "") | {
            "LA Person Unique Identifier": f"L{n}", "NHS Number": _nhs_number(n), "Client Type": "Service User",
            "Date of Birth": f"{born:%d/%m/%Y}", "Given Name": given, "Family Name": family,
            "Event Type": "Service", "Event Reference": f"S{n}", "Event Start Date": "01/01/2020",
            "Team": f"Team {n % 2}",
        }  # fmt: skip
        rows.append(",".join(cells[name] for name in HEADER))
    council = folder / f"{COUNCIL}.csv"
    council.write_text("\n".join(rows) + "\n")
    hospital = folder / f"{HOSPITAL}.hl7"
    hospital.write_text("\n".join(_message(f"H{n}", n, "A28", "201901010000", "") for n in range(PEOPLE)))
    exchange.land("cld", [council], COUNCIL)
    exchange.land("adt", [hospital], HOSPITAL)
    identity.identify()


def _message(control: str, person: int, event: str, at: str, visit: str) -> str:
    given, family, born = _who(person)
    pid = f"PID|1||{_nhs_number(person)}^^^NHS^NH~M{person}^^^{HOSPITAL}^MR||{family}^{given}||{born:%Y%m%d}|F"
    head = f"MSH|^~\\&|PAS|{HOSPITAL}|CW|ICS|{at}||ADT^{event}|{control}|P|2.4|||||GBR|UNICODE UTF-8"
    pv1 = [f"PV1|1|I|WARD 1^^^{HOSPITAL}|21" + "|" * 15 + visit] if visit else []
    return "\r".join([head, f"EVN|{event}|{at}||||{at}", pid, *pv1]) + "\r"


def _messages(count: int) -> list[bytes]:
    """Admissions, each a stay of its own, within the hour before now."""
    begun = datetime.now(ZoneInfo("Europe/London")) - timedelta(hours=1)
    found = []
    for n in range(count):
        at = f"{begun + timedelta(seconds=n % 3_000):%Y%m%d%H%M%S}"
        found.append(_message(f"B{n}", n % PEOPLE, "A01", at, f"V{n}").encode())
    return found


def _sessions() -> list[str]:
    """A signed-in session of each worker, and last of the stranger."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model

    from commonweal.apps.access.sessions import SessionStore

    keys = []
    for name in (*(f"w{n}" for n in range(WORKERS)), "stranger"):
        user = get_user_model().objects.get(username=name)
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = "commonweal.apps.access.sessions.Accounts"
        session.save()
        keys.append(str(session.session_key))
    return keys


class _Ear(threading.Thread):
    """An open page: what it heard, and when."""

    def __init__(self, port: int, session: str) -> None:
        super().__init__(daemon=True)
        self.times: list[float] = []
        self.newest: list[int] = []
        self._socket = _connected(port)
        self._socket.sendall(
            f"GET /alerts/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={session}\r\n\r\n".encode()
        )
        if b" 200 " not in self._socket.recv(1 << 16).split(b"\r\n")[0]:
            raise RuntimeError("the stream did not open")
        self.start()

    def run(self) -> None:
        rest = b""
        while data := self._read():
            rest += data
            *whole, rest = rest.split(b"\n\n")
            for event in whole:
                if b"event: alerts" in event:
                    said = json.loads(event[event.index(b"data: ") + 6 :])
                    if said["newest"]:
                        self.times.append(time.perf_counter())
                        self.newest.append(said["newest"])

    def _read(self) -> bytes:
        try:
            return self._socket.recv(1 << 16)
        except OSError:
            return b""

    def heard(self, alert: int) -> float:
        """When it first heard of this alert or a later one."""
        return self.times[bisect_left(self.newest, alert)]

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _await_alerts(count: int) -> dict[int, tuple[int, int]]:
    """Number of a message → its alert and which team's it is, once all are raised and heard of."""
    from django.db import connection

    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.stay, a.id, a.team FROM coordination_alert a JOIN coordination_change c ON c.id = a.change_id"
            )
            rows = cursor.fetchall()
        if len(rows) >= count:
            time.sleep(2)
            found = {int(stay.rpartition("|V")[2]): (alert, int(team[-1])) for stay, alert, team in rows}
            if len(found) != count:
                raise RuntimeError(f"{len(rows)} alerts of {len(found)} messages; each raises one")
            return found
        time.sleep(0.2)
    raise RuntimeError(f"{len(rows)} of {count} alerts were raised")


def _start(module: str, *words: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-m", module, *words], env={**os.environ, **env}, text=True)


def _listener() -> "tuple[subprocess.Popen[str], int]":
    command = [sys.executable, "-m", "commonweal.cli.main", "mllp", "--allow", HOSPITAL, "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr or ():
        if "Listening" in line:
            return process, int(line.split(":")[-1].split()[0])
    raise RuntimeError("the listener did not start")


def _stream(port: int) -> "subprocess.Popen[str]":
    words = ("--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning")
    words += ("--workers-kill-timeout", "2")
    return _start("commonweal.cli.web", *words, "commonweal.config.asgi:application", COMMONWEAL_DB_ROLE="app")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connected(port: int) -> socket.socket:
    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise RuntimeError("the stream does not answer")


def _paced(port: int, messages: list[bytes]) -> tuple[list[float], list[float]]:
    """When each message was sent and answered, at a steady rate whether or not the one before is answered."""
    sent: list[float] = []
    answered: list[float] = []
    faults: list[bytes] = []
    with socket.create_connection(("127.0.0.1", port)) as sender:

        def receive() -> None:
            rest = b""
            while len(answered) < len(messages):
                rest += sender.recv(1 << 16)
                *whole, rest = rest.split(b"\x1c\r")
                for answer in whole:
                    answered.append(time.perf_counter())
                    if b"MSA|AA|" not in answer:
                        faults.append(answer)

        reader = threading.Thread(target=receive)
        reader.start()
        begun = time.perf_counter()
        for number, raw in enumerate(messages):
            time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
            sent.append(time.perf_counter())
            sender.sendall(b"\x0b" + raw + b"\x1c\r")
        reader.join()
    if faults:
        raise RuntimeError(f"not every message was taken: {faults[0][:300]!r}")
    return sent, answered


if __name__ == "__main__" and MEASURE in sys.argv:
    print(json.dumps(_measure()))
