"""The ambulance service: one CSV of incidents in the columns of the shipped generic mapping.

Most people who are admitted in an emergency by way of the emergency department, and some who attend it, came by
ambulance: the crew's call is before the hospital's first message of the same person, and names that hospital. Some
incidents end where they began. The service's particulars of people are taken at the roadside, and are the poorest.
"""

import numpy as np

from commonweal.synthetic import rates
from commonweal.synthetic.admissions import ATTENDANCE, DAY, EMERGENCY, Visits
from commonweal.synthetic.columns import AS_AT, Ints, Stream, Streams, iso
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import record
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink
from commonweal.synthetic.social_care import SourceRecords

FEED = "ambulance"
HEADER = (
    *("PatientId", "NHSNumber", "GivenName", "FamilyName", "BirthDate", "Gender", "Postcode", "IncidentId"),
    *("CallTime", "ClearTime", "Category", "Complaint", "Disposition", "Destination"),
)
RECENT = 365  # days before the present that the file goes back
_BROUGHT = {EMERGENCY: 0.55, ATTENDANCE: 0.22}
_LEFT_AT_HOME = 0.30  # incidents that end at the scene, for each that ends at a hospital
_COMPLAINTS = ("fall", "chest pain", "breathing problem", "unconscious", "stroke", "overdose", "unwell")


def write_service(
    streams: Streams, people: People, geography: Geography, visits: Visits, certain: Ints, sink: Sink
) -> SourceRecords:
    """Write the service's file in order of time; the people at ``certain`` are recorded without fault."""
    rng = streams.of(Stream.AMBULANCE)
    chance = np.select([visits.kind == kind for kind in _BROUGHT], list(_BROUGHT.values()), 0.0)
    recent = (visits.comes // DAY > AS_AT - RECENT) & (visits.comes < (AS_AT + 1) * DAY)
    brought = np.flatnonzero((rng.random(len(visits.person)) < chance) & recent)
    calls = visits.comes[brought] - rng.integers(35, 110, len(brought))
    at_home = brought[rng.random(len(brought)) < _LEFT_AT_HOME]
    earlier = visits.comes[at_home] - rng.integers(2 * DAY, 20 * DAY, len(at_home))
    visit = np.concatenate([brought, at_home])
    when = np.concatenate([calls, earlier])
    conveyed = np.concatenate([np.ones(len(brought), dtype=bool), np.zeros(len(at_home), dtype=bool)])
    there = when >= people.start[visits.person[visit]] * DAY
    visit, when, conveyed = visit[there], when[there], conveyed[there]
    order = np.lexsort((visit, when))
    visit, when, conveyed = visit[order], when[order], conveyed[order]
    who, turn = np.unique(visits.person[visit], return_inverse=True)
    held = record(streams.of(Stream.AMBULANCE_IDENTITY), people, geography, who, rates.COUNCIL_NOISE)
    held.correct(people, geography, certain)
    local = [f"AM{n:07d}" for n in (1_000_000 + rng.permutation(max(8 * len(who), 100))[: len(who)]).tolist()]
    length, complaint = rng.integers(25, 80, len(visit)), rng.integers(0, len(_COMPLAINTS), len(visit))
    category = rng.choice(5, len(visit), p=(0.1, 0.5, 0.3, 0.07, 0.03)) + 1
    sink.table([HEADER], header=True)
    sink.table(
        (
            *(local[i], held.number[i], held.given[i], held.family[i], iso(int(held.birth[i])), held.sex[i]),
            *(held.postcode[i], f"INC{n + 1:07d}", _stamp(int(when[n])), _stamp(int(when[n] + length[n]))),
            *(int(category[n]), _COMPLAINTS[int(complaint[n])]),
            "conveyed" if conveyed[n] else "treated at scene",
            geography.acute[int(visits.trust[visit[n]])].code if conveyed[n] else "",
        )
        for n, i in enumerate(turn.tolist())
    )
    return SourceRecords(geography.ambulance.code, FEED, held, local, len(visit))


def _stamp(minutes: int) -> str:
    """``YYYY-MM-DD HH:MM:SS``; a call in the hour that clocks skip is an hour later, as for every visit."""
    day, minute = divmod(minutes, DAY)
    return f"{iso(day)} {minute // 60:02d}:{minute % 60:02d}:00"
