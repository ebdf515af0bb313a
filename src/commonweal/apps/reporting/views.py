"""The report pages."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from commonweal.apps.access import api as access
from commonweal.apps.reporting import selectors


@require_safe
def latest_board(request: HttpRequest) -> HttpResponse:
    """On to the newest month with figures, whose page asks the gate."""
    access.actor_of(request)
    try:
        return redirect("board_report", selectors.latest_period())
    except selectors.UnknownPeriodError as unknown:
        raise Http404(str(unknown)) from unknown


@require_safe
def board(request: HttpRequest, period: str) -> HttpResponse:
    """The board report of a month: figures and where each comes from."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read board report", period) as session:
        session.require(access.Action.READ_AGGREGATE)
    try:
        report = selectors.board_report(period)
    except selectors.UnknownPeriodError as unknown:
        raise Http404(str(unknown)) from unknown
    return render(request, "reporting/board.jinja", {"report": report})
