"""An invented system: one city place, two county places, and everything in them, in number to the people."""

import numpy as np

from commonweal.synthetic.geography import (
    AGE_BANDS,
    OLDEST,
    Geography,
    Network,
    Place,
    Practice,
    Provider,
    SmallArea,
    add_postcodes,
    spread_networks,
)

IMD_VERSION = "2019"
IMD_AREAS = 32_844  # small areas ranked by the 2019 index
_PLACES = (("Z9A1A", "Aldermere City"), ("Z9B2B", "Mid Wyre"), ("Z9C3C", "South Wyre"))
_PLACE_SHARES = (0.34, 0.38, 0.28)
_COUNCILS = (Provider("990", "Aldermere City Council", 0), Provider("991", "Wyre County Council", 1))
_ACUTE = (
    Provider("RZ1", "Aldermere University Hospitals NHS Trust", 0, "ZA1 9ZZ"),
    Provider("RZ2", "Kingsbeck Hospitals NHS Foundation Trust", 1, "ZB1 9ZZ"),
)
_COMMUNITY = Provider("RZC", "Wyre Community Services NHS Trust", 1, "ZB1 9ZY")
_MENTAL_HEALTH = Provider("RZM", "Aldermere and Wyre Mental Health NHS Trust", 0, "ZA1 9ZY")
_AMBULANCE = Provider("RZA", "Wyre Valley Ambulance Service NHS Trust", 1, "ZB1 9ZV")
_SITES = [
    "Ashbrook",
    "Beechfield",
    "Castlegate",
    "Dovecote",
    "Elmhurst",
    "Fairholme",
    "Greenbank",
    "Highcroft",
    "Ivybridge",
    "Kestrel",
    "Larkhill",
    "Meadowside",
    "Northgate",
    "Oakdene",
    "Parkside",
    "Quarryfield",
    "Riverside",
    "Southwell",
    "Thornfield",
    "Upland",
    "Valley",
    "Westgate",
    "Woodlands",
    "Yewtree",
    "Abbeyfield",
    "Bankside",
    "Cedarwood",
    "Deepdale",
    "Eastfield",
    "Foxglove",
    "Glebe",
    "Hollies",
]
_QUARTERS = [
    "Harbour",
    "Forge",
    "Minster",
    "Weir",
    "Colliers",
    "Canal",
    "Priory",
    "Meadows",
    "Heath",
    "Wolds",
    "Beacon",
    "Vale",
    "Orchard",
    "Saltway",
    "Tanners",
    "Cathedral",
    "Moor",
    "Spinney",
    "Gateway",
    "Ferry",
]
_HOMES = [
    "The_Laurels",
    "Rose_Court",
    "Ivy_House",
    "The_Willows",
    "Manor_Lodge",
    "Field_View",
    "The_Poplars",
    "Orchard_House",
]


def network_count(people: int) -> int:
    """4 networks up to 5,000 people, 20 from 50,000, and in between in proportion."""
    return int(np.clip(round(4 + (people - 5_000) / 45_000 * 16), 4, 20))


def practices_a_network(people: int) -> int:
    """2 to 8 practices a network, aiming at 800 people a practice."""
    return int(np.clip(round(people / network_count(people) / 800), 2, 8))


def area_count(people: int) -> int:
    """Small areas: more and smaller than real ones in a small world, so that each quintile has several."""
    return max(30, min(people // 100, max(300, people // 1_500)))


def place_of_network(count: int, shares: tuple[float, ...]) -> list[int]:
    """The place of each of ``count`` networks: at least one a place, the rest by share of the people."""
    counts = [1] * len(shares)
    while sum(counts) < count:
        want = [s * count - c for s, c in zip(shares, counts, strict=True)]
        counts[want.index(max(want))] += 1
    return [p for p, n in enumerate(counts) for _ in range(n)]


def invent(rng: np.random.Generator, people: int) -> Geography:
    """The invented system sized for ``people``."""
    places = [Place(code, name, min(i, 1)) for i, (code, name) in enumerate(_PLACES)]
    networks = [
        Network(f"U99{i + 1:03d}", f"{_QUARTERS[i]} Primary Care Network", place)
        for i, place in enumerate(place_of_network(network_count(people), _PLACE_SHARES))
    ]
    practices: list[Practice] = []
    for index, network in enumerate(networks):
        for _ in range(practices_a_network(people)):
            number = len(practices)
            name = _SITES[number % len(_SITES)] + (" Surgery" if number < len(_SITES) else " Medical Centre")
            if number >= 2 * len(_SITES):
                name = f"{network.name.split()[0]} {name}"
            practices.append(Practice(f"X90{number + 1:03d}", name, index, f"Z{'ABC'[network.place]}1 9ZX"))
    practices.append(merged_practice(networks, practices, "X90999", "Old Tollgate Surgery"))
    geography = Geography(
        system=Provider("QZ9", "NHS Aldermere and Wyre Integrated Care Board", 0),
        imd_version=IMD_VERSION,
        places=places,
        networks=networks,
        practices=practices,
        areas=_areas(rng, area_count(people)),
        councils=list(_COUNCILS),
        acute=list(_ACUTE),
        community=_COMMUNITY,
        mental_health=_MENTAL_HEALTH,
        ambulance=_AMBULANCE,
    )
    furnish(geography, rng, people)
    return geography


def merged_practice(networks: list[Network], practices: list[Practice], code: str, name: str) -> Practice:
    """A practice that merged into one of another network of the same place, where a place has two networks."""
    places = [n.place for n in networks]
    place = next(p for p in places if places.count(p) > 1)
    first, second = [i for i, n in enumerate(networks) if n.place == place][:2]
    successor = next(i for i, p in enumerate(practices) if p.network == second)
    return Practice(code, name, first, f"Z{'ABC'[place]}1 9ZW", merged_into=successor)


def furnish(geography: Geography, rng: np.random.Generator, people: int) -> None:
    """Add the care homes, postcodes and network areas to a system whose organisations and areas are known."""
    for i in range(max(3, round(people * 0.007 / 22))):
        name = _HOMES[i % len(_HOMES)].replace("_", " ") + (f" {i // len(_HOMES) + 1}" if i >= len(_HOMES) else "")
        geography.care_homes.append(Provider(f"VZ{i + 1:03d}", f"{name} Care Home", i % len(geography.places)))
    add_postcodes(geography, rng, max(1, int(people / 2.35)))
    spread_networks(geography)
    for i, home in enumerate(geography.care_homes):
        inside = [
            pc
            for pc, area in zip(geography.postcodes, geography.postcode_area, strict=True)
            if geography.areas[area].place == home.place
        ]
        geography.care_homes[i] = Provider(home.code, home.name, home.place, inside[int(rng.integers(len(inside)))])


def _areas(rng: np.random.Generator, count: int) -> list[SmallArea]:
    """``count`` areas, the city more deprived than the county, with ranks in the bounds of their decile."""
    single = (*np.repeat(np.array(AGE_BANDS) / 5, 5)[:OLDEST].tolist(), AGE_BANDS[-1])
    leaning = (np.array([10, 10, 9, 8, 6, 5, 4, 3, 2, 2]), np.arange(5, 15), np.array([3, 4, 5, 5, 6, 6, 7, 7, 7, 6]))
    areas: list[SmallArea] = []
    for place, share in enumerate(_PLACE_SHARES):
        number = max(10, round(count * share))
        chances = leaning[place] / leaning[place].sum()
        # Each decile occurs in its expected number, so that a small world is not by luck all rich or all poor.
        deciles = rng.permutation(np.searchsorted(chances.cumsum(), (np.arange(number) + 0.5) / number) + 1)
        for i, decile in enumerate(deciles):
            rank = int((decile - 1 + rng.random()) * IMD_AREAS / 10) + 1
            areas.append(
                SmallArea(
                    f"E019{place}{i:04d}",
                    f"{_PLACES[place][1]} {i + 1:03d}",
                    place,
                    rank,
                    int(decile),
                    (int(decile) + 1) // 2,
                    float(rng.uniform(0.7, 1.3)),
                    single,
                )
            )
    return areas
