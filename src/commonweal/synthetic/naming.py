"""Naming people: given and family names by heritage, sex and generation, shared in a household as people share them."""

from dataclasses import dataclass

import numpy as np

from commonweal.synthetic import names, rates
from commonweal.synthetic.columns import AS_AT, YEAR, Bools, Floats, Ints, Texts, texts


@dataclass(slots=True)
class Named:
    """Name columns; ``former`` is an earlier family name or ``""``, ``namesake_of`` a father by index or -1."""

    given: Texts
    middle: Texts
    family: Texts
    former: Texts
    namesake_of: Ints


def name(
    rng: np.random.Generator,
    birth: Ints,
    female: Bools,
    ethnicity: Texts,
    position: Ints,
    first: Ints,
    couple: Bools,
    child: Bools,
    sons: Bools,
    twin_of: Ints,
) -> Named:
    """Given and family names: shared in a household as people share them, sons now and then called after fathers."""
    count = len(birth)
    # Generations of twenty years: born before 1940, 1940 to 1959, and so on to 2000 and after.
    cohort = np.clip((birth.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 50) // 20, 0, 4)
    given, middle, family = np.empty(count, object), np.empty(count, object), np.empty(count, object)
    for letter, (from_given, from_family) in names.HERITAGE.items():
        chosen = ethnicity == letter
        if not chosen.any():
            continue
        family[chosen] = _pick(rng, names.SURNAMES[from_family], int(chosen.sum()))
        for sex in "FM":
            of_sex = chosen & (female == (sex == "F"))
            for generation in range(5) if from_given == "british" else (0,):
                rows = of_sex & (cohort == generation) if from_given == "british" else of_sex
                pool = (
                    names.GIVEN_BRITISH[sex, generation]
                    if from_given == "british"
                    else names.GIVEN_ELSEWHERE[from_given, sex]
                )
                given[rows] = _pick(rng, pool, int(rows.sum()))
                middle[rows] = _pick(rng, pool, int(rows.sum()))
    middle[(rng.random(count) >= rates.MIDDLE_NAME) | (middle == given)] = ""
    former = texts([""] * count)
    partner = np.flatnonzero(couple & (position == 1))
    sharing = partner[rng.random(len(partner)) < rates.SHARED_SURNAME]
    maiden = family[sharing].copy()
    family[sharing] = family[sharing - 1]
    years = (AS_AT - birth[sharing]) / YEAR
    changed = female[sharing] & (years > 20) & (years < 60) & (rng.random(len(sharing)) < rates.SURNAME_CHANGED)
    former[sharing[changed]] = maiden[changed]
    rows = np.flatnonzero(child)
    father = np.where(couple[rows] & female[first[rows]], first[rows] + 1, first[rows])
    family[rows] = family[np.minimum(father, count - 1)]
    namesake_of = np.full(count, -1, dtype=np.int64)
    called = sons[rows] & ~female[father]
    called_after = np.flatnonzero(called & (rng.random(len(rows)) < rates.NAMESAKE_SHARE))
    given[rows[called_after]] = given[father[called_after]]
    namesake_of[rows[called_after]] = father[called_after]
    for row in np.flatnonzero(twin_of >= 0):
        pool = _pool(str(ethnicity[row]), bool(female[row]), int(cohort[row]))
        start, other = int(rng.integers(len(pool))), str(given[twin_of[row]])
        given[row] = next(
            n for n in (*pool[start:], *pool[:start]) if n[0] != other[0] and names.NICKNAMES.get(n, "-")[0] != other[0]
        )
        middle[row] = ""
    return Named(given, middle, family, former, namesake_of)


def _pool(letter: str, female: bool, cohort: int) -> tuple[str, ...]:
    """The given names a person of this ethnic category, sex and generation may have."""
    source = names.HERITAGE[letter][0]
    sex = "F" if female else "M"
    return names.GIVEN_BRITISH[sex, cohort] if source == "british" else names.GIVEN_ELSEWHERE[source, sex]


def _pick(rng: np.random.Generator, pool: tuple[str, ...], count: int) -> Texts:
    """Names from ``pool``, the first ones commoner, as names are."""
    weight = 1 / (np.arange(len(pool)) + 6.0)
    column = texts(list(pool))
    result: Texts = column[rng.choice(len(pool), count, p=weight / weight.sum())]
    return result


def prefixes(female: Bools, age: Floats, couple: Bools, rng: np.random.Generator) -> Texts:
    """Titles; children have none to speak of but Master and Miss."""
    draw = rng.random(len(female))
    title = np.where(
        female,
        np.where(
            age < 18, "Miss", np.where(couple, np.where(draw < 0.75, "Mrs", "Ms"), np.where(draw < 0.5, "Ms", "Miss"))
        ),
        np.where(age < 16, "Master", "Mr"),
    )
    return texts([str(t) for t in title])
