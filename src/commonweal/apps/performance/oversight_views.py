"""Pages of oversight: the dashboard, segments with what-if, and the contract report."""

from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.performance import methods, oversight, oversight_forms
from commonweal.apps.performance.registry_views import gate
from commonweal.domain.performance.segments import SegmentationError, in_force


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Service areas, indicators against plan, ratings, peers and transformation on one page."""
    gate(request, "read oversight")
    return render(
        request, "performance/oversight.jinja", {"found": oversight.oversight(settings.COMMONWEAL_NOW().date())}
    )


@require_safe
def segments(request: HttpRequest) -> HttpResponse:
    """An organisation's segment from its metric scores, what each score could change, and a what-if."""
    gate(request, "read segments")
    every = methods.methods()
    today = settings.COMMONWEAL_NOW().date()
    named = {one.name: one for one in every}
    method = named.get(request.GET.get("method", "")) or in_force(every, today) or every[-1]
    sent = {name: request.GET.get(name, "")[:20_000] for name in ("scores", "thresholds", "peers", "whatif")}
    ticked = frozenset(request.GET.getlist("holds")) & {one.condition for one in method.overrides}
    page = {
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
    return render(request, "performance/segments.jinja", page, status=400 if page["problems"] else 200)


@require_safe
def contracts(request: HttpRequest) -> HttpResponse:
    """The public health contracts' indicators in their committee's quarterly layout."""
    gate(request, "read contract report")
    return render(request, "performance/contracts.jinja", {"services": oversight.contract_report(Decimal("0.5"))})
