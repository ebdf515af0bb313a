"""The caseload pages: my people, who works with a person, who is away. They work without scripts."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.coordination import allocating, working_with
from commonweal.apps.coordination.allocating import CaseloadError


@require_safe
def caseload(request: HttpRequest) -> HttpResponse:
    """Whom the reader works with, and who of their team is away."""
    return _caseload(request, access.actor_of(request))


@require_POST
def absence(request: HttpRequest) -> HttpResponse:
    """Say who is away: ``account``, ``starts_*``, ``ends_*`` and ``cover``; or ``cancel`` an absence by its number."""
    actor = access.actor_of(request)
    try:
        if number := request.POST.get("cancel", ""):
            allocating.back(actor, _number(number))
        else:
            starts, ends = _day(request, "starts", "first"), _day(request, "ends", "last")
            allocating.away(actor, request.POST.get("account", ""), starts, ends, request.POST.get("cover", ""))
    except CaseloadError as error:
        return _caseload(request, actor, str(error))
    return HttpResponseRedirect(reverse("caseload") + "#away")


@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Who works with a person. Sent back, the reader says that they do, until ``until_*`` if that is filled in."""
    actor = access.actor_of(request)
    problem = ""
    if request.method == "POST":
        try:
            filled = any(request.POST.get(f"until_{part}", "").strip() for part in ("day", "month", "year"))
            allocating.begin(actor, person_id, _day(request, "until", "last") if filled else None)
        except CaseloadError as error:
            problem = str(error)
        else:
            return HttpResponseRedirect(request.path)
    found = working_with.who_works(actor, person_id)
    if found is None:
        return render(request, "404.html", status=404)
    page = {
        "page": found,
        "problem": problem,
        "problems": [("until", problem)] if problem else [],
        "sent": {part: request.POST.get(f"until_{part}", "") for part in ("day", "month", "year")},
        "back": (f"/people/{person_id}", "Record"),
    }
    return render(request, "coordination/who_works.jinja", page, status=400 if problem else 200)


@require_POST
def ended(request: HttpRequest, allocation: int) -> HttpResponse:
    """Say that the reader no longer works with somebody."""
    actor = access.actor_of(request)
    try:
        allocating.end(actor, allocation)
    except CaseloadError as error:
        return _caseload(request, actor, str(error))
    return HttpResponseRedirect(reverse("caseload"))


def _caseload(request: HttpRequest, actor: access.Actor, problem: str = "") -> HttpResponse:
    page = {
        "page": working_with.caseload(actor),
        "problem": problem,
        "problems": [("account", problem)] if problem else [],
        "sent": request.POST,
    }
    return render(request, "coordination/caseload.jinja", page, status=400 if problem else 200)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # what a bigint holds
        raise CaseloadError("Choose an absence of the list.")
    return int(text)


def _day(request: HttpRequest, field: str, which: str) -> date:
    parts = [request.POST.get(f"{field}_{part}", "").strip() for part in ("year", "month", "day")]
    try:
        if len(parts[0]) != 4 or not all(part.isascii() and part.isdigit() for part in parts):  # digits of a year
            raise ValueError
        return date(*(int(part) for part in parts))
    except ValueError:
        raise CaseloadError(f"Enter the {which} day as day, month and year, such as 7 3 2026.") from None
