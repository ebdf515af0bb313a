"""What practices hold besides consultations: flu vaccinations, flags, plans and letters.

Codes are those of the national record locator's record types and the reasonable adjustment flag; vaccines, like
medicines, go by name. The shares are illustrative.
"""

import base64
from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic import fhir_text as text
from commonweal.synthetic.columns import AS_AT, NEVER, YEAR, Bools, Floats, Ints, day, identifiers, iso
from commonweal.synthetic.lives import Conditions
from commonweal.synthetic.people import People

FLU_SEASONS = tuple(day(year, 10, 1) for year in range(2016, 2021))
ADJUSTMENTS = (
    "Needs information in easy read format",
    "Needs longer appointments",
    "Needs a carer or supporter present",
    "Uses British Sign Language and needs an interpreter",
    "Needs a quiet waiting area",
)
ALERTS = ("Oxygen in use at home", "Key safe at the front door", "Two members of staff to visit")
GOALS = (
    "To stay at home with my family; a daily visit in the morning",
    "To walk to the shop again; strength and balance class each week",
    "To be met by people I know; ring my daughter first",
)
_RESPECT = (
    "Recommended Summary Plan for Emergency Care and Treatment\n\n"
    "What matters to me: to be comfortable and at home.\n"
    "Recommendation: treat what can be treated at home; admit to hospital for a broken bone or pain that cannot be "
    "eased at home.\nAttempt cardiopulmonary resuscitation: not recommended, discussed with the person and family."
)
_GIST = "Treat at home where it can be; cardiopulmonary resuscitation not recommended"
_LETTER = (
    "Thank you for asking us to see this person in clinic.\n\n"
    "Plan: continue as now. Review in the practice in {n} months."
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """One practice's people (indexes into ``people``) with their Patient ids, whose file it is, and who is on show."""

    people: People
    conditions: Conditions
    who: Ints
    ids: list[str]
    practice: str
    shown: Bools


def plans(held: Holdings, rng: np.random.Generator) -> list[str]:
    """Lines of FHIR for the practice's file."""
    return [*_vaccinations(held, rng), *_flags(held, rng), *_plans(held, rng), *_letters(held, rng)]


def having(held: Holdings, *kinds: str) -> Bools:
    """Who of ``held.who`` has any of these conditions coded."""
    c = held.conditions
    wanted = np.isin(c.kind, [codes.CONDITION_NAMES.index(kind) for kind in kinds]) & (c.recorded < NEVER)
    found: Bools = np.isin(held.who, c.person[wanted])
    return found


def alive(held: Holdings) -> Bools:
    """Who is alive and still registered on the day the world is as at."""
    people = held.people
    alive: Bools = (people.death[held.who] > AS_AT) & (people.left[held.who] > AS_AT)
    return alive


def some(rng: np.random.Generator, chance: Floats) -> list[int]:
    """The rows that are drawn, each by its own chance."""
    found: list[int] = np.flatnonzero(rng.random(len(chance)) < chance).tolist()
    return found


def _vaccinations(held: Holdings, rng: np.random.Generator) -> list[str]:
    """Seasonal flu vaccine each autumn for most people aged 65 and over, and for half of those at risk."""
    at_risk = having(held, "diabetes", "copd", "chd")
    rows = []
    for season in FLU_SEASONS:
        age = (season - held.people.birth[held.who]) / YEAR
        here = (held.people.start[held.who] <= season) & (held.people.end[held.who] > season + 60)
        taken = some(rng, np.where(age >= 65, 0.72, np.where(at_risk, 0.48, 0.0)) * here)
        given = rng.integers(0, 31, len(taken)).tolist()
        rows += [
            text.immunization(id, held.ids[n], "Seasonal influenza vaccine", iso(min(season + d, AS_AT)))
            for id, n, d in zip(identifiers(rng, len(taken)), taken, given, strict=True)
        ]
    return rows


def _flags(held: Holdings, rng: np.random.Generator) -> list[str]:
    """Reasonable adjustments, and alerts for whoever visits."""
    need = np.where(having(held, "learning_disability", "dementia"), 0.7, np.where(having(held, "smi"), 0.5, 0.015))
    rows = []
    for share, adjusting, words in (
        (need, True, ADJUSTMENTS),
        (having(held, "copd", "frailty") * 0.06, False, ALERTS),
    ):
        chosen = some(rng, np.where(held.shown, 1.0, np.where(alive(held), share, 0.0)))
        which = rng.integers(0, len(words), len(chosen)).tolist()
        since = rng.integers(AS_AT - 900, AS_AT - 30, len(chosen)).tolist()
        rows += [
            text.flag(id, held.ids[n], adjusting, words[w], iso(d))
            for id, n, w, d in zip(identifiers(rng, len(chosen)), chosen, which, since, strict=True)
        ]
    return rows


def _plans(held: Holdings, rng: np.random.Generator) -> list[str]:
    """Care and support plans and advance care plans as plans, ReSPECT forms as documents."""
    frail, dementia = having(held, "frailty"), having(held, "dementia")
    living = alive(held)
    old = (AS_AT - held.people.birth[held.who]) / YEAR >= 75
    rows = []
    for share, code in (
        (np.where(frail | dementia | having(held, "learning_disability"), 0.35, 0.0), codes.SUPPORT_PLAN),
        (np.where(dementia, 0.3, 0.0), codes.ADVANCE_PLAN),
    ):
        chosen = some(rng, np.where(held.shown & (old | (code is codes.SUPPORT_PLAN)), 1.0, share * living))
        which = rng.integers(0, len(GOALS), len(chosen)).tolist()
        since = rng.integers(AS_AT - 700, AS_AT - 20, len(chosen)).tolist()
        rows += [
            text.care_plan(id, held.ids[n], code, GOALS[w], iso(d))
            for id, n, w, d in zip(identifiers(rng, len(chosen)), chosen, which, since, strict=True)
        ]
    age = (AS_AT - held.people.birth[held.who]) / YEAR
    share = np.where((age >= 80) & (frail | dementia), 0.3, 0.0) * living
    chosen = some(rng, np.where(held.shown & old, 1.0, share))
    since = rng.integers(AS_AT - 500, AS_AT - 10, len(chosen)).tolist()
    rows += [
        text.document(id, held.ids[n], codes.RESPECT_FORM, "", _encoded(_RESPECT), iso(d), held.practice, _GIST)
        for id, n, d in zip(identifiers(rng, len(chosen)), chosen, since, strict=True)
    ]
    return rows


def _letters(held: Holdings, rng: np.random.Generator) -> list[str]:
    """Clinic letters the practice has filed."""
    share = np.where(having(held, "copd", "chd", "diabetes"), 0.3, 0.02)
    chosen = some(rng, np.where(held.shown, 1.0, share * alive(held)))
    months = rng.integers(2, 13, len(chosen)).tolist()
    since = rng.integers(AS_AT - 800, AS_AT - 5, len(chosen)).tolist()
    return [
        text.document(
            id, held.ids[n], None, "Outpatient clinic letter", _encoded(_LETTER.format(n=m)), iso(d), held.practice
        )
        for id, n, m, d in zip(identifiers(rng, len(chosen)), chosen, months, since, strict=True)
    ]


def _encoded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()
