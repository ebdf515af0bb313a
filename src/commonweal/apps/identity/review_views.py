"""The review pages: the queue, and two records side by side with what each field says."""

from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.identity import reviewing, selectors
from commonweal.apps.identity.forms import ReviewDecision
from commonweal.apps.places import api as places

PAGE = 50
FIELD_NAMES = {
    "nhs_number": "NHS number",
    "given": "First name",
    "family": "Last name",
    "born": "Date of birth",
    "postcode": "Postcode",
    "sex": "Sex",
    "practice": "GP practice",
    "start": "Before comparing anything",
}
STATES = {"open": "To decide", "waiting": "Waits for a second person", "disputed": "Two people disagree"}


class Bar(NamedTuple):
    """One row of the waterfall: what a field adds, the sum so far, and where its bar and nought lie (0 to 100)."""

    name: str
    adds: float
    total: float
    words: str
    left: float
    width: float
    zero: float


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Pairs to decide, newest decisions, and how right the links have proved. Shows nothing of anybody."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "review identity", "queue") as session:
        session.require(access.Action.REVIEW_IDENTITY)
        waiting = reviewing.queue()
        page = {
            "waiting": waiting[:PAGE],
            "total": len(waiting),
            "states": STATES,
            "latest": reviewing.latest(),
            "quality": reviewing.measured(),
        }
    return render(request, "identity/review.jinja", page)


@require_http_methods(["GET", "POST"])
def pair(request: HttpRequest, first: int, second: int) -> HttpResponse:
    """Two records side by side; on POST, the reader's decision."""
    actor = access.actor_of(request)
    form = ReviewDecision(request.POST) if request.method == "POST" else ReviewDecision()
    problems: list[tuple[str, str]] = []
    with access.session(actor, access.default_purpose(actor), "review identity", "pair") as session:
        if form.is_bound and form.is_valid():
            try:
                reviewing.decide(session, first, second, form.cleaned_data["verdict"], form.cleaned_data["note"])
            except reviewing.ReviewRefused as refused:
                problems = [("verdict", str(refused)[:1].upper() + str(refused)[1:])]
            else:
                return HttpResponseRedirect("/identity/review")
        elif form.is_bound:
            problems = form.problems()
        found = reviewing.compare(session, first, second)
    if found is None:
        raise Http404
    return render(request, "identity/pair.jinja", _page(found, actor, form, problems), status=400 if problems else 200)


@require_POST
def undo(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Take a decision back."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "undo identity decision", str(decision_id)) as session:
        try:
            first, second = reviewing.undo(session, decision_id, request.POST.get("reason", ""))
        except reviewing.ReviewRefused as refused:
            return render(request, "identity/refused.jinja", {"message": str(refused)}, status=400)
    return HttpResponseRedirect(f"/identity/review/{first}-{second}")


def _page(
    found: reviewing.Comparison, actor: access.Actor, form: ReviewDecision, problems: list[tuple[str, str]]
) -> dict[str, Any]:
    names = places.names_of({found.one.source, found.other.source})
    return {
        "pair": found,
        "rows": _rows(found.one, found.other),
        "bars": _bars(found),
        "names": names,
        "form": form,
        "problems": problems,
        "errors": dict(reversed(problems)),
        "state": STATES.get(found.state, "Decided"),
        "mine": any(one.reviewer == actor.key and one.undone_at is None for one in found.decisions),
    }


def _rows(one: selectors.Known, other: selectors.Known) -> list[tuple[str, Any, Any, str]]:
    """(what, first record's, second's, how they compare) for the table; ``day`` fields stay dates."""
    values = [
        ("Last name", one.family, other.family),
        ("First names", one.given, other.given),
        ("Date of birth", one.birth_date, other.birth_date),
        ("Sex", one.gender, other.gender),
        ("NHS number", one.nhs_number, other.nhs_number),
        ("Postcode", one.postcode, other.postcode),
        ("Address", one.address_line, other.address_line),
        ("Telephone", one.phone, other.phone),
        ("GP practice", one.practice, other.practice),
        ("Date of death", one.death_date, other.death_date),
    ]
    return [(name, left, right, _compared(left, right)) for name, left, right in values if left or right]


def _compared(left: object, right: object) -> str:
    if not left or not right:
        return "one is missing"
    return "same" if str(left).casefold() == str(right).casefold() else "different"


def _bars(found: reviewing.Comparison) -> list[Bar]:
    """The waterfall: each field's weight, in turn, from what is known before comparing to the pair's weight."""
    if found.weight is None or not found.fields:
        return []
    start = found.weight - sum(weight for _, weight in found.fields)
    steps = [("start", start), *found.fields]
    totals = [sum(adds for _, adds in steps[: place + 1]) for place in range(len(steps))]
    low, high = min(0.0, *totals), max(0.0, *totals)
    scale = 100 / (high - low) if high > low else 0.0
    bars = []
    for place, (name, adds) in enumerate(steps):
        left = min(totals[place], totals[place] - adds) - low
        words = "for" if adds > 0 else "against" if adds < 0 else "says nothing"
        shown = FIELD_NAMES.get(name, name)
        bars.append(
            Bar(
                shown,
                adds,
                totals[place],
                words,
                round(left * scale, 1),
                round(abs(adds) * scale, 1),
                round(-low * scale, 1),
            )
        )
    return bars
