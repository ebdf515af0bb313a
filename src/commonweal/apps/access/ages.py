"""Whether somebody is old enough to open their own record, asked wherever one is opened: page, FHIR or app.

Birth dates are identity's to know, and identity stands above: it says here whom to ask when Django starts.
"""

from collections.abc import Callable, Collection
from datetime import date

from commonweal.apps.access import competence
from commonweal.apps.access.rights import age_rules
from commonweal.domain.access.proxies import own_access_holds

TOO_YOUNG = "Until you are 16 your own record is opened to you when your GP practice has talked with you about it."

Births = Callable[[Collection[int]], date | None]
_births: list[Births] = []


def ask_births(births: Births) -> None:
    """Have ``births`` asked for the birth date of the person of compartments that are open."""
    _births[:] = [births]


def too_young(compartments: Collection[int], on: date) -> bool:
    """Whether the open person, by the rules of a day, may not open their own record by their own account."""
    born = next((births(compartments) for births in _births), None)
    if born is None or own_access_holds(born, on, age_rules(), None):
        return False
    return not own_access_holds(born, on, age_rules(), competence.assessed(compartments, on))
