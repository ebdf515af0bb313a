"""A record opened to find out whether somebody is being harmed: a reason asked once, each look audited as for that.

Who may is the policies' (safeguarding.cedar). What the reason opened stays open to that session alone for the time
``limits.csv`` gives; the person is never told of these looks. Over FHIR each request states its reason (``handling``).
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record.forms import EnquiryReason
from commonweal.apps.record.views import show_document, show_record

_KEPT = "enquiries"  # in the browser's session: person id → until when


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Ask for the reason, and open the record by it. To whoever may never enquire this address does not exist."""
    actor = access.actor_of(request)
    with access.session(actor, access.Purpose.SAFEGUARDING, "safeguarding.ask"):
        if not access.may_enquire(actor):
            raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
    form = EnquiryReason(request.POST if request.method == "POST" else None)
    if form.is_valid():
        until = access.open_for_safeguarding(
            actor, person_id, identity.compartments_of(person_id), form.cleaned_data["reason"]
        )
        request.session[_KEPT] = {**_open_now(request), str(person_id): until.isoformat()}
        return HttpResponseRedirect(reverse("person_for_safeguarding", args=[person_id]))
    page = {"person_id": person_id, "form": form}
    return render(request, "record/enquiry.jinja", page, status=400 if form.errors else 200)


@require_safe
def person(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """The record as opened by the reason, for as long as it holds; else the reason is asked for."""
    actor = access.actor_of(request)
    until = _open_now(request).get(str(person_id))
    if until is None:
        return HttpResponseRedirect(reverse("safeguarding", args=[person_id]))
    compartments = identity.compartments_of(person_id)
    return show_record(request, actor, access.Purpose.SAFEGUARDING, person_id, compartments, until)


@require_safe
def document(request: HttpRequest, person_id: UUID, ident: str) -> HttpResponse:
    """One document of a record opened by the reason."""
    actor = access.actor_of(request)
    if str(person_id) not in _open_now(request):
        return HttpResponseRedirect(reverse("safeguarding", args=[person_id]))
    return show_document(request, actor, access.Purpose.SAFEGUARDING, person_id, ident)


def _open_now(request: HttpRequest) -> dict[str, str]:
    """Whose records this session holds open by a reason, until when."""
    now = settings.COMMONWEAL_NOW()
    kept = request.session.get(_KEPT, {})
    return {person: until for person, until in kept.items() if datetime.fromisoformat(until) > now}
