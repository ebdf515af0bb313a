"""The referral pages: in and out, one referral, sending one, and those that wait to be matched."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import booking, deciding, desk, sending, services, settling, tasks
from commonweal.apps.exchange.errors import ReferralRefused
from commonweal.feeds.bars import slots
from commonweal.fhir.dates import clock

WAYS = ("in", "out")
_DAYS = 7  # with free slots on one page
_BORN = ("born_day", "born_month", "born_year")


@require_safe
def referrals(request: HttpRequest) -> HttpResponse:
    """What came to the reader's organisation, or went out from it: ``?way=`` in or out."""
    actor = access.actor_of(request)
    if actor.role is access.Role.REFERRAL_CLERK:
        return HttpResponseRedirect(reverse("referrals-waiting"))
    way = request.GET.get("way", "in")
    return render(request, "exchange/referrals.jinja", {"listed": desk.listed(actor, way if way in WAYS else "in")})


@require_http_methods(["GET", "HEAD", "POST"])
def referral(request: HttpRequest, ident: UUID) -> HttpResponse:
    """One referral or booking. Sent back with ``step`` and ``words``, it is moved on."""
    actor = access.actor_of(request)
    problem = ""
    if request.method == "POST":
        step, words = request.POST.get("step", ""), request.POST.get("words", "")
        try:
            if step == "cancel":
                sending.cancel(actor, ident, words, tasks.deliver.defer)
            else:
                deciding.decide(actor, ident, step, words, lambda one: tasks.decided.defer(request=str(one)))
        except ReferralRefused as refused:
            problem = str(refused)
        else:
            return HttpResponseRedirect(request.path)
    found = desk.page(actor, ident)
    if found is None:
        raise Http404
    page = {
        "page": found,
        "words": request.POST.get("words", ""),
        "problem": problem,
        "problems": [("words", problem)] if problem else [],
    }
    return render(request, "exchange/referral.jinja", page, status=400 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest) -> HttpResponse:
    """Find the person, choose one of the organisation's own referrals and a service, and send it."""
    actor = access.actor_of(request)
    if actor.role not in access.CARE_ROLES:
        raise access.Refused(access.RefusedKind.ABSENT, "No such page.")
    page: dict[str, Any] = {
        "said": {name: request.POST.get(name, "") for name in ("number", *_BORN, "request", "service")},
        "problems": [],
        "found": None,
        "services": [],
    }
    status = 200
    if request.method == "POST":
        try:
            if ident := _sent(actor, request, page):
                return HttpResponseRedirect(reverse("referral", args=[ident]))
        except ReferralRefused as refused:
            page["problems"] = [("request" if page["found"] else "number", str(refused))]
            status = 400
    return render(request, "exchange/refer.jinja", page, status=status)


def _sent(actor: access.Actor, request: HttpRequest, page: dict[str, Any]) -> UUID | None:
    """Find whom the form is about; send where a referral and a service are chosen."""
    number = "".join(page["said"]["number"].split()).replace("-", "")
    try:
        born = date(*(int(page["said"][name]) for name in reversed(_BORN)))
    except (ValueError, OverflowError):
        born = None
    if not (number.isascii() and number.isdigit() and len(number) == 10) or born is None:
        raise ReferralRefused("Give the NHS number, ten digits, and the birth date, such as 27 3 1950.")
    person = _find(actor, number, born, page)
    if "send" not in request.POST:
        return None
    if page["said"]["request"] not in [one[0] for one in page["found"]] or not page["said"]["service"]:
        raise ReferralRefused("Choose a referral, and the service it goes to.")
    return sending.refer(actor, person, page["said"]["request"], page["said"]["service"], tasks.deliver.defer)


def _find(actor: access.Actor, number: str, born: date, page: dict[str, Any]) -> UUID:
    with desk.at_desk(actor, "find referrals to send", "by NHS number") as session:
        opened = desk.people_of(session, number, born)
        if opened is None:
            raise ReferralRefused("Nobody known here has this NHS number and birth date.")
        person, scope = opened
        page["found"] = desk.requests_of(scope, actor.organisation)
        page["services"] = [
            one for one in services.services(settings.COMMONWEAL_NOW().date()) if one.organisation != actor.organisation
        ]
    return person


@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest, ident: UUID) -> HttpResponse:
    """Free slots of the service a referral was sent to, from the day ``?from=`` on. With ``slot``, one is booked.

    The slots are asked for again when one is sent back, so that what was taken meanwhile is not in the list.
    """
    actor = access.actor_of(request)
    first = _from(request)
    problem = ""
    if request.method == "POST":
        try:
            made = booking.book(actor, ident, request.POST.get("slot", ""), first, tasks.deliver.defer)
        except ReferralRefused as refused:
            problem = str(refused)
        else:
            return HttpResponseRedirect(reverse("referral", args=[made]))
    found = booking.choice(actor, ident, first)
    if found is None:
        raise Http404
    days, later = _by_day(found)
    page = {
        "found": found,
        "ident": ident,
        "days": days,
        "problem": problem,
        "problems": [("slot", problem)] if problem else [],
        "later": later,
        "first": found.first.astimezone(slots.LONDON).date(),
    }
    return render(request, "exchange/book.jinja", page, status=400 if problem else 200)


def _from(request: HttpRequest) -> datetime:
    """The first moment asked for: a day's beginning, else now."""
    said = request.POST.get("from") or request.GET.get("from") or ""
    try:
        return datetime.combine(date.fromisoformat(said), time(), slots.LONDON)
    except ValueError:
        return settings.COMMONWEAL_NOW()


def _by_day(found: booking.Choice) -> tuple[list[tuple[str, list[tuple[str, str, str]]]], date]:
    """The first days in words, each with its slots (id, begin and end in words); and the day that later ones begin."""
    days: dict[date, list[tuple[str, str, str]]] = {}
    for one in found.offers:
        start, end = (at.astimezone(slots.LONDON) for at in (one.start, one.end))
        days.setdefault(start.date(), []).append((one.id, clock(start), clock(end)))
    ordered = sorted(days)
    later = ordered[_DAYS] if len(ordered) > _DAYS else found.last.astimezone(slots.LONDON).date()
    return [(f"{on:%A} {on.day} {on:%B}", days[on]) for on in ordered[:_DAYS]], later


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits to be matched, for the referral office."""
    return render(request, "exchange/referrals_waiting.jinja", {"found": settling.waiting(access.actor_of(request))})


@require_http_methods(["GET", "HEAD", "POST"])
def unmatched(request: HttpRequest, ident: UUID) -> HttpResponse:
    """One that waits. Sent back with ``how`` and ``words``, it is matched anew, filed or declined."""
    actor = access.actor_of(request)
    problem = ""
    if request.method == "POST":
        try:
            settling.settle(actor, ident, request.POST.get("how", ""), request.POST.get("words", ""))
        except ReferralRefused as refused:
            problem = str(refused)
        else:
            tasks.deliver.defer()
            return HttpResponseRedirect(reverse("referrals-waiting") + "?settled=1")
    found = settling.one(actor, ident)
    if found is None:
        raise Http404
    page = {
        "found": found,
        "words": request.POST.get("words", ""),
        "problem": problem,
        "problems": [("words", problem)] if problem else [],
    }
    return render(request, "exchange/referral_unmatched.jinja", page, status=400 if problem else 200)
