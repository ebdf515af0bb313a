"""The lake's own views: trusted to be valid R4, they give what the general compiler and the reference give."""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from commonweal.fhir.views import rows
from commonweal.lake.sql import sql
from commonweal.lake.tables import LAKE_TABLES, LakeTable
from commonweal.lake.views import compile_view


def resources(test_data: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted((test_data / "uk_core" / "json").glob("*.json"))]
    for path in sorted((test_data / "synthea_r4").glob("*.json.gz"))[:3]:
        found += [entry["resource"] for entry in json.loads(gzip.decompress(path.read_bytes()))["entry"]]
    return found


@pytest.mark.parametrize("table", LAKE_TABLES, ids=lambda table: table.name)
def test_short_and_general_forms_agree_with_the_reference(test_data: Path, table: LakeTable) -> None:
    view = table.view
    mine = [one for one in resources(test_data) if one["resourceType"] == view.resource]
    expected = list(rows(view, mine))
    assert expected
    for trusted in (True, False):
        with duckdb.connect() as connection:
            connection.register("resources", pa.table({"body": [json.dumps(one) for one in mine]}))
            found = connection.execute(str(compile_view(view, sql("resources"), trusted=trusted)))
            names = [one[0] for one in found.description or []]
            assert [dict(zip(names, row, strict=True)) for row in found.fetchall()] == expected
