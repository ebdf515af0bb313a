"""NHS Digital's own ``mesh-sandbox``, running on this machine: mailboxes X26ABC1 to X26ABC3, password ``password``."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from mesh_client import MeshClient

KEY = "Banana-of-the-tests"


@dataclass
class Sandbox:
    """A running sandbox. ``store``: where it keeps its messages, a folder a mailbox."""

    port: int
    store: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def admin(self, method: str, path: str, said: Any = None) -> None:
        body = None if said is None else json.dumps(said).encode()
        asked = Request(self.url + path, body, {"Content-Type": "application/json"}, method=method)
        with urlopen(asked) as answer:
            assert answer.status == 200

    def partner(self, mailbox: str = "X26ABC1", **more: Any) -> MeshClient:
        """Another organisation's client, as the package offers it."""
        return MeshClient(self.url, mailbox, "password", shared_key=KEY.encode(), **more)

    def put(self, content: bytes, workflow: str, **more: Any) -> str:
        """A message from X26ABC1 to X26ABC2; its number."""
        with self.partner() as client:
            return str(client.send_message("X26ABC2", content, workflow_id=workflow, **more))

    def waiting(self, mailbox: str = "X26ABC2") -> list[str]:
        with self.partner(mailbox) as client:
            return [str(one) for one in client.list_messages()]


@contextmanager
def mesh_sandbox(store: Path) -> Iterator[Sandbox]:
    """Run it in a process of its own, on a free port, with nothing in it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    environment = {
        "STORE_MODE": "file",
        "MAILBOXES_DATA_DIR": str(store),
        "SHARED_KEY": KEY,
    }
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", "mesh_sandbox.api:app", "--port", str(port)]
    with (store / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    running = Sandbox(port, store)
    try:
        for _ in range(600):
            try:
                running.admin("GET", "/health")
                break
            except URLError:
                assert process.poll() is None, (store / "log").read_text()
                time.sleep(0.1)
        yield running
    finally:
        process.terminate()
        process.wait(10)
