"""FHIR by HTTP: ours against sekmet-fhir, the one Python R4 server that runs beside us, and against a bare view.

Ours includes validation, history, search rows, access check, row security and audit, durable before it answers.
sekmet-fhir (from the package index, in an environment of its own under COMMONWEAL_HOME/bench, kept for the next run)
validates by its structural models and keeps history and search rows too, in SQLite inside its own process: no server
to ask, no sign-in, gate, row security or audit. A read there writes nothing; here it commits its audit row first. Its
request log and its simulator are off. Each runs one process and answers one client on one connection; both hold the
same people and Observations under the same ids, and what they answer is compared before anything is timed. The bare
view reads the same row on our own server, through Django and the same middleware. Rounds alternate; the median of the
pairs' ratios counts. A disk that says "written" sooner than it is flatters every commit here, of both: ours is
PostgreSQL with fsync on, theirs SQLite's write-ahead log.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import yaml

VERSION = "0.1.1"
PEOPLE, OBSERVATIONS, CODES = 20, 2_000, 100  # so that a code has 20 Observations: one page
ROUNDS = 5
TIMES = {"bundle": 8, "GET": 60, "POST": 30, "search": 30, "bare": 60}
TARGETS = {"bundle": 3.0, "GET": 1.0, "POST": 2.0, "search": 5.0, "bare": 0.35}
BENCH = Path(__file__).resolve().parent
SNOMED = "http://snomed.info/sct"
JSON = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


def run() -> list[dict[str, object]]:
    """One row a kind of request: requests a second of ours and of the other, and the ratio."""
    with tempfile.TemporaryDirectory(prefix="commonweal-bench-") as folder, _ours(Path(folder)) as ours:
        with _theirs(Path(folder)) as theirs:
            for server in (ours, theirs):
                server.load()
            _same(ours, theirs)
            pairs = {name: _paired(name, ours, theirs) for name in ("bundle", "GET", "POST", "search")}
        pairs["bare"] = _paired("bare", ours, ours)
    named = {"bundle": "transaction of 20 Observations", "POST": "POST Observation", "search": "token search _count=20"}
    named |= {"GET": "GET by id", "bare": "GET by id, against a bare view"}
    return [
        {
            "name": f"{named[name]} (target {TARGETS[name]})",
            "ours": median(one for one, _ in found),
            "limit": median(other for _, other in found),
            "ratio": median(one / other for one, other in found),
        }
        for name, found in pairs.items()
    ]


class _Server:
    """One server and one connection to it."""

    def __init__(self, port: int, base: str, token: str = "") -> None:
        self.base = base
        self.headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
        self.made = 0
        for _ in range(3_000):
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                self.connection.connect()
                return
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise RuntimeError("a server of the benchmark did not start")

    def ask(self, method: str, path: str, body: Any = None, wanted: int = 200) -> bytes:
        sent = json.dumps(body).encode() if body is not None else None
        self.connection.request(method, path, sent, self.headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != wanted:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {said[:500]!r}")
        return said

    def load(self) -> None:
        """The same people and Observations, under ids that both are told."""
        people = [{"resourceType": "Patient", "id": f"p{n}", "birthDate": "1980-01-01"} for n in range(PEOPLE)]
        known = [*people, *(observation(n) | {"id": f"o{n}"} for n in range(OBSERVATIONS))]
        for start in range(0, len(known), 100):
            entries = [
                {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
                for one in known[start : start + 100]
            ]
            self.ask("POST", self.base + "/", {"resourceType": "Bundle", "type": "transaction", "entry": entries})

    def get(self, n: int) -> bytes:
        return self.ask("GET", f"{self.base}/Observation/o{n * 37 % OBSERVATIONS}")

    def bare(self, n: int) -> bytes:
        return self.ask("GET", f"/fhir/bare/Observation/o{n * 37 % OBSERVATIONS}")

    def post(self, n: int) -> bytes:
        return self.ask("POST", f"{self.base}/Observation", observation(OBSERVATIONS + n, CODES), 201)

    def search(self, n: int) -> bytes:
        return self.ask("GET", f"{self.base}/Observation?code={SNOMED}|{1000 + n % CODES}&_count=20")

    def bundle(self, n: int) -> bytes:
        entries = [
            {"resource": observation(n * 20 + one, CODES), "request": {"method": "POST", "url": "Observation"}}
            for one in range(20)
        ]
        return self.ask("POST", self.base + "/", {"resourceType": "Bundle", "type": "transaction", "entry": entries})


def observation(n: int, beyond: int = 0) -> dict[str, Any]:
    """The nth Observation; ``beyond`` the codes that are searched for, so that pages stay as they were."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [
            {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
                ]
            }
        ],
        "code": {"coding": [{"system": SNOMED, "code": str(1000 + beyond + n % CODES), "display": "a measurement"}]},
        "subject": {"reference": f"Patient/p{n % PEOPLE}"},
        "effectiveDateTime": f"2020-{1 + n % 12:02}-{1 + n % 28:02}T09:00:00Z",
        "valueQuantity": {"value": 50 + n % 90, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    }


def _same(ours: _Server, theirs: _Server) -> None:
    """Equal answers, ids and meta of what each made apart, before anything is timed."""

    def plain(raw: bytes) -> dict[str, Any]:
        return {name: value for name, value in json.loads(raw).items() if name not in ("meta", "id")}

    def page(raw: bytes) -> dict[str, Any]:
        listed = [one["resource"] for one in json.loads(raw)["entry"] if one["search"]["mode"] == "match"]
        return {one["id"]: {name: value for name, value in one.items() if name != "meta"} for one in listed}

    for n in range(5):
        if plain(ours.get(n)) != plain(theirs.get(n)) or plain(ours.get(n)) != plain(ours.bare(n)):
            raise RuntimeError("the two servers read different resources")
        if page(ours.search(n)) != page(theirs.search(n)) or len(page(ours.search(n))) != OBSERVATIONS // CODES:
            raise RuntimeError("the two servers find different resources")
    if plain(ours.post(0)) != plain(theirs.post(0)):
        raise RuntimeError("the two servers store different resources")
    made = [[one["response"]["status"][:3] for one in json.loads(each.bundle(0))["entry"]] for each in (ours, theirs)]
    if made != [["201"] * 20] * 2:
        raise RuntimeError("the two servers answer a transaction differently")


def _paired(name: str, ours: _Server, theirs: _Server) -> list[tuple[float, float]]:
    """Requests a second of both, round by round, each side first in turn; the first round only warms up."""
    one = {"bundle": ours.bundle, "GET": ours.get, "POST": ours.post, "search": ours.search, "bare": ours.get}[name]
    other = {"bundle": theirs.bundle, "GET": theirs.get, "POST": theirs.post, "search": theirs.search}.get(
        name, ours.bare
    )
    found = []
    for number in range(ROUNDS + 1):
        if number % 2:
            second = _rate(other, TIMES[name])
            found.append((_rate(one, TIMES[name]), second))
        else:
            first = _rate(one, TIMES[name])
            found.append((first, _rate(other, TIMES[name])))
    return found[1:]


def _rate(ask: Callable[[int], bytes], times: int) -> float:
    began = time.perf_counter()
    for n in range(times):
        ask(n)
    return times / (time.perf_counter() - began)


@contextmanager
def _ours(folder: Path) -> Iterator[_Server]:
    """Our server on a fresh home: one process, with one organisation's system as its client."""
    env = os.environ | {"COMMONWEAL_HOME": str(folder / "home"), "COMMONWEAL_PROJECT": str(BENCH.parent)}
    code = (
        "from commonweal.cli import runtime; runtime.start('batch');"
        "from commonweal.apps.access import api;"
        "api.create_user('system', 'a long password', api.Role.SERVICE, 'R01', 'A system');"
        "print(api.create_token('system', 1))"
    )
    token = subprocess.run([sys.executable, "-c", code], env=env, check=True, stdout=subprocess.PIPE, text=True)
    port = _free_port()
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "1", "--blocking-threads", "1", "--blocking-threads-idle-timeout", "600", "--no-ws"]
    role = {"COMMONWEAL_DB_ROLE": "app", "DJANGO_SETTINGS_MODULE": "_rest_settings", "PYTHONPATH": str(BENCH)}
    with _running([*words, "--log-level", "warning", "commonweal.config.wsgi:application"], env | role):
        yield _Server(port, "/fhir/R4", token.stdout.split()[-1])


@contextmanager
def _theirs(folder: Path) -> Iterator[_Server]:
    """sekmet-fhir: one process, its request log and simulator off."""
    python = _environment()
    port = _free_port()
    said = {
        "base_url": f"http://127.0.0.1:{port}/fhir",
        "data_dir": str(folder / "sekmet"),
        "log_inbound": False,
        "simulator": {"enabled": False},
    }
    (folder / "sekmet.yaml").write_text(yaml.safe_dump(said))
    words = [str(python), "-m", "uvicorn", "--factory", "sekmet.main:app_factory", "--host", "127.0.0.1"]
    words += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with _running(words, env | {"SEKMET_CONFIG": str(folder / "sekmet.yaml")}, folder):
        yield _Server(port, "/fhir")


def _environment() -> Path:
    """The Python of sekmet-fhir's own environment, made at the first run."""
    from commonweal.cli.home import home_dir

    place = home_dir() / "bench" / f"sekmet-{VERSION}"
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", f"sekmet-fhir=={VERSION}"]
        subprocess.run(install, check=True, stdout=sys.stderr)
        (place / "ready").touch()
    return python


@contextmanager
def _running(words: list[str], env: dict[str, str], folder: Path | None = None) -> Iterator[None]:
    """A server until the block ends."""
    server = subprocess.Popen(words, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    for row in run():
        print(row)
    print("Theirs: SQLite in its own process, synchronous=FULL; no sign-in, gate or audit; a read writes nothing.")
    print("Ours: PostgreSQL over a socket; every read commits its audit row before it is answered.")
    print(f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.")
    print("A disk that acknowledges writes early flatters the commits of both sides.")
