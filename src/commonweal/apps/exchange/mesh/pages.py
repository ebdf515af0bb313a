"""The page of MESH among the feeds."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.access import api as access
from commonweal.apps.exchange.mesh.seen import MOST, seen


@require_safe
def mesh(request: HttpRequest) -> HttpResponse:
    """Every mailbox: when it was last polled, what came, what was set aside and why, what went. Nobody's content."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read feeds", "mesh") as session:
        session.require(access.Action.READ_FEEDS)
        found = seen()
    return render(request, "exchange/mesh.jinja", {"mailboxes": found, "most": MOST, "back": ("/feeds", "Feeds")})
