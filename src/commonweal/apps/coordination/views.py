"""The alert pages: lists, one alert, and how alerts are answered. They work without scripts and without the stream.

Care staff read alerts about people there; whoever reads feeds, those about feeds.
"""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.coordination import actions, feed_desk, selectors, stream
from commonweal.apps.coordination import figures as answered
from commonweal.domain.coordination.alerts import BY_PEOPLE, AlertError, AlertStep, SuspensionStep


@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """One list of the reader's alerts: ``?show=`` team, mine, escalated or ended; without, the one with what is new."""
    actor = access.actor_of(request)
    shown = request.GET.get("show", "")
    if actor.role not in access.CARE_ROLES:
        found = feed_desk.alerts(actor, shown if shown in feed_desk.SHOWN else "")
        page: dict[str, Any] = {"listed": found, "stream_port": settings.COMMONWEAL_ALERTS_PORT}
        return render(request, "coordination/feed_alerts.jinja", page)
    listed = selectors.alerts(actor, shown if shown in selectors.SHOWN else "")
    page = {"listed": listed, "stream_port": settings.COMMONWEAL_ALERTS_PORT, "ended_days": selectors.ENDED_FOR.days}
    return render(request, "coordination/alerts.jinja", page)


@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """One alert. Sent back with ``step`` and ``words``, it is moved on."""
    actor = access.actor_of(request)
    problem = ""
    if request.method == "POST":
        wanted = request.POST.get("step", "")
        try:
            if wanted not in BY_PEOPLE:
                raise AlertError("Choose what to do with this alert.")
            actions.take_step(actor, alert_id, AlertStep(wanted), request.POST.get("words", ""))
        except AlertError as error:
            problem = str(error)
        else:
            return HttpResponseRedirect(request.path)
    return _page(request, actor, alert_id, problem)


@require_http_methods(["GET", "HEAD", "POST"])
def feed_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """One alert about a feed. Sent back with ``step`` and ``words``, it is moved on."""
    actor = access.actor_of(request)
    problem = ""
    if request.method == "POST":
        wanted = request.POST.get("step", "")
        try:
            if wanted not in feed_desk.BY_PEOPLE:
                raise AlertError("Choose what to do with this alert.")
            feed_desk.take_step(actor, alert_id, AlertStep(wanted), request.POST.get("words", ""))
        except AlertError as error:
            problem = str(error)
        else:
            return HttpResponseRedirect(request.path)
    found = feed_desk.page(actor, alert_id)
    if found is None:
        raise Http404
    owned = found.row.owner == actor.key
    page = {
        "page": found,
        "owned": owned,
        "problem": problem,
        "problems": [("words" if owned else "decide", problem)] if problem else [],
        "words": request.POST.get("words", ""),
    }
    return render(request, "coordination/feed_alert.jinja", page, status=400 if problem else 200)


@require_POST
def referral(request: HttpRequest, alert_id: int, referral_id: int) -> HttpResponse:
    """Decide about a referral that the alert suspended: ``step`` is confirm or resume."""
    actor = access.actor_of(request)
    wanted = request.POST.get("step", "")
    try:
        if wanted not in (SuspensionStep.CONFIRM, SuspensionStep.RESUME):
            raise AlertError("Choose what becomes of this referral.")
        actions.decide(actor, alert_id, referral_id, SuspensionStep(wanted))
    except AlertError as error:
        return _page(request, actor, alert_id, str(error))
    return HttpResponseRedirect(reverse("alert", args=[alert_id]))


def _page(request: HttpRequest, actor: access.Actor, alert_id: int, problem: str) -> HttpResponse:
    found = selectors.alert_page(actor, alert_id)
    if found is None:
        return render(request, "404.html", status=404)
    page = {
        "page": found,
        "owned": found.alert.row.owner == actor.key,
        "problem": problem,
        "problems": [("words" if found.alert.row.owner == actor.key else "decide", problem)] if problem else [],
        "words": request.POST.get("words", ""),
    }
    return render(request, "coordination/alert.jinja", page, status=400 if problem else 200)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Burden and response over the last 28 days."""
    return render(request, "coordination/figures.jinja", {"figures": answered.figures(access.actor_of(request))})


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """How many alerts the reader has not seen, and the number of the newest: where the stream cannot be had.

    401 once the session is over. Asking does not keep a session alive.
    """
    actor = access.watching(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    if actor is None or not stream.may_be_told(actor):
        return JsonResponse({"error": "sign in"}, status=401)
    return JsonResponse(stream.waiting([actor.key]).get(actor.key, stream.NOTHING))
