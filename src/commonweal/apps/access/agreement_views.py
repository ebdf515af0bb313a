"""The officers' pages of sharing agreements: what is due, each version's terms, and the two officers' decisions."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import agreements
from commonweal.apps.access.actors import actor_of
from commonweal.apps.places import api as places
from commonweal.domain.access.agreements import EVERYBODY, AgreementError, State, Step, Terms
from commonweal.domain.access.vocabulary import Category, Purpose

_LIST = "/information-governance/agreements"
PURPOSES = (
    Purpose.DIRECT_CARE,
    Purpose.SAFEGUARDING,
    Purpose.POPULATION_HEALTH,
    Purpose.SERVICE_PLANNING,
    Purpose.RESEARCH,
    Purpose.PERFORMANCE,
)


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Every agreement that stands or waits, what is due first; and those that are over."""
    found = agreements.listed(actor_of(request))
    today = agreements.today()
    rows = [(one, one.wants(today)) for one in found]
    page = {
        "live": [row for row in rows if row[0].state in (State.PROPOSED, State.APPROVED)],
        "finished": [row for row in rows if row[0].state not in (State.PROPOSED, State.APPROVED)],
    }
    return render(request, "access/agreements.jinja", page)


@require_http_methods(["GET", "POST"])
def agreement(request: HttpRequest, reference: str) -> HttpResponse:
    """One agreement, version by version. Sent back with ``step``, ``version`` and ``words``, it is decided on."""
    actor = actor_of(request)
    problem = ""
    if request.method == "POST":
        try:
            _decide(request, reference)
        except AgreementError as fault:
            problem = str(fault)
        else:
            return HttpResponseRedirect(request.path)
    versions = agreements.one_of(actor, reference)
    if not versions:
        return render(request, "404.html", status=404)
    codes = {code for one in versions for code in (*one.terms.gives, *one.terms.receives)} - {EVERYBODY}
    today = agreements.today()
    page = {
        "reference": reference,
        "versions": [(one, one.wants(today)) for one in versions],
        "own": {one.version for one in versions if one.proposed_by == actor.key},
        "names": places.names_of(codes),
        "problems": [("words", problem)] if problem else [],
        "problem": problem,
        "words": request.POST.get("words", ""),
        "chosen": request.POST.get("step", ""),
    }
    return render(request, "access/agreement.jinja", page, status=400 if problem else 200)


def _decide(request: HttpRequest, reference: str) -> None:
    """Raises ``AgreementError`` for a step that is none, or not allowed."""
    step, version = request.POST.get("step", ""), request.POST.get("version", "")
    if step not in (Step.APPROVE, Step.REFUSE, Step.END) or not version.isdecimal():
        raise AgreementError("Choose what to do with this version.")
    agreements.decide(actor_of(request), reference, int(version), Step(step), request.POST.get("words", ""))


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Propose an agreement; with ``?of=`` a reference, a new version of that one, filled in with its terms."""
    actor = actor_of(request)
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            terms = _terms(request.POST)
            agreements.propose(actor, terms)
        except AgreementError as fault:
            problems = [(fault.field or "reference", str(fault))]
        else:
            return HttpResponseRedirect(f"{_LIST}/{terms.reference}")
        values = _said(request.POST)
    else:
        former = agreements.one_of(actor, request.GET.get("of", ""))
        values = _values(former[0].terms) if former else {"purposes": [], "categories": []}
    page = {
        "values": values,
        "problems": problems,
        "errors": dict(problems),
        "amends": request.GET.get("of", ""),
        "categories": [(one.value, one.value.replace("_", " ").capitalize()) for one in Category],
        "purposes": [(one.value, one.value.replace("_", " ").capitalize()) for one in PURPOSES],
    }
    return render(request, "access/propose_agreement.jinja", page, status=400 if problems else 200)


_PLAIN = ("reference", "title", "dpia", "controller", "basis", "confidentiality")
_DAYS = ("starts", "ends", "review")


def _said(sent: QueryDict) -> dict[str, Any]:
    plain: dict[str, Any] = {name: sent.get(name, "").strip() for name in (*_PLAIN, *_DAYS, "gives", "receives")}
    return plain | {"categories": sent.getlist("categories"), "purposes": sent.getlist("purposes")}


def _values(terms: Terms) -> dict[str, Any]:
    plain: dict[str, Any] = {name: getattr(terms, name) for name in _PLAIN}
    plain |= {name: getattr(terms, name).isoformat() for name in _DAYS}
    plain |= {"gives": " ".join(terms.gives), "receives": " ".join(terms.receives)}
    return plain | {
        "categories": [one.value for one in terms.categories],
        "purposes": [one.value for one in terms.purposes],
    }


def _terms(sent: QueryDict) -> Terms:
    said = _said(sent)
    return Terms(
        reference=said["reference"],
        title=said["title"],
        dpia=said["dpia"],
        controller=said["controller"],
        basis=said["basis"],
        confidentiality=said["confidentiality"],
        gives=_codes(said["gives"]),
        receives=_codes(said["receives"]),
        starts=_day(said["starts"], "starts"),
        ends=_day(said["ends"], "ends"),
        review=_day(said["review"], "review"),
        categories=tuple(one for one in Category if one.value in said["categories"]),
        purposes=tuple(one for one in PURPOSES if one.value in said["purposes"]),
    )


def _codes(said: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said.upper().replace(",", " ").split()))


def _day(said: str, field: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError as fault:
        raise AgreementError("Enter a day as year-month-day, such as 2020-10-31.", field) from fault
