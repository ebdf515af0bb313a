"""The people: households, ages, sex, ethnicity, names, homes and practices, as columns of one table."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import names, rates
from commonweal.synthetic.columns import AS_AT, NEVER, START, YEAR, Bools, Floats, Ints, Stream, Streams, Texts, texts
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.naming import name, prefixes
from commonweal.synthetic.nhs_numbers import allocate

ETHNICITIES = "ABCDEFGHJKLMNPRS"
_SHARE = np.array(
    [0.79, 0.008, 0.04, 0.014, 0.004, 0.006, 0.005, 0.03, 0.025, 0.006, 0.01, 0.015, 0.02, 0.004, 0.009, 0.012]
)
# Household kinds by age of its head: one adult, couple, couple with children, lone parent, adults sharing.
SINGLE, COUPLE, FAMILY, LONE, SHARERS, CARE_HOME = range(6)
_KINDS = np.array(
    [
        [0.25, 0.25, 0.22, 0.13, 0.15],
        [0.16, 0.15, 0.47, 0.16, 0.06],
        [0.28, 0.40, 0.18, 0.08, 0.06],
        [0.47, 0.46, 0.00, 0.00, 0.07],
    ]
)
_CHILDREN = np.array([0.43, 0.41, 0.16])


@dataclass(slots=True)
class People:
    """One row a person; every column has the same length. Day columns hold ``NEVER`` where nothing happens."""

    number: Ints
    given: Texts
    middle: Texts
    family: Texts
    former_family: Texts
    prefix: Texts
    female: Bools
    birth: Ints
    death: Ints
    left: Ints
    ethnicity: Texts
    household: Ints
    postcode: Ints
    former_postcode: Ints
    line: Texts
    former_line: Texts
    phone: Texts
    area: Ints
    place: Ints
    practice: Ints
    from_merged: Bools
    twin_of: Ints
    namesake_of: Ints
    in_care_home: Bools
    head_kind: Ints

    def __len__(self) -> int:
        return len(self.number)

    def everyone(self) -> Ints:
        """The index of every person."""
        return np.arange(len(self.number))

    @property
    def end(self) -> Ints:
        """The last day each person could be seen by a service here."""
        result: Ints = np.minimum(np.minimum(self.death, self.left), AS_AT)
        return result

    @property
    def start(self) -> Ints:
        """The first day within the five years each person could be seen."""
        result: Ints = np.maximum(self.birth, START)
        return result


def person_code(index: int) -> str:
    """The id of a person in ``truth/``."""
    return f"P{index + 1:07d}"


def populate(streams: Streams, geography: Geography, count: int) -> People:
    """``count`` people in households; nobody has died or left yet."""
    rng = streams.of(Stream.HOUSEHOLDS)
    kind, head_age, area, home, sizes = _households(rng, geography, count)
    household = np.repeat(np.arange(len(sizes)), sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    position = np.arange(count) - first
    kinds = kind[household]
    female = _sexes(rng, kinds, position, head_age[household])
    couple = (kinds == COUPLE) | (kinds == FAMILY)
    child = ((kinds == FAMILY) & (position > 1)) | ((kinds == LONE) & (position > 0))
    age, twin_of = _ages(rng, head_age, household, first, kinds, position, female, couple, child)
    birth = np.minimum(AS_AT - 1, np.floor(AS_AT - age * YEAR)).astype(np.int64)
    for row in np.flatnonzero(twin_of >= 0):
        birth[row] = birth[twin_of[row]]
    ethnicity = _ethnicities(rng, geography, household, first, area, age, couple, child, position)
    sons = ~female & (kinds == FAMILY) & (position == 2) & (twin_of < 0)
    named = name(streams.of(Stream.NAMES), birth, female, ethnicity, position, first, couple, child, sons, twin_of)
    postcode, former, line, former_line, moved = _homes(rng, geography, area, kind, home, len(sizes))
    area = geography.postcode_area[postcode]
    practice, from_merged = _practices(rng, geography, area, household)
    areas = geography.postcode_area[postcode][household]
    place = np.array([a.place for a in geography.areas])[areas]
    left = np.where(
        (rng.random(count) < rates.LEFT_AREA) & (age > 18), rng.integers(START + 365, AS_AT - 400, count), NEVER
    )
    phone = rng.integers(0, 1000, len(sizes))
    return People(
        number=allocate(streams.of(Stream.NUMBERS), count),
        given=named.given,
        middle=named.middle,
        family=named.family,
        former_family=named.former,
        prefix=prefixes(female, age, couple, rng),
        female=female,
        birth=birth,
        death=np.full(count, NEVER, dtype=np.int64),
        left=left.astype(np.int64),
        ethnicity=ethnicity,
        household=household,
        postcode=postcode[household],
        former_postcode=np.where(moved, former, -1)[household],
        line=texts([line[h] for h in household]),
        former_line=texts([former_line[h] for h in household]),
        # 01632 960000 to 960999 is the range Ofcom keeps for drama.
        phone=texts([f"01632 960{phone[h]:03d}" for h in household]),
        area=areas,
        place=place,
        practice=practice,
        from_merged=from_merged,
        twin_of=twin_of,
        namesake_of=named.namesake_of,
        in_care_home=kinds == CARE_HOME,
        head_kind=kinds,
    )


def _households(rng: np.random.Generator, geography: Geography, count: int) -> tuple[Ints, Floats, Ints, Ints, Ints]:
    """Kind, age of head, area, care home (-1) and size of each household, sizes adding up to ``count``."""
    residents = max(len(geography.care_homes), round(count * rates.CARE_HOME_SHARE))
    rest = count - residents
    guess = rest  # more households than can be needed; cut where the people run out
    weight = np.array([a.weight for a in geography.areas])
    area = np.sort(rng.choice(len(weight), guess, p=weight / weight.sum()))
    area = area[rng.permutation(guess)]
    table = geography.adult_ages()
    age = _draw_ages(rng, table, area)
    head_age = age + rng.random(guess) * 0.999
    head_age = np.where(age >= 90, 90 + rng.exponential(2.5, guess).clip(0, 12), head_age)
    band = np.searchsorted([30, 50, 65], age, side="right")
    kind = (rng.random(guess)[:, None] > _KINDS.cumsum(axis=1)[band]).sum(axis=1).clip(0, SHARERS)
    children = 1 + (rng.random(guess)[:, None] > _CHILDREN.cumsum()).sum(axis=1).clip(0, 2)
    extra = rng.integers(0, 3, guess)
    size = np.select(
        [kind == SINGLE, kind == COUPLE, kind == FAMILY, kind == LONE], [1, 2, 2 + children, 1 + children], 2 + extra
    )
    last = int(np.searchsorted(np.cumsum(size), rest))
    size = size[: last + 1].astype(np.int64)
    size[-1] -= int(size.sum()) - rest
    kept = last + 1
    homes = len(geography.care_homes)
    shared = np.full(homes, residents // homes, dtype=np.int64)
    shared[: residents % homes] += 1
    return (
        np.concatenate([kind[:kept], np.full(homes, CARE_HOME)]).astype(np.int64),
        np.concatenate([head_age[:kept], np.full(homes, 85.0)]),
        np.concatenate([area[:kept], np.zeros(homes, dtype=np.int64)]).astype(np.int64),
        np.concatenate([np.full(kept, -1), np.arange(homes)]).astype(np.int64),
        np.concatenate([size, shared]),
    )


def _draw_ages(rng: np.random.Generator, table: Floats, area: Ints) -> Ints:
    """Ages of heads by the cumulative table of their area, without a column an age for every household."""
    flat = (table + np.arange(len(table))[:, None]).ravel()
    found = np.searchsorted(flat, area + rng.random(len(area)), side="left")
    result: Ints = 18 + np.minimum(found - area * table.shape[1], table.shape[1] - 1)
    return result


def _sexes(rng: np.random.Generator, kinds: Ints, position: Ints, head_age: Floats) -> Bools:
    """True for female. Partners are mostly of the other sex; the old living alone and in homes mostly women."""
    count = len(kinds)
    chance = np.where((kinds == SINGLE) & (head_age > 75), 0.66, 0.5)
    chance = np.where(kinds == CARE_HOME, 0.70, np.where(kinds == LONE, np.where(position == 0, 0.86, 0.488), chance))
    female = rng.random(count) < chance
    partner = ((kinds == COUPLE) | (kinds == FAMILY)) & (position == 1)
    rows = np.flatnonzero(partner)
    female[rows] = np.where(rng.random(len(rows)) < 0.97, ~female[rows - 1], female[rows - 1])
    return female


def _ages(
    rng: np.random.Generator,
    head_age: Floats,
    household: Ints,
    first: Ints,
    kinds: Ints,
    position: Ints,
    female: Bools,
    couple: Bools,
    child: Bools,
) -> tuple[Floats, Ints]:
    """Ages in years at the as-at date, and whose twin each person is (-1)."""
    count = len(household)
    age = head_age[household].copy()
    partner = couple & (position == 1)
    age[partner] = np.maximum(18, age[partner] + rng.normal(0, 3.5, int(partner.sum())))
    sharing = (kinds == SHARERS) & (position > 0)
    age[sharing] = np.maximum(18, age[sharing] + rng.normal(0, 6, int(sharing.sum())))
    home = kinds == CARE_HOME
    age[home] = (rng.beta(5, 2, int(home.sum())) * 40 + 62).clip(65, 104)
    # The parent whose age bounds the children's: the mother where there is one.
    second_is_mother = np.zeros(count, dtype=bool)
    has_second = (kinds == FAMILY) & (position == 0)
    rows = np.flatnonzero(has_second)
    rows = rows[rows + 1 < count]
    second_is_mother[rows] = female[rows + 1] & (household[rows + 1] == household[rows])
    parent = first + second_is_mother[first]
    parent_age = age[parent]
    at_birth = 17 + rng.beta(2.2, 2.2, count) * (np.minimum(42, parent_age) - 17)
    eldest = parent_age - at_birth
    number = position - np.where(kinds == FAMILY, 2, 1)
    eldest_of = first + np.where(kinds == FAMILY, 2, 1)
    rows = np.flatnonzero(child)
    base = eldest[np.minimum(eldest_of[rows], count - 1)]
    gap = number[rows] * (1.6 + rng.random(len(rows)) * 1.8)
    younger = base - gap
    # Where the eldest is too young for a gap below, the sibling is older, if a parent could have been that young.
    older = np.minimum(base + gap, parent_age[rows] - 16.5)
    age[rows] = np.where(younger > 0.02, younger, np.maximum(older, 0.02 + rng.random(len(rows))))
    twin_of = np.full(count, -1, dtype=np.int64)
    second = rows[number[rows] == 1]
    twins = second[rng.random(len(second)) < rates.TWIN_SHARE]
    twin_of[twins] = twins - 1
    age[twins] = age[twins - 1]
    return age, twin_of


def _ethnicities(
    rng: np.random.Generator,
    geography: Geography,
    household: Ints,
    first: Ints,
    area: Ints,
    age: Floats,
    couple: Bools,
    child: Bools,
    position: Ints,
) -> Texts:
    """2001 ethnic category of each person; the city is more diverse, older people less, children follow parents."""
    count = len(household)
    city = np.array([a.place == 0 for a in geography.areas])[area][household]
    other = _SHARE[1:] / _SHARE[1:].sum()
    white = np.where(city, 0.66, 0.86)
    white = np.where(age > 65, 1 - (1 - white) * 0.45, white)
    code = np.where(rng.random(count) < white, 0, 1 + rng.choice(len(other), count, p=other)).astype(np.int64)
    partner = couple & (position == 1)
    same = partner & (rng.random(count) < 0.88)
    code[same] = code[first[same]]
    rows = np.flatnonzero(child)
    one = code[first[rows]]
    has_two = couple[rows]
    two = np.where(has_two, code[np.minimum(first[rows] + 1, count - 1)], one)
    mixed = np.full(len(ETHNICITIES), 6)
    for letter, mix in (("M", 3), ("P", 3), ("N", 4), ("H", 5), ("J", 5), ("K", 5), ("L", 5), ("R", 5)):
        mixed[ETHNICITIES.index(letter)] = mix
    differs = np.where(one <= 2, mixed[two], np.where(two <= 2, mixed[one], 6))
    both_white = (one <= 2) & (two <= 2)
    code[rows] = np.where((one == two) | both_white, one, differs)
    letters = texts(list(ETHNICITIES))
    result: Texts = letters[code]
    return result


def _homes(
    rng: np.random.Generator, geography: Geography, area: Ints, kind: Ints, home: Ints, count: int
) -> tuple[Ints, Ints, list[str], list[str], Bools]:
    """Each household's postcode and address line, a former one in the same place, and whether it moved."""
    starts = np.searchsorted(geography.postcode_area, np.arange(len(geography.areas)))
    ends = np.searchsorted(geography.postcode_area, np.arange(len(geography.areas)), side="right")
    postcode = (starts[area] + rng.random(count) * (ends - starts)[area]).astype(np.int64)
    place_of = np.array([a.place for a in geography.areas])
    former = (rng.random(count) * len(geography.postcodes)).astype(np.int64)
    for _ in range(6):
        elsewhere = place_of[geography.postcode_area[former]] != place_of[area]
        former[elsewhere] = (rng.random(int(elsewhere.sum())) * len(geography.postcodes)).astype(np.int64)
    code = {pc: i for i, pc in enumerate(geography.postcodes)}
    for row in np.flatnonzero(home >= 0):
        postcode[row] = code[geography.care_homes[home[row]].postcode]
    door, former_door = rng.integers(1, 160, count), rng.integers(1, 160, count)
    streets = names.STREETS
    # A postcode is one street, so the street follows from it.
    line = [f"{d} {streets[p * 7919 % len(streets)]}" for d, p in zip(door.tolist(), postcode.tolist(), strict=True)]
    for row in np.flatnonzero(home >= 0):
        line[row] = geography.care_homes[home[row]].name
    old = [
        f"{d} {streets[p * 7919 % len(streets)]}" for d, p in zip(former_door.tolist(), former.tolist(), strict=True)
    ]
    moved = (rng.random(count) < rates.HOUSEHOLD_MOVED) & (kind != CARE_HOME)
    return postcode, former, line, old, moved


def _practices(rng: np.random.Generator, geography: Geography, area: Ints, household: Ints) -> tuple[Ints, Bools]:
    """Each person's practice today (mostly of the area's network, one for a household), and who came by merger."""
    count = len(area)
    openings = geography.open_practices
    by_network = [[i for i in openings if geography.practices[i].network == n] for n in range(len(geography.networks))]
    network = geography.area_network[area].copy()
    wander = np.flatnonzero(rng.random(count) < 0.08)
    places = [n.place for n in geography.networks]
    for row in wander:
        near = [n for n, p in enumerate(places) if p == places[network[row]]]
        network[row] = near[int(rng.integers(len(near)))]
    draw = rng.random(count)
    sizes = np.array([len(b) for b in by_network])
    starts = np.cumsum(sizes) - sizes
    flat = np.array([i for b in by_network for i in b])
    practice = flat[starts[network] + (draw * sizes[network]).astype(np.int64)]
    successor = geography.practices[geography.merged_practice].merged_into
    merged = (practice == successor) & (rng.random(count) < rates.MERGED_PRACTICE_SHARE)
    return practice[household], merged[household]
