"""What is true, to check against: people, who is who in each source, conditions, registers, faults, life expectancy."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic.admissions import TrustRecords, Visits
from commonweal.synthetic.columns import AS_AT, NEVER, Bools, Ints, age_at, iso
from commonweal.synthetic.commissioning import Counted
from commonweal.synthetic.feed_faults import Planted
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import Recorded
from commonweal.synthetic.life_expectancy import life_expectancy
from commonweal.synthetic.lives import Caring, Conditions, exposure
from commonweal.synthetic.people import People, person_code
from commonweal.synthetic.sink import FileEntry, Sink
from commonweal.synthetic.social_care import SourceRecords

PEOPLE = (
    *("person", "nhs_number", "given", "family", "sex", "birth_date", "death_date", "ethnicity", "lsoa"),
    *("imd_decile", "practice", "network", "place", "household", "twin_of"),
)
FAULTS = ("source", "feed", "path", "line", "kind", "rule")
AGE_BANDS = ((0, "0-17"), (18, "18-39"), (40, "40-64"), (65, "65-74"), (75, "75-84"), (85, "85+"))
YEAR_TO_AS_AT = AS_AT - 365  # 2019-11-01


@dataclass(slots=True)
class Told:
    """Everything the truth is written from."""

    root: Path
    geography: Geography
    people: People
    recorded: Recorded
    conditions: Conditions
    caring: Caring
    visits: Visits
    practice_ids: list[tuple[Ints, list[str]]]
    trusts: list[TrustRecords]
    others: list[SourceRecords]
    cases: list[tuple[str, int, str]]
    published: Mapping[str, str]
    faults: list[Planted]
    activity: list[Counted]


@dataclass(frozen=True, slots=True)
class Expectancy:
    """Life expectancy of one sex in one deprivation quintile (``all``: of everybody), from simulated lives."""

    sex: str
    quintile: str
    deaths: int
    years: float
    value: float


def write(told: Told) -> tuple[list[FileEntry], list[Expectancy]]:
    """Write ``truth/``; give back the manifest entries and the life expectancies found."""
    entries = []

    def table(name: str, header: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> None:
        with Sink(told.root, f"truth/{name}.csv", "truth") as sink:
            sink.table([header], header=True)
            sink.table(rows)
            entries.append(sink.entry())

    expected = expectancies(told.people, told.geography)
    table("people", PEOPLE, _people(told))
    table("compartments", ("source", "feed", "local_id", "person"), _compartments(told))
    table("conditions", ("person", "condition", "start", "end"), _conditions(told))
    registers = ("register", "footprint_kind", "footprint", "lens", "category", "count")
    table("registers", registers, _registers(told))
    table("cases", ("case", "person", "note"), ((case, person_code(i), note) for case, i, note in told.cases))
    activity = ("source", "feed", "month", "rows")
    table("activity", activity, ((one.source, one.feed, one.month, one.rows) for one in told.activity))
    table("faults", FAULTS, ((f.source, f.feed, f.path, f.line, f.kind, f.rule) for f in told.faults))
    table(
        "life_expectancy",
        ("sex", "imd_quintile", "deaths", "person_years", "life_expectancy", "published"),
        (
            (
                *(e.sex, e.quintile, e.deaths, f"{e.years:.1f}", f"{e.value:.2f}" if e.value == e.value else ""),
                told.published.get(e.sex, "") if e.quintile == "all" else "",
            )
            for e in expected
        ),
    )
    return entries, expected


def _people(told: Told) -> Iterator[tuple[object, ...]]:
    """People as they are; those who have left have no practice, network or place."""
    people, geography = told.people, told.geography
    for i in range(len(people)):
        here = people.left[i] > AS_AT
        practice = geography.practices[people.practice[i]]
        network = geography.networks[practice.network]
        area = geography.areas[people.area[i]]
        yield (
            person_code(i),
            people.number[i],
            f"{people.given[i]} {people.middle[i]}".strip(),
            people.family[i],
            "female" if people.female[i] else "male",
            iso(int(people.birth[i])),
            iso(int(people.death[i])) if people.death[i] <= AS_AT else "",
            people.ethnicity[i],
            area.lsoa,
            area.imd_decile,
            practice.code if here else "",
            network.code if here else "",
            geography.places[network.place].code if here else "",
            f"H{people.household[i] + 1:07d}",
            person_code(int(people.twin_of[i])) if people.twin_of[i] >= 0 else "",
        )


def _compartments(told: Told) -> Iterator[tuple[object, ...]]:
    """Every local record and whose it is; a local number that was merged away is somebody's too."""
    for index, (who, ids) in zip(told.geography.open_practices, told.practice_ids, strict=True):
        source = told.geography.practices[index].code
        for i, id in zip(who.tolist(), ids, strict=True):
            yield source, "gp", id, person_code(i)
    for trust in told.trusts:
        for i, local, retired in zip(trust.held.person.tolist(), trust.local, trust.retired, strict=True):
            yield trust.source, "adt", local, person_code(i)
            if retired:
                yield trust.source, "adt", retired, person_code(i)
    for other in told.others:
        for i, local in zip(other.held.person.tolist(), other.local, strict=True):
            yield other.source, other.feed, local, person_code(i)


def _conditions(told: Told) -> Iterator[tuple[object, ...]]:
    """What each person really has or had, coded by a practice or not; caring is listed as it was coded."""
    c = told.conditions
    for row in np.lexsort((c.onset, c.kind, c.person)).tolist():
        ended = iso(int(c.ended[row])) if c.ended[row] < NEVER else ""
        yield person_code(int(c.person[row])), codes.CONDITION_NAMES[c.kind[row]], iso(int(c.onset[row])), ended
    caring = told.caring
    for i, since, until in zip(caring.person.tolist(), caring.since.tolist(), caring.until.tolist(), strict=True):
        yield person_code(i), "carer", iso(since), iso(until) if until < NEVER else ""


def _registers(told: Told) -> Iterator[tuple[object, ...]]:
    """Counts as the sources hold them, so that a right pipeline finds the same; zero counts are left out."""
    people, geography = told.people, told.geography
    held = lenses(told)
    current = (people.death > AS_AT) & (people.left > AS_AT)
    footprints = _footprints(told)
    for register, who in (
        ("diabetes", _coded(told, "diabetes", current)),
        ("hypertension", _coded(told, "hypertension", current)),
        ("carers", _carers(told, current)),
        ("emergency_admissions", told.visits.person[told.visits.emergencies(YEAR_TO_AS_AT, AS_AT)]),
    ):
        counts: Counter[tuple[str, str, str, str]] = Counter()
        for i in who.tolist():
            for kind, code in (("system", geography.system.code), *footprints[i]):
                for lens, values in held.items():
                    counts[kind, code, lens, values[i]] += 1
        for key in sorted(counts):
            yield register, *key, counts[key]


def _footprints(told: Told) -> list[tuple[tuple[str, str], ...]]:
    """Place and network of each person by practice, a merged practice standing for its successor."""
    geography = told.geography
    of_practice = []
    for practice in geography.practices:
        network = geography.networks[practice.network]
        of_practice.append((("place", geography.places[network.place].code), ("network", network.code)))
    return [
        of_practice[p] if left > AS_AT else ()
        for p, left in zip(told.people.practice.tolist(), told.people.left.tolist(), strict=True)
    ]


def lenses(told: Told) -> dict[str, list[str]]:
    """The category of every person under each lens, as general practice holds them."""
    ages = age_at(told.recorded.birth, AS_AT)
    bands = np.searchsorted([low for low, _ in AGE_BANDS], ages, side="right") - 1
    area = told.geography.postcode_area[told.people.postcode]
    quintiles = [str(told.geography.areas[a].imd_quintile) for a in area.tolist()]
    return {
        "all": ["all"] * len(told.people),
        "age_band": [AGE_BANDS[b][1] for b in bands.tolist()],
        "sex": ["female" if s == "F" else "male" for s in told.recorded.sex],
        "ethnicity": [str(e) for e in told.recorded.ethnicity],
        "deprivation_quintile": quintiles,
    }


def _coded(told: Told, name: str, current: Bools) -> Ints:
    """Living, registered people with the condition coded and not coded as resolved."""
    c = told.conditions
    rows = (c.kind == codes.CONDITION_NAMES.index(name)) & (c.recorded < NEVER) & (c.ended == NEVER) & current[c.person]
    return np.unique(c.person[rows])


def _carers(told: Told, current: Bools) -> Ints:
    """Living, registered people coded as carers and not later coded as carers no longer."""
    caring = told.caring
    return np.unique(caring.person[(caring.until == NEVER) & current[caring.person]])


def expectancies(people: People, geography: Geography) -> list[Expectancy]:
    """Life expectancy at birth by sex, of everybody and by quintile of deprivation (1 most deprived)."""
    years, band = exposure(people)
    quintile = np.array([a.imd_quintile for a in geography.areas])[people.area]
    found = []
    for sex, female in (("female", True), ("male", False)):
        for name in ("all", "1", "2", "3", "4", "5"):
            rows = people.female == female
            if name != "all":
                rows = rows & (quintile == int(name))
            deaths = np.bincount(band[rows & (band >= 0)], minlength=years.shape[1]).astype(np.int64)
            lived = years[rows].sum(axis=0)
            found.append(Expectancy(sex, name, int(deaths.sum()), float(lived.sum()), life_expectancy(deaths, lived)))
    return found
