"""What care staff withhold of a person they look after: set and lifted from the record, each with a reason."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places

_REASONS = (
    (access.RestrictionReason.SAFEGUARDING, "Showing it to other organisations would put somebody at risk"),
    (access.RestrictionReason.SERIOUS_HARM, "The person’s seeing it would seriously harm them or somebody else"),
    (access.RestrictionReason.OBJECTION, "The person does not want it shared with other organisations"),
)
Doing = Callable[[access.AccessSession, access.Scope, dict[int, str]], None]


@require_http_methods(["GET", "POST"])
def withheld(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """What this organisation withholds. Sent back with ``form`` *withhold* or *lift*, it is changed."""
    actor = access.actor_of(request)
    problem = None
    if request.method == "POST":
        try:
            _do(actor, request, person_id)
        except access.ObjectionError as fault:
            problem = fault
        else:
            return HttpResponseRedirect(request.path)
    with access.session(actor, access.default_purpose(actor), "what is withheld") as session:
        sources = identity.compartments_of(person_id)
        scope = session.open_person(person_id, sources)
        found = access.care_restricting.in_force(session, scope, sources)
    page = {
        "person_id": person_id,
        "found": found,
        "organisation": places.name_of(actor.organisation),
        "me": actor.key,
        "reasons": [(one.value, words) for one, words in _REASONS],
        "categories": [(one.value, one.value.replace("_", " ").capitalize()) for one in access.Category],
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "record/withheld.jinja", page, status=400 if problem else 200)


def _do(actor: access.Actor, request: HttpRequest, person_id: UUID) -> None:
    """Raises ``access.ObjectionError`` for what cannot be done, ``Refused`` for who may not."""
    sent = request.POST
    form, number, words = sent.get("form", ""), sent.get("number", ""), sent.get("words", "")
    what, reason = sent.get("what", ""), sent.get("reason", "")
    doing: Doing
    if form == "lift" and number.isdecimal() and len(number) < 19:
        field, target = f"why-{number}", f"lift {number}"

        def doing(session: access.AccessSession, scope: access.Scope, sources: dict[int, str]) -> None:
            access.care_restricting.lift(session, scope, sources, int(number))

    elif form == "withhold" and reason in set(access.RestrictionReason) and what in {"own", *access.Category}:
        field, target = "words", f"withhold {reason} {what}"

        def doing(session: access.AccessSession, scope: access.Scope, sources: dict[int, str]) -> None:
            category = None if what == "own" else access.Category(what)
            wanted = access.RestrictionReason(reason)
            access.care_restricting.withhold(session, scope, sources, wanted, category, words)

    else:
        raise access.ObjectionError("Choose what to withhold, and why.", "what")
    stated = access.restricting.stated(words, field)
    with access.session(actor, access.default_purpose(actor), "restrict record", target, stated) as session:
        sources = identity.compartments_of(person_id)
        scope = session.open_person(person_id, sources)
        try:
            doing(session, scope, sources)
        except access.ObjectionError as fault:
            raise access.ObjectionError(str(fault), field if fault.field == "words" else fault.field) from None
