"""The citizen's pages: the record, a letter or plan of it, and who looked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

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
