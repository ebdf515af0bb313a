"""What every command shares: starting Django in a role, printing results, failing with one line.

Results go to stdout (JSON with ``--json``), progress to stderr, and a failure is one line on stderr that
says what happened and what to do, with exit status 1.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

JSON = typer.Option(False, "--json", help="Print one JSON object on stdout.")
err = Console(stderr=True)
out = Console()


def start(role: str = "batch") -> None:
    """Set Django up with the database role ``role`` (``app``, ``batch`` or ``owner``), migrated."""
    os.environ["COMMONWEAL_DB_ROLE"] = role
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")
    import django

    django.setup()
    if role != "owner":
        _migrate_if_needed()


def _migrate_if_needed() -> None:
    """Run pending migrations in a process of their own, since only the owner role may."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations')")
        row = cursor.fetchone()
        done: set[tuple[str, str]] = set()
        if row and row[0]:
            cursor.execute("SELECT app, name FROM django_migrations")
            done = set(cursor.fetchall())
    known = set(MigrationLoader(None).disk_migrations)
    if known - done:
        subprocess.run([sys.executable, "-m", "commonweal.cli.migrate"], check=True)


def emit(result: Any, as_json: bool, text: Callable[[Console], None] | None = None) -> None:
    """Print ``result``: JSON on stdout if asked, else ``text`` or one ``name: value`` line each."""
    if as_json:
        sys.stdout.write(json.dumps(result, default=str) + "\n")
    elif text is not None:
        text(out)
    elif isinstance(result, Mapping):
        for key, value in result.items():
            out.print(f"{key}: {value}", markup=False, highlight=False)
    else:
        for row in result:
            out.print(str(row), markup=False, highlight=False)


def fail(message: str) -> NoReturn:
    """Print one line on stderr and exit 1."""
    say(message)
    raise typer.Exit(1)


def say(message: str) -> None:
    """Print one line on stderr, marked as ours."""
    err.print(f"commonweal: {message}", markup=False, highlight=False, soft_wrap=True)


def progress() -> Progress:
    """A progress display on stderr that vanishes when done."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
