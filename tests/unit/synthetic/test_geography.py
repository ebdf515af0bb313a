"""The shape of the system, invented and on real small areas, and the reference files that tell it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from commonweal.synthetic import GeographyError, generate
from commonweal.synthetic.invented_geography import invent, network_count
from commonweal.synthetic.real_geography import read

from .conftest import World


@pytest.mark.parametrize(("people", "networks"), [(100, 4), (5_000, 4), (27_500, 12), (50_000, 20), (1_200_000, 20)])
def test_networks_in_number_to_the_people(people: int, networks: int) -> None:
    assert network_count(people) == networks


@pytest.mark.parametrize("people", [100, 5_000, 60_000])
def test_one_system_three_places_two_councils_two_trusts(people: int) -> None:
    shape = invent(np.random.default_rng(0), people)
    kinds = [o.kind for o in shape.organisations()]
    counts = {k: kinds.count(k) for k in ("icb", "place", "council", "acute", "community", "mental_health")}
    assert counts == {"icb": 1, "place": 3, "council": 2, "acute": 2, "community": 1, "mental_health": 1}
    assert kinds.count("network") == network_count(people)
    assert kinds.count("care_home") >= 3
    assert {n.place for n in shape.networks} == {0, 1, 2}
    assert {a.imd_quintile for a in shape.areas} == {1, 2, 3, 4, 5}
    assert len(set(shape.postcodes)) == len(shape.postcodes)
    for area in shape.areas:
        assert (area.imd_decile - 1) * 3284 <= area.imd_rank <= area.imd_decile * 3285
        assert area.imd_quintile == (area.imd_decile + 1) // 2


def test_one_practice_merged_into_one_of_another_network_of_its_place(world: World) -> None:
    organisations = {o["ods_code"]: o for o in world.table("reference/organisations.csv")}
    merged = [o for o in organisations.values() if o["successor"]]
    assert len(merged) == 1
    successor = organisations[merged[0]["successor"]]
    assert merged[0]["valid_to"] == "2018-06-30"
    assert "2015-11-01" < merged[0]["valid_to"] < "2020-10-31"
    assert not successor["valid_to"]
    assert (successor["place"], successor["kind"]) == (merged[0]["place"], "practice")
    assert successor["network"] != merged[0]["network"]
    registered = {
        p["generalPractitioner"][0]["identifier"]["value"] for p in world.gp["Patient"] if p.get("generalPractitioner")
    }
    assert merged[0]["ods_code"] in registered, "some records still name the practice that merged"
    assert not (world.root / f"feeds/gp/{merged[0]['ods_code']}.ndjson").exists()


def test_parents_places_and_areas_are_all_there(world: World) -> None:
    organisations = {o["ods_code"]: o for o in world.table("reference/organisations.csv")}
    above = {
        "place": "icb",
        "network": "place",
        "practice": "network",
        "acute": "icb",
        "ambulance": "icb",
        "care_home": "council",
    }
    for org in organisations.values():
        if org["kind"] in above:
            assert organisations[org["parent"]]["kind"] == above[org["kind"]]
    areas = {a["lsoa"]: a for a in world.table("reference/small_areas.csv")}
    postcodes = {p["postcode"]: p["lsoa"] for p in world.table("reference/postcodes.csv")}
    assert set(postcodes.values()) <= set(areas)
    for person in world.gp["Patient"]:
        assert person["address"][0]["postalCode"] in postcodes
    for area in areas.values():
        assert organisations[area["place"]]["kind"] == "place"
        assert organisations[area["council"]]["kind"] == "council"
    for person in world.people.values():
        assert areas[person["lsoa"]]["imd_decile"] == person["imd_decile"]


def test_real_small_areas(test_data: Path, tmp_path: Path) -> None:
    folder = test_data / "geography"
    generate(tmp_path / "g", 400, 1, folder)
    with (tmp_path / "g/reference/small_areas.csv").open(encoding="utf-8") as handle:
        areas = list(csv.DictReader(handle))
    with next(folder.glob("imd*.csv")).open(encoding="utf-8-sig") as handle:
        real = {r["lsoa11_code"]: r for r in csv.DictReader(handle)}
    assert len(areas) == 679
    for area in areas:
        assert real[area["lsoa"]]["IMD_decile"] == area["imd_decile"]
        assert real[area["lsoa"]]["IMD_rank"] == area["imd_rank"]
    with next(folder.glob("gp_practice*.csv")).open(encoding="utf-8-sig") as handle:
        practices = {r["PRACTICE_CODE"]: r["PCN_CODE"] for r in csv.DictReader(handle)}
    with (tmp_path / "g/reference/organisations.csv").open(encoding="utf-8") as handle:
        for org in csv.DictReader(handle):
            if org["kind"] == "practice" and not org["successor"]:
                assert practices[org["ods_code"]] == org["network"] != "U", "practices of no network are left out"
    with (tmp_path / "g/reference/postcodes.csv").open(encoding="utf-8") as handle:
        assert all(p["postcode"][:2] in ("ZA", "ZB", "ZC") for p in csv.DictReader(handle))


def test_age_structure_of_real_areas_is_followed(test_data: Path) -> None:
    shape = read(test_data / "geography", np.random.default_rng(0), 5_000)
    assert sum(a.weight for a in shape.areas) > 1_000_000
    ages = shape.adult_ages()
    assert ages.shape == (len(shape.areas), 73)
    assert np.allclose(ages[:, -1], 1)
    young = [a.lsoa for a, row in zip(shape.areas, ages, strict=True) if row[12] > 0.6]
    assert young, "student areas have mostly young heads of household"


def test_a_geography_folder_that_will_not_do_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(GeographyError, match="has no file imd"):
        generate(tmp_path / "out", 200, 1, tmp_path)
    (tmp_path / "imd.csv").write_text("lsoa11_code\nE01\n")
    with pytest.raises(GeographyError, match=r"lacks the column.*lsoa11_name"):
        generate(tmp_path / "out", 200, 1, tmp_path)
    assert not (tmp_path / "out").exists(), "nothing is written or removed before the input is known to be good"
