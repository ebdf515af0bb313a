"""Pages of oversight: the dashboard, segments with what-if, and the contract report."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.performance import methods, oversight, oversight_forms, segment_history
from commonweal.apps.performance.registry_views import gate
from commonweal.domain.performance.segments import SegmentationError, in_force

_BOXES = ("scores", "thresholds", "peers", "whatif", "organisation", "period")


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Service areas, indicators against plan, ratings, peers and transformation on one page."""
    gate(request, "read oversight")
    return render(
        request, "performance/oversight.jinja", {"found": oversight.oversight(settings.COMMONWEAL_NOW().date())}
    )


@require_http_methods(["GET", "POST"])
def segments(request: HttpRequest) -> HttpResponse:
    """An organisation's segment from its metric scores, what each score could change, and a what-if; kept by POST."""
    actor = gate(request, "read segments")
    given = request.POST if request.method == "POST" else request.GET
    page = _segment_page(given)
    answer: oversight_forms.Answer | None = page["answer"]
    if request.method == "POST" and answer is not None:
        try:
            segment_history.keep(
                actor, page["sent"]["organisation"], page["sent"]["period"], answer.now, answer.method, answer.scores
            )
        except SegmentationError as problem:
            page["problems"] = [(str(problem).partition(":")[0], str(problem))]
        else:
            return redirect("segments_kept")
    page["errors"] = dict(page["problems"])
    return render(request, "performance/segments.jinja", page, status=400 if page["problems"] else 200)


def _segment_page(given: QueryDict) -> dict[str, Any]:
    """What the page shows of the boxes as sent: the answer, or what is wrong with which box."""
    every = methods.methods()
    named = {one.name: one for one in every}
    method = named.get(given.get("method", "")) or in_force(every, settings.COMMONWEAL_NOW().date()) or every[-1]
    sent = {name: given.get(name, "")[:20_000] for name in _BOXES}
    ticked = frozenset(given.getlist("holds")) & {one.condition for one in method.overrides}
    page: dict[str, Any] = {
        "methods": [(one.name, one.name) for one in every],
        "method": method,
        "sent": sent,
        "ticked": ticked,
        "answer": None,
        "problems": [],
    }
    if sent["scores"].strip():
        try:
            page["answer"] = oversight_forms.answer(sent, ticked, method)
        except SegmentationError as problem:
            box = {"thresholds": "thresholds", "what-if": "whatif", "peers": "peers"}.get(
                str(problem).partition(":")[0], "scores"
            )
            page["problems"] = [(box, str(problem))]
    return page


@require_safe
def segments_kept(request: HttpRequest) -> HttpResponse:
    """Segments kept quarter by quarter, with how each was reached."""
    gate(request, "read segments")
    return render(request, "performance/segments_kept.jinja", {"kept": segment_history.history()})


@require_safe
def contracts(request: HttpRequest) -> HttpResponse:
    """The public health contracts' indicators in their committee's quarterly layout."""
    gate(request, "read contract report")
    return render(request, "performance/contracts.jinja", {"services": oversight.contract_report(Decimal("0.5"))})
