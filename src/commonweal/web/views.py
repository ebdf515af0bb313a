"""The pages that belong to no one app: home, accessibility and privacy."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from commonweal.apps.access.api import SignInRequired, actor_of
from commonweal.web.pages import ENTRIES


def home(request: HttpRequest) -> HttpResponse:
    """What the signed-in person can do now, or what this is and where to sign in."""
    try:
        entries = ENTRIES[actor_of(request).role]
    except SignInRequired:
        entries = ()
    return render(request, "home.jinja", {"entries": entries})


def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement; its evidence is in docs/assurance."""
    return render(request, "accessibility.jinja")


def privacy(request: HttpRequest) -> HttpResponse:
    """What is recorded about every look at a record, and how to object."""
    return render(request, "privacy.jinja")
