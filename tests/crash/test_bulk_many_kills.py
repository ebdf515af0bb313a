"""Bulk imports and exports through many kills of the worker: ``make crash``."""

import pytest
from django.db import connection

from tests import bulk_kills
from tests.integration.test_bulk_kills import upload

pytestmark = pytest.mark.usefixtures("database")
KILLS = 12


@pytest.mark.parametrize("seed", range(2))
def test_every_line_is_in_once_however_often_the_worker_dies(database: str, seed: int) -> None:
    from commonweal.apps.exchange.bulk import files, requests

    source = f"P{seed:02d}"
    said: dict[str, object] = {"feed": "api", "same_numbering": False, "files": [upload(source, seed, people=600)]}
    ident = bulk_kills.ask("import", source, said)
    assert bulk_kills.through_kills(database, ident, KILLS, seed, seconds=300) == KILLS
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), max(r.version) FROM record_resource r JOIN record_source s ON s.id = r.source_id "
            "WHERE s.source = %s",
            [source],
        )
        assert cursor.fetchone() == (6_001, 1)
    out = bulk_kills.ask("export", source, {"level": "system"})
    bulk_kills.through_kills(database, out, KILLS, seed, seconds=300)
    done = requests.find(out)
    assert done is not None
    assert sum(one["count"] for one in done.manifest["output"]) == 6_001
    for one in done.manifest["output"]:
        path = files.find(out, one["name"])
        assert path is not None
        assert len(path.read_bytes().splitlines()) == one["count"]
