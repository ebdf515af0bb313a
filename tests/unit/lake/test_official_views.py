"""The official SQL on FHIR v2 tests, through both engines."""

import json
from pathlib import Path
from typing import Any

import pytest

from commonweal.fhir.fhirpath import FhirPathError
from commonweal.fhir.views import ViewFault, read_view, rows
from commonweal.lake.views import run_view


def key(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)


def python(view: object, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(rows(read_view(view), resources))


def duckdb(view: object, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(run_view(read_view(view), (json.dumps(one) for one in resources)))


@pytest.mark.parametrize("engine", [python, duckdb])
def test_every_official_test_passes(test_data: Path, engine: Any) -> None:
    files = sorted((test_data / "sql_on_fhir").glob("*.json"))
    assert len(files) == 20
    run, failed = 0, []
    for path in files:
        whole = json.loads(path.read_text())
        for test in whole["tests"]:
            run += 1
            where = f"{path.name}: {test['title']}"
            try:
                got = engine(test["view"], whole["resources"])
            except (ViewFault, FhirPathError) as fault:
                if not test.get("expectError"):
                    failed.append(f"{where}: {fault}")
                continue
            if test.get("expectError"):
                failed.append(f"{where}: no error, but {got}")
            elif sorted(map(key, got)) != sorted(map(key, test["expect"])):
                failed.append(f"{where}: {got}, not {test['expect']}")
    assert run == 61
    assert failed == []
