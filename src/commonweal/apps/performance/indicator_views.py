"""The indicator pages: every indicator that can be charted, and one of its series in full."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.measurement import api as measurement
from commonweal.apps.performance import recalibrating, signals
from commonweal.apps.performance.comparing import compared
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
    asked = request.GET.get("split") or request.GET.get("series", "")
    page = shown(found, asked)
    held = next(one for one in found.held if one.key.name == page.key)
    every = sorted((one.name, one.code) for one in signals.charted() if one.series)
    context = {
        "shown": page,
        "code": code,
        "indicators": [(one, name) for name, one in every],
        "series": [(row.key, row.name) for row in page.peers],
        "compared": compared(found.indicator, held, page.provisional, request.GET.get("baseline", "")[:7]),
        "waiting": measurement.recalibrations(code, "proposed"),
    }
    return render(request, "performance/indicator.jinja", context)


@require_http_methods(["GET", "POST"])
def recalibrations(request: HttpRequest, code: str) -> HttpResponse:
    """Recalibrations of an indicator: those decided, those that wait, and the form that proposes one."""
    actor = gate(request, "read recalibrations", code)
    versions = measurement.versions(code)
    if not versions:
        raise Http404("no such indicator")
    sent = {name: request.POST.get(name, "").strip() for name in ("start", "until", "reason")}
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            recalibrating.propose(actor, code, **sent)
        except recalibrating.BadDayError as problem:
            problems = [(problem.box, str(problem))]
        except measurement.ReviewError as problem:
            problems = [("reason", str(problem))]
        else:
            return redirect("indicator_recalibrations", code)
    page = {
        "indicator": versions[-1],
        "code": code,
        "every": measurement.recalibrations(code)[::-1],
        "sent": sent,
        "problems": problems,
        "errors": dict(problems),
    }
    return render(request, "performance/recalibrations.jinja", page, status=400 if problems else 200)


@require_http_methods(["GET", "POST"])
def recalibration(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One recalibration, with what it would do to the lines; whoever did not propose it decides."""
    actor = gate(request, "read recalibration", f"{code} {number}")
    found = next((one for one in measurement.recalibrations(code) if one.number == number), None)
    if found is None:
        raise Http404("no such recalibration")
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        decision, note = request.POST.get("decision", ""), request.POST.get("note", "")
        try:
            if decision == "withdraw":
                recalibrating.withdraw(actor, number)
            elif decision in {"approve", "reject"}:
                recalibrating.decide(actor, number, approve=decision == "approve", note=note)
            else:
                raise measurement.ReviewError("choose whether to approve or reject")
        except measurement.ReviewError as problem:
            problems = [("note", str(problem))]
        else:
            return redirect("indicator_recalibrations", code)
    page = {
        "one": found,
        "code": code,
        "indicator": measurement.versions(code)[-1],
        "own": found.proposed_by == actor.key,
        "effects": recalibrating.effects(found),
        "problems": problems,
        "error": dict(problems).get("note", ""),
        "note": request.POST.get("note", ""),
    }
    return render(request, "performance/recalibration.jinja", page, status=400 if problems else 200)
