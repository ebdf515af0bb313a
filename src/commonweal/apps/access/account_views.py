"""The administrators' page of accounts: find one, see where it is signed in, close it."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import accounts
from commonweal.apps.access.accounts import AccountRefused
from commonweal.apps.access.actors import actor_of
from commonweal.apps.places import api as places


@require_http_methods(["GET", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Accounts by ``q``, ``close`` chosen to be closed. Sent back with ``username`` and ``words``, that one is."""
    actor = actor_of(request)
    problem = None
    if request.method == "POST":
        username = request.POST.get("username", "")
        try:
            accounts.close(actor, username, request.POST.get("words", ""))
        except AccountRefused as fault:
            problem = fault
        else:
            return HttpResponseRedirect(f"{request.path}?{urlencode({'q': username.strip()})}")
    sought = request.GET.get("q", "")
    found, more = accounts.accounts(actor, sought)
    page = {
        "accounts": found,
        "more": more,
        "sought": sought,
        "chosen": request.GET.get("close", ""),
        "me": actor.key.removeprefix("user:"),
        "names": places.names_of({one.organisation for one in found if one.organisation}),
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "access/accounts.jinja", page, status=400 if problem else 200)
