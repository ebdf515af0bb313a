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
        theirs = linkage.linker(engine, model).inference.predict(threshold_match_weight=REVIEW, warning_mode="never")
        engine.table(theirs.physical_name).create_view("theirs")
        ours = linkage.predict(engine, REVIEW)
        fields = [name for name in engine.table(ours).columns if name not in ("unique_id_l", "unique_id_r")]
        order = ["least(unique_id_l, unique_id_r)", "greatest(unique_id_l, unique_id_r)"]
        wanted = ", ".join([*order, *fields])
        expected = engine.table("theirs").project(wanted).order("1, 2").fetchall()
        found = engine.table(ours).project(wanted).order("1, 2").fetchall()
    assert len(found) > 1000
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for mine, wanted_row in zip(found, expected, strict=True):
        assert mine[2:] == pytest.approx([0.0 if value is None else value for value in wanted_row[2:]], abs=1e-9)
