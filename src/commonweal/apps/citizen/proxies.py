"""What a person does about those who act for them, and what somebody does who acts for others."""

from collections.abc import Callable
from datetime import date

from commonweal.apps.access import api as access
from commonweal.apps.citizen.own import born_on, name_of, open_own
from commonweal.domain.access.proxies import Assessment, ProxyStep

Proxy = access.proxies.Proxy


def ask(actor: access.Actor, wanted: access.proxies.Asked) -> int:
    """Let somebody act for the actor once two of staff have checked it. Raises ``Refused``, ``RequestError``."""
    with access.session(actor, access.Purpose.OWN_RECORD, "proxy ask") as session:
        scope = open_own(session)
        return access.proxies.ask(
            actor, scope.person_id, scope.compartments, name_of(scope), born_on(scope), wanted, ""
        )


def own(actor: access.Actor) -> tuple[list[Proxy], Callable[[Proxy], bool]]:
    """Those who act, acted or would act for the actor, newest first, and whether one's access holds today."""
    with access.session(actor, access.Purpose.OWN_RECORD, "own requests") as session:
        scope = open_own(session)
        today = session.now.date()
        return access.proxies.proxies_about(scope.compartments), standing(scope, today)


def standing(scope: access.Scope, today: date) -> Callable[[Proxy], bool]:
    """Whether one of the open person's proxies may look today."""
    assessed: Assessment | None = access.competence.assessed(scope.compartments, today)
    return lambda one: one.holds(today, assessed)


def end(actor: access.Actor, proxy_id: int) -> None:
    """The person ends it, from the next request on. Raises ``Refused``, ``RequestError``."""
    with access.session(actor, access.Purpose.OWN_RECORD, "proxy end", f"proxy {proxy_id}") as session:
        open_own(session)
        access.proxies.take_step(actor, proxy_id, ProxyStep.END, "")


def acting_for(actor: access.Actor) -> list[access.Acting]:
    """Whom the actor acts for today."""
    with access.session(actor, access.Purpose.ON_BEHALF, "acting for") as session:
        return access.acting(actor, session.now.date())


def give_up(actor: access.Actor, proxy_id: int) -> bool:
    """The proxy gives it up. False: it is not theirs, or over."""
    with access.session(actor, access.Purpose.ON_BEHALF, "proxy end", f"proxy {proxy_id}"):
        return access.proxies.end_own(actor, proxy_id, "")
