"""The person's page of choices about sharing, and the officers' page where they are decided and recorded."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import api as access
from commonweal.apps.citizen import choices
from commonweal.apps.places import api as places

OWN, OFFICERS = "/my-record/choices", "/information-governance/choices"


@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """What the person has chosen. Sent back with ``opt_out`` or with an objection's words, it is changed."""
    actor = access.actor_of(request)
    problem = None
    if request.method == "POST":
        try:
            _chosen(actor, request)
        except access.ObjectionError as fault:
            problem = fault
        else:
            return HttpResponseRedirect(OWN)
    page = {
        "choices": choices.own(actor),
        "categories": list(access.Category),
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "citizen/choices.jinja", page, status=400 if problem else 200)


def _chosen(actor: access.Actor, request: HttpRequest) -> None:
    said = request.POST.get("opt_out", "")
    if said:
        kind, _, wanted = said.partition(":")
        if kind not in set(access.OptOut) or wanted not in ("out", "in"):
            raise access.ObjectionError("Choose what to change.", "opt_out")
        choices.choose(actor, access.OptOut(kind), wanted == "out")
    else:
        sent = request.POST
        choices.object_to(actor, sent.get("category", ""), sent.get("against", ""), sent.get("words", ""))


@require_http_methods(["GET", "POST"])
def officers(request: HttpRequest) -> HttpResponse:
    """Objections to be decided, what is withheld, and two forms: withhold something, record an opt-out."""
    actor = access.actor_of(request)
    problem = None
    if request.method == "POST":
        try:
            _done(actor, request)
        except access.ObjectionError as fault:
            problem = fault
        else:
            return HttpResponseRedirect(OFFICERS)
    before = request.GET.get("before", "")
    found = access.restricting.objections(actor)
    withheld, older = access.restricting.restrictions(actor, int(before[:18]) if before.isdecimal() else None)
    codes = {one.against for one in found} | {code for one in withheld for code in (one.source, one.against)}
    page = {
        "waiting": [one for one in found if one.state is access.ObjectionState.RAISED],
        "decided": [one for one in found if one.state is not access.ObjectionState.RAISED],
        "withheld": withheld,
        "older": older,
        "names": places.names_of(codes - {""}),
        "me": actor.key,
        "categories": [(one.value, one.value.replace("_", " ").capitalize()) for one in access.Category],
        "reasons": [(one.value, one.value.replace("_", " ").capitalize()) for one in access.RestrictionReason],
        "problem": problem,
        "form": request.POST.get("form", ""),
        "typed": request.POST,
    }
    return render(request, "citizen/officer_choices.jinja", page, status=400 if problem else 200)


def _done(actor: access.Actor, request: HttpRequest) -> None:
    """Raises ``access.ObjectionError`` for what cannot be done, or is none of the four things this page does."""
    sent = request.POST
    form, number, words = sent.get("form", ""), sent.get("number", ""), sent.get("words", "")
    if form == "objection" and number.isdecimal() and sent.get("step") in set(access.ObjectionStep):
        choices.decide(actor, int(number), access.ObjectionStep(sent["step"]), words)
    elif form == "lift" and number.isdecimal():
        access.restricting.lift(actor, int(number), words)
    elif form == "restrict" and sent.get("reason") in set(access.RestrictionReason):
        what = sent.get("what", "")
        category = access.Category(what) if what in set(access.Category) else None
        source = sent.get("source", "").strip().upper()
        reason = access.RestrictionReason(sent["reason"])
        choices.restrict(actor, sent.get("person", ""), reason, category, source, words)
    elif form == "opt_out" and sent.get("kind") in set(access.OptOut) and sent.get("wanted") in ("out", "in"):
        kind = access.OptOut(sent["kind"])
        choices.opt_out_for(actor, sent.get("person", ""), kind, sent["wanted"] == "out", words)
    else:
        raise access.ObjectionError("Choose what to do.", "words")
