"""search: resources of one type. https://hl7.org/fhir/R4/search.html"""

from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record import selectors
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import fhir, session
from commonweal.apps.record.rest.metadata import searchable
from commonweal.apps.record.rest.pages import full, page, withheld
from commonweal.apps.record.rest.people import People, found, patient_ids, whose
from commonweal.apps.record.rest.query import Query, parse
from commonweal.apps.record.searching import BadSearch
from commonweal.fhir.compartment import personal
from commonweal.fhir.definitions import resource_types


@fhir("GET", "HEAD", "POST")
def search(request: HttpRequest, kind: str) -> HttpResponse:
    """Resources of one type, of the people the search names."""
    if kind not in resource_types():
        access.actor_of(request)
        raise BadSearch(f"This server holds no {kind}; see metadata")
    locators = ["patient.identifier", "subject.identifier"] if personal(kind) and kind != "Patient" else []
    query = parse(request, [*searchable(kind), "_id", "_lastUpdated", *locators, *(["patient"] * (kind == "Patient"))])
    with session(request, "fhir.search", f"{kind}?{'&'.join(query.names)}") as opened:
        if not personal(kind):
            opened.require("read_directory")
            matches = selectors.search_shared(kind, query.store)
            return page(request, query, matches, full(matches))
        people, more = _people(kind, query)
        scopes = opened.open_many(people)
        matches = []
        issues: list[Issue] = []
        for scope in scopes.values():
            opened.use(scope)
            rows = selectors.search(scope, kind, query.store)
            issues += full(rows)
            matches += rows
        issues += withheld(list(scopes.values()))
        hidden = len(people) - len(scopes)
        told = opened.actor.role in access.CARE_ROLES  # to others, how many there are is already too much
        if told and hidden:
            issues.append(
                Issue("information", "suppressed", f"{hidden} more may match and are not shared with your organisation")
            )
        if told and more:
            issues.append(Issue("warning", "too-costly", "Only the first 50 people were considered: narrow the search"))
        return page(request, query, matches, issues)


def _people(kind: str, query: Query) -> tuple[People, bool]:
    """Whom the search is about: those its parameters name, never everybody."""
    named = [value for name, value in query.params if name in ("patient", "subject")]
    if named:
        people = whose("Patient", patient_ids(named[0]))
        for value in named[1:]:  # repeated is AND: only people that every one of them names
            also = whose("Patient", patient_ids(value))
            people = {person: compartments for person, compartments in people.items() if person in also}
        return people, False
    ids = [value for name, value in query.params if name == "_id"]
    if ids:
        return whose(kind, ids[0].split(",")), False
    if kind == "Patient":
        return found(query.params)
    return found([(name, value) for name, value in query.params if name.endswith(".identifier")])
