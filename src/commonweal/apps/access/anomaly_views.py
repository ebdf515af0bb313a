"""The privacy officer's audit review: what the rules raised and why, closed with a reason; and the list to watch."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import anomalies
from commonweal.apps.access.actors import actor_of
from commonweal.apps.places import api as places
from commonweal.domain.access.cases import CaseError
from commonweal.domain.access.scope import Actor


@require_http_methods(["GET", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """What was raised. Sent back with ``do`` (close, watch or unwatch) and its fields, it is done."""
    actor = actor_of(request)
    problem, field = "", f"words-{request.POST.get('id', '')}"
    if request.method == "POST":
        try:
            _do(actor, {name: str(value) for name, value in request.POST.items()})
        except CaseError as error:
            problem, field = str(error), error.field or field
        else:
            return HttpResponseRedirect(request.path)
    still, closed = anomalies.anomalies(actor)
    page = {
        "still": still,
        "closed": closed,
        "watched": anomalies.watched(actor),
        "names": places.names_of({one.organisation for one in (*still, *closed) if one.organisation}),
        "most": anomalies.MOST,
        "sent": request.POST,
        "problem": problem,
        "field": field,
        "problems": [(field, problem)] if problem else [],
    }
    return render(request, "access/anomalies.jinja", page, status=400 if problem else 200)


def _do(actor: Actor, sent: dict[str, str]) -> None:
    """Raises ``CaseError`` for what cannot be done, or is nothing."""
    wanted = sent.get("do", "")
    if wanted == "close":
        ident = sent.get("id", "")
        number = int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 19 else 0
        anomalies.close(actor, number, sent.get("finding", ""), sent.get("words", ""))
    elif wanted == "watch":
        anomalies.watch(actor, sent.get("person", ""), sent.get("account", ""), sent.get("why", ""))
    elif wanted == "unwatch":
        anomalies.unwatch(actor, sent.get("person", ""))
    else:
        raise CaseError("Choose what to do.")
