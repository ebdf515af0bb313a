"""``commonweal serve``: the pages and the FHIR interface on this machine's own address.

Six processes: this one only watches; granian answers requests in the unprivileged ``app`` role, and another holds the
streams of alerts in the same role; the sealer hashes finished audit rows each second in the ``batch`` role; the worker
does the jobs requests leave behind, and the alerter raises alerts, in the same role. If the sealer stops, so does
everything: pages without a sealer would leave looks at records unsealed, and nobody would notice. A worker, an alerter
or a stream that dies is started again, and takes up what it died of: an import too large for the machine must not take
the record away from the ward. So is a process of granian's that dies, and granian itself (``kept``), unless it never
answers: what is wrong with the settings is said, and ends everything. If this command is killed, all of them end with
it; if PostgreSQL is, the sealer starts the embedded one again.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

import typer

from commonweal.cli import runtime
from commonweal.cli.home import home_dir
from commonweal.cli.kept import Kept

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
THREADS_A_WORKER = 4
REST_SECONDS = 1.0  # before a process is started again, lest one that cannot start takes a whole core trying
WEB = "commonweal.cli.web"
_ABOVE = "its last lines above say why"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(help="Serve the site and FHIR. Example: commonweal serve --port 8000")
    def serve(
        port: int = typer.Option(DEFAULT_PORT, min=1, max=65535, help="The port on 127.0.0.1."),
        workers: int = typer.Option(2, min=1, max=64, help="Processes that answer requests."),
        alerts_port: int = typer.Option(0, min=0, max=65535, help="Of the stream of alerts; 0: the next that is free."),
    ) -> None:
        serve_site(port, workers, alerts_port)


def serve_site(port: int = DEFAULT_PORT, workers: int = 2, alerts_port: int = 0) -> None:
    """Serve until interrupted. Exits 1 with one line if a port is taken, nothing answers, or the sealer stops."""
    _require_free(port)
    if alerts_port:
        _require_free(alerts_port)
    else:
        alerts_port = _free_after(port)
    (home_dir() / "static").mkdir(exist_ok=True)  # whitenoise wants the folder; the files come from their packages
    subprocess.run([sys.executable, "-m", "commonweal.cli.migrate"], check=True)
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    # Sessions of their own: Ctrl-C reaches only this process, which then stops them in order.
    sealer = subprocess.Popen([sys.executable, "-m", "commonweal.cli.sealer"], start_new_session=True)
    app_role = {**os.environ, **_app_role(), "COMMONWEAL_ALERTS_PORT": str(alerts_port)}

    def start(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - every word is ours but ports and workers, which are integers
            [sys.executable, "-m", *words], env=app_role if words[0] == WEB else None, start_new_session=True
        )

    server = Kept(lambda: start(*_granian(port, workers)), HOST, port)
    again: dict[str, tuple[str, ...]] = {
        "the worker": ("commonweal.cli.worker",),
        "the alerter": ("commonweal.cli.alerter",),
        "the stream of alerts": _stream(alerts_port),
    }
    helpers = {name: start(*words) for name, words in again.items()}
    said = False
    try:
        while not stopping:
            happened = server.watch()
            if server.failed:
                runtime.fail(f"the web server {happened}; {_ABOVE}")
            if happened:
                runtime.say(f"the web server {happened}")
            if server.answered and not said:
                said = True
                runtime.err.print(f"Commonweal answers on http://{HOST}:{port} (stop with Ctrl-C)", highlight=False)
            if sealer.poll() is not None:
                runtime.fail(f"the audit sealer stopped by itself (status {sealer.returncode}); {_ABOVE}")
            for name, helper in helpers.items():
                if helper.poll() is not None:
                    runtime.say(f"{name} stopped by itself (status {helper.returncode}) and is started again")
                    time.sleep(REST_SECONDS)
                    helpers[name] = start(*again[name])
            time.sleep(0.2)
    finally:
        for child in (*helpers.values(), server.process, sealer):
            _stop(child)
        # A process that was killed never said that it had done with the embedded database: it is stopped here then.
        subprocess.run([sys.executable, "-m", "commonweal.config.database"], check=False)


def _stream(port: int) -> tuple[str, ...]:
    """The command line of the process that holds the streams of alerts."""
    words = ("--interface", "asgi", "--host", HOST, "--port", str(port), "--workers", "1", "--log-level", "warning")
    return (WEB, *words, "--no-ws", "--workers-kill-timeout", "2", "commonweal.config.asgi:application")


def _granian(port: int, workers: int) -> list[str]:
    """The server's command line. Few threads: each holds one database connection for as long as it lives."""
    options = {
        "--interface": "wsgi",
        "--host": HOST,
        "--port": str(port),
        "--workers": str(workers),
        "--blocking-threads": str(THREADS_A_WORKER),
        "--blocking-threads-idle-timeout": "600",
        "--log-level": "warning",
        "--workers-kill-timeout": "5",
    }
    words = [word for pair in options.items() for word in pair]
    words += ["--no-ws", "--respawn-failed-workers"]
    return [WEB, *words, "commonweal.config.wsgi:application"]


def _app_role() -> dict[str, str]:
    """The environment that makes the web processes unprivileged, whatever role this command came from."""
    return {"COMMONWEAL_DB_ROLE": "app", "DJANGO_SETTINGS_MODULE": "commonweal.config.settings"}


def _require_free(port: int) -> None:
    """Fail before starting anything if another process holds the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            runtime.fail(f"port {port} is in use; stop what holds it, or choose another with --port")


def _free_after(port: int) -> int:
    """The next port that nobody holds."""
    for candidate in range(port + 1, min(port + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, candidate))
            except OSError:
                continue
            return candidate
    runtime.fail(f"no port after {port} is free for the stream of alerts; choose one with --alerts-port")


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, and insist after ten seconds."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
