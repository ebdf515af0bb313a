"""Definitions as people change them: each action with its permission check and its audit row."""

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Indicator


def propose(actor: access.Actor, indicator: Indicator, reason: str) -> int:
    """Put a definition forward for review. The change's number.

    Raises ``access.Refused``, or ``measurement.ReviewError`` with what to do.
    """
    with _session(actor, "propose definition", indicator.code) as session:
        session.require(access.Action.PROPOSE_DEFINITION)
        return measurement.propose(indicator, reason, _who(actor), settings.COMMONWEAL_NOW())


def decide(actor: access.Actor, number: int, *, approve: bool, note: str) -> Indicator:
    """Approve or reject somebody else's proposal. The definition proposed.

    Raises ``access.Refused``, or ``measurement.ReviewError`` with what to do.
    """
    with _session(actor, "review definition", str(number)) as session:
        session.require(access.Action.REVIEW_DEFINITION)
        now = settings.COMMONWEAL_NOW()
        return measurement.decide(number, approve=approve, note=note, who=_who(actor), now=now)


def withdraw(actor: access.Actor, number: int) -> None:
    """Take back one's own proposal. Raises ``access.Refused``, or ``measurement.ReviewError``."""
    with _session(actor, "withdraw definition", str(number)) as session:
        session.require(access.Action.PROPOSE_DEFINITION)
        measurement.withdraw(number, _who(actor))


def _session(actor: access.Actor, action: str, target: str) -> access.AccessSession:
    return access.session(actor, access.default_purpose(actor), action, target)


def _who(actor: access.Actor) -> measurement.Who:
    return measurement.Who(actor.key, actor.name)
