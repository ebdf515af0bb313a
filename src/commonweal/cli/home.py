"""Where one installation keeps its state, and what it takes the time to be.

``COMMONWEAL_HOME`` names the folder (``var/`` beside the working directory otherwise). A demonstration
home holds ``clock.json`` with ``{"behind_seconds": n}``: synthetic records end on a fixed day, so a
demonstration runs its care clock that many seconds behind. Audit rows always carry real time.
"""

import json
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path


def home_dir() -> Path:
    """The state folder, created private to this user if it is missing."""
    home = Path(os.environ.get("COMMONWEAL_HOME", "var")).resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def care_clock(home: Path) -> datetime:
    """The present moment for care: real time, less the home's offset if it is a demonstration."""
    now = datetime.now(UTC)
    path = f"{home}/clock.json"
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return now
    return now - _behind(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=4)
def _behind(path: str, _written: int, _file: int) -> timedelta:
    """The offset in the clock file, read again when the file is another or was written again."""
    return timedelta(seconds=json.loads(Path(path).read_text())["behind_seconds"])


def secret(home: Path, name: str) -> str:
    """A random 256-bit secret kept in ``keys/NAME`` (mode 0600), made at first use."""
    path = home / "keys" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_hex(32))
        with suppress(FileExistsError):  # another process made it first; then theirs counts
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text()
