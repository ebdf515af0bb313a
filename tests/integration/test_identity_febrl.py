"""The shipped weights on other people's data: FEBRL 4, 5,000 made-up Australians each held twice.

A check that the model is sound, not tuned to one generator: no NHS number, sex or practice there, Australian
postcodes, and far more faults than the generator makes. ``soc_sec_id`` is not used.
"""

import csv
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from commonweal.domain.identity import probable
from commonweal.fhir.normalise import name_key, phonetic
from commonweal.lake import linkage

FLOOR = 0.96


@pytest.fixture(scope="module")
def febrl(test_data: Path) -> dict[int, tuple[str, dict[str, str]]]:
    """Record number to (true person, columns)."""
    rows: dict[int, tuple[str, dict[str, str]]] = {}
    for half in "ab":
        with (test_data / "linkage" / f"febrl_dataset4{half}.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, skipinitialspace=True):
                rows[len(rows) + 1] = (row["rec_id"].split("-")[1], {key: value.strip() for key, value in row.items()})
    return rows


def born(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def test_shipped_weights_link_febrl(febrl: dict[int, tuple[str, dict[str, str]]], tmp_path: Path) -> None:
    family = [name_key(row["surname"]) for _, row in febrl.values()]
    given = [name_key(row["given_name"]) for _, row in febrl.values()]
    records = pa.table(
        {
            "record_id": list(febrl),
            "nhs_usable": pa.nulls(len(febrl), pa.string()),
            "family_key": family,
            "given_key": given,
            "family_sound": [phonetic(name) for name in family],
            "given_sound": [phonetic(name) for name in given],
            "birth_date": pa.array([born(row["date_of_birth"]) for _, row in febrl.values()], pa.date32()),
            "gender": [""] * len(febrl),
            "postcode": [row["postcode"] for _, row in febrl.values()],
            "practice": [""] * len(febrl),
        }
    )
    with duckdb.connect() as connection:
        connection.register("source", records)
        connection.execute("CREATE TABLE records AS FROM source")
        assert linkage.standardise(connection, tmp_path) == 10_000
        table = linkage.predict(connection, probable.REVIEW, partners=1.0)
        pairs = connection.table(table).project("unique_id_l, unique_id_r").fetchall()

    right = sum(febrl[first][0] == febrl[second][0] for first, second in pairs)
    precision, recall = right / len(pairs), right / 5_000

    assert precision >= 0.995
    assert 2 * precision * recall / (precision + recall) >= FLOOR
