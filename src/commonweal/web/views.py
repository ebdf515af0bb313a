"""The pages that belong to no one app: home, accessibility and privacy."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from commonweal.apps.access.api import SignInRequired, actor_of
from commonweal.apps.places import api as places
from commonweal.web.pages import ENTRIES


def home(request: HttpRequest) -> HttpResponse:
    """What the signed-in person can do now, or what this is and where to sign in."""
    try:
        actor = actor_of(request)
    except SignInRequired:
        return render(request, "home.jinja")
    organisation = places.name_of(actor.organisation) if actor.organisation else ""
    return render(request, "home.jinja", {"entries": ENTRIES[actor.role], "organisation_name": organisation})


def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement; its evidence is in docs/assurance."""
    return render(request, "accessibility.jinja")


def privacy(request: HttpRequest) -> HttpResponse:
    """What is recorded about every look at a record, and how to object."""
    return render(request, "privacy.jinja")
