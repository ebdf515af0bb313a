"""The indicator pages: every indicator that can be charted, and one of its series in full."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commonweal.apps.performance import signals
from commonweal.apps.performance.explorer import shown
from commonweal.apps.performance.registry_views import gate


@require_safe
def indicators(request: HttpRequest) -> HttpResponse:
    """Every indicator with figures over time, by area; what the form asks for leads on to one of them."""
    gate(request, "read indicators")
    every = [one for one in signals.charted() if one.series]
    asked = request.GET.get("indicator", "")
    if asked in {one.code for one in every}:
        wanted = request.GET.get("series", "")
        return redirect(reverse("indicator", args=[asked]) + (f"?{urlencode({'series': wanted})}" if wanted else ""))
    areas: dict[str, list[signals.Charted]] = {}
    for one in sorted(every, key=lambda one: (one.service_area, one.name)):
        areas.setdefault(one.service_area or "No service area", []).append(one)
    return render(request, "performance/indicators.jinja", {"areas": areas})


@require_safe
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """One series of an indicator: chart, table, what the signals say, where each figure came from, and its peers."""
    gate(request, "read indicator", code)
    try:
        found = signals.assessed(code)
    except signals.NoSeriesError as none:
        raise Http404(str(none)) from none
    page = shown(found, request.GET.get("series", ""))
    every = sorted((one.name, one.code) for one in signals.charted() if one.series)
    context = {
        "shown": page,
        "code": code,
        "indicators": [(one, name) for name, one in every],
        "series": [(row.key, row.name) for row in page.peers],
    }
    return render(request, "performance/indicator.jinja", context)
