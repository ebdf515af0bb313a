"""People whose stories tests and the demonstration rely on, named in ``truth/cases.csv``."""

import numpy as np

from commonweal.synthetic import codes
from commonweal.synthetic.admissions import TrustRecords
from commonweal.synthetic.columns import AS_AT, NEVER, START, YEAR, Ints
from commonweal.synthetic.identity_noise import Recorded
from commonweal.synthetic.lives import Caring, Conditions
from commonweal.synthetic.people import People

VICKY = "vicky"


def choose_vicky(people: People) -> Ints:
    """The person "like Vicky" of the founding papers, known to practice, hospital, council and mental-health team.

    A woman of 30 to 55, living here throughout. She gets the name Victoria, a severe mental illness, and a place in
    every source, each of which has recorded her rightly, but for the hospital's address (``Recorded.leave_behind``).
    """
    age = (AS_AT - people.birth) / YEAR
    fit = people.female & (age > 30) & (age < 55) & (people.death == NEVER) & (people.left == NEVER)
    fit &= (people.twin_of < 0) & ~np.isin(np.arange(len(people)), people.twin_of) & ~people.in_care_home
    fit &= ~people.from_merged
    chosen = np.flatnonzero(fit)[:1]
    people.given[chosen] = "Victoria"
    people.middle[chosen] = "Anne"
    people.former_family[chosen] = ""
    return chosen


def choose_elder(people: People, vicky: Ints, clients: Ints) -> Ints:
    """Somebody of 75 or more at home, of Vicky's practice and, where there is one, known to a council; the oldest.

    The practice keeps every kind of plan for them. Empty where nobody fits.
    """
    fit = (AS_AT - people.birth) / YEAR >= 75
    fit &= (people.death == NEVER) & (people.left == NEVER) & ~people.in_care_home & ~people.from_merged
    fit &= np.isin(people.practice, people.practice[vicky]) & ~np.isin(people.everyone(), vicky)
    near = fit & np.isin(people.place, people.place[vicky]) & np.isin(people.everyone(), clients)
    chosen = np.flatnonzero(near if near.any() else fit)
    return chosen[np.argsort(people.birth[chosen], kind="stable")][:1]


def make_ill(conditions: Conditions, chosen: Ints) -> Conditions:
    """Add severe mental illness, coded early in the five years, for the people at ``chosen`` who lack it."""
    kind = codes.CONDITION_NAMES.index("smi")
    has = np.isin(chosen, conditions.person[conditions.kind == kind])
    new = chosen[~has]
    at = np.full(len(new), START + 200)
    never = np.full(len(new), NEVER)
    return Conditions(
        np.append(conditions.person, new),
        np.append(conditions.kind, np.full(len(new), kind)),
        np.append(conditions.code, np.zeros(len(new), dtype=np.int64)),
        np.append(conditions.onset, at),
        np.append(conditions.recorded, at + 14),
        np.append(conditions.ended, never),
        np.append(conditions.again, never),
    )


def cases(
    people: People,
    vicky: Ints,
    elder: Ints,
    conditions: Conditions,
    caring: Caring,
    trusts: list[TrustRecords],
    council: list[Recorded],
) -> list[tuple[str, int, str]]:
    """One example of each kind of difficulty that occurs, as (case, person, note)."""
    found: list[tuple[str, int, str]] = [
        (VICKY, int(i), "known to practice, council, mental-health team and hospital, whose address for her is another")
        for i in vicky
    ]

    def first(case: str, rows: Ints, note: str) -> None:
        if len(rows):
            found.append((case, int(rows[0]), note))

    first("plans", elder, "lives at home with plans of every kind, adjustments, alerts and a referral in progress")
    first("twin", np.flatnonzero(people.twin_of >= 0), "same birth date, surname and home as the person in twin_of")
    first("namesake", np.flatnonzero(people.namesake_of >= 0), "same name and home as his father")
    first("died", np.flatnonzero(people.death <= AS_AT), "died within the five years")
    first("born", np.flatnonzero(people.birth >= START), "born within the five years")
    first("left", np.flatnonzero(people.left <= AS_AT), "moved away; general practice holds no registered practice")
    first("merged_practice", np.flatnonzero(people.from_merged), "came to the present practice by the merger")
    first("carer", caring.person[caring.until == NEVER], "coded as a carer")
    first("carer_no_longer", caring.person[caring.until < NEVER], "coded as a carer and later as one no longer")
    diabetic = conditions.kind == codes.CONDITION_NAMES.index("diabetes")
    over = diabetic & (conditions.ended < NEVER) & (people.death[conditions.person] == NEVER)
    first("diabetes_resolved", conditions.person[over], "diabetes, later coded as resolved")
    for trust in trusts:
        rows = np.array([i for i, r in zip(trust.held.person, trust.retired, strict=True) if r], dtype=np.int64)
        first("merged_number", rows, f"had two local numbers at {trust.source}, merged by an A40 message")
    for held in council:
        for fault, note in (
            ("number_wrong", "a council holds a wrong NHS number"),
            ("number_missing", "a council holds no NHS number"),
            ("birth_placeholder", "a council holds the birth date 1 January 1900"),
            ("given_nickname", "a council holds a pet name"),
        ):
            first(f"council_{fault}", held.person[held.faults[fault]], note)
    return found
