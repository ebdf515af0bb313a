"""The officers' page of relationships that wait to be confirmed: what is asserted, by whom, and the decision."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import confirming
from commonweal.apps.access.actors import actor_of
from commonweal.apps.access.agreements import today
from commonweal.apps.access.confirming import ConfirmationError
from commonweal.apps.places import api as places
from commonweal.domain.access.scope import Actor


@require_http_methods(["GET", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """What waits, oldest first, what was decided, the policy. Sent back with ``number`` and ``verdict``: decides."""
    actor = actor_of(request)
    problem = ""
    if request.method == "POST":
        try:
            _decide(actor, request)
        except ConfirmationError as fault:
            problem = str(fault)
        else:
            return HttpResponseRedirect(request.path)
    waiting, later, done, earlier = confirming.listed(actor, _number(request, "after"), _number(request, "before"))
    policy = confirming.in_force(today())
    page = {
        "waiting": waiting,
        "later": later,
        "done": done,
        "earlier": earlier,
        "policy": policy,
        "names": places.names_of({code for one in (*waiting, *done) for code in (one.organisation, one.source)}),
        "problems": [(f"why-{request.POST.get('number', '')}", problem)] if problem else [],
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "access/confirming.jinja", page, status=400 if problem else 200)


def _number(request: HttpRequest, name: str) -> int | None:
    """A number of the address, or None where it is none."""
    sent = request.GET.get(name, "")
    return int(sent[:18]) if sent.isdecimal() else None


def _decide(actor: Actor, request: HttpRequest) -> None:
    """Raises ``ConfirmationError`` for what cannot be done."""
    sent = request.POST
    number, verdict = sent.get("number", ""), sent.get("verdict", "")
    if not number.isdecimal() or len(number) > 18 or verdict not in ("confirm", "refuse"):
        raise ConfirmationError("Choose whether the relationship is confirmed or refused.")
    confirming.decide(actor, int(number), verdict == "confirm", sent.get("words", ""))
