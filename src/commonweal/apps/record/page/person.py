"""The page of one person: read everything inside the access session, arrange the summary, leave the rest for later."""

from functools import partial

from commonweal.apps.access.api import Scope
from commonweal.apps.record.page.absences import Absences
from commonweal.apps.record.page.model import PersonPage
from commonweal.apps.record.page.reading import read_person
from commonweal.apps.record.page.sections import details
from commonweal.apps.record.page.summary import allergies, banner, flags, plans


def person_page(scope: Scope) -> PersonPage:
    """The record of the scope's person, as its sources sent it; shows no more than the scope opens."""
    reading = read_person(scope)
    absent = Absences(reading)
    alerts, adjustments = flags(reading, absent)
    return PersonPage(
        banner=banner(reading.by_kind.get("Patient", ()), reading.names, reading.now.date()),
        notices=absent.general(),
        alerts=alerts,
        adjustments=adjustments,
        allergies=allergies(reading, absent),
        plans=plans(reading, absent),
        later=partial(details, reading, absent),
    )
