"""$everything: all of one person's record. https://hl7.org/fhir/R4/patient-operation-everything.html"""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime

from commonweal.apps.record import selectors
from commonweal.apps.record.rest.handling import fhir, session
from commonweal.apps.record.rest.pages import page, withheld
from commonweal.apps.record.rest.people import only, whose
from commonweal.apps.record.rest.query import parse
from commonweal.apps.record.searching import BadSearch


@fhir("GET", "HEAD")
def everything(request: HttpRequest, ident: str) -> HttpResponse:
    """All of one person's record.

    ``ident``: a Patient of any source, or a person id; the answer is the whole verified person.
    """
    query = parse(request, ["_type", "_since"])
    types = query.first("_type")
    since = _instant(query.first("_since"))
    with session(request, "fhir.everything", "Patient") as opened:
        person_id, compartments = only(whose("Patient", [ident]))
        scope = opened.open_person(person_id, compartments)
        matches = list(selectors.everything(scope, types.split(",") if types else None, since))
        return page(request, query, matches, withheld([scope]), paged=query.count is not None)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadSearch(f"_since={text}: give an instant with its zone, such as 2020-10-31T00:00:00Z")
    return moment
