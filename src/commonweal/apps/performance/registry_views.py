"""Pages of definitions: the list, one with its history, the form that proposes a change, and the review of it."""

import re
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.performance import registry, registry_forms
from commonweal.domain.measurement.definitions import LABELS, changes, in_english, in_force, shown

_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]*\Z")
_DERIVED = (".variance", ".variance_percent", ".year_on_year", ".rank")


def gate(request: HttpRequest, what: str, target: str = "") -> access.Actor:
    """Whoever asks, once the gate has let them read figures. Raises ``access.Refused``."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), what, target) as session:
        session.require(access.Action.READ_AGGREGATE)
    return actor


@require_safe
def definitions(request: HttpRequest) -> HttpResponse:
    """Every indicator by service area, with those that lack an owner or a target, and changes that wait."""
    gate(request, "read definitions")
    asked = " ".join(request.GET.get("find", "").split())[:100]
    every = [one for one in measurement.indicators() if not one.code.endswith(_DERIVED)]
    found = [one for one in every if asked.lower() in f"{one.code} {one.name} {one.sentence} {one.owner}".lower()]
    areas: dict[str, list[measurement.Indicator]] = {}
    for one in sorted(found, key=lambda one: (one.service_area, one.name)):
        areas.setdefault(one.service_area or "No service area", []).append(one)
    page = {
        "areas": areas,
        "find": asked,
        "count": len(found),
        "total": len(every),
        "no_owner": [one for one in every if not one.owner],
        "waiting": measurement.proposals(state="proposed"),
    }
    return render(request, "performance/definitions.jinja", page)


@require_safe
def definition(request: HttpRequest, code: str) -> HttpResponse:
    """One indicator: its definition in English and in full, each dated version, every change and by whom."""
    gate(request, "read definition", code)
    versions = measurement.versions(code)
    changes_of = measurement.proposals(code)
    if not versions and not changes_of:
        raise Http404("no such indicator")
    today = settings.COMMONWEAL_NOW().date()
    now = in_force(versions, today) or (versions[-1] if versions else None)
    names = {one.number: one for one in changes_of}
    page = {
        "code": code,
        "now": now,
        "today": today,
        "english": in_english(now, today) if now else "",
        "fields": list(shown(now).items()) if now else [],
        "versions": versions[::-1],
        "changes": changes_of,
        "names": names,
        "history": measurement.history(code)[:50],
    }
    return render(request, "performance/definition.jinja", page)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Propose a change of a definition, a later version of it, or a new indicator."""
    if not _CODE.match(code):
        raise Http404("no such code")
    actor = gate(request, "edit definition", code)
    versions = measurement.versions(code)
    standing = versions[-1] if versions else measurement.Indicator(code, "", "", "")
    page: dict[str, Any] = {
        "code": code,
        "new": not versions,
        "labels": LABELS,
        "choices": registry_forms.CHOICES,
        "boxes": registry_forms.filled(standing),
        "problems": [],
        "errors": {},
    }
    if request.method != "POST":
        return render(request, "performance/definition_edit.jinja", page)
    page["boxes"] = {name: request.POST.get(name, "") for name in [*LABELS, "reason"]}
    try:
        proposed = registry_forms.read(request.POST.dict(), code)
        number = registry.propose(actor, proposed, request.POST.get("reason", ""))
    except measurement.BadDefinitionError as problem:
        page["problems"] = [(field, f"{LABELS.get(field, field)}: {message}") for field, message in problem.problems]
    except measurement.ReviewError as problem:
        page["problems"] = [("reason", str(problem))]
    else:
        return redirect("definition_change", number)
    page["errors"] = dict(reversed(page["problems"]))
    return render(request, "performance/definition_edit.jinja", page, status=400)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, number: int) -> HttpResponse:
    """One proposed change beside what stands; whoever did not propose it may approve or reject it."""
    actor = gate(request, "read definition change", str(number))
    found = measurement.proposal(number)
    if found is None:
        raise Http404("no such change")
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        decision, note = request.POST.get("decision", ""), request.POST.get("note", "")
        try:
            if decision == "withdraw":
                registry.withdraw(actor, number)
            elif decision in {"approve", "reject"}:
                registry.decide(actor, number, approve=decision == "approve", note=note)
            else:
                raise measurement.ReviewError("choose whether to approve or reject")
        except measurement.ReviewError as problem:
            problems = [("note", str(problem))]
        else:
            return redirect("definition_change", number)
    own = found.proposed_by == actor.key
    page = {
        "change": found,
        "own": own,
        "problems": problems,
        "error": dict(problems).get("note", ""),
        "note": request.POST.get("note", ""),
        "english": in_english(found.proposed, settings.COMMONWEAL_NOW().date()),
        "differs": found.differs or changes(None, found.proposed),
    }
    return render(request, "performance/definition_change.jinja", page, status=400 if problems else 200)


@require_safe
def download(request: HttpRequest, form: str) -> HttpResponse:
    """Every definition as one YAML or CSV file."""
    gate(request, "export definitions", form)
    text = measurement.write_definitions(measurement.indicators(), form)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/yaml; charset=utf-8"
    name = f'attachment; filename="definitions.{form}"'
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": name})
