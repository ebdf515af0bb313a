"""Lists of people whom analysis found, at the care provider: taken up, opened by the gate, worked through."""

from contextlib import suppress
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe
from procrastinate.exceptions import AlreadyEnqueued

from commonweal.apps.access import api as access
from commonweal.apps.places import api as places
from commonweal.apps.population.projects import caring, tasks
from commonweal.domain.population.projects import Outcome, ProjectError


@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """The lists the reader's organisation may work with."""
    return render(request, "population/care_lists.jinja", {"lists": caring.for_care(access.actor_of(request))})


@require_http_methods(["GET", "HEAD", "POST"])
def care_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """One list. Sent back with ``words`` alone it is taken up; with ``person`` and ``outcome``, noted."""
    actor = access.actor_of(request)
    problem: ProjectError | None = None
    about = request.POST.get("person", "")
    if request.method == "POST":
        try:
            _do(actor, list_id, about, request)
            return HttpResponseRedirect(f"{request.path}#person-{about}" if about else request.path)
        except ProjectError as error:
            problem = error
    page = caring.care_page(actor, list_id)
    if page is None:
        raise Http404
    organisations = {one.organisation for person in page.people for one in person.steps} | {actor.organisation}
    field = f"words-{about}" if about else "words"
    shown = {
        "page": page,
        "names": places.names_of(organisations),
        "organisation": actor.organisation,
        "problems": [(field, str(problem))] if problem else [],
        "errors": {field: str(problem)} if problem else {},
        "words": request.POST.get("words", ""),
        "about": about,
        "chosen": request.POST.get("outcome", ""),
    }
    return render(request, "population/care_list.jinja", shown, status=400 if problem else 200)


def _do(actor: access.Actor, list_id: int, about: str, request: HttpRequest) -> None:
    words = request.POST.get("words", "")
    if not about:
        caring.take_up(actor, list_id, words)
        with suppress(AlreadyEnqueued):
            tasks.resolve.defer()
        return
    try:
        person, outcome = UUID(about), Outcome(request.POST.get("outcome", ""))
    except ValueError:
        raise ProjectError("Choose what was done.", "outcome") from None
    caring.note(actor, list_id, person, outcome, words)
