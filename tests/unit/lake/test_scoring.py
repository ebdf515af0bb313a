"""Our scoring against Splink's own predict with the same model: the same pairs, the same weight of every field."""

import csv
from datetime import date
from pathlib import Path

import duckdb
import pytest

from commonweal.domain.identity.probable import REVIEW
from commonweal.lake import linkage

FAMILIES = ("smith", "smyth", "jones", "okafor", "wojcik smith", "")
GIVEN = ("elizabeth", "liz", "e", "harriet", "okafor", "")
PLACES = ("NG1 1AA", "NG1 1AB", "NG9 9ZZ", "")


def records() -> list[tuple[object, ...]]:
    """240 made-up records that meet every level of every field, by counting through the choices."""
    rows: list[tuple[object, ...]] = []
    for i in range(240):
        family, given, place = FAMILIES[i % 6], GIVEN[i // 6 % 6], PLACES[i // 5 % 4]
        born = (date(1950, 2, 11), date(1950, 11, 2), date(1950, 2, 12), date(1900, 1, 1), None)[i // 7 % 5]
        number = ("9990000018", "9990000026", "")[i // 11 % 3]
        sex, practice = ("male", "female", "")[i // 3 % 3], ("Y00001", "Y00002", "")[i // 2 % 3]
        rows.append((i + 1, number, family, given, family[:2].upper(), given[:2].upper(), born, sex, place, practice))
    return rows


@pytest.mark.parametrize("kept", [False, True])
def test_every_weight_is_what_splink_gives(tmp_path: Path, kept: bool) -> None:
    path = tmp_path / "records.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([linkage.COLUMNS, *records()])
    with duckdb.connect() as engine:
        engine.read_csv(str(path), header=True, all_varchar=True).create("received")
        engine.execute(
            "CREATE TABLE records AS SELECT * REPLACE (record_id::BIGINT AS record_id,"
            " nullif(birth_date, '')::DATE AS birth_date) FROM received"
        )
        linkage.standardise(engine, tmp_path)
        if kept:
            rates = [("given", "liz", "0.001"), ("family", "smith", "0.2"), ("postcode", "NG1 1AA", "0.05")]
            linkage.keep_frequencies(engine, tmp_path, rates, [1, 2, 3])
        model = {
            **linkage.model(),
            "probability_two_random_records_match": linkage.prior(240),
            "retain_intermediate_calculation_columns": True,
        }
        if not kept:  # before ours: Splink then counts the frequencies itself
            _predicted_by_splink(engine, model)
        pairs = engine.table(linkage.predict(engine, REVIEW)).order("1, 2").fetchall()
        if kept:  # after ours: Splink takes the columns of frequencies that there are
            _predicted_by_splink(engine, model)
        fields = linkage.explain(engine, tmp_path, [pair[:2] for pair in pairs])
        columns = [name for name in engine.table("theirs").columns if name.startswith("mw_")]
        wanted = ", ".join(
            ["least(unique_id_l, unique_id_r)", "greatest(unique_id_l, unique_id_r)", "match_weight", *columns]
        )
        expected = engine.table("theirs").project(wanted).order("1, 2").fetchall()
    assert len(pairs) > 1000
    assert [pair[:2] for pair in pairs] == [row[:2] for row in expected]
    for pair, row in zip(pairs, expected, strict=True):
        assert pair[2] == pytest.approx(row[2], abs=1e-9)
        theirs = {name: value or 0.0 for name, value in zip(columns, row[3:], strict=True)}
        both = {name: theirs["mw_" + name] + theirs.get("mw_tf_adj_" + name, 0.0) for name in fields[pair[:2]]}
        assert fields[pair[:2]] == pytest.approx(both, abs=1e-3)


def _predicted_by_splink(engine: duckdb.DuckDBPyConnection, model: dict[str, object]) -> None:
    """Make view ``theirs`` of what Splink predicts."""
    found = linkage.linker(engine, model).inference.predict(threshold_match_weight=REVIEW, warning_mode="never")
    engine.table(found.physical_name).create_view("theirs")


def test_records_of_one_home_are_not_compared(tmp_path: Path) -> None:
    with duckdb.connect() as engine:
        linkage.load(engine, tmp_path, "received", [linkage.COLUMNS, *records()])
        engine.execute(
            "CREATE TABLE records AS SELECT * REPLACE (record_id::BIGINT AS record_id,"
            " nullif(birth_date, '')::DATE AS birth_date) FROM received"
        )
        linkage.standardise(engine, tmp_path)
        engine.execute("INSERT INTO homes SELECT unique_id, unique_id % 2, 'verified' FROM linkage")

        pairs = engine.table(linkage.predict(engine, REVIEW)).fetchall()

    assert pairs
    assert all(first % 2 != second % 2 for first, second, _ in pairs)
