"""``commonweal serve``: the pages and the FHIR interface on this machine's own address.

Four processes: this one only watches; granian answers requests in the unprivileged ``app`` role; the sealer
hashes finished audit rows each second in the ``batch`` role; the worker does the jobs requests leave behind, in the
same role. If the server or the sealer stops, so does everything: pages without a sealer would leave looks at records
unsealed, and nobody would notice. A worker that dies is started again, and takes up the job it died of: an import
too large for the machine must not take the record away from the ward. So is a process of granian's that dies. If this
command is killed, all of them end with it; if PostgreSQL is, the sealer starts the embedded one again.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

import typer

from commonweal.cli import runtime
from commonweal.cli.home import home_dir

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
THREADS_A_WORKER = 4
WORKER_REST_SECONDS = 1.0  # before it is started again, lest a worker that cannot start takes a whole core trying


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(help="Serve the site and FHIR. Example: commonweal serve --port 8000")
    def serve(
        port: int = typer.Option(DEFAULT_PORT, min=1, max=65535, help="The port on 127.0.0.1."),
        workers: int = typer.Option(2, min=1, max=64, help="Processes that answer requests."),
    ) -> None:
        serve_site(port, workers)


def serve_site(port: int = DEFAULT_PORT, workers: int = 2) -> None:
    """Serve until interrupted. Exits 1 with one line if the port is taken or a process stops by itself."""
    _require_free(port)
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
    worker = _worker()
    server = subprocess.Popen(  # noqa: S603 - every word is ours but the port and the workers, both integers
        _granian(port, workers), env={**os.environ, **_app_role()}, start_new_session=True
    )
    children = {"the web server": server, "the audit sealer": sealer}
    try:
        if _await_answer(port, server, lambda: stopping):
            runtime.err.print(f"Commonweal answers on http://{HOST}:{port} (stop with Ctrl-C)", highlight=False)
        while not stopping:
            for name, child in children.items():
                if child.poll() is not None:
                    runtime.fail(f"{name} stopped by itself (status {child.returncode}); its last lines above say why")
            if worker.poll() is not None:
                runtime.say(f"the worker stopped by itself (status {worker.returncode}) and is started again")
                time.sleep(WORKER_REST_SECONDS)
                worker = _worker()
            time.sleep(0.2)
    finally:
        for child in (worker, *children.values()):
            _stop(child)
        # A process that was killed never said that it had done with the embedded database: it is stopped here then.
        subprocess.run([sys.executable, "-m", "commonweal.config.database"], check=False)


def _worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "commonweal.cli.worker"], start_new_session=True)


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
    return [sys.executable, "-m", "commonweal.cli.web", *words, "commonweal.config.wsgi:application"]


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


def _await_answer(port: int, server: subprocess.Popen[bytes], stopping: Callable[[], bool]) -> bool:
    """Wait until the port accepts a connection: True; False if the server ended or we were told to stop."""
    while server.poll() is None and not stopping():
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return True
        time.sleep(0.1)
    return False


def _stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, and insist after ten seconds."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
