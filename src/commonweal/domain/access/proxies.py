"""Somebody who acts for a person: on what evidence, for which categories, how long; and what a child's age means.

Parents and children: NHS England and RCGP guidance on proxy access to GP records. Up to the 11th birthday parents
usually act; from then each case is decided by whether the young person understands; on the 16th birthday parental
access ends (https://www.nhs.uk/nhs-services/gps/gp-services-for-someone-else-proxy-access/). Competence: Gillick v
West Norfolk and Wisbech AHA [1986] AC 112. The ages are dated data (``apps/access/rights/competence.csv``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from commonweal.domain.access.requests import RequestError


class Evidence(StrEnum):
    """By what right somebody acts for a person."""

    CONSENT = "consent"
    LASTING_POWER = "lasting_power"
    COURT = "court"
    PARENTAL = "parental"


class ProxyState(StrEnum):
    """Where it stands. ``seen``: the evidence has been; ``active``: the person has also been seen alone."""

    ASKED = "asked"
    SEEN = "seen"
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"


class ProxyStep(StrEnum):
    """What staff of the controller do, and what ends it; the person, the proxy and staff may each end it at once."""

    EVIDENCE = "evidence"
    ALONE = "alone"
    REFUSE = "refuse"
    END = "end"


PROXY_STEPS: Mapping[tuple[ProxyState, ProxyStep], ProxyState] = {
    (ProxyState.ASKED, ProxyStep.EVIDENCE): ProxyState.SEEN,
    (ProxyState.ASKED, ProxyStep.REFUSE): ProxyState.REFUSED,
    (ProxyState.ASKED, ProxyStep.END): ProxyState.ENDED,
    (ProxyState.SEEN, ProxyStep.ALONE): ProxyState.ACTIVE,
    (ProxyState.SEEN, ProxyStep.REFUSE): ProxyState.REFUSED,
    (ProxyState.SEEN, ProxyStep.END): ProxyState.ENDED,
    (ProxyState.ACTIVE, ProxyStep.END): ProxyState.ENDED,
}
_LEAST = 10


def after_proxy_step(state: ProxyState, step: ProxyStep, *, by: str, evidence_by: str, words: str) -> ProxyState:
    """The state after ``step`` by the account ``by``; ``evidence_by`` saw the evidence, and another sees the person.

    Raises:
        RequestError: the state does not allow it, the same person would do both, or nothing is said.
    """
    following = PROXY_STEPS.get((state, step))
    if following is None:
        raise RequestError("That cannot be done with this request as it stands now.", "step")
    if step is ProxyStep.ALONE and by == evidence_by:
        raise RequestError("Somebody else than who saw the evidence must see the person alone.", "step")
    if step is not ProxyStep.END and len(words) < _LEAST:
        raise RequestError("Say what was seen and how, in ten characters or more.")
    return following


class Standing(StrEnum):
    """What a person's age means for who decides: the parents, the person if competent, or the person."""

    PARENTS = "parents"
    EACH_CASE = "each_case"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class AgeRule:
    """From the day ``since``: at ``age_from`` years and over it is ``standing``."""

    since: date
    age_from: int
    standing: Standing


@dataclass(frozen=True, slots=True)
class Assessment:
    """Somebody's finding, on a day, whether a young person understands; and if so, whether they agree to the proxy."""

    on: date
    competent: bool


def age_on(born: date, day: date) -> int:
    """Whole years. Somebody born on 29 February is a year older on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def standing_on(born: date, day: date, rules: Iterable[AgeRule]) -> Standing:
    """What the age on a day means, by the rules in force that day. Without a rule: the person's own."""
    in_force = [rule for rule in rules if rule.since <= day]
    newest = max((rule.since for rule in in_force), default=None)
    fitting = [rule for rule in in_force if rule.since == newest and rule.age_from <= age_on(born, day)]
    return max(fitting, key=lambda rule: rule.age_from).standing if fitting else Standing.OWN


def parental_holds(born: date | None, day: date, rules: Iterable[AgeRule], assessed: Assessment | None) -> bool:
    """Whether access by parental responsibility holds on a day.

    A young person found not to understand, since the age at which that is asked, keeps it; from 16 nothing does. A
    birth date nobody knows opens nothing.
    """
    known = list(rules)
    if born is None:
        return False
    match standing_on(born, day, known):
        case Standing.PARENTS:
            return True
        case Standing.EACH_CASE:
            return (
                assessed is not None
                and not assessed.competent
                and assessed.on <= day
                and standing_on(born, assessed.on, known) is Standing.EACH_CASE
            )
        case Standing.OWN:
            return False


def own_access_holds(born: date | None, day: date, rules: Iterable[AgeRule], assessed: Assessment | None) -> bool:
    """Whether somebody may open their own record by their own account: under 16 only when found to understand.

    Without a birth date it holds: an adult is not kept from their record by what a source left out.
    """
    if born is None:
        return True
    match standing_on(born, day, list(rules)):
        case Standing.OWN:
            return True
        case Standing.EACH_CASE:
            return assessed is not None and assessed.competent and assessed.on <= day
        case Standing.PARENTS:
            return False
