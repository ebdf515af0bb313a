"""The privacy officer's queue: each emergency and each questioned look, decided with a reason."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import cases
from commonweal.apps.access.actors import actor_of
from commonweal.apps.places import api as places
from commonweal.domain.access.cases import CaseError, CaseStep
from commonweal.domain.access.scope import Actor


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, oldest first; what has been decided, newest first."""
    undecided, decided = cases.cases(actor_of(request))
    names = places.names_of({one.organisation for one in (*undecided, *decided) if one.organisation})
    page = {"undecided": undecided, "decided": decided, "names": names, "most": cases.MOST}
    return render(request, "access/cases.jinja", page)


@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case. Sent back with ``step`` (a step of the case, *tell* or *hold*) and ``words``, it is moved on."""
    actor = actor_of(request)
    problem = ""
    if request.method == "POST":
        try:
            _do(actor, case_id, request.POST.get("step", ""), request.POST.get("words", ""))
        except CaseError as error:
            problem = str(error)
        else:
            return HttpResponseRedirect(request.path)
    found = cases.case_page(actor, case_id)
    if found is None:
        return render(request, "404.html", status=404)
    page = {
        "page": found,
        "organisation": places.name_of(found.case.organisation) if found.case.organisation else "",
        "problems": [("words", problem)] if problem else [],
        "problem": problem,
        "words": request.POST.get("words", ""),
        "chosen": request.POST.get("step", ""),
    }
    return render(request, "access/case.jinja", page, status=400 if problem else 200)


def _do(actor: Actor, case_id: int, wanted: str, words: str) -> None:
    """Raises ``CaseError`` for a step that is none, or not allowed."""
    if wanted == "tell":
        cases.tell(actor, case_id)
    elif wanted == "hold":
        cases.hold(actor, case_id, words)
    elif wanted in set(CaseStep):
        cases.take_step(actor, case_id, CaseStep(wanted), words)
    else:
        raise CaseError("Choose what to do with this case.")
