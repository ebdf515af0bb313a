"""What the condition of a conditional interaction finds. https://hl7.org/fhir/R4/http.html#ccreate"""

from commonweal.apps.access.api import Scope, SourceScope
from commonweal.apps.record import own_entries, selectors
from commonweal.apps.record.own_entries import Own
from commonweal.apps.record.rest.preconditions import condition


def match(scope: Scope | SourceScope, kind: str, query: str) -> list[Own]:
    """At most two resources of type ``kind`` that match ``query`` and are open to ``scope``.

    Raises:
        Problem: 400 when the condition has no search parameter.
        BadSearch: it has one that is not known here, or a value that cannot be honoured.
    """
    found = selectors.search(scope, kind, [*condition(query), ("_count", "2"), ("_total", "none")]).matches
    if isinstance(scope, Scope):
        return [(stored, None) for stored in found]
    return [own for stored in found if (own := own_entries.read_own(scope, kind, stored.id)) is not None]
