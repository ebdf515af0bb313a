"""search: resources of one type. https://hl7.org/fhir/R4/search.html

Care staff and citizens search within people that the search names; a partner's system searches all its organisation
holds. What a person's search could not look at, and what was not understood, is said in the answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record import indexing, own_entries, page_at_once, selectors
from commonweal.apps.record.rest import answers, audit_events
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import LONG_WAY, asking, base, fhir, problem, session, strictly
from commonweal.apps.record.rest.pages import withheld
from commonweal.apps.record.rest.people import MOST_PEOPLE, People, found, patient_ids, whose
from commonweal.apps.record.rest.searchset import around, issues_of, searchset
from commonweal.apps.record.searching import Page, Request
from commonweal.apps.record.searching import parse as parse_search
from commonweal.fhir.compartment import personal
from commonweal.fhir.definitions import resource_types

_PERSON = ("patient", "subject", "patient:Patient", "subject:Patient")
_LOCATORS = ("patient.identifier", "subject.identifier", "patient:Patient.identifier", "subject:Patient.identifier")
Pairs = Iterable[tuple[str, str]]
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_ACTION = "fhir.search"


@fhir("GET", "HEAD", "POST")
def search(request: HttpRequest, kind: str) -> HttpResponse:
    """Resources of one type. With POST the parameters may be a form: https://hl7.org/fhir/R4/http.html#search"""
    if audit_events.reads_audit(request, kind):
        return audit_events.search(request)
    _refuse_unread(request)
    lists = [*request.GET.lists(), *(request.POST.lists() if request.method == "POST" else [])]
    pairs = [(name, value) for name, values in lists for value in values]
    wanted = parsed(kind, pairs, strictly(request), request)
    cursor = next((value for name, value in pairs if name == "_cursor"), "")
    address = base(request)
    asker, purpose = asking(request)
    found = None if LONG_WAY in request.META else at_once(asker, purpose, wanted, address, cursor)
    if found is None:
        with session(request, _ACTION, _target(wanted), pipelined=True) as opened:
            found = searched(opened, wanted, address, cursor)
    return answers.answer(found)


def _refuse_unread(request: HttpRequest) -> None:
    """Problem 415 for a POST whose body is no form: what it asks would be passed over, and all there is be found."""
    unread = request.method == "POST" and request.content_type not in _FORMS
    if unread and (
        request.META.get("CONTENT_LENGTH") not in (None, "", "0") or "HTTP_TRANSFER_ENCODING" in request.META
    ):
        raise problem(415, "not-supported", f"Send Content-Type: {_FORMS[0]}")


def at_once(
    asker: access.Presumed, purpose: access.Purpose, wanted: Request, address: str, cursor: str
) -> bytes | None:
    """The page at ``cursor`` as a Bundle, by one statement; None, with nothing told, where that takes a session."""
    if not page_at_once.may_be(wanted):
        return None
    look = access.single_look(asker, purpose, _ACTION, _target(wanted))
    page = None if look is None else page_at_once.page(look, _ours(wanted, address), address, cursor)
    if page is None:
        return None
    issues = [Issue(remark.severity, remark.code, remark.text) for remark in wanted.remarks]
    entries = [page.entries] if page.entries else []
    return around(address, wanted, page.total, page.next_cursor, entries, issues, cursor)


def _target(wanted: Request) -> str:
    """What is searched by, for the audit: names, and no values."""
    return f"{wanted.kind}?{'&'.join(wanted.names)}"


def _ours(wanted: Request, address: str) -> Request:
    """References by this server's own address are its own resources."""
    prefix = f"{address}/"
    if not any(prefix in value for _, value in wanted.conditions):
        return wanted
    return replace(wanted, conditions=[(name, value.replace(prefix, "")) for name, value in wanted.conditions])


def parsed(kind: str, pairs: Pairs, strict: bool, request: HttpRequest | None = None) -> Request:
    """The parameters taken apart; Problem 404 for a type there is not, BadSearch for what cannot be honoured."""
    if kind not in resource_types():
        if request is not None:
            access.actor_of(request)
        raise problem(404, "not-supported", f"This server holds no {kind}; see metadata")
    return parse_search(kind, pairs, strict, more=["patient"] if kind == "Patient" else [])


def searched(opened: access.AccessSession, wanted: Request, address: str, cursor: str = "") -> bytes:
    """The page at ``cursor`` of a search as a Bundle, inside the session ``opened``."""
    wanted = _ours(wanted, address)
    more: list[Issue] = []
    indexed = indexing.asked()
    if opened.actor.role is access.Role.SERVICE:
        page = selectors.search(opened.open_source(), wanted.kind, wanted, cursor)
        disclose(opened, page)
    elif not personal(wanted.kind):
        opened.require("read_directory")
        page = selectors.search_shared(wanted.kind, wanted, cursor)
    else:
        page, more = _of_people(opened, wanted, cursor)
    if not indexed().complete:
        text = "Search is being prepared after an upgrade: this answer may lack some of what there is"
        more = [*more, Issue("warning", "incomplete", text)]
    return searchset(address, wanted, page, issues_of(page, more), cursor)


def disclose(opened: access.AccessSession, page: Page) -> None:
    """Let the audit say of whom something is on a page of a source's own search."""
    opened.disclose(own_entries.people_in(page.compartments))


def _of_people(opened: access.AccessSession, wanted: Request, cursor: str) -> tuple[Page, list[Issue]]:
    """A page of a search within the people it names, each within their own scope."""
    people, more = _people(wanted)
    scopes = opened.open_many(people)
    within = [(name, value) for name, value in wanted.conditions if name not in (*_PERSON, *_LOCATORS)]
    page = selectors.search_people(scopes.values(), replace(wanted, conditions=within), cursor, opened.use)
    issues = withheld(list(scopes.values()))
    if opened.actor.role in access.CARE_ROLES:  # to others, how many there are is already too much
        if hidden := len(people) - len(scopes):
            text = f"{hidden} more may match and are not shared with your organisation"
            issues.append(Issue("information", "suppressed", text))
        if more:
            text = f"Only the first {MOST_PEOPLE} people were considered: narrow the search"
            issues.append(Issue("warning", "too-costly", text))
    return page, issues


def _people(wanted: Request) -> tuple[People, bool]:
    """Whom the search is about: those its parameters name, never everybody."""
    named = [value for name, value in wanted.conditions if name in _PERSON]
    if named:
        people = whose("Patient", patient_ids(named[0]))
        for value in named[1:]:  # repeated is AND: only people that every one of them names
            people = _also(people, whose("Patient", patient_ids(value)))
        return people, False
    ids = [value for name, value in wanted.conditions if name == "_id"]
    if ids:
        return whose(wanted.kind, ids[0].split(",")), False
    if wanted.kind == "Patient":
        return found(wanted.conditions)
    return found([("identifier", value) for name, value in wanted.conditions if name in _LOCATORS])


def _also(people: People, others: Mapping[UUID, dict[int, str]]) -> People:
    return {person: compartments for person, compartments in people.items() if person in others}
