"""What goes wrong with a message, in the standard's words: the same whether it came over the network or from here."""

from django.db import DatabaseError, InterfaceError

from commonweal.apps.access import api as access
from commonweal.apps.record import api as record
from commonweal.feeds.bars.tables import BarsRefused


def refusal(error: Exception) -> BarsRefused:
    """What an error is answered with. One that nobody foresaw is logged, and its detail kept from the asker."""
    match error:
        case BarsRefused():
            return error
        case access.SignInRequired():
            return BarsRefused("unauthorised")
        case access.Refused():
            return BarsRefused("forbidden")
        case DatabaseError() | InterfaceError() if access.availability.away(error):
            return BarsRefused("away")
    found = record.problem_of(error)  # logs what nobody foresaw
    if found.status == 503:
        return BarsRefused("away")
    if found.status >= 500:
        return BarsRefused("failed")
    return BarsRefused("definition-broken", "; ".join(one.diagnostics for one in found.issues)[:500])
