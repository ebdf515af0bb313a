"""Creates that need nothing looked up first, done by one statement: of one resource, or of a whole transaction.

https://hl7.org/fhir/R4/http.html#create. Whatever else a write may be (conditional, an update, about a person the
source has not registered, refused, not valid) is done, and said, by the session every other write has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from commonweal.apps.access import api as access
from commonweal.apps.record import adding_at_once
from commonweal.apps.record.conformance.checking import Incoming
from commonweal.apps.record.rest import bodies
from commonweal.apps.record.rest.handling import Problem
from commonweal.apps.record.rest.writer import Ask, Written, wanted
from commonweal.fhir.definitions import resource_types

_TWICE = 2  # once more where what was taken for granted has changed since


def may_be(asks: Sequence[Ask]) -> bool:
    """Whether all of ``asks`` are plain creates, of types that a session is not needed for."""
    plain = all(ask.method == "POST" and not ask.if_none_exist and ask.kind in resource_types() for ask in asks)
    return plain and adding_at_once.may_be(ask.kind for ask in asks)


def created(
    asker: access.Presumed,
    purpose: access.Purpose,
    action: str,
    target: str,
    asks: Sequence[Ask],
    known: Sequence[Mapping[str, Any] | None] = (),
) -> list[Written] | None:
    """What became of plain creates, in order; None, with nothing done, where that takes a session.

    ``known``: what the text of each was parsed as, where that is known already.
    """
    look = access.single_look(asker, purpose, action, target)
    if look is None:
        return None
    named = [
        (ask if ask.new_id else replace(ask, new_id=str(uuid4())), resource)
        for ask, resource in zip(asks, known or [None] * len(asks), strict=True)
    ]
    for _ in range(_TWICE):
        found = adding_at_once.known(look)
        if found is None:
            return None
        incoming = Incoming(asker.actor.organisation, look.at.date(), found.stamp)
        try:
            planned = [wanted(incoming, ask, ask.new_id, resource) for ask, resource in named]
        except Problem:
            if adding_at_once.known(look, again=True) == found:  # the session finds the same, and audits that it failed
                return None
            continue  # by what is loaded now it may be valid
        if any(item.person is None or bodies.names_nobody(item.person) for item, _ in planned):
            return None
        done = adding_at_once.add(look, found, [item for item, _ in planned])
        if done is not None:
            return [
                Written(ask, one, warnings) for (ask, _), one, (_, warnings) in zip(named, done, planned, strict=True)
            ]
    return None
