"""Pages of the outcomes framework."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.measurement import api as measurement
from commonweal.apps.performance import outcomes
from commonweal.apps.performance.registry_views import gate


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """Domains, ambitions, outcomes and measures, how many have figures, and the gaps."""
    gate(request, "read outcomes")
    found = outcomes.outcomes(settings.COMMONWEAL_NOW().date())
    return render(request, "performance/outcomes.jinja", {"found": found})


@require_safe
def trace(request: HttpRequest, code: str) -> HttpResponse:
    """One indicator: the aims it serves, and its figures down to file and line."""
    gate(request, "trace figure", code)
    indicator, chains, figures = outcomes.trace(code, settings.COMMONWEAL_NOW().date())
    if indicator is None:
        raise Http404("no such indicator")
    totals = measurement.totals_of(indicator)
    page = {"indicator": indicator, "chains": chains, "figures": figures, "totals": totals}
    return render(request, "performance/outcome_trace.jinja", page)
