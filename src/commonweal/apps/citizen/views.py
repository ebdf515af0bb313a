"""The citizen's two pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.access import api as access
from commonweal.apps.citizen import selectors


@require_safe
def my_record(request: HttpRequest) -> HttpResponse:
    """What is held about the person signed in, in plain words."""
    page = selectors.own_record(access.actor_of(request))
    return render(request, "citizen/my_record.jinja", {"page": page})


@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """Which organisations and roles opened the record, when and why."""
    visits = selectors.who_looked(access.actor_of(request))
    return render(request, "citizen/who_looked.jinja", {"visits": visits, "most": selectors.MOST})
