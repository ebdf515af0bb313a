"""The mental-health trust: one CSV of referrals and contacts, a row each."""

import numpy as np

from commonweal.synthetic import codes, rates
from commonweal.synthetic.columns import AS_AT, YEAR, Ints, Stream, Streams, iso
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import record
from commonweal.synthetic.lives import Conditions
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink
from commonweal.synthetic.social_care import GENDER, SourceRecords

HEADER = (
    *("LocalPatientId", "NHSNumber", "GivenName", "FamilyName", "BirthDate", "Gender", "EthnicCategory", "Postcode"),
    *("GPPracticeCode", "RecordType", "RecordId", "ReferralId", "Date", "EndDate", "TeamName", "TeamType"),
    *("ContactType", "Outcome"),
)
_COMMUNITY = ("Community Mental Health Team", "Community")
_YOUNG = ("Child and Adolescent Mental Health Team", "Children and young people")
_MEMORY = ("Memory Assessment Service", "Older people")
_TALKING = ("Talking Therapies", "Primary care")
_CRISIS = ("Crisis Resolution and Home Treatment Team", "Crisis")
TEAMS = (_COMMUNITY, _YOUNG, _MEMORY, _TALKING, _CRISIS)  # name and kind
_CONTACTS = ("Face to face", "Telephone", "Video")


def write_trust(
    streams: Streams, people: People, geography: Geography, conditions: Conditions, certain: Ints, sink: Sink
) -> SourceRecords:
    """Write the trust's file in order of date; the people at ``certain`` are known to it and recorded without fault."""
    rng = streams.of(Stream.MENTAL_HEALTH)
    age = (people.end - people.birth) / YEAR
    chance = np.select([age < 6, age < 18, age < 65], [0.0, 0.05, 0.038], 0.02)
    ill = conditions.kind == codes.CONDITION_NAMES.index("smi")
    forgetful = conditions.kind == codes.CONDITION_NAMES.index("dementia")
    severe, memory = np.zeros(len(people), dtype=bool), np.zeros(len(people), dtype=bool)
    severe[conditions.person[ill]] = True
    memory[conditions.person[forgetful]] = True
    chance = np.where(severe, 0.85, np.where(memory, 0.6, chance))
    known = rng.random(len(people)) < chance
    known[certain] = True
    who = np.flatnonzero(known & (people.end - people.start > 60))
    noise = rates.MENTAL_HEALTH_NOISE
    held = record(streams.of(Stream.MENTAL_HEALTH_IDENTITY), people, geography, who, noise)
    held.correct(people, geography, certain)
    local = [f"M{n:06d}" for n in (100_000 + rng.permutation(max(8 * len(who), 100))[: len(who)]).tolist()]
    rows: list[tuple[int, int, int, tuple[str, ...]]] = []
    referrals = contacts = 0
    for n, i in enumerate(who.tolist()):
        exact = i in certain
        for _ in range(1 if exact else 1 + int(rng.random() < 0.25)):
            referrals += 1
            reference = f"R{referrals:07d}"
            first, last = int(people.start[i]), int(people.end[i])
            day = AS_AT - 500 if exact else first + int(rng.integers(0, max(1, last - first - 30)))
            years = (day - people.birth[i]) / YEAR
            team = _team(rng, years, bool(severe[i]), bool(memory[i]))
            lasts = 5000 if exact else int(rng.integers(700, 3000) if severe[i] else rng.integers(40, 420))
            closed = min(day + lasts, int(people.death[i]), int(people.left[i]))
            end = iso(closed) if closed <= AS_AT else ""
            outcome = "" if not end else ("Died" if closed == people.death[i] else "Discharged")
            rows.append((day, n, 0, ("referral", reference, reference, iso(day), end, *team, "", outcome)))
            when = day + int(rng.integers(7, 60))
            while when <= min(closed, AS_AT):
                contacts += 1
                how = _CONTACTS[int(rng.choice(3, p=[0.6, 0.3, 0.1]))]
                attended = "Attended" if rng.random() < 0.87 else "Did not attend"
                rows.append(
                    (when, n, contacts, ("contact", f"C{contacts:08d}", reference, iso(when), "", *team, how, attended))
                )
                when += int(rng.integers(14, 120) if severe[i] else rng.integers(10, 60))
    rows.sort(key=lambda r: r[:3])
    front = [
        (
            *(local[n], held.number[n], held.given[n], held.family[n], iso(int(held.birth[n]))),
            *(GENDER[str(held.sex[n])], held.ethnicity[n], held.postcode[n], held.practice[n]),
        )
        for n in range(len(who))
    ]
    sink.table([HEADER], header=True)
    sink.table((*front[n], *rest) for _, n, _, rest in rows)
    return SourceRecords(geography.mental_health.code, "mh", held, local, len(rows))


def _team(rng: np.random.Generator, years: float, severe: bool, memory: bool) -> tuple[str, str]:
    """The team a referral goes to: its name and type."""
    if years < 18:
        return _YOUNG
    if memory and years > 60:
        return _MEMORY
    if severe:
        return _COMMUNITY if rng.random() < 0.85 else _CRISIS
    return _TALKING if rng.random() < 0.6 else _COMMUNITY
