"""The shape of the system: places, councils, networks, practices, small areas, postcodes, and who provides what.

Invented unless a folder of real small areas is given; either way the postcodes are invented (their first letters,
ZA to ZC, are no postcode area) so that no home is anybody's.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product

import numpy as np

from commonweal.synthetic.columns import Floats, Ints

OLDEST = 90
_INWARD = [f"{d}{a}{b}" for d, a, b in product("123456789", "ABDEFGHJLNPQRSTUWXYZ", "ABDEFGHJLNPQRSTUWXYZ")]
HOUSEHOLDS_A_POSTCODE = 12
MERGED_ON = date(2018, 7, 1)  # the first day on which the merged practice is its successor

# Share of the population by five-year age band to 85-89, then 90 and over: the shape of England in mid-2020, rounded.
AGE_BANDS = (5.7, 6.2, 6.1, 5.6, 6.1, 6.6, 6.8, 6.6, 6.3, 6.1, 6.8, 6.7, 5.8, 4.9, 5.0, 3.7, 2.5, 1.6, 0.9)


@dataclass(frozen=True, slots=True)
class Organisation:
    """One row of ``reference/organisations.csv``; see ``docs/reference/synthetic-data.md`` for the columns."""

    ods_code: str
    name: str
    kind: str
    roles: str
    parent: str = ""
    place: str = ""
    network: str = ""
    address_postcode: str = ""
    valid_from: str = "2000-04-01"
    valid_to: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True)
class SmallArea:
    """A small area (LSOA 2011) with its deprivation; ``place`` indexes places, ``weight`` is its people."""

    lsoa: str
    name: str
    place: int
    imd_rank: int
    imd_decile: int
    imd_quintile: int
    weight: float
    ages: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place of the system and the council (by index) whose area it lies in."""

    code: str
    name: str
    council: int


@dataclass(frozen=True, slots=True)
class Network:
    """A primary care network, in one place (by index)."""

    code: str
    name: str
    place: int


@dataclass(frozen=True, slots=True)
class Practice:
    """A general practice, in one network (by index); ``merged_into`` indexes its successor, or is -1."""

    code: str
    name: str
    network: int
    postcode: str
    merged_into: int = -1


@dataclass(frozen=True, slots=True)
class Provider:
    """A council, trust or care home: code, name, and the place (by index) it is mainly in."""

    code: str
    name: str
    place: int
    postcode: str = ""


@dataclass(slots=True)
class Geography:
    """The whole shape. Lists are indexed by the small integers that people's columns hold."""

    system: Provider
    imd_version: str
    places: list[Place]
    networks: list[Network]
    practices: list[Practice]
    areas: list[SmallArea]
    councils: list[Provider]
    acute: list[Provider]
    community: Provider
    mental_health: Provider
    ambulance: Provider
    care_homes: list[Provider] = field(default_factory=list)
    postcodes: list[str] = field(default_factory=list)
    postcode_area: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    area_network: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def open_practices(self) -> list[int]:
        """Indexes of the practices that still exist at the as-at date."""
        return [i for i, p in enumerate(self.practices) if p.merged_into < 0]

    @property
    def merged_practice(self) -> int:
        """The index of the practice that merged during the five years."""
        return next(i for i, p in enumerate(self.practices) if p.merged_into >= 0)

    def organisations(self) -> list[Organisation]:
        """Every organisation, in a fixed order, with the dated succession of the merged practice."""
        system = self.system.code
        place = [p.code for p in self.places]
        rows = [Organisation(system, self.system.name, "icb", "integrated care board")]
        rows += [Organisation(p.code, p.name, "place", "place of the system", system, p.code) for p in self.places]
        rows += [
            Organisation(n.code, n.name, "network", "primary care network", place[n.place], place[n.place], n.code)
            for n in self.networks
        ]
        for practice in self.practices:
            network = self.networks[practice.network]
            merged = practice.merged_into >= 0
            rows.append(
                Organisation(
                    practice.code,
                    practice.name,
                    "practice",
                    "prescribing cost centre;general practice",
                    network.code,
                    place[network.place],
                    network.code,
                    practice.postcode,
                    valid_to=(MERGED_ON - timedelta(days=1)).isoformat() if merged else "",
                    successor=self.practices[practice.merged_into].code if merged else "",
                )
            )
        rows += [
            Organisation(c.code, c.name, "council", "local authority", system, place[c.place]) for c in self.councils
        ]
        rows += [
            Organisation(t.code, t.name, "acute", "NHS trust", system, place[t.place], "", t.postcode)
            for t in self.acute
        ]
        for kind, t in (
            ("community", self.community),
            ("mental_health", self.mental_health),
            ("ambulance", self.ambulance),
        ):
            rows.append(Organisation(t.code, t.name, kind, "NHS trust", system, place[t.place], "", t.postcode))
        for home in self.care_homes:
            council = self.councils[self.places[home.place].council].code
            rows.append(
                Organisation(
                    home.code, home.name, "care_home", "care home", council, place[home.place], "", home.postcode
                )
            )
        return rows

    def adult_ages(self) -> Floats:
        """Cumulative share of heads of household by small area (rows) and age 18 to 90 (columns).

        Young adults are weighted down, as many still live in the household of a parent.
        """
        table = np.array([a.ages for a in self.areas], dtype=np.float64)[:, 18:]
        table[:, :7] *= 0.35
        total = table.cumsum(axis=1)
        result: Floats = total / total[:, -1:]
        return result


def add_postcodes(geography: Geography, rng: np.random.Generator, households: int) -> None:
    """Give each small area invented postcodes in proportion to its people, about one for twelve households."""
    weight = np.array([a.weight for a in geography.areas])
    counts = np.maximum(2, np.rint(households * weight / weight.sum() / HOUSEHOLDS_A_POSTCODE)).astype(int)
    taken = [0] * len(geography.places)
    order = rng.permutation(len(_INWARD))
    areas: list[int] = []
    for index, count in enumerate(counts):
        place = geography.areas[index].place
        for _ in range(int(count)):
            outward, inward = divmod(taken[place], len(_INWARD))
            geography.postcodes.append(f"Z{'ABC'[place]}{outward + 1} {_INWARD[order[inward]]}")
            areas.append(index)
            taken[place] += 1
    geography.postcode_area = np.array(areas, dtype=np.int64)


def spread_networks(geography: Geography) -> None:
    """Put each small area in a network of its place, in order, so that networks are about the same size."""
    of = np.zeros(len(geography.areas), dtype=np.int64)
    for place in range(len(geography.places)):
        networks = [i for i, n in enumerate(geography.networks) if n.place == place]
        areas = [i for i, a in enumerate(geography.areas) if a.place == place]
        weight = np.array([geography.areas[i].weight for i in areas]).cumsum()
        middle = (weight - weight[0] / 2) / weight[-1]
        for area, where in zip(areas, middle, strict=True):
            of[area] = networks[min(int(where * len(networks)), len(networks) - 1)]
    geography.area_network = of
