"""The person's pages about who acts for them, and the pages of somebody who acts for others."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.citizen import proxies, selectors
from commonweal.apps.citizen.forms import proxy_asked, typed
from commonweal.apps.record import api as record
from commonweal.domain.access.requests import RequestError


@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Who acts for the person; let somebody."""
    actor = access.actor_of(request)
    problem = None
    if request.method == "POST":
        sent = request.POST.copy()
        sent["evidence"] = "consent"
        try:
            proxies.ask(actor, proxy_asked(sent, settings.COMMONWEAL_NOW().date()))
            return HttpResponseRedirect("/my-record/acting-for-me")
        except RequestError as error:
            problem = error
    known, holds = proxies.own(actor)
    page = {
        "proxies": [(one, holds(one)) for one in known],
        "typed": typed(request.POST),
        "categories": list(access.Category),
        "problem": problem,
    }
    return render(request, "citizen/proxies.jinja", page, status=400 if problem else 200)


@require_POST
def end(request: HttpRequest, proxy_id: int) -> HttpResponse:
    """The person ends it at once."""
    try:
        proxies.end(access.actor_of(request), proxy_id)
    except RequestError:
        return render(request, "404.html", status=404)
    return HttpResponseRedirect("/my-record/acting-for-me")


@require_safe
def acting(request: HttpRequest) -> HttpResponse:
    """Whom the account acts for."""
    return render(request, "citizen/acting.jinja", {"acting": proxies.acting_for(access.actor_of(request))})


@require_http_methods(["GET", "POST"])
def whom(request: HttpRequest, proxy_id: int) -> HttpResponse:
    """The record of somebody the account acts for; sent back, it is given up."""
    actor = access.actor_of(request)
    if request.method == "POST":
        if not proxies.give_up(actor, proxy_id):
            return render(request, "404.html", status=404)
        return HttpResponseRedirect("/acting-for")
    who, page = selectors.record_of(actor, proxy_id)
    return render(request, "citizen/record_of.jinja", {"page": page, "who": who})


@require_safe
def document(request: HttpRequest, proxy_id: int, ident: str) -> HttpResponse:
    """One letter or plan of theirs."""
    found = selectors.documents_of(access.actor_of(request), proxy_id, ident)
    return record.send_document(request, found, f"/acting-for/{proxy_id}")
