"""The pages of projects: analysts propose and work, an information-governance lead decides. Nobody is named on them."""

from contextlib import suppress
from typing import Any, TypeVar

from django import forms as django_forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.places import api as places
from commonweal.apps.population.projects import actions, extracts, marking, storing, tasks
from commonweal.apps.population.projects.forms import PURPOSES, MarkingForm, ProposalForm
from commonweal.domain.population.projects import (
    LIST_TRANSITIONS,
    PROJECT_TRANSITIONS,
    ListStep,
    ProjectError,
    ProjectStep,
)
from commonweal.lake.extracting import CATALOGUE

Step = TypeVar("Step", ProjectStep, ListStep)
_TABLES = {"person": "About each person", "condition": "Problems", "observation": "Findings", "encounter": "Contacts"}


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """Every project there is or was: what data is used for is no secret among those who work with it."""
    actor = access.actor_of(request)
    found, today = actions.seen(actor)
    page = {"projects": [(one, one.standing(today)) for one in found], "analyst": actor.role is access.Role.ANALYST}
    return render(request, "population/projects.jinja", page)


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a project."""
    actor = access.actor_of(request)
    actions.seen(actor)
    form = ProposalForm(request.POST if request.method == "POST" else None)
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        if form.is_valid():
            try:
                return HttpResponseRedirect(reverse("project", args=[actions.propose(actor, form.proposal())]))
            except ProjectError as error:
                problems = [(error.field or "code", str(error))]
        else:
            problems = _problems(form)
    page = {
        "values": request.POST,
        "chosen": request.POST.getlist("columns"),
        "problems": problems,
        "errors": dict(problems),
        "purposes": PURPOSES,
        "tables": [(title, [one for one in CATALOGUE if one.table == table]) for table, title in _TABLES.items()],
    }
    return render(request, "population/propose.jinja", page, status=400 if problems else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def project(request: HttpRequest, code: str) -> HttpResponse:
    """One project. Sent back with ``step`` and ``words`` by who decides, it is moved on."""
    actor = access.actor_of(request)
    problem: ProjectError | None = None
    if request.method == "POST":
        try:
            actions.decide(actor, code, _step(ProjectStep, request), request.POST.get("words", ""))
            return HttpResponseRedirect(request.path)
        except ProjectError as error:
            problem = error
    return _project_page(request, actor, code, problem)


def _project_page(request: HttpRequest, actor: access.Actor, code: str, problem: ProjectError | None) -> HttpResponse:
    seen = actions.page(actor, code)
    if seen is None:
        raise Http404
    found, made, lists, today = seen
    mine = actor.role is access.Role.ANALYST and actions.account(actor) in found.analysts
    stands = mine and found.stands(today)
    page: dict[str, Any] = {
        "project": found,
        "standing": found.standing(today),
        "controller": places.name_of(found.controller) or found.controller,
        "columns": [one for one in CATALOGUE if one.key in found.columns],
        "extracts": [(one, stands and one.readable(today), _files(found, one)) for one in made],
        "lists": lists,
        "may_ask": stands,
        "agreed": found.agreed(),
        "asked": "asked" in request.GET,
        "decides": actor.role is access.Role.PRIVACY_OFFICER,
        "may": [step for state, step in PROJECT_TRANSITIONS if state is found.state],
        **_said(request, problem),
    }
    return render(request, "population/project.jinja", page, status=400 if problem else 200)


@require_POST
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the worker for the next extract; one that the project does not give today is refused on its page."""
    actor = access.actor_of(request)
    try:
        with actions.working(actor, "ask for extract", f"project {code}") as opened:
            found = storing.project(code)
            if found is None or actions.account(actor) not in found.analysts:
                raise access.Refused(access.RefusedKind.ABSENT, "No such project.")
            extracts.must_stand(found, opened.now.date())
            tasks.extract.configure(lock=f"projects.extract {code}").defer(code=code, by=actor.key)
    except ProjectError as problem:
        return _project_page(request, actor, code, problem)
    return HttpResponseRedirect(reverse("project", args=[code]) + "?asked=1")


@require_safe
def file(request: HttpRequest, code: str, number: int, name: str) -> HttpResponseBase:
    """One file of an extract, for the project's analysts while it lasts; each reading is audited."""
    found, extract, where = extracts.readable(access.actor_of(request), code, number)
    path = next((one for one in where.iterdir() if one.name == name), None) if where.is_dir() else None
    if path is None:
        raise Http404
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=f"{found.code}-{extract.number}-{name}")
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def mark(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Mark people of an extract, so that care can be offered to them."""
    actor = access.actor_of(request)
    read = extracts.readable(actor, code, number)
    form = MarkingForm(request.POST if request.method == "POST" else None)
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        if form.is_valid():
            try:
                marking.mark(actor, code, form.marking(number), read)
                return HttpResponseRedirect(reverse("project", args=[code]) + "#lists")
            except ProjectError as error:
                problems = [(error.field or "title", str(error))]
        else:
            problems = _problems(form)
    page = {
        "project": read[0],
        "extract": read[1],
        "values": request.POST,
        "problems": problems,
        "errors": dict(problems),
    }
    return render(request, "population/mark.jinja", page, status=400 if problems else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, list_id: int) -> HttpResponse:
    """One list, as who decides about it sees it: what for, how many, never who. Sent back with ``step``, decided."""
    actor = access.actor_of(request)
    problem: ProjectError | None = None
    if request.method == "POST":
        try:
            marking.decide(actor, list_id, _step(ListStep, request), request.POST.get("words", ""))
            return HttpResponseRedirect(request.path)
        except ProjectError as error:
            problem = error
    seen = actions.list_page(actor, list_id)
    if seen is None:
        raise Http404
    found, of, taken_up, today = seen
    names = places.names_of({one.organisation for one in taken_up})
    page = {
        "list": found,
        "project": of,
        "over": today > found.ends_on,
        "taken_up": [(one, names.get(one.organisation, one.organisation)) for one in taken_up],
        "may": [step for state, step in LIST_TRANSITIONS if state is found.state],
        **_said(request, problem),
    }
    return render(request, "population/list.jinja", page, status=400 if problem else 200)


def _step(kind: type[Step], request: HttpRequest) -> Step:
    wanted = request.POST.get("step", "")
    with suppress(ValueError):
        return kind(wanted)
    raise ProjectError("Choose what you decide.", "step")


def _said(request: HttpRequest, problem: ProjectError | None) -> dict[str, Any]:
    """What a form shows again after something was wrong with it."""
    field = (problem.field or "words") if problem else ""
    return {
        "problems": [(field, str(problem))] if problem else [],
        "errors": {field: str(problem)} if problem else {},
        "words": request.POST.get("words", ""),
        "chosen": request.POST.get("step", ""),
    }


def _problems(form: django_forms.Form) -> list[tuple[str, str]]:
    return [(name, str(messages[0])) for name, messages in form.errors.items()]


def _files(of: storing.Project, made: storing.Extract) -> list[tuple[str, int]]:
    where = extracts.folder(of, made.number)
    return sorted((one.name, one.stat().st_size) for one in where.iterdir()) if where.is_dir() else []
