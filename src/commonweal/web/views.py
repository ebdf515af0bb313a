"""The pages that belong to no one app: home, accessibility and privacy."""

import re
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from commonweal.apps.access.api import SignInRequired, actor_of, availability
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


def live(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all, for whatever watches it: asks nothing of the database."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> HttpResponse:
    """Whether records can be opened: 200, or 503 with why and when to ask again."""
    state = availability.state()
    response = JsonResponse({"status": state}, status=200 if state == "ready" else 503)
    if state != "ready":
        response.headers["Retry-After"] = availability.RETRY_AFTER
    return response


def nhsuk_styles(request: HttpRequest) -> HttpResponse:
    """The NHS.UK frontend's styles without its web font.

    The font is licensed to NHS organisations only and comes from another host; the content policy would
    block it, with a complaint on every page. Arial is next in the frontend's own list.
    """
    return HttpResponse(_without_fonts(), content_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@lru_cache(maxsize=1)
def _without_fonts() -> str:
    """Read once a process. Raises ``FileNotFoundError`` where the front-end packages are not installed."""
    found = finders.find("nhsuk/nhsuk-frontend.min.css")
    if not found:
        raise FileNotFoundError("nhsuk-frontend is not installed; run `make setup`")
    css = Path(str(found)).read_text(encoding="utf-8")
    return re.sub(r"@font-face\{[^}]*\}|/\*# sourceMappingURL=[^*]*\*/", "", css)
