"""The community trust: one CSV of referrals and contacts, a row each, in the columns of the shipped generic mapping.

Whom community nurses, therapists and health visitors see: the old, the frail, people with diabetes or dementia, and
children under five. Nothing here is read by code of its own: the file lands through its mapping like any supplier's.
"""

import numpy as np

from commonweal.synthetic import codes, rates
from commonweal.synthetic.columns import AS_AT, YEAR, Ints, Stream, Streams, british
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import record
from commonweal.synthetic.lives import Conditions
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink
from commonweal.synthetic.social_care import GENDER, SourceRecords

HEADER = (
    *("PatientId", "NHSNumber", "GivenName", "FamilyName", "BirthDate", "Gender", "EthnicCategory", "Postcode"),
    *("GPPracticeCode", "RecordType", "RecordId", "ReferralId", "Date", "EndDate", "TeamName", "TeamType"),
    *("ReferralReason", "ContactType", "Attended"),
)
_NURSING = ("Community Nursing", "Nursing", "Wound care")
_FRAIL = ("Integrated Frailty Team", "Therapy", "Falls")
_DIABETES = ("Diabetes Foot Service", "Podiatry", "Diabetic foot")
_CHILDREN = ("Health Visiting", "Children", "Child development")
TEAMS = tuple(one[:2] for one in (_NURSING, _FRAIL, _DIABETES, _CHILDREN))  # name and kind
_CONTACTS = ("home visit", "clinic", "telephone", "video")
_HOW = {"Children": (0.5, 0.35, 0.1, 0.05), "Podiatry": (0.15, 0.8, 0.05, 0.0)}
_USUAL = (0.7, 0.15, 0.1, 0.05)


def write_trust(
    streams: Streams, people: People, geography: Geography, conditions: Conditions, certain: Ints, sink: Sink
) -> SourceRecords:
    """Write the trust's file in order of date; the people at ``certain`` are known to it and recorded without fault."""
    rng = streams.of(Stream.COMMUNITY)
    age = (people.end - people.birth) / YEAR
    chance = np.select([age < 5, age < 18, age < 65, age < 80], [0.15, 0.02, 0.012, 0.08], 0.3)
    frail, diabetic = (_having(conditions, people, name) for name in ("frailty", "diabetes"))
    chance = np.where(frail, 0.6, np.where(diabetic & (age >= 18), np.maximum(chance, 0.15), chance))
    known = rng.random(len(people)) < chance
    known[certain] = True
    who = np.flatnonzero(known & (people.end - people.start > 60))
    held = record(streams.of(Stream.COMMUNITY_IDENTITY), people, geography, who, rates.MENTAL_HEALTH_NOISE)
    held.correct(people, geography, certain)
    local = [f"CS{n:07d}" for n in (1_000_000 + rng.permutation(max(8 * len(who), 100))[: len(who)]).tolist()]
    rows: list[tuple[int, int, int, tuple[str, ...]]] = []
    contacts = 0
    for n, i in enumerate(who.tolist()):
        exact = i in certain
        first, last = int(people.start[i]), int(people.end[i])
        day = AS_AT - 60 if exact else first + int(rng.integers(0, max(1, last - first - 30)))
        team, kind, reason = _team((day - people.birth[i]) / YEAR, bool(frail[i]), bool(diabetic[i]))
        closed = min(day + (5000 if exact else int(rng.integers(21, 200))), int(people.death[i]), int(people.left[i]))
        reference = f"CR{n + 1:07d}"
        ended = british(closed) if closed <= AS_AT else ""
        rows.append((day, n, 0, ("referral", reference, "", british(day), ended, team, kind, reason, "", "")))
        when = day + int(rng.integers(2, 14))
        while when <= min(closed, AS_AT):
            contacts += 1
            how = _CONTACTS[int(rng.choice(4, p=_HOW.get(kind, _USUAL)))]
            attended = "attended" if rng.random() < 0.92 else ("did not attend", "cancelled")[int(rng.random() < 0.4)]
            own = ("contact", f"CC{contacts:08d}", reference, british(when), "", team, kind, reason, how, attended)
            rows.append((when, n, contacts, own))
            when += int(rng.integers(5, 45))
    rows.sort(key=lambda r: r[:3])
    front = [
        (
            *(local[n], held.number[n], held.given[n], held.family[n], british(int(held.birth[n]))),
            *(GENDER[str(held.sex[n])], held.ethnicity[n], held.postcode[n], held.practice[n]),
        )
        for n in range(len(who))
    ]
    sink.table([HEADER], header=True)
    sink.table((*front[n], *rest) for _, n, _, rest in rows)
    return SourceRecords(geography.community.code, "community", held, local, len(rows))


def _having(conditions: Conditions, people: People, name: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Who ever had a condition."""
    found = np.zeros(len(people), dtype=bool)
    found[conditions.person[conditions.kind == codes.CONDITION_NAMES.index(name)]] = True
    return found


def _team(years: float, frail: bool, diabetic: bool) -> tuple[str, str, str]:
    """Team, its type and the reason of a referral."""
    if years < 18:
        return _CHILDREN
    if frail:
        return _FRAIL
    return _DIABETES if diabetic else _NURSING
