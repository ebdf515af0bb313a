"""Referrals practices have made and that are in progress or done with, and the appointments booked for them.

Who is referred, for what and how often is illustrative.
"""

import numpy as np

from commonweal.synthetic import fhir_text as text
from commonweal.synthetic.columns import AS_AT, YEAR, Floats, daytime, identifiers, iso
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.plans import Holdings, alive, having, some

# What for, why, whose service it is, and the conditions (none: anybody's) of those who are referred.
SERVICES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Cardiology clinic", "Breathless when walking", "acute", ("chd", "hypertension")),
    ("Respiratory clinic", "More breathless, two courses of antibiotics", "acute", ("copd",)),
    ("Memory assessment", "Forgetting appointments; family are worried", "mental_health", ("dementia",)),
    ("Physiotherapy", "Back pain for three months", "community", ()),
    ("Falls and balance class", "Two falls this year", "community", ("frailty",)),
    ("Talking therapies", "Low mood and poor sleep", "mental_health", ("smi",)),
)
OPEN_DAYS = 110  # how long ago referrals still in progress were made, at most
BOOKED = 0.55  # share of those in progress that have an appointment


def referrals(held: Holdings, doctors: list[str], geography: Geography, rng: np.random.Generator) -> list[str]:
    """Lines of FHIR for the practice's file: ServiceRequests in progress and completed, and booked Appointments."""
    rows: list[str] = []
    living = alive(held)
    adult = (AS_AT - held.people.birth[held.who]) / YEAR >= 18
    for number, (what, why, kind, conditions) in enumerate(SERVICES):
        share: Floats = np.where(having(held, *conditions), 0.09, 0.002) if conditions else np.full(len(living), 0.012)
        chance = np.where(living & adult, share, 0.0)
        chosen = some(rng, np.where(held.shown & (number == 3), 1.0, chance))
        going = (rng.random(len(chosen)) < 0.6) | held.shown[chosen]
        since = rng.integers(5, OPEN_DAYS, len(chosen))
        ago = np.where(going, since, since + rng.integers(90, 900, len(chosen))).tolist()
        urgent = (rng.random(len(chosen)) < 0.2).tolist()
        doctor = rng.integers(0, len(doctors), len(chosen)).tolist()
        booked = ((rng.random(len(chosen)) < BOOKED) | held.shown[chosen]).tolist()
        ahead, quarter = rng.integers(4, 60, len(chosen)).tolist(), rng.integers(0, 28, len(chosen)).tolist()
        ids = identifiers(rng, 2 * len(chosen))
        for n, who in enumerate(chosen):
            code, name = _provider(geography, kind, int(held.people.place[held.who[who]]))
            open_ = bool(going[n])
            rows.append(
                text.referral(
                    ids[2 * n],
                    held.ids[who],
                    f"Referral: {what}",
                    why,
                    "active" if open_ else "completed",
                    "urgent" if urgent[n] else "routine",
                    iso(AS_AT - ago[n]),
                    doctors[doctor[n]],
                    text.organisation_reference(code),
                )
            )
            if open_ and booked[n]:
                day, minute = _weekday(AS_AT + ahead[n]), 9 * 60 + 15 * quarter[n]
                start, end = daytime(day, minute), daytime(day, minute + 30)
                rows.append(text.appointment(ids[2 * n + 1], held.ids[who], ids[2 * n], what, start, end, name))
    return rows


def _weekday(day: int) -> int:
    """``day``, or the Monday after it; day 4 of the Unix epoch was a Monday."""
    weekday = (day - 4) % 7
    return day + (7 - weekday if weekday > 4 else 0)


def _provider(geography: Geography, kind: str, place: int) -> tuple[str, str]:
    """Code and name of who provides a kind of service to people of a place."""
    if kind == "acute":
        found = geography.acute[min(place, len(geography.acute) - 1)]
    else:
        found = geography.community if kind == "community" else geography.mental_health
    return found.code, found.name
