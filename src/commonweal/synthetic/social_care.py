"""Councils: Adult Social Care Client Level Data, a row an event, with the names added that linkage needs."""

from dataclasses import dataclass, field

import numpy as np

from commonweal.synthetic import codes, rates
from commonweal.synthetic.columns import AS_AT, NEVER, START, YEAR, Ints, Stream, Streams, british
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.identity_noise import Recorded, record
from commonweal.synthetic.lives import Caring, Conditions
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink

HEADER = (
    *("LA Code", "Reporting Period Start Date", "Reporting Period End Date", "LA Person Unique Identifier"),
    *("NHS Number", "GP Practice Code", "Client Type", "Date of Birth", "Date of Death", "Gender", "Ethnicity"),
    *("Postcode", "Given Name", "Family Name", "Primary Support Reason", "Event Type", "Event Reference"),
    *("Event Start Date", "Event End Date", "Event Outcome", "Service Type", "Service Component"),
    *("Delivery Mechanism", "Provider CQC Location ID", "Team"),
)
GENDER = {"F": "Female", "M": "Male", "U": "Unknown"}
_PHYSICAL = "Physical Support: Personal Care Support"
_REASONS = {
    "learning_disability": "Learning Disability Support",
    "smi": "Mental Health Support",
    "dementia": "Support with Memory and Cognition",
    "frailty": _PHYSICAL,
}
_TEAMS = {
    _PHYSICAL: "Adult Care Team",
    "Learning Disability Support": "Learning Disability Team",
    "Mental Health Support": "Mental Health Social Work Team",
    "Support with Memory and Cognition": "Older Adults Team",
    "Social Support: Support to Carer": "Carers Team",
}
TEAMS = tuple(_TEAMS.values())
_COMMUNITY = ("Home Support", "Day Support", "Equipment", "Extra Care Housing")


@dataclass(slots=True)
class SourceRecords:
    """One source's people: what it holds of each, in order, the local ids, and how many event rows it wrote."""

    source: str
    feed: str
    held: Recorded
    local: list[str]
    events: int = 0


@dataclass(slots=True)
class Clients:
    """Who is known to councils: as a person who draws on care, or as a carer, and why."""

    person: Ints
    carer: list[bool]
    reason: list[str]


@dataclass(slots=True)
class _Event:
    """One row's own part; the rest repeats the person."""

    day: int
    row: int
    kind: str
    end: int
    outcome: str
    service: tuple[str, str, str, str] = ("", "", "", "")
    order: int = field(default=0)


def clients(streams: Streams, people: People, conditions: Conditions, caring: Caring, certain: Ints) -> Clients:
    """Adults known to social care: by age, more with dementia, frailty or a disability, and a share of carers."""
    rng = streams.of(Stream.SOCIAL_CARE)
    age = (people.end - people.birth) / YEAR
    chance = np.select([age < 18, age < 65, age < 75, age < 85], [0.0, 0.018, 0.05, 0.14], 0.33)
    cause = np.full(len(people), "", dtype=object)
    for name, added in (("frailty", 0.15), ("dementia", 0.35), ("smi", 0.2), ("learning_disability", 0.6)):
        rows = conditions.person[conditions.kind == codes.CONDITION_NAMES.index(name)]
        rows = rows[age[rows] >= 18]
        chance[rows] += added
        cause[rows] = name
    chance[people.in_care_home] = 0.75
    known = rng.random(len(people)) < chance
    as_carer = np.zeros(len(people), dtype=bool)
    as_carer[caring.person[rng.random(len(caring.person)) < 0.2]] = True
    known[certain] = True
    as_carer &= ~known & (age >= 18)
    spell = people.end - np.maximum(people.start, people.birth + 18 * 366)
    known &= spell > 90
    as_carer &= spell > 90
    person = np.flatnonzero(known | as_carer)
    carer = as_carer[person].tolist()
    reason = [
        "Social Support: Support to Carer" if c else _REASONS.get(str(cause[i]), _PHYSICAL)
        for i, c in zip(person, carer, strict=True)
    ]
    return Clients(person, carer, reason)


def write_council(
    streams: Streams, people: People, geography: Geography, known: Clients, council: int, certain: Ints, sink: Sink
) -> SourceRecords:
    """Write one council's file, in order of event date."""
    rng = streams.of(Stream.SOCIAL_CARE, council + 1)
    of_place = np.array([p.council for p in geography.places])
    mine = np.flatnonzero(of_place[people.place[known.person]] == council)
    who = known.person[mine]
    held = record(streams.of(Stream.COUNCIL_IDENTITY, council), people, geography, who, rates.COUNCIL_NOISE)
    held.correct(people, geography, certain)
    local = [f"{n:07d}" for n in (1_000_000 + rng.permutation(max(9 * len(who), 100))[: len(who)]).tolist()]
    code = geography.councils[council].code
    events: list[_Event] = []
    for n, i in enumerate(who.tolist()):
        carer = known.carer[int(mine[n])]
        events += _story(rng, people, geography, i, n, carer, i in certain)
    events.sort(key=lambda e: (e.day, e.row, e.order))
    references = 500_000 + rng.permutation(len(events))
    period = (british(START), british(AS_AT))
    sink.table([HEADER], header=True)
    told = rng.random(len(who)) < 0.9
    front, back = [], []
    for n, i in enumerate(who.tolist()):
        death = british(int(people.death[i])) if people.death[i] <= AS_AT and told[n] else ""
        kind, reason = ("Carer" if known.carer[int(mine[n])] else "Service User"), known.reason[int(mine[n])]
        front.append(
            (
                *(code, *period, local[n], held.number[n], held.practice[n], kind, british(int(held.birth[n])), death),
                *(GENDER[str(held.sex[n])], held.ethnicity[n], held.postcode[n], held.given[n], held.family[n], reason),
            )
        )
        back.append(_TEAMS[reason])
    sink.table(
        (
            *front[e.row],
            e.kind,
            f"{code}-{references[k]}",
            british(e.day),
            british(e.end) if e.end < NEVER else "",
            e.outcome,
            *e.service,
            back[e.row],
        )
        for k, e in enumerate(events)
    )
    return SourceRecords(code, "cld", held, local, len(events))


def _story(
    rng: np.random.Generator, people: People, geography: Geography, i: int, row: int, carer: bool, certain: bool
) -> list[_Event]:
    """What happened with one person: a request, perhaps an assessment, a service, and a review each year."""
    first = max(int(people.start[i]), int(people.birth[i]) + 18 * 366)
    last = int(people.end[i])
    day = AS_AT - 400 if certain else first + int(rng.integers(0, max(1, last - first - 60)))
    draw, gap, weeks = rng.random(), int(rng.integers(5, 45)), int(rng.integers(2, 21))
    if draw < 0.38 and not certain and not people.in_care_home[i]:
        return [_Event(day, row, "Request", min(day + gap, last), "Signposted to other services")]
    events = [_Event(day, row, "Request", min(day + 3, last), "Progress to assessment")]
    assessed = day + gap
    if assessed > last:
        return events
    outcome = "Support to carer" if carer else "Progress to support planning"
    events.append(_Event(assessed, row, "Assessment", min(assessed + 14, last), outcome, order=1))
    begin = assessed + 15
    if begin > last:
        return events
    if people.in_care_home[i]:
        line = people.line[i]
        home = next(n for n, h in enumerate(geography.care_homes) if h.name == line)
        kind = "Long Term Support: Residential Care"
        service = (kind, "Residential Home", "CASSR Commissioned support only", f"1-9990{home + 1:05d}")
    elif draw < 0.55 and not certain:
        service = ("Short Term Support: ST-Max", "Reablement", "CASSR Commissioned support only", "1-999000900")
    else:
        direct = rng.random() < 0.25
        component = "Direct Payment" if direct else _COMMUNITY[int(rng.integers(len(_COMMUNITY)))]
        how = "Direct Payment only" if direct else "CASSR Managed Personal Budget"
        service = (
            "Long Term Support: Community",
            component,
            how,
            "" if direct else f"1-99900{int(rng.integers(901, 940)):04d}",
        )
    short = service[0].startswith("Short")
    stops = begin + 42 if short else (begin + weeks * 30 if rng.random() < 0.3 and not certain else NEVER)
    over = min(stops, int(people.death[i]), int(people.left[i]))
    ended = over if over <= AS_AT else NEVER
    result = "" if ended == NEVER else ("Deceased" if over == people.death[i] else "Ceased as planned")
    events.append(_Event(begin, row, "Service", ended, result, service, order=2))
    reviewed = begin + 365
    while not short and reviewed <= min(ended, last):
        events.append(_Event(reviewed, row, "Review", min(reviewed + 7, last), "No change in package", order=3))
        reviewed += 365
    return events
