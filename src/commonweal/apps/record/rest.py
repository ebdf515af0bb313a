"""The FHIR R4 API: read, vread, history, search, $everything. https://hl7.org/fhir/R4/http.html

Each request is one access session: who asks, for what purpose, of whom; decided, fenced and audited before a
byte of a person's data is read. A refusal looks like absence to everybody but care staff.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from commonweal.apps.access import api as access
from commonweal.apps.record import rest_answers as answers
from commonweal.apps.record import selectors
from commonweal.apps.record.rest_answers import Issue
from commonweal.apps.record.rest_metadata import personal, searchable, statement
from commonweal.apps.record.rest_people import People, found, patient_ids, whose
from commonweal.apps.record.rest_query import Query, parse
from commonweal.apps.record.searching import BadSearch
from commonweal.apps.record.selectors import Stored
from commonweal.domain.errors import CommonwealError
from commonweal.fhir.search_parameters import PARAMETERS

log = logging.getLogger(__name__)

PURPOSE = "Commonweal-Purpose"
_JSON = ("json", "application/json", "application/fhir+json", "text/json")
_ACCEPTED = ("application/fhir+json", "application/json", "application/*", "*/*")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class NotFound(CommonwealError):
    """Nothing to show: not there, or not to be seen to be there."""


class Gone(CommonwealError):
    """Its source has withdrawn it."""


def fhir(*methods: str) -> Callable[[View[P]], View[P]]:
    """Turn what goes wrong in a view into an OperationOutcome with the right status."""

    def decorate(view: View[P]) -> View[P]:
        @csrf_exempt  # a POST is honoured only with a bearer token, which no other site can send
        @wraps(view)
        def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in methods:
                response = answers.refusal(405, "not-supported", f"{request.method} is not supported here")
                response["Allow"] = ", ".join(methods)
                return response
            if not _takes_json(request):
                return answers.refusal(406, "not-supported", "This server speaks application/fhir+json only")
            try:
                return view(request, *args, **kwargs)
            except access.SignInRequired:
                response = answers.refusal(401, "login", "Send Authorization: Bearer and a token that has not expired")
                response["WWW-Authenticate"] = 'Bearer realm="Commonweal FHIR R4"'
                return response
            except access.Refused as refused:
                if refused.kind is access.RefusedKind.ABSENT:
                    return _absent()
                return answers.refusal(403, "forbidden", refused.message)
            except NotFound:
                return _absent()
            except Gone:
                return answers.refusal(410, "deleted", "Its source has withdrawn this resource")
            except BadSearch as bad:
                return answers.refusal(400, "invalid", str(bad))
            except Exception:
                log.exception("a FHIR request failed")
                return answers.refusal(500, "exception", "Something went wrong here; try again, then tell support")

        return checked

    return decorate


def _absent() -> HttpResponse:
    """One answer for what does not exist and what the asker may not know of."""
    return answers.refusal(404, "not-found", "No such resource")


def _takes_json(request: HttpRequest) -> bool:
    wanted = request.GET.get("_format")
    if wanted is not None:
        return wanted.replace(" ", "+").partition(";")[0] in _JSON
    accepted = request.headers.get("Accept", "*/*").split(",")
    return any(item.partition(";")[0].strip() in _ACCEPTED for item in accepted)


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/fhir/R4")


def _session(request: HttpRequest, action: str, target: str) -> access.AccessSession:
    """A session for the request's actor and purpose; the purpose is the header's, else the role's own.

    Raises ``BadSearch`` for a purpose nobody has; the gate judges the others.
    """
    if request.method == "POST" and "Authorization" not in request.headers:
        raise access.SignInRequired
    actor = access.actor_of(request)
    stated = request.headers.get(PURPOSE)
    try:
        purpose = access.Purpose(stated) if stated else access.default_purpose(actor)
    except ValueError:
        raise BadSearch(f"{PURPOSE}: {', '.join(access.Purpose)}") from None
    return access.session(actor, purpose, action, target)


@fhir("GET", "HEAD")
def metadata(request: HttpRequest) -> HttpResponse:
    """What this server does; needs no sign-in. https://hl7.org/fhir/R4/http.html#capabilities"""
    import orjson

    return answers.answer(orjson.dumps(statement(_base(request))))


@fhir("GET", "HEAD")
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other address under the base."""
    access.actor_of(request)
    return answers.refusal(404, "not-supported", "No such resource type or operation; see metadata")


@fhir("GET", "HEAD")
def read(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """The current version. https://hl7.org/fhir/R4/http.html#read"""
    return answers.resource(_versions(request, "fhir.read", kind, ident)[0])


@fhir("GET", "HEAD")
def vread(request: HttpRequest, kind: str, ident: str, version: str) -> HttpResponse:
    """One version. https://hl7.org/fhir/R4/http.html#vread"""
    for stored in _versions(request, "fhir.vread", kind, ident, history=True):
        if stored.version == int(version):
            if stored.deleted:
                raise Gone
            return answers.resource(stored)
    raise NotFound


@fhir("GET", "HEAD")
def history(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """Every version, the latest first. https://hl7.org/fhir/R4/http.html#history"""
    versions = _versions(request, "fhir.history", kind, ident, history=True)
    links = [("self", request.build_absolute_uri())]
    return answers.answer(answers.bundle("history", _base(request), links, versions, total=len(versions)))


def _versions(request: HttpRequest, action: str, kind: str, ident: str, history: bool = False) -> list[Stored]:
    """The versions of one resource (only the current one unless ``history``), inside an audited session.

    Raises ``NotFound``, ``Gone``, and ``Refused`` with *withheld* for care staff who may open it in an emergency.
    """
    with _session(request, action, kind) as session:
        people = whose(kind, [ident])
        if not people and kind in PARAMETERS and not personal(kind):
            session.require("read_directory")
            shared = selectors.read_shared(kind, ident)
            versions = [shared] if shared else []
        else:
            person_id, compartments = _only(people)
            scope = session.open_person(person_id, compartments)
            current = None if history else selectors.read(scope, kind, ident)
            versions = [current] if current else selectors.history(scope, kind, ident)
            if scope.withheld and not versions:
                raise access.Refused(
                    access.RefusedKind.WITHHELD, "This is held and withheld from you.", scope.may_emergency
                )
    if not versions:
        raise NotFound
    if versions[0].deleted and not history:
        raise Gone
    return versions


def _only(people: People) -> tuple[UUID, dict[int, str]]:
    """The one person of ``people``. Nobody: refused as absent, so that asking is audited all the same."""
    for person_id, compartments in people.items():
        return person_id, compartments
    raise access.Refused(access.RefusedKind.ABSENT, "No such resource")


@fhir("GET", "HEAD")
def everything(request: HttpRequest, ident: str) -> HttpResponse:
    """All of one person's record. https://hl7.org/fhir/R4/patient-operation-everything.html

    ``ident``: a Patient of any source, or a person id; the answer is the whole verified person.
    """
    query = parse(request, ["_type", "_since"])
    types = query.first("_type")
    since = _instant(query.first("_since"))
    with _session(request, "fhir.everything", "Patient") as session:
        person_id, compartments = _only(whose("Patient", [ident]))
        scope = session.open_person(person_id, compartments)
        matches = list(selectors.everything(scope, types.split(",") if types else None, since))
        return _page(request, query, matches, _withheld([scope]), paged=query.count is not None)


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


@fhir("GET", "HEAD", "POST")
def search(request: HttpRequest, kind: str) -> HttpResponse:
    """Resources of one type. https://hl7.org/fhir/R4/search.html"""
    if kind not in PARAMETERS:
        access.actor_of(request)
        raise BadSearch(f"This server holds no {kind}; see metadata")
    locators = ["patient.identifier", "subject.identifier"] if personal(kind) and kind != "Patient" else []
    query = parse(request, [*searchable(kind), "_id", "_lastUpdated", *locators, *(["patient"] * (kind == "Patient"))])
    with _session(request, "fhir.search", f"{kind}?{'&'.join(query.names)}") as session:
        if not personal(kind):
            session.require("read_directory")
            matches = selectors.search_shared(kind, query.store)
            return _page(request, query, matches, _full(matches))
        people, more = _people(kind, query)
        scopes = session.open_many(people)
        matches = []
        issues: list[Issue] = []
        for scope in scopes.values():
            session.use(scope)
            rows = selectors.search(scope, kind, query.store)
            issues += _full(rows)
            matches += rows
        issues += _withheld(list(scopes.values()))
        hidden = len(people) - len(scopes)
        told = session.actor.role in access.CARE_ROLES  # to others, how many there are is already too much
        if told and hidden:
            issues.append(
                Issue("information", "suppressed", f"{hidden} more may match and are not shared with your organisation")
            )
        if told and more:
            issues.append(Issue("warning", "too-costly", "Only the first 50 people were considered: narrow the search"))
        return _page(request, query, matches, issues)


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


def _withheld(scopes: Sequence[access.Scope]) -> list[Issue]:
    """For care staff: that something is held and withheld, and how to see it. Nothing to anybody else."""
    issues = []
    for scope in scopes:
        for item in scope.withheld:
            what = f"Category {item.category}" if item.category else f"The record held by {item.source}"
            way = " In an emergency, give a reason to see it." if scope.may_emergency else ""
            issues.append(Issue("warning", "suppressed", f"{what} is withheld ({item.reason}).{way}"))
    return issues


def _full(rows: Sequence[Stored]) -> list[Issue]:
    """A warning when the store stopped at its limit, so that a cut list is never read as complete."""
    if len(rows) < Query.MOST:
        return []
    return [
        Issue("warning", "too-costly", f"Only the first {Query.MOST} of one person were found: narrow by date or code")
    ]


def _page(
    request: HttpRequest, query: Query, matches: Sequence[Stored], issues: Sequence[Issue], paged: bool = True
) -> HttpResponse:
    """One page of ``matches`` as a searchset; what was ignored or withheld is said in an OperationOutcome."""
    size = query.page_size if paged else max(len(matches), 1)
    shown = matches[query.offset : query.offset + size]
    links = [("self", query.address(_base(request), request.path, query.offset))]
    if size and query.offset + size < len(matches):
        links.append(("next", query.address(_base(request), request.path, query.offset + size)))
    if query.offset:
        links.append(("previous", query.address(_base(request), request.path, max(query.offset - size, 0))))
    body = answers.bundle("searchset", _base(request), links, shown, [*query.ignored, *issues], total=len(matches))
    return answers.answer(body)
