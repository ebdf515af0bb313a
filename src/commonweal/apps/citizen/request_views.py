"""Staff's pages about requests, and the privacy officer's."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.citizen import officer, requests
from commonweal.apps.citizen.forms import day_of, number_list, proxy_asked, typed
from commonweal.apps.places import api as places
from commonweal.domain.access.proxies import Evidence, ProxyStep
from commonweal.domain.access.requests import CopyStep, Decision, Ground, RequestError


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """Whose requests wait, among the people the reader's organisation cares for."""
    page = {"waiting": requests.waiting(access.actor_of(request)), "today": settings.COMMONWEAL_NOW().date()}
    return render(request, "citizen/requests.jinja", page)


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, copy_id: int) -> HttpResponse:
    """One draft: read it, decide on items, move it on."""
    actor = access.actor_of(request)
    problem = None
    if request.method == "POST":
        try:
            _review(actor, copy_id, request)
            return HttpResponseRedirect(request.path)
        except RequestError as error:
            problem = error
    found = requests.draft(actor, copy_id)
    if found is None:
        return render(request, "404.html", status=404)
    page = {
        "draft": found,
        "typed": typed(request.POST),
        "problem": problem,
    }
    return render(request, "citizen/draft.jinja", page, status=400 if problem else 200)


def _review(actor: access.Actor, copy_id: int, request: HttpRequest) -> None:
    sent = request.POST
    if sent.get("step") == "decide":
        if sent.get("decision") not in set(Decision):
            raise RequestError("Choose what becomes of them.", "decision")
        ground = Ground(sent["ground"]) if sent.get("ground") in set(Ground) else None
        chosen = number_list(sent, "item")
        requests.decide(actor, copy_id, chosen, Decision(sent["decision"]), ground, sent.get("words", ""))
    elif sent.get("step") in set(CopyStep):
        requests.review_step(actor, copy_id, CopyStep(sent["step"]), sent.get("words", ""))
    else:
        raise RequestError("Choose what to do.", "step")


@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A person's requests: keep one made on paper, check who would act for them, note a finding of competence."""
    actor = access.actor_of(request)
    problem = None
    if request.method == "POST":
        try:
            _keep(actor, person_id, request)
            return HttpResponseRedirect(request.path)
        except RequestError as error:
            problem = error
    page = {
        "page": requests.requests_of(actor, person_id),
        "typed": typed(request.POST),
        "asked": request.POST.get("what", ""),
        "categories": list(access.Category),
        "evidence": list(Evidence),
        "problem": problem,
        "actor_key": actor.key,
    }
    return render(request, "citizen/requests_of.jinja", page, status=400 if problem else 200)


def _keep(actor: access.Actor, person_id: UUID, request: HttpRequest) -> None:
    sent = request.POST
    today, words = settings.COMMONWEAL_NOW().date(), sent.get("words", "")
    match sent.get("what"):
        case "copy":
            how = sent.get("how", "")
            received = day_of(sent, "received") or today
            if how not in ("in_person", "post", "telephone"):
                raise RequestError("Say how it was asked for.", "how")
            if received > today:
                raise RequestError("It cannot have been received after today.", "received")
            known = sent.get("identified") == "yes"
            if known and len(words.strip()) < 10:
                raise RequestError("Say how you know who asked, in ten characters or more.")
            requests.ask_for_copy(actor, person_id, how, received, known, sent.get("wants", ""), words)
        case "proxy":
            requests.ask_for_proxy(actor, person_id, proxy_asked(sent, today), words)
        case "check":
            if sent.get("step") not in set(ProxyStep) or not sent.get("proxy", "").isdecimal():
                raise RequestError("Choose what to do.", "step")
            requests.check_proxy(actor, person_id, int(sent["proxy"][:18]), ProxyStep(sent["step"]), words)
        case "competence":
            if sent.get("competent") not in ("yes", "no"):
                raise RequestError("Say whether they understand.", "competent")
            requests.assess(actor, person_id, sent["competent"] == "yes", words)
        case _:
            raise RequestError("Choose what to do.", "step")


@require_safe
def copies(request: HttpRequest) -> HttpResponse:
    """The officer's list of requests for a copy."""
    known = officer.requests(access.actor_of(request))
    page = {
        "open": [one for one in known if one.ended_on is None],
        "ended": [one for one in known if one.ended_on is not None],
        "today": settings.COMMONWEAL_NOW().date(),
    }
    return render(request, "citizen/officer_copies.jinja", page)


@require_http_methods(["GET", "POST"])
def sign_off(request: HttpRequest, copy_id: int) -> HttpResponse:
    """One request for a copy, as the officer who releases it."""
    actor = access.actor_of(request)
    words, problem = request.POST.get("words", ""), None
    if request.method == "POST":
        try:
            if request.POST.get("step") not in set(CopyStep):
                raise RequestError("Choose what to do.", "step")
            officer.take_step(actor, copy_id, CopyStep(request.POST["step"]), words)
            return HttpResponseRedirect(request.path)
        except RequestError as error:
            problem = error
    found = officer.request(actor, copy_id)
    if found is None:
        return render(request, "404.html", status=404)
    page = {
        "page": found,
        "names": places.names_of({one.source for one in found.left_out}),
        "typed_words": words,
        "chosen": request.POST.get("step", ""),
        "today": settings.COMMONWEAL_NOW().date(),
        "problem": problem,
    }
    return render(request, "citizen/officer_copy.jinja", page, status=400 if problem else 200)
