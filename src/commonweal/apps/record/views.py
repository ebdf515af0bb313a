"""The record page of one person, its documents, and the way in when there is no recorded relationship."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record.forms import EmergencyReason
from commonweal.apps.record.page import choices, chosen, document, person_page
from commonweal.apps.record.sending import send_document, stream

OPEN_RECORD = "open record"


@require_safe
def person(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """The whole record, for direct care. Care staff without a relationship are told how to go on."""
    actor = access.actor_of(request)
    compartments = identity.compartments_of(person_id)
    if not compartments and actor.role in access.CARE_ROLES:  # merged away: lead on to the identifier in use
        current = identity.current_person(person_id)
        if current and current != person_id:
            return HttpResponseRedirect(reverse("person", args=[current]))
    return show_record(request, actor, access.default_purpose(actor), person_id, compartments)


@require_safe
def person_in_emergency(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """The record as opened by a stated reason, for as long as the reason holds."""
    actor = access.actor_of(request)
    return show_record(request, actor, access.Purpose.EMERGENCY, person_id, identity.compartments_of(person_id))


@require_safe
def person_document(request: HttpRequest, person_id: UUID, ident: str) -> HttpResponse:
    """One document of the record."""
    actor = access.actor_of(request)
    return show_document(request, actor, access.default_purpose(actor), person_id, ident)


@require_safe
def person_document_in_emergency(request: HttpRequest, person_id: UUID, ident: str) -> HttpResponse:
    """One document of a record opened by a stated reason."""
    return show_document(request, access.actor_of(request), access.Purpose.EMERGENCY, person_id, ident)


@require_http_methods(["GET", "POST"])
def emergency(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Ask care staff for the reason and open the record by it. To anybody else this address does not exist."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "emergency.ask"):
        if actor.role not in access.CARE_ROLES:
            raise access.Refused(access.RefusedKind.ABSENT, "No such person or item.")
    form = EmergencyReason(request.POST if request.method == "POST" else None)
    if form.is_valid():
        access.grant_emergency(actor, person_id, identity.compartments_of(person_id), form.cleaned_data["reason"])
        return HttpResponseRedirect(reverse("person_in_emergency", args=[person_id]))
    page = {"person_id": person_id, "form": form}
    return render(request, "record/emergency.jinja", page, status=400 if form.errors else 200)


def show_record(
    request: HttpRequest,
    actor: access.Actor,
    purpose: access.Purpose,
    person_id: UUID,
    compartments: Mapping[int, str],
    until: str | None = None,
) -> HttpResponseBase:
    """Open and read for a purpose, then draw; a refusal that may be gone around in an emergency says how.

    ``until``: when an enquiry that opened it ends, ISO 8601.
    """
    way_in = reverse("emergency", args=[person_id]) if actor.role in access.CARE_ROLES else ""
    try:
        with access.session(actor, purpose, OPEN_RECORD) as session:
            scope = session.open_person(person_id, compartments)
            page, read_at, claims = person_page(scope), session.now, identity.claims(scope)
            may_withhold = access.care_restricting.may_restrict(session, scope)
    except access.Refused as refusal:
        if not refusal.may_emergency:
            raise
        shown = {"refusal": refusal, "emergency_address": way_in}
        return render(request, "record/refused.jinja", shown, status=403)
    in_emergency, in_care = purpose is access.Purpose.EMERGENCY, purpose is access.Purpose.DIRECT_CARE
    return stream(
        request,
        "record/person.jinja",
        {
            "page": page,
            "read_at": read_at,
            "unconfirmed": any(one.reason == "unconfirmed" for one in scope.withheld),
            "claims": sum(one.state == "waiting" for one in claims) if in_care else 0,
            "emergency": in_emergency,
            "safeguarding": purpose is access.Purpose.SAFEGUARDING,
            "until": until,
            "may_enquire": in_care and access.may_enquire(actor),
            "may_withhold": may_withhold,
            "emergency_address": "" if in_emergency else way_in,
            "documents_address": request.path + "/documents/",
            "workers_address": request.path + "/workers" if in_care and actor.role in access.CARE_ROLES else "",
            "asked": request.GET,
            "choices": choices,
            "chosen": chosen,
        },
    )


def show_document(
    request: HttpRequest, actor: access.Actor, purpose: access.Purpose, person_id: UUID, ident: str
) -> HttpResponse:
    """Open and read one document for a purpose."""
    with access.session(actor, purpose, "open document", "DocumentReference") as session:
        found = document(session.open_person(person_id, identity.compartments_of(person_id)), ident)
    return send_document(request, found, request.path.partition("/documents/")[0])
