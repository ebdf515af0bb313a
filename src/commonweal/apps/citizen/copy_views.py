"""The person's pages about a copy of their record."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.citizen import copies
from commonweal.apps.citizen.copy_pdf import pdf
from commonweal.domain.access.requests import CopyStep, Party, RequestError


@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """The person's requests, and the form to ask for a copy."""
    actor = access.actor_of(request)
    wants, problem = request.POST.get("wants", ""), None
    if request.method == "POST":
        try:
            return HttpResponseRedirect(f"/my-record/copy/{copies.ask(actor, wants)}")
        except RequestError as error:
            problem = error
    known = copies.own_copies(actor)
    page = {
        "copies": known,
        "open": any(one.ended_on is None for one in known),
        "wants": wants,
        "problem": problem,
    }
    return render(request, "citizen/copies.jinja", page, status=400 if problem else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, copy_id: int) -> HttpResponse:
    """One request: where it stands, by when; answered or taken back."""
    actor = access.actor_of(request)
    words, problem = request.POST.get("words", ""), None
    if request.method == "POST":
        step = CopyStep.WITHDRAW if request.POST.get("step") == CopyStep.WITHDRAW else CopyStep.ANSWER
        try:
            copies.take_step(actor, copy_id, step, words)
            return HttpResponseRedirect(request.path)
        except RequestError as error:
            problem = error
    found = copies.own_copy(actor, copy_id)
    if found is None:
        return render(request, "404.html", status=404)
    page = {
        "copy": found[0],
        "told": found[1],
        "may": found[0].may(Party.PERSON),
        "typed_words": words,
        "problem": problem,
    }
    return render(request, "citizen/copy.jinja", page, status=400 if problem else 200)


@require_safe
def read(request: HttpRequest, copy_id: int) -> HttpResponse:
    """The released copy as a page that prints."""
    found = copies.read(access.actor_of(request), copy_id)
    if found is None:
        return render(request, "404.html", status=404)
    return render(request, "citizen/released.jinja", {"document": found})


@require_safe
def download(request: HttpRequest, copy_id: int, form: str) -> HttpResponse:
    """The released copy to keep: a tagged PDF, or the FHIR Bundle."""
    found = copies.read(access.actor_of(request), copy_id, form)
    if found is None:
        return render(request, "404.html", status=404)
    body = found if isinstance(found, bytes) else pdf(found, settings.COMMONWEAL_SYNTHETIC)
    kind, name = ("application/fhir+json", "json") if form == "fhir" else ("application/pdf", "pdf")
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="my-record-{copy_id}.{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
