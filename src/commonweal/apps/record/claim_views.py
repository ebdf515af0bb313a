"""The practice's page of organisations that say they look after its person, and whose word for it waits."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places


@require_http_methods(["GET", "POST"])
def relationships(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """What waits for this practice. Sent back with ``number``, ``verdict`` and ``words``, it is decided.

    Anybody who may not open the person is refused as at the record; who may and is not of their practice finds none.
    """
    actor = access.actor_of(request)
    problem = ""
    if request.method == "POST":
        try:
            _decide(actor, request, person_id)
        except access.confirming.ConfirmationError as fault:
            problem = str(fault)
        else:
            return HttpResponseRedirect(request.path)
    with access.session(actor, access.default_purpose(actor), "relationships to confirm") as session:
        scope = session.open_person(person_id, identity.compartments_of(person_id))
        found = identity.claims(scope)
    page = {
        "person_id": person_id,
        "waiting": [one for one in found if one.state == "waiting"],
        "decided": [one for one in found if one.state != "waiting"],
        "names": places.names_of({one.organisation for one in found}),
        "problem": problem,
        "problems": [(f"why-{request.POST.get('number', '')}", problem)] if problem else [],
        "typed": request.POST,
    }
    return render(request, "record/relationships.jinja", page, status=400 if problem else 200)


def _decide(actor: access.Actor, request: HttpRequest, person_id: UUID) -> None:
    """Raises ``ConfirmationError`` for what cannot be done, ``Refused`` for whoever may not open the person."""
    number, verdict, words = (request.POST.get(name, "") for name in ("number", "verdict", "words"))
    if not number.isdecimal() or len(number) > 18 or verdict not in ("confirm", "refuse"):
        raise access.confirming.ConfirmationError("Choose whether they look after this person or do not.")
    action, reason = f"{verdict} relationship", access.confirming.said(words)
    with access.session(actor, access.default_purpose(actor), action, f"relationship {number}", reason) as session:
        scope = session.open_person(person_id, identity.compartments_of(person_id))
        identity.settle_claim(scope, int(number), verdict == "confirm", words)
