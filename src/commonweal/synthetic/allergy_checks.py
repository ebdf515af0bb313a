"""What hospitals' pharmacies note of allergies when they reconcile somebody's medicines: FHIR R4, one resource a line.

An AllergyIntolerance for those who came as an emergency in the last two months, by the hospital's own number of the
person. It does not always say what the practice says: it may have no known allergy where the practice holds one, or
have found that somebody is not allergic after all. Both stay as they were sent. How often is illustrative.
"""

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic import fhir_text as text
from commonweal.synthetic.admissions import DAY, EMERGENCY, TrustRecords, Visits
from commonweal.synthetic.columns import AS_AT, Bools, Floats, Ints, Stream, identifiers, iso
from commonweal.synthetic.practice_list import NONE_KNOWN, World
from commonweal.synthetic.sink import Sink

FEED = "api"  # what a partner's system sends in FHIR
RECENT = 60  # days before the present that the file goes back
CHECKED = 0.8  # share of stays in which somebody asks
DENIED, REFUTED = 0.12, 0.06  # shares of a practice's allergies that the pharmacy denies, or has found not to be one
FOUND = 0.04  # share of people without a listed allergy of whom the pharmacy learns one


def write_checks(world: World, visits: Visits, trust: int, known: TrustRecords, sink: Sink) -> None:
    """Write one trust's file; of people on show who came, the pharmacy denies the allergy their practice holds."""
    rng = world.streams.of(Stream.ALLERGY_CHECKS, trust)
    came = (visits.trust == trust) & (visits.kind == EMERGENCY)
    came &= (visits.comes // DAY > AS_AT - RECENT) & (visits.comes // DAY < AS_AT)
    who, stay = np.unique(visits.person[came], return_index=True)
    day = (visits.comes[came] // DAY)[stay] + 1
    shown = np.isin(who, world.shown)
    kept = shown | (rng.random(len(who)) < CHECKED)
    who, day, shown = who[kept], day[kept], shown[kept]
    draw = np.where(shown, 0.0, rng.random(len(who)))
    said, refuted = _said(world.allergy[who], draw, rng.integers(0, len(codes.ALLERGIES), len(who)))
    concepts = [text.concept(code) for code in codes.ALLERGIES]
    none_known = text.concept(codes.NO_KNOWN_ALLERGY)
    rows = np.searchsorted(known.held.person, who).tolist()
    lines = []
    for id, row, what, wrong, on in zip(
        identifiers(rng, len(who)), rows, said.tolist(), refuted.tolist(), day.tolist(), strict=True
    ):
        listed = what != NONE_KNOWN
        code, reaction = (concepts[what], codes.REACTIONS[what]) if listed else (none_known, "")
        severe = what > 0 and not wrong
        lines.append(text.allergy(id, known.local[row], code, iso(on), "" if wrong else reaction, severe, wrong))
    sink.write(lines)


def _said(listed: Ints, draw: Floats, other: Ints) -> tuple[Ints, Bools]:
    """What the pharmacy notes (as ``World.allergy``), and whether that is an allergy found not to be one."""
    has = listed >= 0
    agreed = np.where(has, listed, np.where(draw < FOUND, other, NONE_KNOWN))
    refuted: Bools = has & (draw >= DENIED) & (draw < DENIED + REFUTED)
    said: Ints = np.where(has & (draw < DENIED), NONE_KNOWN, agreed)
    return said, refuted
