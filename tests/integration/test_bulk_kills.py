"""A worker that is killed: another takes the job up, and it is done once. More kills: ``make crash``."""

import io
import json

import pytest
from django.db import connection

from tests import bulk_kills
from tests.landing_files import gp_lines
from tests.landing_files import state as landed_state

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("database")]
KILLS = 2
PEOPLE = 150


def upload(organisation: str, seed: int, people: int = PEOPLE) -> dict[str, object]:
    """A file as it stands once it has come in."""
    from commonweal.apps.exchange.bulk import uploads

    body = "".join(line + "\n" for line in gp_lines(organisation, people, seed)).encode()
    kept = uploads.receive("user:system", io.BytesIO(body), len(body), "")
    return {"upload": str(kept.id), "sha256": kept.sha256, "size": kept.size, "address": ""}


def test_an_import_through_kills_ends_as_if_nothing_had_been(database: str) -> None:
    from commonweal.apps.exchange.bulk import requests

    said = {"feed": "api", "same_numbering": False, "files": [upload("P01", 1)]}
    ident = bulk_kills.ask("import", "P01", said)
    assert bulk_kills.through_kills(database, ident, KILLS, seed=1) == KILLS
    done = requests.find(ident)
    assert done is not None
    [told] = done.manifest["files"]
    lines = 1 + PEOPLE * 10
    assert (done.state, told["read"], told["accepted"], told["quarantined"]) == ("completed", lines, lines, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(version) FROM record_resource")
        assert cursor.fetchone() == (lines, 1)
        cursor.execute("SELECT count(*) FROM record_history")
        assert cursor.fetchone() == (0,)
    after = landed_state()
    again = {"feed": "api", "same_numbering": False, "files": [upload("P01", 1)]}
    second = bulk_kills.ask("import", "P01", again)
    bulk_kills.through_kills(database, second, 0, seed=2)
    assert landed_state() == after


def test_an_export_through_kills_is_whole_and_of_one_moment(database: str) -> None:
    from commonweal.apps.exchange.bulk import files, requests

    ident = bulk_kills.ask("export", "P01", {"level": "system"})
    bulk_kills.through_kills(database, ident, 1, seed=3)
    done = requests.find(ident)
    assert done is not None
    assert done.state == "completed"
    for one in done.manifest["output"]:
        path = files.find(ident, one["name"])
        assert path is not None
        ids = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
        assert len(ids) == len(set(ids)) == one["count"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource")
        assert cursor.fetchone() == (sum(one["count"] for one in done.manifest["output"]),)
    assert not list(files.folder(ident).parent.glob("*.part"))


def test_big_exports_are_streamed(database: str) -> None:
    """Memory does not grow with what is exported: over fifteen megabytes, in under six."""
    import tracemalloc

    from commonweal.apps.exchange.bulk import files, requests
    from tests.bulk_asking import run_jobs

    said: dict[str, object] = {"feed": "api", "same_numbering": False, "files": [upload("P02", 2)]}
    bulk_kills.ask("import", "P02", said)
    run_jobs()
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE record_resource SET body =
            regexp_replace(body, '}$', ',"language":"' || repeat('x', 60000) || '"}') WHERE type = 'Observation'"""
        )
    ident = bulk_kills.ask("export", "P02", {"level": "system"})
    tracemalloc.start()
    run_jobs()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    done = requests.find(ident)
    assert done is not None
    size = sum(path.stat().st_size for path in files.folder(ident).iterdir())
    assert (done.state, size > 15_000_000, most < 6_000_000) == ("completed", True, True)
