"""A page of what was found, and what must be said of it. https://hl7.org/fhir/R4/http.html#paging"""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record.rest import answers
from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import base
from commonweal.apps.record.rest.query import Query
from commonweal.apps.record.stored import Stored


def withheld(scopes: Sequence[access.Scope]) -> list[Issue]:
    """For care staff: that something is held and withheld, and how to see it. Nothing to anybody else."""
    issues = []
    for scope in scopes:
        for item in scope.withheld:
            what = f"Category {item.category}" if item.category else f"The record held by {item.source}"
            way = " In an emergency, give a reason to see it." if scope.may_emergency else ""
            issues.append(Issue("warning", "suppressed", f"{what} is withheld ({item.reason}).{way}"))
    return issues


def full(rows: Sequence[Stored]) -> list[Issue]:
    """A warning when the store stopped at its limit, so that a cut list is never read as complete."""
    if len(rows) < Query.MOST:
        return []
    return [
        Issue("warning", "too-costly", f"Only the first {Query.MOST} of one person were found: narrow by date or code")
    ]


def page(
    request: HttpRequest, query: Query, matches: Sequence[Stored], issues: Sequence[Issue], paged: bool = True
) -> HttpResponse:
    """One page of ``matches`` as a searchset; what was ignored or withheld is said in an OperationOutcome."""
    size = query.page_size if paged else max(len(matches), 1)
    shown = matches[query.offset : query.offset + size]
    links = [("self", query.address(base(request), request.path, query.offset))]
    if size and query.offset + size < len(matches):
        links.append(("next", query.address(base(request), request.path, query.offset + size)))
    if query.offset:
        links.append(("previous", query.address(base(request), request.path, max(query.offset - size, 0))))
    body = answers.bundle("searchset", base(request), links, shown, [*query.ignored, *issues], total=len(matches))
    return answers.answer(body)
