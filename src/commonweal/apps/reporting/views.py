"""The report pages."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.reporting import checking, selectors, versions
from commonweal.apps.reporting.pack.model import DRAFT
from commonweal.domain.errors import CommonwealError


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
        pack = versions.draft(period, "board")
    except selectors.UnknownPeriodError as unknown:
        raise Http404(str(unknown)) from unknown
    return render(request, "reporting/board.jinja", {"pack": pack, "standing": DRAFT})


@require_http_methods(["GET", "HEAD", "POST"])
def reconciliation(request: HttpRequest) -> HttpResponse:
    """Tables sent in, held to themselves and to each other; nothing of them is kept."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "reconcile tables") as session:
        session.require(access.Action.READ_AGGREGATE)
    page: dict[str, object] = {"problems": [], "findings": None, "names": [], "rules": checking.rules_by_group()}
    if request.method != "POST":
        return render(request, "reporting/reconciliation.jinja", page)
    files = request.FILES.getlist("files")
    try:
        page["findings"] = checking.check_uploads(files)
    except CommonwealError as problem:
        page["problems"] = [("files", str(problem))]
        return render(request, "reporting/reconciliation.jinja", page, status=400)
    page["names"] = [one.name for one in files]
    return render(request, "reporting/reconciliation.jinja", page)
