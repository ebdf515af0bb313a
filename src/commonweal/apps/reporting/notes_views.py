"""Pages of what is said and done about figures: those of a month, and those of one indicator."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.reporting import notes, selectors
from commonweal.apps.reporting.formats import month
from commonweal.apps.reporting.pack.signals import signalled
from commonweal.apps.reporting.pack_views import gate
from commonweal.domain.errors import CommonwealError

_STEPS = {"start": "Start", "finish": "Finish", "cancel": "Cancel", "reopen": "Reopen"}


@require_safe
def index(request: HttpRequest, period: str) -> HttpResponse:
    """The indicators of a month that fail, and what has been written beside each."""
    gate(request, "read notes", period)
    try:
        report = selectors.board_report(period)
    except selectors.UnknownPeriodError as problem:
        raise Http404(str(problem)) from problem
    lines = [line for area in report.areas for line in area.lines] + list(report.finance.lines)
    failing = {line.code: line.name for line in lines if line.judged == "worse"}
    failing |= {one.indicator.code: one.indicator.name for one in signalled(period) if one.concern or one.failing}
    written: dict[str, list[notes.Note]] = {}
    for one in notes.notes(period):
        written.setdefault(one.indicator, []).append(one)
    known = {one.code: one.name for one in measurement.indicators()}
    rows = [(code, name, written.get(code, [])) for code, name in failing.items()]
    rows += [(code, known.get(code, code), some) for code, some in written.items() if code not in failing]
    return render(request, "reporting/notes.jinja", {"period": period, "month": month(period), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def notes_of(request: HttpRequest, period: str, code: str) -> HttpResponse:
    """What has been written beside one indicator, its actions with their steps, and a form for more."""
    actor = gate(request, "read notes", f"{period} {code}")
    defined = measurement.versions(code)
    if not defined:
        raise Http404("no such indicator")
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            if "step" in request.POST:
                number, _, step = request.POST["step"].partition(" ")
                notes.take(actor, int(number) if number.isdigit() else 0, step, request.POST.get("why", ""))
            else:
                _write(actor, period, code, request)
            return redirect("figure_notes", period, code)
        except notes.BadNoteError as problem:
            problems = [(problem.field, str(problem))]
        except CommonwealError as problem:
            if isinstance(problem, access.Refused):
                raise
            problems = [("text", str(problem))]
    page = {
        "period": period,
        "month": month(period),
        "indicator": defined[-1],
        "notes": notes.notes(period, code),
        "kinds": list(notes.KINDS.items()),
        "steps": _STEPS,
        "boxes": {name: request.POST.get(name, "") for name in ("kind", "text", "owner", *_DAY)},
        "problems": problems,
        "errors": dict(problems),
    }
    return render(request, "reporting/figure_notes.jinja", page, status=400 if problems else 200)


_DAY = ("due_day", "due_month", "due_year")


def _write(actor: access.Actor, period: str, code: str, request: HttpRequest) -> None:
    sent = request.POST
    notes.write(actor, period, code, sent.get("kind", ""), sent.get("text", ""), sent.get("owner", ""), _due(request))


def _due(request: HttpRequest) -> date | None:
    """The day entered; None where no box is filled. Raises ``BadNoteError`` for no day of the calendar."""
    parts = [request.POST.get(name, "").strip() for name in _DAY]
    if not any(parts):
        return None
    try:
        day, month_, year = (int(part) for part in parts)
        return date(year, month_, day)
    except ValueError as problem:
        raise notes.BadNoteError("due", "Enter a real day, like 31 12 2026") from problem
