"""The privacy officer's pages on the rules: what they say, and what they would decide."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.access import gate
from commonweal.apps.access.actors import actor_of
from commonweal.apps.access.agreements import agreed
from commonweal.apps.access.forms import TrialForm
from commonweal.apps.access.rules import policy_files
from commonweal.apps.access.session import session
from commonweal.apps.access.trial import Supposed, suppose
from commonweal.apps.places import api as places
from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.vocabulary import Action, Category, Purpose, RelationshipKind, RestrictionReason, Role


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in force today, file by file, and the days on which there were others."""
    with session(actor_of(request), Purpose.INFORMATION_GOVERNANCE, "read rules") as opened:
        opened.require(Action.READ_POLICIES)
        today = opened.now.date()
    effective = gate.in_force(today)
    page = {
        "effective": effective,
        "files": policy_files(effective) if effective else (),
        "dates": gate.effective_dates(),
        "roles": len(Role),
    }
    return render(request, "access/rules.jinja", page)


@require_safe
def trial(request: HttpRequest) -> HttpResponse:
    """Put a supposed situation to the gate. Sent as an address, so that an answer can be kept and shown."""
    with session(actor_of(request), Purpose.INFORMATION_GOVERNANCE, "try a question") as opened:
        opened.require(Action.READ_POLICIES)
        today = opened.now.date()
    asked = "role" in request.GET
    form = TrialForm(request.GET if asked else None)
    page: dict[str, Any] = {
        "asked": asked,
        "today": today,
        "values": request.GET if asked else _first(today),
        "options": _options(),
        "form": form,
    }
    if asked and form.is_valid():
        one = _supposed(form.cleaned_data)
        page |= {"supposed": one, "answer": suppose(one), "named": _named(one), "rules": _rules_of(one.on)}
    return render(request, "access/trial.jinja", page, status=400 if form.errors else 200)


def _first(today: date) -> dict[str, str]:
    """The question the page opens with."""
    return {
        "role": Role.SOCIAL_WORKER,
        "purpose": Purpose.DIRECT_CARE,
        "relationship": RelationshipKind.UNDER_CARE,
        "category": Category.MENTAL_HEALTH,
        "on": today.isoformat(),
    }


def _supposed(asked: dict[str, Any]) -> Supposed:
    restriction, _, extent = asked["restriction"].partition(":")
    return Supposed(
        role=Role(asked["role"]),
        organisation=asked["organisation"],
        purpose=Purpose(asked["purpose"]),
        relationship=asked["relationship"],
        category=Category(asked["category"]),
        source=asked["source"],
        restriction=restriction,
        whole=extent == "source",
        on=asked["on"],
        agreement=asked["agreement"] or _as_agreed(asked),
    )


def _as_agreed(asked: dict[str, Any]) -> str:
    """How the two organisations stand by the agreements at noon that day; where one is not named, as if agreed."""
    if not asked["organisation"] or not asked["source"]:
        return Standing.IN_FORCE
    noon = datetime.combine(asked["on"], time(12), ZoneInfo(settings.TIME_ZONE))
    found = agreed(asked["organisation"], [asked["source"]], Purpose(asked["purpose"]), noon)
    return found.get((asked["source"], Category(asked["category"])), Standing.NONE)


def _named(one: Supposed) -> dict[str, str]:
    """The names of the two organisations, where the reference data has them."""
    names = places.names_of({code for code in (one.organisation, one.source) if code})
    return {
        "organisation": names.get(one.organisation, one.organisation) or "an organisation that wrote none of it",
        "source": names.get(one.source, one.source) or "another organisation",
    }


def _rules_of(on: date) -> dict[str, Any]:
    """The rules in force on a day, by name, to quote those that decided."""
    effective = gate.in_force(on)
    return {rule.name: rule for file in policy_files(effective) for rule in file.rules} if effective else {}


def _options() -> dict[str, list[tuple[str, str]]]:
    def words(value: str) -> str:
        return value.replace("_", " ").capitalize()

    restrictions = [("", "Nothing")]
    for reason in RestrictionReason:
        restrictions.append((f"{reason}:category", f"The category in the whole record: {words(reason).lower()}"))
        restrictions.append((f"{reason}:source", f"All the source wrote: {words(reason).lower()}"))
    return {
        "role": [(item.value, words(item)) for item in Role],
        "purpose": [(item.value, words(item)) for item in Purpose],
        "relationship": [("", "None"), *((item.value, words(item)) for item in RelationshipKind)],
        "category": [(item.value, words(item)) for item in Category],
        "restriction": restrictions,
        "agreement": [
            ("", "As it is kept here for that day; in force, if you name only one of the two"),
            (Standing.IN_FORCE.value, "One in force covers it"),
            (Standing.LAPSED.value, "One covered it, and its last day is past"),
            (Standing.ENDED.value, "One covered it, and somebody ended it"),
            (Standing.NONE.value, "None covers it"),
        ],
    }
