"""Deciding where an indicator's lines start afresh: each action with its permission check, audit row and effect."""

from dataclasses import dataclass, replace
from datetime import date

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.performance import signals
from commonweal.apps.performance.explorer import names_of
from commonweal.charts.assessed import figure
from commonweal.domain.errors import CommonwealError
from commonweal.domain.performance.assess import assess
from commonweal.domain.performance.series import Recalibration

SHOWN = 20  # series whose lines are compared on a page


class BadDayError(CommonwealError):
    """A day that is none; ``box`` is the box it was written in."""

    def __init__(self, box: str, message: str) -> None:
        self.box = box
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a recalibration does to one series: mean and signals as they stand, and as they would be."""

    series: str
    mean: str
    signals: int
    mean_after: str
    signals_after: int


def propose(actor: access.Actor, code: str, *, start: str, until: str, reason: str) -> int:
    """Put a recalibration forward. Its number.

    Raises ``access.Refused``, ``BadDayError``, or ``measurement.ReviewError`` with what to do.
    """
    with _session(actor, "propose recalibration", code) as session:
        session.require(access.Action.PROPOSE_DEFINITION)
        first = _day("start", start)
        last = _day("until", until) if until else None
        who = measurement.Who(actor.key, actor.name)
        return measurement.propose_recalibration(code, first, last, reason, who, settings.COMMONWEAL_NOW())


def decide(actor: access.Actor, number: int, *, approve: bool, note: str) -> measurement.Recalibrating:
    """Approve or reject somebody else's. Raises ``access.Refused``, or ``measurement.ReviewError``."""
    with _session(actor, "decide recalibration", str(number)) as session:
        session.require(access.Action.REVIEW_DEFINITION)
        who, now = measurement.Who(actor.key, actor.name), settings.COMMONWEAL_NOW()
        return measurement.decide_recalibration(number, approve=approve, note=note, who=who, now=now)


def withdraw(actor: access.Actor, number: int) -> None:
    """Take back one's own. Raises ``access.Refused``, or ``measurement.ReviewError``."""
    with _session(actor, "withdraw recalibration", str(number)) as session:
        session.require(access.Action.PROPOSE_DEFINITION)
        measurement.withdraw_recalibration(number, measurement.Who(actor.key, actor.name))


def effects(one: measurement.Recalibrating) -> list[Effect]:
    """The lines of each series without and with it, as the latest point has them; none where nothing is charted."""
    try:
        found = signals.assessed(one.indicator)
    except signals.NoSeriesError:
        return []
    others = tuple(each for each in found.answer.question.recalibrations if each.start != one.start)
    new = Recalibration(one.start, one.reason, one.until)
    series = [held.series for held in found.held][:SHOWN]
    without, after = (
        assess(series, replace(found.answer.question, recalibrations=each))
        for each in (others, (*sorted((*others, new), key=lambda each: each.start),))
    )
    places, names = found.indicator.rounding, names_of(found.held)
    return [
        Effect(
            name,
            figure(before.mean, places),
            before.signals_in_all,
            figure(then.mean, places),
            then.signals_in_all,
        )
        for name, before, then in (
            (names[place], without.summary(place), after.summary(place)) for place in range(len(series))
        )
    ]


def _day(box: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadDayError(box, "Write a day like 2020-03-01") from None


def _session(actor: access.Actor, action: str, target: str) -> access.AccessSession:
    return access.session(actor, access.default_purpose(actor), action, target)
