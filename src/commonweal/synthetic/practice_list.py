"""A practice's list: who works there, who is registered and where they live, and what they are allergic to."""

from dataclasses import dataclass, field

import numpy as np

from commonweal.synthetic import codes, names
from commonweal.synthetic import fhir_text as text
from commonweal.synthetic.columns import AS_AT, EPOCH, START, YEAR, Ints, Streams, identifiers, iso
from commonweal.synthetic.geography import MERGED_ON, Geography
from commonweal.synthetic.identity_noise import Recorded
from commonweal.synthetic.lives import Caring, Conditions
from commonweal.synthetic.people import People
from commonweal.synthetic.sink import Sink

KIN_FROM = 75  # the age from which practices here note whom to ring
JOINED = "2012-04-01"  # the first day of every doctor's post
NONE_KNOWN, NOT_ASKED = -1, -2
LONGEST = 9_000  # days before the five years that a registration began, at most


@dataclass(slots=True)
class World:
    """What general practice writes from; ``shown`` are people a demonstration opens, of whom every heading is kept.

    ``allergy`` is filled by the practices: what they hold of each person, a place in ``codes.ALLERGIES``,
    ``NONE_KNOWN`` or ``NOT_ASKED``.
    """

    streams: Streams
    geography: Geography
    people: People
    recorded: Recorded
    conditions: Conditions
    caring: Caring
    decile: Ints
    shown: Ints
    allergy: Ints


@dataclass(slots=True)
class Practice:
    """One practice being written: its people (indexes, in order), their resource ids, its doctors' ids and posts."""

    world: World
    index: int
    rng: np.random.Generator
    who: Ints
    ids: list[str]
    doctors: list[str]
    sink: Sink
    staff: list[tuple[str, ...]] = field(default_factory=list)


def write_list(p: Practice) -> None:
    """Write the organisations, the doctors, the people with their demographics, and their allergies."""
    _write_organisations(p)
    _write_patients(p)
    _write_allergies(p)


def doctor_number(practice: int, n: int) -> str:
    """An invented General Medical Practitioner number: G999 and four digits, then G9 and six."""
    number = practice * 37 + n
    return f"G{9_990_000 + number if number < 10_000 else 9_000_000 + number - 10_000}"


def _write_organisations(p: Practice) -> None:
    """The practice itself, the practice that merged into it, and the doctors."""
    geography = p.world.geography
    rows = []
    for i in (p.index, geography.merged_practice):
        practice = geography.practices[i]
        if p.index in (i, practice.merged_into):
            id = identifiers(p.rng, 1)[0]
            rows.append(text.organization(id, practice.code, practice.name, practice.postcode, i == p.index))
    surnames, given = names.SURNAMES["british"], names.GIVEN_BRITISH["F", 2]
    for n, id in enumerate(p.doctors):
        family = surnames[int(p.rng.integers(len(surnames)))]
        called = given[int(p.rng.integers(len(given)))]
        number = doctor_number(p.index, n)
        rows.append(text.practitioner(id, number, family, called))
        role = "General practitioner, partner" if n == 0 else "General practitioner"
        p.staff.append((number, f"Dr {called} {family}", role, geography.practices[p.index].code, JOINED, ""))
    p.sink.write(rows)


def _write_patients(p: Practice) -> None:
    """Demographics as the practice holds them. People who have left keep a record without a registered practice."""
    people, recorded, geography = p.world.people, p.world.recorded, p.world.geography
    holder = geography.practices[p.index].code
    shown = set(p.world.shown.tolist())
    rows = []
    for id, i in zip(p.ids, p.who.tolist(), strict=True):
        rows.append(
            text.patient(
                id,
                recorded.number[i],
                recorded.family[i],
                recorded.given[i],
                recorded.middle[i],
                people.prefix[i],
                "female" if recorded.sex[i] == "F" else "male",
                iso(int(recorded.birth[i])),
                iso(int(people.death[i])) if people.death[i] <= AS_AT else "",
                recorded.line[i],
                geography.places[people.place[i]].name,
                recorded.postcode[i],
                people.phone[i],
                recorded.practice[i],
                holder,
                recorded.ethnicity[i],
                iso(_joined(people, i)) if people.left[i] > AS_AT else "",
                doctor_number(p.index, i % len(p.doctors)),
                _next_of_kin(people, i, i in shown),
            )
        )
    p.sink.write(rows)


def _joined(people: People, i: int) -> int:
    """The first day of a registration: the day of the merger, else before the five years, or at birth."""
    if people.from_merged[i]:
        return max(int(people.birth[i]), (MERGED_ON - EPOCH).days)
    return max(int(people.birth[i]), START - (i * 7919) % LONGEST)


def _next_of_kin(people: People, i: int, shown: bool) -> str:
    """Whom to ring for somebody of 75 or more who lives with another adult, the eldest there; empty for others.

    Whoever is on show has somebody in any case: a neighbour where nobody lives with them.
    """
    if not shown and (AS_AT - people.birth[i]) / YEAR < KIN_FROM:
        return ""
    who, at_home = nearest(people, i, shown)
    return (
        ""
        if who is None
        else text.next_of_kin(f"{people.given[who]} {people.family[who]}", str(people.phone[who]), at_home)
    )


def nearest(people: People, i: int, anyone: bool) -> tuple[int | None, bool]:
    """The eldest other adult at somebody's home, else (``anyone``) of the neighbours; and whether at their home."""
    near = range(max(0, i - 6), min(len(people), i + 7))
    alive = [j for j in near if j != i and people.death[j] > AS_AT and (AS_AT - people.birth[j]) / YEAR >= 18]
    home = [j for j in alive if people.household[j] == people.household[i]]
    who = min(home or (alive if anyone else []), key=lambda j: int(people.birth[j]), default=None)
    return who, bool(home)


def _write_allergies(p: Practice) -> None:
    """No known allergy for half, an allergy for some, and nothing recorded for the rest."""
    draw = p.rng.random(len(p.who))
    which = p.rng.choice(len(codes.ALLERGIES), len(p.who), p=[0.8, 0.1, 0.1])
    concepts = [text.concept(c) for c in codes.ALLERGIES]
    none_known = text.concept(codes.NO_KNOWN_ALLERGY)
    start, end = p.world.people.start[p.who], p.world.people.end[p.who]
    when = (start + p.rng.random(len(p.who)) * (end - start)).astype(np.int64).tolist()
    rows = []
    shown = np.isin(p.who, p.world.shown)
    draw[shown], which[shown] = 0.55, 0
    p.world.allergy[p.who] = np.where(draw < 0.5, NONE_KNOWN, np.where(draw < 0.62, which, NOT_ASKED))
    for id, person, d, w, day in zip(
        identifiers(p.rng, len(p.who)), p.ids, draw.tolist(), which.tolist(), when, strict=True
    ):
        if d < 0.5:
            rows.append(text.allergy(id, person, none_known, iso(day)))
        elif d < 0.62:
            rows.append(text.allergy(id, person, concepts[w], iso(day), codes.REACTIONS[w], w > 0))
    p.sink.write(rows)
