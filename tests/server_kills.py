"""Killing a serving Commonweal under writes by FHIR, and holding what it acknowledged against what it kept.

Each writer has resources of its own and PUTs ever higher numbers to them under If-Match, as a careful system does. A
write that was answered is acknowledged; one that was not is asked for again, as the standard lets a client do, and
If-Match tells whether it was taken the first time.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# granian takes a worker that ends within 5.5 seconds of being started again for one that always will, and stops. The
# command then starts it again; where only granian runs (``Bare``) nobody would.
LOOP_SECONDS = 7.0
_TOKEN = """
from commonweal.cli import runtime
runtime.start("batch")
from commonweal.apps.access import api as access
access.create_user("p01", "a long password", access.Role.SERVICE, "P01", "p01")
print(access.create_token("p01", 1))
"""


@dataclass
class Site:
    """A serving Commonweal on a port of its own and a home of its own."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    token: str = ""

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "COMMONWEAL_DB_NAME")}
        return {**kept, "COMMONWEAL_HOME": str(self.home), "COMMONWEAL_DB_ROLE": "batch"}

    def prepare(self) -> None:
        """Make the home and the token of the practice's system."""
        self.token = self.run(_TOKEN).strip()

    def run(self, code: str) -> str:
        """Run code in a process of its own, as the batch role; what it prints."""
        words = [sys.executable, "-W", "ignore", "-c", code]
        return subprocess.run(words, env=self.environment(), check=True, capture_output=True, text=True).stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "commonweal.cli.main", "serve", "--port", str(self.port), "--workers", "1"]
        self.process = subprocess.Popen(
            command, env=self.environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def ready(self, seconds: float = 180) -> bool:
        """Wait until records can be opened."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self.ask("GET", "/health/ready")[0] == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        return False

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/fhir+json"}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            said = answer.read()
            return (
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                json.loads(said) if said else None,
            )
        finally:
            connection.close()

    def last_words(self) -> str:
        """What its processes said at the end, where that is kept."""
        return ""

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def processes(self, word: str) -> list[int]:
        """This site's processes whose command line holds ``word``: those of its home, by their environment."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                theirs = f"COMMONWEAL_HOME={self.home}".encode() in (place / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if word in line and theirs:
                found.append(int(place.name))
        return found

    def postmaster(self) -> int:
        """The embedded server's own process."""
        return int((self.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


@dataclass
class Bare(Site):
    """Only what answers requests and what starts the database again, begun as ``commonweal serve`` begins them."""

    sealer: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        from commonweal.cli import serve

        (self.home / "static").mkdir(exist_ok=True)
        served = self.environment() | {"COMMONWEAL_DB_ROLE": "app", "COMMONWEAL_ALERTS_PORT": str(self.port + 1),
                                       "DJANGO_SETTINGS_MODULE": "commonweal.config.settings"}  # fmt: skip
        with (self.home / "said.log").open("ab") as said:
            words = [sys.executable, "-m", "commonweal.cli.sealer"]
            self.sealer = subprocess.Popen(words, env=self.environment(), stdout=said, stderr=said)
            words = [sys.executable, "-m", *serve._granian(self.port, 1)]
            self.process = subprocess.Popen(words, env=served, stdout=said, stderr=said)

    def last_words(self) -> str:
        """The end of what the processes said."""
        return (self.home / "said.log").read_text(errors="replace")[-4_000:]

    def stop(self) -> None:
        super().stop()
        if self.sealer is not None:
            self.sealer.terminate()
            self.sealer.wait(30)
        # As the command does when its processes have ended; the last of them may be stopping the database already.
        words = [sys.executable, "-m", "commonweal.config.database"]
        subprocess.run(words, env=self.environment(), check=False, stderr=subprocess.DEVNULL)


@dataclass
class Writer:
    """One client's resource: the last number acknowledged, the last sent, and the version the server gave."""

    ident: str
    acknowledged: int = 0
    sent: int = 0
    version: int = 0
    faults: list[str] = field(default_factory=list)

    def write(self, site: Site, stop: threading.Event) -> None:
        """PUT one number after another until told to stop."""
        while not stop.is_set():
            number = self.acknowledged + 1
            self.sent = number
            condition = {"If_Match": f'W/"{self.version}"'} if self.version else {"If_None_Match": "*"}
            try:
                status, _, _ = site.ask("PUT", f"/fhir/R4/Basic/{self.ident}", self.body(number), **condition)
            except (OSError, http.client.HTTPException):
                self.settle(site, stop)
                continue
            if status in (200, 201):
                self.acknowledged, self.version = number, self.version + 1
                time.sleep(0.01)  # leave the processors to what is tested
            elif status in (412, 500, 502, 503):
                self.settle(site, stop)
            else:
                self.faults.append(f"{self.ident}: {status}")
                return

    def settle(self, site: Site, stop: threading.Event) -> None:
        """After a write without an answer: read what is there; it is the last acknowledged, or the one sent."""
        while not stop.is_set():
            try:
                status, headers, found = site.ask("GET", f"/fhir/R4/Basic/{self.ident}")
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
                continue
            if status == 404 and not self.acknowledged:
                return
            if status == 200:
                number = int(found["identifier"][0]["value"])
                if number not in (self.acknowledged, self.sent):
                    self.faults.append(f"{self.ident}: holds {number}, acknowledged {self.acknowledged}")
                self.acknowledged, self.version = number, int(headers["etag"][3:-1])
                return
            time.sleep(0.1)

    def body(self, number: int) -> dict[str, Any]:
        return {
            "resourceType": "Basic",
            "id": self.ident,
            "identifier": [{"system": "urn:kills", "value": str(number)}],
            "code": {"text": "a number"},
            "subject": {"reference": "Patient/kills"},
        }

    def check(self, site: Site) -> list[str]:
        """What is wrong at the end: an acknowledged number lost, one there twice, or a version missing."""
        _, _, found = site.ask("GET", f"/fhir/R4/Basic/{self.ident}/_history?_count=1000")
        held = [
            (int(entry["resource"]["meta"]["versionId"]), int(entry["resource"]["identifier"][0]["value"]))
            for entry in found["entry"]
        ]
        expected = [(n, n) for n in range(max(self.acknowledged, len(held)), 0, -1)]
        wrong = (
            [] if held == expected else [f"{self.ident}: history {held[:5]}… of {len(held)}, not 1 to {len(expected)}"]
        )
        if len(held) not in (self.acknowledged, self.sent):
            wrong.append(f"{self.ident}: {len(held)} versions, acknowledged {self.acknowledged}, sent {self.sent}")
        return [*self.faults, *wrong]


def kill(site: Site, what: str) -> None:
    """Kill -9 one part: ``postgres``, ``web`` (granian's workers), or ``serve`` (which all else must end with)."""
    if what == "postgres":
        os.kill(site.postmaster(), signal.SIGKILL)
    elif what == "web":
        for pid in site.processes("commonweal.cli.web"):
            if _parent(pid) in site.processes("commonweal.cli.web"):
                os.kill(pid, signal.SIGKILL)
    elif site.process is not None:
        site.process.kill()
        site.process.wait()
        until = time.monotonic() + 20
        while site.processes("commonweal.cli.") and time.monotonic() < until:
            time.sleep(0.1)
        left = site.processes("commonweal.cli.")
        if left:
            raise AssertionError(f"{len(left)} processes outlived the command that started them")
        site.start()


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def through_kills(site: Site, kinds: list[str], writers: int, seed: int) -> tuple[list[str], int]:
    """Write through kills; (faults, numbers acknowledged)."""
    rng = random.Random(seed)
    patient = {"resourceType": "Patient", "id": "kills", "name": [{"family": "Kills"}]}
    if site.ask("PUT", "/fhir/R4/Patient/kills", patient)[0] not in (200, 201):
        raise AssertionError("the person of the test could not be written")
    stop = threading.Event()
    clients = [Writer(f"w{n}") for n in range(writers)]
    threads = [threading.Thread(target=one.write, args=(site, stop), daemon=True) for one in clients]
    for thread in threads:
        thread.start()
    faults = []
    respawned = -LOOP_SECONDS
    for what in kinds:
        time.sleep(0.3 + rng.random() * 0.7)
        if what == "web" and isinstance(site, Bare):
            time.sleep(max(0.0, respawned + LOOP_SECONDS - time.monotonic()))
            respawned = time.monotonic()
        kill(site, what)
        if not site.ready():
            faults.append(f"not ready again after {what} was killed: {site.last_words()}")
            break
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join(30)
    if faults:  # nobody is there to ask what was kept
        return faults, sum(one.acknowledged for one in clients)
    for one in clients:
        one.settle(site, threading.Event())
        faults += one.check(site)
    return faults, sum(one.acknowledged for one in clients)
