"""Killing a landing at random points and running the same command again, until it has finished."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
from django.db import connection

from tests.landing_files import adt_message, gp_lines, write_lines

# The real command's code in a process of its own, in batches small enough to be killed between and inside.
LANDING = textwrap.dedent(
    """
    import os, sys
    from pathlib import Path
    from commonweal.cli import runtime
    runtime.start("batch")
    from commonweal.apps.exchange import api, messages, reading
    reading.BATCH, messages.PILE = 150, 40
    print("ready", flush=True)
    for feed, source, path in zip(sys.argv[1::3], sys.argv[2::3], sys.argv[3::3]):
        api.land(feed, [Path(path)], source, progress=lambda name, done, size: print("batch", flush=True))
    print("done", flush=True)
    """
)


def files(folder: Path) -> list[tuple[str, str, Path]]:
    """(feed, source, path) of a practice's file and a trust's, with bad lines and repeated messages in both."""
    lines = gp_lines("A81001", 150)
    rng = random.Random(1)
    for n in range(12):
        lines.insert(rng.randrange(len(lines)), f'{{"resourceType":"Patient","id":"bad{n}","birthDate":"2020-13-{n}"}}')
    first = [line for line in lines if '"Patient"' in line and "999" in line][:20]
    messages = []
    for n in range(240):
        person = n % 30
        event = ("A01", "A08", "A03")[n // 30 % 3]
        at = f"2020{n // 30 + 1:02d}{person % 28 + 1:02d}1000"
        messages.append(adt_message("RXX", f"M{person}", n, event, at, f"V{person}-{n // 90}"))
    messages += messages[5:15]
    later = [line.replace("Ashworth", "Changed") for line in first]
    path = folder / "RXX.hl7"
    path.write_text("\n".join(messages))
    return [
        ("gp", "A81001", write_lines(folder / "one.ndjson", lines)),
        ("gp", "A81001", write_lines(folder / "two.ndjson", later)),
        ("adt", "RXX", path),
    ]


def land_once(database: str, landed: list[tuple[str, str, Path]]) -> subprocess.Popen[str]:
    """Start a landing of every file in a process of its own."""
    arguments = [str(part) for triple in landed for part in triple]
    return subprocess.Popen(
        [sys.executable, "-c", LANDING, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COMMONWEAL_DB_NAME": database},
    )


def kill_at_random(process: subprocess.Popen[str], rng: random.Random, database: str) -> None:
    """Kill the process, or its database session, after some batches and some milliseconds."""
    batches = rng.randrange(0, 4)
    for line in process.stdout or ():
        if line == "done\n":
            break
        if line == "batch\n":
            batches -= 1
        if batches < 0:
            break
    time.sleep(rng.random() * 0.05)
    if rng.random() < 0.4:
        end_sessions(database)
    else:
        process.send_signal(signal.SIGKILL)
    process.communicate()


def end_sessions(database: str) -> None:
    """End every landing session of ``database``, as a crash of its server process would."""
    default = connection.settings_dict
    with psycopg.connect(
        host=default["HOST"], port=default["PORT"] or None, dbname="postgres", user="postgres", autocommit=True
    ) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
            [database, connection.connection.info.backend_pid if connection.connection else 0],
        )


def land_through_kills(database: str, landed: list[tuple[str, str, Path]], kills: int, seed: int) -> list[int]:
    """Kill ``kills`` landings, then let one finish; how many resources were stored at each kill, and at the end."""
    rng = random.Random(seed)
    stored = []
    for _ in range(kills):
        kill_at_random(land_once(database, landed), rng, database)
        stored.append(resources())
    last = land_once(database, landed)
    output, errors = last.communicate()
    if last.returncode != 0 or not output.endswith("done\n"):
        raise AssertionError(f"the last landing did not finish: {errors[-2000:]}")
    return [*stored, resources()]


def resources() -> int:
    """How many resources are stored now."""
    connection.close()  # what was killed may have been this very session
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource")
        return int(cursor.fetchone()[0])
