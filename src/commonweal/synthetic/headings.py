"""What practices hold of some people under the headings of a record that few sources fill.

Goals, assessments, devices, legal information, procedures and family history. Each share below is illustrative: no
published rate is behind it. What things are called is text; the one code, of the PHQ-9 score, is that of HL7's
published example of the questionnaire. A person on show has something under each heading.
"""

from dataclasses import dataclass, field

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic import headings_text as text
from commonweal.synthetic.codes import Code
from commonweal.synthetic.columns import AS_AT, NEVER, YEAR, Bools, Floats, Ints, identifiers, iso
from commonweal.synthetic.plans import Holdings, alive, having, some
from commonweal.synthetic.practice_list import nearest

OLD = 75  # the age from which what is for the old is certain for a person on show


@dataclass(frozen=True, slots=True)
class Sort:
    """One thing that some people have: of whom (none: anybody) from which age, how often, and what to know of it.

    ``shown``: certain for the people on show; only from the age of ``OLD`` if ``old``.
    """

    name: str
    of: tuple[str, ...]
    share: float
    detail: str = ""
    age: int = 18
    shown: bool = False
    old: bool = False


GOALS = (
    Sort("To see my family every weekend", (), 0.004, shown=True),
    Sort("To walk for half an hour on five days a week", ("diabetes", "chd"), 0.12),
    Sort("To go back to the allotment group every week", ("smi",), 0.25),
    Sort("To get to the shop and back with my frame", ("frailty",), 0.25),
    Sort("To finish the breathing and exercise class", ("copd",), 0.2),
    Sort("To travel to college on the bus by myself", ("learning_disability",), 0.2),
)
REACHED = 0.25  # share of goals that have been reached; those of people on show have not
DEVICES = (
    Sort("Hearing aids, both ears", (), 0.15, "Face the person and speak clearly", age=70, shown=True),
    Sort("Cardiac pacemaker", ("chd",), 0.06, "Ask the pacing clinic before an MRI scan", shown=True, old=True),
    Sort("Home oxygen concentrator", ("copd",), 0.06, "2 litres a minute, 15 hours a day; no smoking or flames near"),
    Sort("Walking frame", ("frailty",), 0.4, "Lent by the community equipment store", shown=True, old=True),
    Sort("Blood glucose meter", ("diabetes",), 0.3, "Tests at home before breakfast and before driving"),
)
PROCEDURES = (
    Sort("Appendix removed", (), 0.04, shown=True),
    Sort("Cataract removed, right eye", (), 0.2, age=75, shown=True, old=True),
    Sort("Coronary artery stent", ("chd",), 0.3, age=40),
    Sort("Hip replacement, left", ("frailty",), 0.1, age=60),
)
RELATIVES = (  # RoleCode and words of the relative beside each
    ("FTH", "Father", Sort("Heart attack at 56", (), 0.04, shown=True)),
    ("MTH", "Mother", Sort("Type 2 diabetes", (), 0.05)),
    ("MTH", "Mother", Sort("Breast cancer at 61", (), 0.02)),
    ("FTH", "Father", Sort("Stroke at 70", (), 0.03)),
)
# https://www.legislation.gov.uk/ukpga/2005/9: sections 9 (lasting powers of attorney), 24 to 26 (advance decisions)
POWER = "Lasting power of attorney for health and welfare"
POWER_LAW = "Mental Capacity Act 2005, sections 9 to 11"
POWERS = (
    Sort(POWER, ("dementia",), 0.3, "Registered; the practice has seen the document", shown=True, old=True),
    Sort(POWER, ("frailty", "learning_disability"), 0.06, "Registered; the practice has seen the document"),
)
REFUSAL = "Advance decision to refuse treatment"
REFUSAL_LAW = "Mental Capacity Act 2005, sections 24 to 26"
REFUSALS = (
    Sort("Ventilation and feeding by tube, even if life is at risk", ("dementia", "frailty"), 0.05, age=65, old=True),
    Sort("Electroconvulsive therapy", ("smi",), 0.04),
)
WITNESSED = "Signed and witnessed; the practice holds a copy"
CAPACITY = (
    Sort("Where to live", ("dementia",), 0.15, "Has capacity for this decision when there is time and a quiet room"),
    Sort("Where to live", ("dementia",), 0.08, "Lacks capacity for this decision; decided in their best interests"),
    Sort("Having an operation", ("learning_disability",), 0.1, "Has capacity when it is explained with pictures"),
)
FRAILTY_SCALE = "Clinical Frailty Scale (Rockwood), 1 to 9"
FRAILTY = ("5, living with mild frailty", "6, living with moderate frailty", "7, living with severe frailty")
NEARLY_FRAIL = "4, living with very mild frailty"
SCALED = 0.7  # share of people with frailty whose practice notes the scale
PHQ_9 = Code("44261-6", "PHQ-9 depression score")  # LOINC, as in https://hl7.org/fhir/R4/questionnaire-phq-9.html
MOST = 27  # the highest PHQ-9 score
ASKED = 0.5  # share of people with severe mental illness asked the PHQ-9, twice
CARERS = "Carer's review"
REVIEWED = 0.4  # share of carers whose practice has reviewed how they are
HOURS = ("Up to 19 a week", "20 to 49 a week", "50 or more a week")
HELP = ("A break once a week", "Somebody to talk to", "Help with forms and benefits", "Nothing more for now")


@dataclass(slots=True)
class _People:
    """One practice's people with their ages, and draws among those who are alive and registered."""

    held: Holdings
    rng: np.random.Generator
    age: Floats = field(init=False)
    living: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.age = (AS_AT - self.held.people.birth[self.held.who]) / YEAR
        self.living = alive(self.held)

    def having(self, sort: Sort, certain: bool = False) -> list[int]:
        """Who has one, as rows of ``held.who``; ``certain``: everybody on show."""
        fit = self.living & (self.age >= sort.age)
        if sort.of:
            fit &= having(self.held, *sort.of)
        on_show = self.held.shown & (certain or sort.shown) & ((self.age >= OLD) | (not sort.old))
        return some(self.rng, np.where(on_show, 1.0, np.where(fit, sort.share, 0.0)))

    def days(self, rows: list[int], longest: int) -> list[int]:
        """A day for each within the last ``longest``, since they came here."""
        first = np.maximum(self.held.people.start[self.held.who[rows]], AS_AT - longest)
        return self.spread(first, np.full(len(rows), AS_AT - 10))

    def adult_days(self, rows: list[int]) -> list[int]:
        """A day for each since they were 18, or within 20 years."""
        grown = self.held.people.birth[self.held.who[rows]] + int(18 * YEAR)
        return self.spread(np.maximum(grown, AS_AT - 7_300), np.full(len(rows), AS_AT - 60))

    def spread(self, first: Ints, last: Ints) -> list[int]:
        """A day between two, the last itself where they are the wrong way round."""
        draw = self.rng.random(len(first))
        found: list[int] = np.minimum(last, first + (draw * np.maximum(last - first, 1)).astype(np.int64)).tolist()
        return found


def headings(held: Holdings, carers: Ints, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Lines of FHIR for the practice's file: Observations, and everything else.

    ``held.conditions`` need be of the practice's people only; ``carers`` are those of them who care for somebody.
    """
    found = _People(held, rng)
    return (
        [*_frailty(found), *_moods(found)],
        [
            *_goals(found),
            *_devices(found),
            *_legal(found),
            *_capacity(found),
            *_carers(found, carers),
            *_procedures(found),
            *_relatives(found),
        ],
    )


def _goals(p: _People) -> list[str]:
    rows = []
    for sort in GOALS:
        chosen = p.having(sort)
        reached = (p.rng.random(len(chosen)) < REACHED) & ~p.held.shown[chosen]
        ids, months = identifiers(p.rng, len(chosen)), p.rng.integers(2, 9, len(chosen)).tolist()
        for id, n, day, done, ahead in zip(ids, chosen, p.days(chosen, 300), reached.tolist(), months, strict=True):
            due = iso(day + 30 * ahead if done else AS_AT + 30 * ahead)
            rows.append(text.goal(id, p.held.ids[n], sort.name, iso(day), due, done))
    return rows


def _frailty(p: _People) -> list[str]:
    """How frail those are who have frailty coded, as it was coded; somebody old on show is nearly so at least."""
    c, who = p.held.conditions, p.held.who
    grade = np.full(len(who), -1)
    coded = (c.kind == codes.CONDITION_NAMES.index("frailty")) & (c.recorded < NEVER) & np.isin(c.person, who)
    grade[np.searchsorted(who, c.person[coded])] = c.code[coded]
    certain = p.held.shown & (p.age >= OLD)
    chosen = some(p.rng, np.where(certain, 1.0, np.where(p.living & (grade >= 0), SCALED, 0.0)))
    words = [FRAILTY[g] if g >= 0 else NEARLY_FRAIL for g in grade[chosen].tolist()]
    return [
        text.graded(id, p.held.ids[n], FRAILTY_SCALE, grade, iso(day))
        for id, n, grade, day in zip(identifiers(p.rng, len(chosen)), chosen, words, p.days(chosen, 400), strict=True)
    ]


def _moods(p: _People) -> list[str]:
    """Two scores some months apart."""
    chosen = p.having(Sort(PHQ_9.term, ("smi",), ASKED), certain=True)
    first = p.rng.integers(8, 20, len(chosen))
    then = np.clip(first - p.rng.integers(-2, 8, len(chosen)), 0, MOST)
    begun = p.spread(np.full(len(chosen), AS_AT - 300), np.full(len(chosen), AS_AT - 150))
    ids, scores, day = identifiers(p.rng, 2 * len(chosen)), np.stack([first, then]).T.tolist(), iter(begun)
    rows = []
    for n, (row, pair, when) in enumerate(zip(chosen, scores, day, strict=True)):
        for turn, score in enumerate(pair):
            at = iso(when + 120 * turn)
            rows.append(text.scored(ids[2 * n + turn], p.held.ids[row], PHQ_9, score, MOST, at))
    return rows


def _devices(p: _People) -> list[str]:
    """Each device, and that it is used."""
    rows = []
    for sort in DEVICES:
        chosen = p.having(sort)
        ids = identifiers(p.rng, 2 * len(chosen))
        for n, (row, day) in enumerate(zip(chosen, p.days(chosen, 1_500), strict=True)):
            person, own = p.held.ids[row], ids[2 * n]
            rows.append(text.device(own, person, sort.name))
            rows.append(text.device_use(ids[2 * n + 1], person, own, sort.detail, iso(day)))
    return rows


def _legal(p: _People) -> list[str]:
    """Who may decide for somebody who cannot, and what people have refused in advance."""
    rows, people, practice = [], p.held.people, p.held.practice
    given: dict[int, int] = {}
    for sort in POWERS:
        chosen = p.having(sort)
        for id, n, day in zip(identifiers(p.rng, len(chosen)), chosen, p.days(chosen, 1_500), strict=True):
            who, _ = nearest(people, int(p.held.who[n]), bool(p.held.shown[n]))
            if who is None or n in given:
                continue  # nobody near whom they could have chosen, or chosen before
            given[n] = day
            actor = text.attorney(f"{people.given[who]} {people.family[who]}")
            rows.append(text.legal(id, p.held.ids[n], POWER, POWER_LAW, actor, sort.detail, iso(day), practice))
    for sort in REFUSALS:
        # Somebody old on show has refused the one, somebody younger the other
        chosen = [n for n in p.having(sort, certain=True) if sort.old or not p.held.shown[n] or p.age[n] < OLD]
        for id, n, day in zip(identifiers(p.rng, len(chosen)), chosen, p.days(chosen, 1_500), strict=True):
            # A power given later would undo it: Mental Capacity Act 2005, section 25 (2) (b)
            when = iso(min(max(day, given.get(n, day) + 30), AS_AT))
            what = text.refusal(sort.name)
            rows.append(text.legal(id, p.held.ids[n], REFUSAL, REFUSAL_LAW, what, WITNESSED, when, practice))
    return rows


def _capacity(p: _People) -> list[str]:
    rows = []
    for sort in CAPACITY:
        chosen = p.having(sort)
        rows += [
            text.capacity(id, p.held.ids[n], sort.name, sort.detail, iso(day))
            for id, n, day in zip(identifiers(p.rng, len(chosen)), chosen, p.days(chosen, 700), strict=True)
        ]
    return rows


def _carers(p: _People, carers: Ints) -> list[str]:
    """How people who care for somebody are, as their practice has asked them."""
    now = np.isin(p.held.who, carers) & p.living & (p.age >= 18)
    chosen = some(p.rng, np.where(now, REVIEWED, 0.0))
    hours, wanted = (p.rng.integers(0, len(words), len(chosen)).tolist() for words in (HOURS, HELP))
    return [
        text.answers(
            id,
            p.held.ids[n],
            CARERS,
            (("Hours of care", HOURS[h]), ("What would help most", HELP[w])),
            iso(day),
        )
        for id, n, h, w, day in zip(
            identifiers(p.rng, len(chosen)), chosen, hours, wanted, p.days(chosen, 365), strict=True
        )
    ]


def _procedures(p: _People) -> list[str]:
    rows = []
    for sort in PROCEDURES:
        chosen = p.having(sort)
        rows += [
            text.procedure(id, p.held.ids[n], sort.name, iso(day))
            for id, n, day in zip(identifiers(p.rng, len(chosen)), chosen, p.adult_days(chosen), strict=True)
        ]
    return rows


def _relatives(p: _People) -> list[str]:
    rows = []
    for code, words, sort in RELATIVES:
        chosen = p.having(sort)
        rows += [
            text.relative(id, p.held.ids[n], code, words, sort.name, iso(day))
            for id, n, day in zip(identifiers(p.rng, len(chosen)), chosen, p.days(chosen, 1_800), strict=True)
        ]
    return rows
