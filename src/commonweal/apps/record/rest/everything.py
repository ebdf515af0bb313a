"""$everything: all of one person's record. https://hl7.org/fhir/R4/patient-operation-everything.html

Care staff and citizens get the whole verified person, across every source; a partner's system what its own
organisation sent about the person. Pages of at most 1,000, without gap or repetition.
"""

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime

from commonweal.apps.access import api as access
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import base, fhir, session
from commonweal.apps.record.rest.pages import withheld
from commonweal.apps.record.rest.parameters import parts
from commonweal.apps.record.rest.people import only, whose
from commonweal.apps.record.rest.query import Query, parse
from commonweal.apps.record.searching import MAX_COUNT, BadSearch
from commonweal.apps.record.selectors import shown
from commonweal.apps.record.whole import Whole, whole
from commonweal.fhir.definitions import resource_types


@fhir("GET", "HEAD", "POST")
def everything(request: HttpRequest, ident: str) -> HttpResponse:
    """All of one person's record; with POST the parameters may be a Parameters resource.

    ``ident``: a Patient of any source, or a person id; the answer is the whole verified person.
    """
    query = parse(request, ["_type", "_since", "_cursor"], parts(request) if request.method == "POST" else ())
    types = _types(query)
    since = _instant(query.first("_since"))
    after = _after(query.first("_cursor"))
    limit = MAX_COUNT if query.count is None else query.count
    with session(request, "fhir.everything", "Patient") as opened:
        person_id, compartments = only(whose("Patient", [ident]))
        if opened.actor.role is access.Role.SERVICE:
            source = opened.open_source()
            own = _own(opened, person_id, compartments, source.source)
            found = whole(own, source.may_write, types, since, after, limit, source.source)
            issues: list[Issue] = []
        else:
            scope = opened.open_person(person_id, compartments)
            found = whole(scope.compartments, scope.categories, types, since, after, limit)
            found = replace(found, resources=shown(scope, list(found.resources)))
            issues = withheld([scope])
        return _answer(request, query, found, issues)


def _own(opened: access.AccessSession, person_id: UUID, compartments: dict[int, str], source: str) -> list[int]:
    """Those of the person's compartments that are the source's; somebody it holds nothing about is absent."""
    own = [compartment for compartment, whose_it_is in compartments.items() if whose_it_is == source]
    if not own:
        raise access.Refused(access.RefusedKind.ABSENT, "No such resource")
    opened.disclose({person_id: own})
    return own


def _answer(request: HttpRequest, query: Query, found: Whole, issues: list[Issue]) -> HttpResponse:
    kept = [(name, value) for name, value in query.params if name != "_cursor"]
    if query.count is not None:
        kept.append(("_count", str(query.count)))
    address = base(request) + request.path.partition("/fhir/R4")[2]

    def link(cursor: str) -> str:
        pairs = [*kept, *([("_cursor", cursor)] if cursor else [])]
        return f"{address}?{urlencode(pairs)}" if pairs else address

    links = [("self", link(query.first("_cursor")))]
    if found.after is not None:
        links.append(("next", link(str(found.after))))
    body = answers.bundle(
        "searchset", base(request), links, found.resources, [*query.ignored, *issues], total=found.total
    )
    return answers.answer(body)


def _types(query: Query) -> list[str] | None:
    stated = [value for name, value in query.params if name == "_type"]
    types = ",".join(stated).split(",") if stated else None
    unknown = [kind for kind in types or () if kind not in resource_types()]
    if unknown:
        raise BadSearch(f"_type={','.join(unknown)}: no resource type of FHIR R4 (case matters)")
    return types


def _after(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadSearch(f"_cursor={text}: follow the link of the page before")
    return int(text or 0)


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
