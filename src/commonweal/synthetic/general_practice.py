"""General practice: one FHIR NDJSON file a practice, with everything it holds of its people."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic import fhir_text as text
from commonweal.synthetic.columns import (
    AS_AT,
    NEVER,
    START,
    YEAR,
    Bools,
    Floats,
    Ints,
    Stream,
    daytime,
    identifiers,
    iso,
)
from commonweal.synthetic.headings import headings
from commonweal.synthetic.plans import Holdings, plans
from commonweal.synthetic.practice_list import Practice, World, write_list
from commonweal.synthetic.referrals import referrals
from commonweal.synthetic.sink import Sink

REPEAT_DAYS = 56
PEOPLE_A_DOCTOR = 600
_REASONS = ("", "", "Medication review", "Blood test", "New symptom", "Long-term condition review", "Test results")


@dataclass(slots=True)
class _Visits:
    """The consultations of one practice, by person and day; ``person`` indexes the practice's own list."""

    ids: list[str]
    person: Ints
    day: Ints
    minute: Ints
    doctor: Ints
    age: Floats


def write_practice(world: World, index: int, sink: Sink) -> tuple[Ints, list[str], list[tuple[str, ...]]]:
    """Write the file of the practice at ``index``; give back its people, their Patient ids, and its doctors' posts."""
    rng = world.streams.of(Stream.GENERAL_PRACTICE, index)
    who = np.flatnonzero(world.people.practice == index)
    ids = identifiers(rng, len(who))
    doctors = identifiers(rng, max(2, len(who) // PEOPLE_A_DOCTOR))
    practice = Practice(world, index, rng, who, ids, doctors, sink)
    write_list(practice)
    visits = _write_encounters(practice)
    _write_conditions(practice, visits)
    _write_observations(practice, visits)
    _write_caring(practice)
    _write_medicines(practice, visits)
    code = world.geography.practices[index].code
    # What is asked of conditions once a kind of entry is asked of this practice's alone: cost stays in proportion
    conditions = world.conditions.only(world.people.practice[world.conditions.person] == index)
    holdings = Holdings(world.people, conditions, who, ids, code, np.isin(who, world.shown))
    caring = (world.caring.until == NEVER) & (world.people.practice[world.caring.person] == index)
    sink.write(plans(holdings, world.streams.of(Stream.PLANS, index)))
    sink.write(referrals(holdings, doctors, world.geography, world.streams.of(Stream.REFERRALS, index)))
    carers = world.caring.person[caring]
    for rows in headings(holdings, carers, world.streams.of(Stream.HEADINGS, index)):
        sink.write(rows)
    return who, ids, practice.staff


def _write_encounters(p: Practice) -> _Visits:
    """Consultations at a rate that depends on age, sex and deprivation."""
    people = p.world.people
    start, end = people.start[p.who], people.end[p.who]
    age = (START + 900 - people.birth[p.who]) / YEAR
    rate = np.select([age < 3, age < 18, age < 40, age < 65, age < 75], [4.6, 1.8, 2.75, 4.0, 5.7], 7.5)
    rate = rate * np.where(people.female[p.who], 1.14, 0.86) * (1.12 - 0.022 * p.world.decile[p.who])
    count = p.rng.poisson(rate * np.maximum(end - start, 0) / YEAR)
    person = np.repeat(np.arange(len(p.who)), count)
    day = start[person] + np.floor(p.rng.random(len(person)) * (end - start + 1)[person]).astype(np.int64)
    # Day 4 of the Unix epoch was a Monday; weekend dates move to the Friday before, unless that is before the person.
    weekday = (day - 4) % 7
    back = np.where(weekday > 4, weekday - 4, 0)
    day = np.where(day - back >= start[person], day - back, day)
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    minute = p.rng.integers(8 * 60, 18 * 60, len(person)) // 5 * 5
    kind = p.rng.choice(len(codes.ENCOUNTER_KINDS), len(person), p=codes.ENCOUNTER_SHARES)
    length = p.rng.integers(5, 25, len(person))
    doctor = p.rng.integers(0, len(p.doctors), len(person))
    reason = p.rng.integers(0, len(_REASONS), len(person))
    ids = identifiers(p.rng, len(person))
    kinds = [text.encounter_class(k) for k in codes.ENCOUNTER_KINDS]
    provider = text.organisation_reference(p.world.geography.practices[p.index].code)
    p.sink.write(
        [
            text.encounter(
                id, p.ids[w], kinds[k], p.doctors[n], daytime(d, m), daytime(d, m + s), provider, _REASONS[r]
            )
            for id, w, k, n, d, m, s, r in zip(
                ids,
                person.tolist(),
                kind.tolist(),
                doctor.tolist(),
                day.tolist(),
                minute.tolist(),
                length.tolist(),
                reason.tolist(),
                strict=True,
            )
        ]
    )
    return _Visits(ids, person, day, minute, doctor, (day - people.birth[p.who][person]) / YEAR)


def _write_conditions(p: Practice, visits: _Visits) -> None:
    """Long-term conditions with their second and "resolved" codes, then what people came with and got over."""
    c = p.world.conditions
    local = np.searchsorted(p.who, c.person)
    mine = np.flatnonzero((p.world.people.practice[c.person] == p.index) & (c.recorded < NEVER))
    concepts = [[text.concept(code) for code in kind.codes] for kind in codes.CONDITIONS]
    resolved = text.concept(codes.DIABETES_RESOLVED)
    diabetes = codes.CONDITION_NAMES.index("diabetes")
    ids = identifiers(p.rng, 3 * len(mine))
    rows = []
    for n, row in enumerate(mine.tolist()):
        person, code = p.ids[local[row]], concepts[c.kind[row]][c.code[row]]
        onset, recorded, ended, again = (int(column[row]) for column in (c.onset, c.recorded, c.ended, c.again))
        # Diabetes is ended by a code of its own, as practices do; other conditions by their clinical status.
        by_status = ended < NEVER and c.kind[row] != diabetes
        status, abated = ("resolved", iso(ended)) if by_status else ("active", "")
        rows.append(text.condition(ids[3 * n], person, code, status, True, iso(onset), iso(recorded), abated, ""))
        if again < NEVER:
            rows.append(text.condition(ids[3 * n + 1], person, code, status, True, iso(onset), iso(again), abated, ""))
        if ended < NEVER and not by_status:
            rows.append(
                text.condition(ids[3 * n + 2], person, resolved, "active", True, iso(ended), iso(ended), "", "")
            )
    chosen = np.flatnonzero(p.rng.random(len(visits.ids)) < 0.11)
    what = p.rng.choice(len(codes.MINOR), len(chosen), p=[0.3, 0.16, 0.1, 0.08, 0.06, 0.1, 0.04, 0.08, 0.08])
    lasted = p.rng.integers(3, 60, len(chosen))
    minor = [text.concept(code) for code in codes.MINOR]
    lasting = [code.id in codes.LASTING_MINOR for code in codes.MINOR]
    for id, v, w, days in zip(
        identifiers(p.rng, len(chosen)), chosen.tolist(), what.tolist(), lasted.tolist(), strict=True
    ):
        day = int(visits.day[v])
        goes_on = lasting[w] or day + days > AS_AT
        rows.append(
            text.condition(
                id,
                p.ids[visits.person[v]],
                minor[w],
                "active" if goes_on else "resolved",
                False,
                iso(day),
                iso(day),
                "" if goes_on else iso(day + days),
                visits.ids[v],
            )
        )
    p.sink.write(rows)


def _holders(p: Practice, names_: tuple[str, ...]) -> Bools:
    """Which of the practice's people have any of these conditions coded."""
    c = p.world.conditions
    wanted = np.isin(c.kind, [codes.CONDITION_NAMES.index(n) for n in names_])
    rows = wanted & (c.recorded < NEVER) & (p.world.people.practice[c.person] == p.index)
    result = np.zeros(len(p.who), dtype=bool)
    result[np.searchsorted(p.who, c.person[rows])] = True
    return result


def _write_observations(p: Practice, visits: _Visits) -> None:
    """Blood pressure, weight, body mass index, smoking, HbA1c and eGFR, taken at consultations."""
    rng, count = p.rng, len(visits.ids)
    raised, sweet = _holders(p, ("hypertension", "chd")), _holders(p, ("diabetes",))
    chronic = _holders(p, ("diabetes", "hypertension", "chd", "copd", "frailty", "smi"))
    female = p.world.people.female[p.who]
    body = rng.normal(27.0, 4.6, len(p.who)).clip(16, 52)
    height = np.where(female, rng.normal(1.62, 0.065, len(p.who)), rng.normal(1.755, 0.07, len(p.who)))
    smoker = rng.choice(3, len(p.who), p=[0.58, 0.26, 0.16])
    who, age = visits.person, visits.age
    adult, ill = age >= 18, chronic[who]

    def some(chance: Floats) -> list[int]:
        return np.flatnonzero(rng.random(count) < chance).tolist()

    days = [iso(d) for d in visits.day.tolist()]
    refs = [p.ids[w] for w in who.tolist()]

    def put(rows: list[int], kind: str, values: list[str]) -> None:
        p.sink.write(
            [
                text.observation(id, kind, refs[v], visits.ids[v], days[v], value)
                for id, v, value in zip(identifiers(rng, len(rows)), rows, values, strict=True)
            ]
        )

    taken = some(np.where(adult, np.where(ill, 0.72, 0.55), 0.03))
    upper = np.rint(rng.normal(112 + 0.33 * age + 9 * raised[who], 13)).clip(82, 225).astype(int)
    lower = np.rint(upper * 0.58 + rng.normal(6, 7, count)).clip(44, 125).astype(int)
    before, after = (
        f',"component":[{{"code":{text.concept(codes.SYSTOLIC)},"valueQuantity":{{"value":',
        f'}},{{"code":{text.concept(codes.DIASTOLIC)},"valueQuantity":{{"value":',
    )
    unit = ',"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}'
    values = [
        f"{before}{u}{unit}{after}{w}{unit}}}]"
        for u, w in zip(upper[taken].tolist(), lower[taken].tolist(), strict=True)
    ]
    put(taken, text.observation_kind("vital-signs", codes.BLOOD_PRESSURE), values)

    grown = np.where(adult, 1.0, np.clip(0.42 + 0.032 * age, 0.3, 1.0))
    mass = body[who] * np.where(adult, 1.0, 0.62 + 0.012 * age) + rng.normal(0, 0.6, count)
    kilograms = mass * (height[who] * grown) ** 2
    taken = some(np.where(adult, 0.40, 0.25))
    before, after = text.quantity("kg", "kg")
    values = [f"{before}{v:.1f}{after}" for v in kilograms[taken].tolist()]
    put(taken, text.observation_kind("vital-signs", codes.WEIGHT), values)
    before, after = text.quantity("kg/m2", "kg/m2")
    taken = [v for v in taken if adult[v]]
    put(
        taken,
        text.observation_kind("vital-signs", codes.BMI),
        [f"{before}{v:.1f}{after}" for v in mass[taken].tolist()],
    )
    for status, code in enumerate(codes.SMOKING):
        taken = some(np.where(adult & (smoker[who] == status), 0.22, 0.0))
        put(taken, text.observation_kind("social-history", code), [""] * len(taken))
    taken = some(np.where(sweet[who], 0.42, np.where(adult, 0.09, 0.0)))
    sugar = np.rint(np.where(sweet[who], rng.gamma(20, 2.9, count), rng.normal(37.5, 3.2, count))).clip(24, 140)
    before, after = text.quantity("mmol/mol", "mmol/mol")
    put(
        taken,
        text.observation_kind("laboratory", codes.HBA1C),
        [f"{before}{int(v)}{after}" for v in sugar[taken].tolist()],
    )
    taken = some(np.where(adult, np.where(ill, 0.42, 0.12), 0.0))
    filtered = np.rint(rng.normal(128 - 0.85 * age - 6 * ill, 11)).clip(9, 125)
    before, after = text.quantity("mL/min/1.73m2", "mL/min/{1.73_m2}")
    put(
        taken,
        text.observation_kind("laboratory", codes.EGFR),
        [f"{before}{int(v)}{after}" for v in filtered[taken].tolist()],
    )


def _write_caring(p: Practice) -> None:
    """The code that a person cares for someone, and the code that they no longer do."""
    caring = p.world.caring
    cares, stopped = (text.observation_kind("social-history", c) for c in (codes.CARER, codes.NOT_CARER))
    mine = np.flatnonzero(p.world.people.practice[caring.person] == p.index)
    ids = identifiers(p.rng, 2 * len(mine))
    rows = []
    for n, row in enumerate(mine.tolist()):
        person = p.ids[int(np.searchsorted(p.who, caring.person[row]))]
        rows.append(text.observation(ids[2 * n], cares, person, "", iso(int(caring.since[row])), ""))
        if caring.until[row] < NEVER:
            rows.append(text.observation(ids[2 * n + 1], stopped, person, "", iso(int(caring.until[row])), ""))
    p.sink.write(rows)


def _write_medicines(p: Practice, visits: _Visits) -> None:
    """Repeat medicines for long-term conditions every eight weeks, and short courses given at consultations."""
    c, people = p.world.conditions, p.world.people
    mine = np.flatnonzero((people.practice[c.person] == p.index) & (c.recorded < NEVER))
    for kind, name in enumerate(codes.CONDITION_NAMES):
        for rank, (drug, dose) in enumerate(codes.REPEATS[name]):
            rows = mine[c.kind[mine] == kind]
            rows = rows[p.rng.random(len(rows)) < (0.85, 0.45, 0.35)[rank]]
            begin = np.maximum(c.recorded[rows] + p.rng.integers(0, REPEAT_DAYS, len(rows)), START)
            until = np.minimum(people.end[c.person[rows]], c.ended[rows] - 1)
            issues = np.maximum(0, (until - begin) // REPEAT_DAYS + 1)
            each = np.repeat(np.arange(len(rows)), issues)
            turn = np.arange(len(each)) - np.repeat(np.cumsum(issues) - issues, issues)
            day = begin[each] + turn * REPEAT_DAYS
            latest = (turn == issues[each] - 1) & (day + REPEAT_DAYS > AS_AT)
            person = np.searchsorted(p.who, c.person[rows])[each]
            doctor = p.rng.integers(0, len(p.doctors), len(rows))[each]
            what = text.medicine(drug, dose, True)
            p.sink.write(
                [
                    text.medication_request(
                        id, p.ids[w], "", "active" if last else "completed", what, iso(d), p.doctors[n]
                    )
                    for id, w, last, d, n in zip(
                        identifiers(p.rng, len(each)),
                        person.tolist(),
                        latest.tolist(),
                        day.tolist(),
                        doctor.tolist(),
                        strict=True,
                    )
                ]
            )
    given = np.flatnonzero(p.rng.random(len(visits.ids)) < 0.36)
    drugs = [text.medicine(name, dose, False) for name, dose in codes.ACUTE_MEDICINES]
    which = p.rng.integers(0, len(drugs), len(given))
    p.sink.write(
        [
            text.medication_request(
                id,
                p.ids[visits.person[v]],
                visits.ids[v],
                "completed",
                drugs[w],
                iso(int(visits.day[v])),
                p.doctors[visits.doctor[v]],
            )
            for id, v, w in zip(identifiers(p.rng, len(given)), given.tolist(), which.tolist(), strict=True)
        ]
    )
