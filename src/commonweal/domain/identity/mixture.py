"""Learning from the data itself how often fields agree: for the same person, for a household, for strangers.

Records of one person agree on most fields; records of strangers agree by chance; and records of two people of
one household agree on home and family name and not on the rest. Fellegi and Sunter's model has the first and
the last ("A Theory for Record Linkage", JASA 64(328), 1969, section 2); a household class is what keeps father
and son apart. Shares of the classes and the rates among the same person's records come from expectation
maximisation over counts of agreement patterns (Winkler, "Using the EM Algorithm for Weight Computation in the
Fellegi-Sunter Model of Record Linkage", ASA Proceedings, 1988), held to sensible rates by a Dirichlet prior
worth ``PRIOR_PAIRS`` pairs, so that a small or an odd data set cannot run away. Pure arithmetic on arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PRIOR_PAIRS = 40.0  # how many known pairs the starting rates are worth
HOME = 0.5  # a field that a household shares this often is of the home
_ROUNDS = 200
_CLOSE = 1e-6  # a round that moves no rate by more ends the search
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Field:
    """One compared field: agreement rates by level, best level first, and how often a household shares it.

    ``same`` are the rates expected among one person's records, before learning; ``strangers`` among random pairs.
    ``shared`` of at least HOME is learned too; a smaller one (twins share a birth date, father and son a name) is
    kept, or the household class could take the place of the person's.
    """

    same: tuple[float, ...]
    strangers: tuple[float, ...]
    shared: float


@dataclass(frozen=True, slots=True)
class Learned:
    """``same`` and ``strangers`` rates a field and level, ``shared`` a field, and the shares of all pairs by class."""

    same: tuple[tuple[float, ...], ...]
    strangers: tuple[tuple[float, ...], ...]
    shared: tuple[float, ...]
    person_share: float
    household_share: float


def learn(
    fields: Sequence[Field], patterns: NDArray[np.int16], counts: Floats, pairs: float, person_share: float
) -> Learned:
    """Rates and shares that make the counted patterns likeliest, given the prior.

    ``patterns`` has one row a pattern and one column a field: the level (0 best), or -1 where either record
    says nothing. ``counts`` are the pairs of each pattern; ``pairs`` is how many pairs there are in all, those
    nobody compared being strangers; ``person_share`` is the share of one person's pairs to start from.

    ``strangers`` of random pairs hold a few of one person, which matters in a small set: they are taken out.
    """
    same = [np.asarray(field.same, dtype=np.float64) for field in fields]
    sampled = [np.asarray(field.strangers, dtype=np.float64) for field in fields]
    priors = [rates / rates.sum() for rates in same]
    person, household = person_share, 2 * person_share
    shared = [field.shared for field in fields]
    strangers = _without(sampled, same, shared, person, household)
    hits = [[patterns[:, place] == level for level in range(len(rates))] for place, rates in enumerate(same)]
    for _ in range(_ROUNDS):
        ratio = np.ones(len(counts))
        home = np.ones(len(counts))
        factors = []
        for place in range(len(fields)):
            factor = np.ones(len(counts))
            for level, where in enumerate(hits[place]):
                factor[where] = same[place][level] / strangers[place][level]
            ratio *= factor
            home *= 1 - shared[place] + shared[place] * factor
            factors.append(factor)
        first, second = person * ratio, household * home
        total = first + second + max(1 - person - household, _TINY)
        of_person, of_home = counts * first / total, counts * second / total
        moved = 0.0
        for place, prior in enumerate(priors):
            seen = np.array([of_person[where].sum() for where in hits[place]])
            rates = (seen + PRIOR_PAIRS * prior) / (seen.sum() + PRIOR_PAIRS)
            moved = max(moved, float(np.abs(rates - same[place]).max()))
            same[place] = rates
            if fields[place].shared >= HOME:
                shared[place] = _sharing(
                    fields[place].shared, shared[place], factors[place], of_home, patterns[:, place]
                )
        person = min(max(float(of_person.sum()) / pairs, 1 / pairs), 0.5)
        household = min(max(float(of_home.sum()) / pairs, 1 / pairs), 0.25)
        strangers = _without(sampled, same, shared, person, household)
        if moved < _CLOSE:
            break
    return Learned(
        tuple(tuple(map(float, rates)) for rates in same),
        tuple(tuple(map(float, rates)) for rates in strangers),
        tuple(shared),
        person,
        household,
    )


def _sharing(prior: float, rate: float, factor: Floats, of_home: Floats, levels: NDArray[np.int16]) -> float:
    """How often a household shares a field: the part of its pairs that agree beyond chance."""
    said = levels >= 0
    by_sharing = rate * factor[said] / (1 - rate + rate * factor[said])
    found = float((of_home[said] * by_sharing).sum()) + PRIOR_PAIRS * prior
    return min(found / (float(of_home[said].sum()) + PRIOR_PAIRS), 0.999)


def _without(
    sampled: Sequence[Floats], same: Sequence[Floats], shared: Sequence[float], person: float, household: float
) -> list[Floats]:
    """Rates among strangers: those of random pairs less the pairs of one person or home among them; never quite 0."""
    found = []
    for rates, mine, sharing in zip(sampled, same, shared, strict=True):
        agreeing = person + household * sharing
        rest = np.maximum((rates - agreeing * mine) / (1 - agreeing), np.maximum(rates / 50, 1e-7))
        found.append(rest / rest.sum())
    return found
