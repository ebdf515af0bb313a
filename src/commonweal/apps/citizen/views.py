"""The citizen's pages: the record, a letter or plan of it, and who looked."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.citizen import selectors
from commonweal.apps.record import api as record


@require_safe
def my_record(request: HttpRequest) -> HttpResponse:
    """What is held about the person signed in, in plain words."""
    page = selectors.own_record(access.actor_of(request))
    return render(request, "citizen/my_record.jinja", {"page": page})


@require_safe
def my_document(request: HttpRequest, ident: str) -> HttpResponse:
    """One letter or plan, as its source wrote it."""
    return record.send_document(request, selectors.own_document(access.actor_of(request), ident), "/my-record")


@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """Which organisations and roles opened the record, when and why."""
    visits = selectors.who_looked(access.actor_of(request))
    return render(request, "citizen/who_looked.jinja", {"visits": visits, "most": selectors.MOST})


@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, look_id: int) -> HttpResponse:
    """Ask about one look. Afterwards, and for a look asked about before, the list says so."""
    actor = access.actor_of(request)
    words, problem = request.POST.get("words", ""), ""
    if request.method == "POST":
        try:
            selectors.question(actor, look_id, words)
        except access.CaseError as error:
            problem = str(error)
        else:
            return HttpResponseRedirect(f"/my-record/who-looked#look-{look_id}")
    look = next((one for one in selectors.who_looked(actor) if one.id == look_id and not one.own), None)
    if look is None:
        return render(request, "404.html", status=404)
    page = {"look": look, "words": words, "problem": problem, "problems": [("words", problem)] if problem else []}
    return render(request, "citizen/question.jinja", page, status=400 if problem else 200)
