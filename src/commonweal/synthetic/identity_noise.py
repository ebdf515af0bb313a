"""How one source's records of people differ from the truth, at the rates of :mod:`commonweal.synthetic.rates`."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import names, rates
from commonweal.synthetic.columns import YEAR, Bools, Ints, Texts, calendar, day, texts
from commonweal.synthetic.geography import Geography
from commonweal.synthetic.nhs_numbers import misread
from commonweal.synthetic.people import People

PLACEHOLDER = day(1900, 1, 1)
_KEYS = {
    **dict(zip("qwertyuiop", "wertyuiopo", strict=True)),
    **dict(zip("asdfghjkl", "sdfghjklk", strict=True)),
    **dict(zip("zxcvbnm", "xcvbnmn", strict=True)),
}


@dataclass(slots=True)
class Recorded:
    """What one source holds about each of some people (``person`` indexes them); text columns may hold ``""``."""

    person: Ints
    number: Texts
    given: Texts
    middle: Texts
    family: Texts
    birth: Ints
    sex: Texts
    postcode: Texts
    line: Texts
    practice: Texts
    ethnicity: Texts
    faults: dict[str, Bools]

    def __len__(self) -> int:
        return len(self.person)

    def correct(self, people: People, geography: Geography, exact: Ints) -> None:
        """Put right the records of the people at ``exact``, whose story other parts of the platform rely on."""
        for row in np.flatnonzero(np.isin(self.person, exact)):
            i = int(self.person[row])
            self.number[row] = str(people.number[i])
            self.given[row], self.family[row] = people.given[i], people.family[i]
            self.birth[row], self.sex[row] = people.birth[i], "F" if people.female[i] else "M"
            self.postcode[row], self.line[row] = geography.postcodes[people.postcode[i]], people.line[i]
            self.practice[row] = geography.practices[people.practice[i]].code
            self.ethnicity[row] = people.ethnicity[i]
            for fault in self.faults.values():
                fault[row] = False

    def leave_behind(self, people: People, geography: Geography, exact: Ints) -> None:
        """Hold another address of the people at ``exact``, so that sources disagree on somebody on show.

        The home before their last move where they moved, else one at the next postcode, where nobody says they lived.
        """
        for row in np.flatnonzero(np.isin(self.person, exact)):
            i = int(self.person[row])
            moved = people.former_postcode[i] >= 0
            other = int(people.former_postcode[i] if moved else people.postcode[i] + 1)
            self.postcode[row] = geography.postcodes[other % len(geography.postcodes)]
            self.line[row] = people.former_line[i] if moved else f"Flat 2, {people.line[i]}"
            self.faults["address_former"][row] = moved


def mistype(rng: np.random.Generator, name: str) -> str:
    """``name`` with one letter dropped, doubled, swapped with its neighbour, or hit one key along; never unchanged."""
    if len(name) < 3:
        return name + name[-1]
    at = int(rng.integers(1, len(name) - 1))
    how = int(rng.integers(4))
    if how == 0:
        return name[:at] + name[at + 1 :]
    if how == 1 or name[at] == name[at + 1]:
        return name[:at] + name[at] + name[at:]
    if how == 2:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name[:at] + _KEYS.get(name[at], "e") + name[at + 1 :]


def record(
    rng: np.random.Generator, people: People, geography: Geography, person: Ints, noise: rates.IdentityNoise
) -> Recorded:
    """The records one source holds of the people at ``person``, with its own faults."""
    count = len(person)

    def falls(rate: float) -> Bools:
        result: Bools = rng.random(count) < rate
        return result

    faults: dict[str, Bools] = {}
    number, faults["number_missing"], faults["number_wrong"] = _numbers(rng, people, person, noise)
    given, faults["given_nickname"], faults["given_typing"] = _given(rng, people, person, noise)
    family = people.family[person].copy()
    former = people.former_family[person]
    faults["family_former"] = falls(noise.family_former) & (former != "")
    family[faults["family_former"]] = former[faults["family_former"]]
    faults["family_typing"] = falls(noise.family_typing)
    for row in np.flatnonzero(faults["family_typing"]):
        family[row] = mistype(rng, str(family[row]))
    birth = _births(rng, people, person, noise, faults)
    sex = texts(["F" if f else "M" for f in people.female[person]])
    faults["sex_wrong"] = falls(noise.sex_wrong)
    for row in np.flatnonzero(faults["sex_wrong"]):
        sex[row] = {"F": "M", "M": "F"}[str(sex[row])] if rng.random() < 0.5 else "U"
    postcode, line = _addresses(rng, people, geography, person, noise, faults)
    codes = texts([p.code for p in geography.practices])
    practice = codes[people.practice[person]]
    old = people.from_merged[person] & falls(rates.STILL_UNDER_OLD_CODE)
    practice[old] = geography.practices[geography.merged_practice].code
    faults["practice_missing"] = falls(noise.practice_missing)
    practice[faults["practice_missing"]] = ""
    ethnicity = people.ethnicity[person].copy()
    faults["ethnicity_unknown"] = falls(noise.ethnicity_unknown)
    ethnicity[faults["ethnicity_unknown"]] = "Z"
    return Recorded(
        person, number, given, people.middle[person], family, birth, sex, postcode, line, practice, ethnicity, faults
    )


def _numbers(
    rng: np.random.Generator, people: People, person: Ints, noise: rates.IdentityNoise
) -> tuple[Texts, Bools, Bools]:
    """NHS numbers, some missing and some wrong: somebody else's, or two digits misread."""
    draw = rng.random(len(person))
    missing = draw < noise.number_missing
    wrong = (draw >= noise.number_missing) & (draw < noise.number_missing + noise.number_wrong)
    number = people.number[person].copy()
    rows = np.flatnonzero(wrong)
    donated = rng.random(len(rows)) < rates.WRONG_IS_SOMEBODY_ELSES
    donor = rng.integers(0, len(people), (len(rows), 20))
    issued: frozenset[int] | None = None
    for place, row in enumerate(rows):
        birth = people.birth[person[row]]
        far = np.flatnonzero(np.abs(people.birth[donor[place]] - birth) > rates.DONOR_YEARS_APART * YEAR)
        if donated[place] and len(far):
            number[row] = people.number[donor[place, far[0]]]
            continue
        issued = issued if issued is not None else frozenset(people.number.tolist())
        for attempt in range(45):
            other = misread(int(number[row]), 4 + attempt % 5, 1 + (attempt // 5 + place) % 9)
            if other not in issued:
                number[row] = other
                break
        else:
            wrong[row] = False
    column = texts([str(n) for n in number.tolist()])
    column[missing] = ""
    return column, missing, wrong


def _given(
    rng: np.random.Generator, people: People, person: Ints, noise: rates.IdentityNoise
) -> tuple[Texts, Bools, Bools]:
    """Given names, some as pet forms and some mistyped."""
    given = people.given[person].copy()
    pet = texts([names.NICKNAMES.get(str(g), "") for g in given])
    called = (rng.random(len(person)) < noise.given_nickname) & (pet != "")
    given[called] = pet[called]
    typed = rng.random(len(person)) < noise.given_typing
    for row in np.flatnonzero(typed):
        given[row] = mistype(rng, str(given[row]))
    return given, called, typed


def _births(
    rng: np.random.Generator, people: People, person: Ints, noise: rates.IdentityNoise, faults: dict[str, Bools]
) -> Ints:
    """Birth dates: some with day and month swapped, some with one wrong digit, some 1 January 1900.

    A record with a wrong NHS number keeps its right birth date, so that the two can never agree on someone else.
    """
    birth = people.birth[person].copy()
    draw = rng.random(len(person))
    draw[faults["number_wrong"]] = 1.0
    bounds = np.cumsum([noise.birth_placeholder, noise.birth_swapped, noise.birth_slip])
    faults["birth_placeholder"] = draw < bounds[0]
    swapped, slipped = (draw >= bounds[0]) & (draw < bounds[1]), (draw >= bounds[1]) & (draw < bounds[2])
    birth[faults["birth_placeholder"]] = PLACEHOLDER
    for row in np.flatnonzero(swapped):
        was = calendar(int(birth[row]))
        if was.day <= 12 and was.day != was.month:
            birth[row] = day(was.year, was.day, was.month)
    # A slip is a digit: a day either way, a month of 30 days, or a decade back.
    slips = np.array([-1, 1, -10, 10, -3652])
    birth[slipped] += slips[rng.integers(0, len(slips), int(slipped.sum()))]
    birth = np.where(slipped & (birth > people.start[person]), people.birth[person] - 1, birth)
    faults["birth_swapped"] = swapped & (birth != people.birth[person])
    faults["birth_slip"] = slipped
    return birth


def _addresses(
    rng: np.random.Generator,
    people: People,
    geography: Geography,
    person: Ints,
    noise: rates.IdentityNoise,
    faults: dict[str, Bools],
) -> tuple[Texts, Texts]:
    """Postcodes and address lines: some from before a move, some mistyped, some missing."""
    column = texts(geography.postcodes)
    former = people.former_postcode[person]
    stale = (rng.random(len(person)) < noise.address_former) & (former >= 0)
    postcode = column[np.where(stale, former, people.postcode[person])]
    line = people.line[person].copy()
    line[stale] = people.former_line[person][stale]
    draw = rng.random(len(person))
    typed = draw < noise.postcode_typing
    for row in np.flatnonzero(typed):
        text = str(postcode[row])
        postcode[row] = text[:-2] + text[-1] + text[-2] if text[-1] != text[-2] else text[:-1] + "A"
    missing = (draw >= noise.postcode_typing) & (draw < noise.postcode_typing + noise.postcode_missing)
    postcode[missing] = ""
    line[missing] = ""
    faults["address_former"], faults["postcode_typing"], faults["postcode_missing"] = stale, typed, missing
    return postcode, line
