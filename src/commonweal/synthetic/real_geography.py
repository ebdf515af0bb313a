"""A system on real small areas: their deprivation, age structure, networks and practices, from public tables.

Which network serves which small area is not in those tables, so networks are dealt to places in order of code.
"""

import csv
import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from commonweal.domain.errors import CommonwealError
from commonweal.synthetic.geography import OLDEST, Geography, Network, Place, Practice, Provider, SmallArea
from commonweal.synthetic.invented_geography import (
    IMD_VERSION,
    furnish,
    merged_practice,
    network_count,
    place_of_network,
    practices_a_network,
)

_UNITARY = ("E06", "E08", "E09")


class GeographyError(CommonwealError):
    """A geography folder that cannot be used; the message says which file and what is wrong."""


def _rows(folder: Path, beginning: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of the one file of ``folder`` whose name begins with ``beginning``."""
    found = sorted(folder.glob(f"{beginning}*.csv"))
    if not found:
        raise GeographyError(f"{folder} has no file {beginning}*.csv")
    with found[0].open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        missing = [c for c in needed if c not in (reader.fieldnames or ())]
        if missing:
            raise GeographyError(f"{found[0]} lacks the column(s) {', '.join(missing)}")
        return list(reader)


def read(folder: Path, rng: np.random.Generator, people: int) -> Geography:
    """The system with the most people that has both small areas and practices in ``folder``.

    Needs ``imd*.csv``, ``population*.csv`` and ``gp_practice*.csv`` in the columns of the MHCLG index of 2019, the ONS
    small-area population estimates and the NHS practice mapping. Raises :class:`GeographyError`.
    """
    imd = _rows(
        folder,
        "imd",
        ("lsoa11_code", "lsoa11_name", "ltla22_code", "ltla22_name", "icb22_code_h", "icb22_name", "IMD_decile"),
    )
    ages = {
        r["lsoa11_code"]: (*(float(r[str(a)]) for a in range(OLDEST)), float(r["90+"]))
        for r in _rows(folder, "population", ("lsoa11_code", "0", "89", "90+"))
    }
    practices = _rows(folder, "gp_practice", ("PRACTICE_CODE", "PRACTICE_NAME", "PCN_CODE", "PCN_NAME", "STP_CODE"))
    served = {p["STP_CODE"] for p in practices}
    totals: dict[str, float] = defaultdict(float)
    for row in imd:
        if row["icb22_code_h"] in served:
            totals[row["icb22_code_h"]] += sum(ages.get(row["lsoa11_code"], ()))
    if not totals:
        raise GeographyError(f"no system in {folder} has both small areas and practices")
    code = min(totals, key=lambda c: (-totals[c], c))
    imd = sorted((r for r in imd if r["icb22_code_h"] == code), key=lambda r: r["lsoa11_code"])
    missing = [r["lsoa11_code"] for r in imd if r["lsoa11_code"] not in ages]
    if missing:
        raise GeographyError(f"{folder}: no population for small area {missing[0]} (and {len(missing) - 1} others)")
    groups = _places(imd, ages)
    place_of = {district: i for i, (_, districts, _) in enumerate(groups) for district in districts}
    areas = [
        SmallArea(
            r["lsoa11_code"],
            r["lsoa11_name"],
            place_of[r["ltla22_code"]],
            int(r.get("IMD_rank") or 0),
            int(r["IMD_decile"]),
            (int(r["IMD_decile"]) + 1) // 2,
            sum(ages[r["lsoa11_code"]]),
            ages[r["lsoa11_code"]],
        )
        for r in imd
    ]
    weights = [sum(a.weight for a in areas if a.place == p) for p in range(len(groups))]
    shares = tuple(w / sum(weights) for w in weights)
    networks, chosen = _practices([p for p in practices if p["STP_CODE"] == code], people, shares)
    geography = Geography(
        system=Provider(code, imd[0]["icb22_name"], 0),
        imd_version=IMD_VERSION,
        places=[Place(f"{code}{i + 1:02d}", name, council) for i, (name, _, council) in enumerate(groups)],
        networks=networks,
        practices=chosen,
        areas=areas,
        councils=[Provider("990", "City council", 0), Provider("991", "County council", 1)],
        acute=[
            Provider("RZ1", "First acute trust (invented)", 0, "ZA1 9ZZ"),
            Provider("RZ2", "Second acute trust (invented)", 1, "ZB1 9ZZ"),
        ],
        community=Provider("RZC", "Community trust (invented)", 1, "ZB1 9ZY"),
        mental_health=Provider("RZM", "Mental health trust (invented)", 0, "ZA1 9ZY"),
        ambulance=Provider("RZA", "Ambulance trust (invented)", 1, "ZB1 9ZV"),
    )
    furnish(geography, rng, people)
    return geography


def _places(imd: list[dict[str, str]], ages: dict[str, tuple[float, ...]]) -> list[tuple[str, tuple[str, ...], int]]:
    """Three places as (name, districts, council index): the largest unitary alone if there is one, the rest halved."""
    size: dict[tuple[str, str], float] = defaultdict(float)
    for r in imd:
        size[r["ltla22_code"], r["ltla22_name"]] += sum(ages[r["lsoa11_code"]])
    districts = sorted(
        size, key=lambda d: (not d[0].startswith(_UNITARY), -size[d] if d[0].startswith(_UNITARY) else 0, d)
    )
    if len(districts) < 3:
        raise GeographyError(f"a system of {len(districts)} district(s) cannot be split into three places")
    first, rest = districts[0], districts[1:]
    half, cut, running = sum(size[d] for d in rest) / 2, 1, size[rest[0]]
    while cut < len(rest) - 1 and running + size[rest[cut]] / 2 <= half:
        running += size[rest[cut]]
        cut += 1
    parts = ([first], rest[:cut], rest[cut:])
    return [
        (" and ".join(n for _, n in part[:2]), tuple(c for c, _ in part), min(i, 1)) for i, part in enumerate(parts)
    ]


def _practices(
    rows: list[dict[str, str]], people: int, shares: tuple[float, ...]
) -> tuple[list[Network], list[Practice]]:
    """The first networks by code, as many as the people need, each with its first practices by code."""
    by_network: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda r: r["PRACTICE_CODE"]):
        if re.fullmatch(r"U\d{5}", row["PCN_CODE"]):  # a bare U stands for practices of no network
            by_network[row["PCN_CODE"], row["PCN_NAME"]].append(row)
    keys = [k for k in sorted(by_network) if len(by_network[k]) > 1]
    count = min(network_count(people), len(keys))
    if count <= len(shares):
        raise GeographyError(
            f"{len(keys)} network(s) of two or more practices found; more than {len(shares)} are needed"
        )
    networks: list[Network] = []
    practices: list[Practice] = []
    for index, (key, place) in enumerate(zip(keys, place_of_network(count, shares), strict=False)):
        networks.append(Network(key[0], key[1].title().replace("Pcn", "PCN"), place))
        taken = by_network[key][: max(2, practices_a_network(people))]
        for row in taken:
            practices.append(
                Practice(row["PRACTICE_CODE"], row["PRACTICE_NAME"].title(), index, f"Z{'ABC'[place]}1 9ZX")
            )
    practices.append(merged_practice(networks, practices, "X90999", "Old Tollgate Surgery (invented)"))
    return networks, practices
