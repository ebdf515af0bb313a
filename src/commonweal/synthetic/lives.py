"""What happens to people: deaths by age, sex and deprivation; long-term conditions; caring."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import codes, rates
from commonweal.synthetic.columns import AS_AT, NEVER, START, YEAR, Bools, Floats, Ints, Stream, Streams
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.people import People


def slope(decile: Ints, most: float, least: float) -> Floats:
    """A multiplier going evenly, on the log scale, from ``most`` at decile 1 to ``least`` at decile 10."""
    result: Floats = np.exp(np.log(most) + (decile - 1) / 9 * (np.log(least) - np.log(most)))
    return result


def deciles(people: People, geography: Geography) -> Ints:
    """The deprivation decile of each person's small area."""
    result: Ints = np.array([a.imd_decile for a in geography.areas], dtype=np.int64)[people.area]
    return result


def mortality(age: Ints, female: Bools, decile: Ints) -> Floats:
    """Deaths a year at whole ``age``; deprivation matters half as much, in distance from 1, from 85."""
    band = np.searchsorted(np.array(rates.MORTALITY_AGES), age, side="right") - 1
    base = np.where(female, np.array(rates.MORTALITY_FEMALE)[band], np.array(rates.MORTALITY_MALE)[band])
    # Within a band of five years the rate rises by about a tenth a year from 30.
    base = base * np.where((age >= 30) & (age < 90), 1.095 ** (age - np.array(rates.MORTALITY_AGES)[band] - 2.0), 1.0)
    factor = slope(decile, rates.MORTALITY_MOST_DEPRIVED, rates.MORTALITY_LEAST_DEPRIVED)
    fade = np.clip((age - 65) / 20, 0, 1) * 0.5
    result: Floats = base * (1 + (factor - 1) * (1 - fade))
    return result


def die(streams: Streams, people: People, geography: Geography) -> None:
    """Set the day of death of those who die within the five years, and nobody leaves after dying."""
    rng = streams.of(Stream.LIVES)
    decile = deciles(people, geography)
    threshold = rng.exponential(1.0, len(people))
    begin = people.start.astype(np.float64)
    spent = np.zeros(len(people))
    died = people.death
    # The hazard is constant between birthdays, so a life is followed from birthday to birthday.
    age = np.floor((begin - people.birth) / YEAR).astype(np.int64)
    while True:
        upto = np.minimum(people.birth + (age + 1) * YEAR, AS_AT + 1.0)
        alive = (begin < upto) & (died == NEVER)
        if not alive.any():
            break
        hazard = mortality(age, people.female, decile) / YEAR
        cost = np.where(alive, hazard * (upto - begin), 0)
        dies = alive & (spent + cost >= threshold)
        when = begin + np.where(dies, (threshold - spent) / np.maximum(hazard, 1e-12), 0)
        died[dies] = np.clip(np.floor(when[dies]), people.birth[dies], AS_AT).astype(np.int64)
        spent += cost
        begin = np.maximum(begin, upto)
        age += 1
    people.left[died < NEVER] = NEVER


@dataclass(slots=True)
class Conditions:
    """Long-term conditions, one row each: whose, which, when it began, when coded, and when and how it ended.

    ``recorded`` and ``ended`` are ``NEVER`` where general practice holds no code; ``again`` is the day of a second code
    for the same condition.
    """

    person: Ints
    kind: Ints
    code: Ints
    onset: Ints
    recorded: Ints
    ended: Ints
    again: Ints

    def only(self, rows: Bools) -> "Conditions":
        """Those of some rows."""
        columns = (self.person, self.kind, self.code, self.onset, self.recorded, self.ended, self.again)
        return Conditions(*(column[rows] for column in columns))


@dataclass(slots=True)
class Caring:
    """Carer codes in general practice: whose, since when, and the day of the code that they no longer care."""

    person: Ints
    since: Ints
    until: Ints


def fall_ill(streams: Streams, people: People, geography: Geography) -> tuple[Conditions, Caring]:
    """Conditions with onset by age, sex and deprivation, and who is coded as a carer."""
    rng = streams.of(Stream.CONDITIONS)
    decile = deciles(people, geography)
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    for kind, condition in enumerate(codes.CONDITIONS):
        factor = np.where(people.female, condition.female, condition.male)
        factor = factor * slope(decile, condition.deprived, 1 / condition.deprived)
        if condition is codes.LEARNING_DISABILITY:
            onset_age = np.where(
                rng.random(len(people)) < condition.level * factor, rng.uniform(2, 8, len(people)), 999
            )
        elif condition is codes.SMI:
            onset_age = np.where(
                rng.random(len(people)) < condition.level * factor, rng.uniform(17, 45, len(people)), 999
            )
        else:
            draw = rng.exponential(1.0, len(people))
            onset_age = np.log1p(draw * condition.slope / (condition.level * factor)) / condition.slope
        onset = np.floor(people.birth + onset_age.clip(0, 200) * YEAR).astype(np.int64)
        rows = np.flatnonzero(onset <= np.minimum(people.death, AS_AT))
        code = rng.choice(len(condition.codes), len(rows), p=condition.shares)
        parts.append((rows, np.full(len(rows), kind), code, onset[rows]))
    person, kinds, code, onset = (np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True))
    recorded = onset + np.floor(rng.exponential(60, len(person))).astype(np.int64)
    end = people.end[person]
    recorded[recorded > end] = NEVER
    ended = np.full(len(person), NEVER, dtype=np.int64)
    draw = rng.random(len(person))
    diabetes, hypertension = codes.CONDITION_NAMES.index("diabetes"), codes.CONDITION_NAMES.index("hypertension")
    over = (kinds == diabetes) & (draw < rates.DIABETES_RESOLVED)
    over |= (kinds == hypertension) & (draw < rates.HYPERTENSION_RESOLVED)
    over &= recorded + 90 < end
    ended[over] = (
        recorded[over] + 60 + np.floor(rng.random(int(over.sum())) * (end - recorded - 60)[over]).astype(np.int64)
    )
    again = np.full(len(person), NEVER, dtype=np.int64)
    # A second code comes after the first and, since a code after "resolved" would reopen the condition, before its end.
    last = np.minimum(end, ended - 1)
    twice = (rng.random(len(person)) < rates.CODED_TWICE) & (recorded + 30 < last)
    again[twice] = (
        recorded[twice] + 1 + np.floor(rng.random(int(twice.sum())) * (last - recorded - 1)[twice]).astype(np.int64)
    )
    return Conditions(person, kinds, code, onset, recorded, ended, again), _caring(rng, people)


def _caring(rng: np.random.Generator, people: People) -> Caring:
    """Adults coded as carers, most of them of middle age; some are later coded as carers no longer."""
    age = (AS_AT - people.birth) / YEAR
    chance = np.where(age < 18, 0.004, rates.CODED_CARER * np.where((age > 45) & (age < 80), 1.7, 0.5))
    chance = np.where(people.in_care_home, 0, chance * np.where(people.female, 1.2, 0.8))
    rows = np.flatnonzero(rng.random(len(people)) < chance)
    begin, end = people.start[rows], people.end[rows]
    rows, begin, end = (column[end - begin > 60] for column in (rows, begin, end))
    since = begin + np.floor(rng.random(len(rows)) * (end - begin - 30)).astype(np.int64)
    stops = (rng.random(len(rows)) < rates.CARER_ENDED) & (end - since > 20)
    until = np.where(stops, since + 10 + np.floor(rng.random(len(rows)) * (end - since - 10)), NEVER).astype(np.int64)
    return Caring(rows.astype(np.int64), since, until)


def exposure(people: People) -> tuple[Floats, Ints]:
    """Person-years lived within the five years by person (rows) and age band, and the band of death (-1)."""
    starts = np.array(rates.MORTALITY_AGES, dtype=np.float64)
    ends = np.append(starts[1:], 200.0)
    last = np.minimum(np.minimum(people.death, people.left), AS_AT + 1)
    entered = (np.maximum(people.birth, START) - people.birth) / YEAR
    # Half a day for the day of death itself keeps a death on the first day of life from having no exposure.
    left = (last - people.birth) / YEAR + 0.5 / YEAR
    years = np.clip(np.minimum(left[:, None], ends) - np.maximum(entered[:, None], starts), 0, None)
    died = people.death <= AS_AT
    band = np.where(died, np.searchsorted(starts, (people.death - people.birth) / YEAR, side="right") - 1, -1)
    return years, band.astype(np.int64)
