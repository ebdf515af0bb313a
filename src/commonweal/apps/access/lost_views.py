"""Administrators' page of lost second factors."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import lost_factors
from commonweal.apps.access.actors import actor_of
from commonweal.apps.access.lost_factors import LossRefused

_OUTCOMES = ("cleared", "refused", "withdrawn")


@require_http_methods(["GET", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """What waits and what was settled. Sent back with ``username`` it asks; with ``loss`` and ``outcome``, settles."""
    actor = actor_of(request)
    problem = ""
    if request.method == "POST":
        loss, outcome = request.POST.get("loss", ""), request.POST.get("outcome", "")
        try:
            if loss.isdecimal() and outcome in _OUTCOMES:
                lost_factors.settle(actor, int(loss[:18]), outcome)
            else:
                lost_factors.ask(actor, request.POST.get("username", ""), request.POST.get("words", ""))
        except LossRefused as error:
            problem = str(error)
        else:
            return HttpResponseRedirect(request.path)
    open_, settled = lost_factors.losses(actor)
    context = {
        "open": open_,
        "settled": settled,
        "problem": problem,
        "me": actor.key,
        "username": request.POST.get("username", ""),
        "words": request.POST.get("words", ""),
    }
    return render(request, "access/lost_factors.jinja", context, status=400 if problem else 200)
