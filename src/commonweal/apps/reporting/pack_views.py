"""Pages of packs: the builder, its preview and downloads, and versions with their sign-off."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.reporting import selectors, versions
from commonweal.apps.reporting.actions import MEDIA, rendered
from commonweal.apps.reporting.formats import month
from commonweal.apps.reporting.model import Restated
from commonweal.apps.reporting.pack.model import DRAFT, Pack
from commonweal.domain.errors import CommonwealError
from commonweal.domain.reporting.audiences import AUDIENCES, SECTIONS, UnknownPartError

_STEPS = {"sign_off": "Sign off", "return": "Return", "withdraw": "Withdraw"}


def gate(request: HttpRequest, what: str, target: str = "") -> access.Actor:
    """Whoever asks, once the gate has let them read figures. Raises ``access.Refused``."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), what, target) as session:
        session.require(access.Action.READ_AGGREGATE)
    return actor


@require_safe
def builder(request: HttpRequest) -> HttpResponse:
    """Choose a month, an audience and sections; and every version there is."""
    gate(request, "build pack")
    return render(request, "reporting/packs.jinja", _builder_page(request))


def _builder_page(request: HttpRequest) -> dict[str, object]:
    periods = measurement.reported_periods()
    who = request.GET.get("audience", "board")
    own = AUDIENCES[who].sections if who in AUDIENCES else tuple(SECTIONS)
    return {
        "periods": [(one, month(one)) for one in reversed(periods)],
        "period": request.GET.get("period") or (periods[-1] if periods else ""),
        "audiences": [(one.code, one.name) for one in AUDIENCES.values()],
        "audience": who,
        "sections": list(SECTIONS.items()),
        "chosen": request.GET.getlist("section") or list(own or SECTIONS),
        "versions": versions.versions(),
        "problems": [],
    }


def _draft(request: HttpRequest) -> Pack:
    """The pack a query asks for. Raises ``UnknownPeriodError`` or ``UnknownPartError``."""
    period, who = request.GET.get("period", ""), request.GET.get("audience", "board")
    return versions.draft(period, who, request.GET.getlist("section") or None)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest) -> HttpResponse:
    """The pack as it would be frozen now; POST freezes it."""
    actor = gate(request, "preview pack", request.GET.get("period", ""))
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        asked = request.GET.getlist("section") or None
        try:
            made = versions.prepare(actor, request.GET.get("period", ""), request.GET.get("audience", "board"), asked)
            return redirect("report_version", made.key)
        except CommonwealError as problem:
            if isinstance(problem, access.Refused):
                raise
            problems = [("freeze", str(problem))]
    try:
        pack = _draft(request)
    except (UnknownPartError, selectors.UnknownPeriodError) as problem:
        page = _builder_page(request) | {"problems": [("period", str(problem))]}
        return render(request, "reporting/packs.jinja", page, status=400)
    page = {"pack": pack, "standing": DRAFT, "query": request.GET.urlencode(), "problems": problems, "forms": MEDIA}
    return render(request, "reporting/pack_preview.jinja", page, status=400 if problems else 200)


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """The draft as a file."""
    form = request.GET.get("form", "")
    gate(request, "download pack", f"{request.GET.get('period', '')} {form}")
    if form not in MEDIA:
        raise Http404("no such form")
    try:
        pack = _draft(request)
    except (UnknownPartError, selectors.UnknownPeriodError) as problem:
        raise Http404(str(problem)) from problem
    return _file(rendered(pack, form), form, f"{pack.audience}-{pack.period}-draft")


def _file(document: bytes, form: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return HttpResponse(document, content_type=MEDIA[form], headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def version(request: HttpRequest, key: int) -> HttpResponse:
    """One version: who did what, its hash, what has changed since, its files, and the step that comes next."""
    actor = gate(request, "read report version", str(key))
    found = versions.version(key)
    if found is None:
        raise Http404("no such version")
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            versions.decide(actor, key, request.POST.get("step", ""), request.POST.get("note", ""))
            return redirect("report_version", key)
        except CommonwealError as problem:
            if isinstance(problem, access.Refused):
                raise
            problems = [("note", str(problem))]
    page = {
        "version": found,
        "own": found.prepared_by == actor.key,
        "steps": [(step, _STEPS[step]) for step in found.steps],
        "restated": _restated(found),
        "forms": tuple(MEDIA),
        "problems": problems,
        "error": dict(problems).get("note", ""),
        "note": request.POST.get("note", ""),
    }
    return render(request, "reporting/version.jinja", page, status=400 if problems else 200)


def _restated(found: versions.Version) -> tuple[Restated, ...]:
    """What the figures of a published version are now, where that differs."""
    if found.state != "published":
        return ()
    try:
        published = versions.figures_of(found.key)
        return selectors.board_report(found.period, published).restated
    except selectors.UnknownPeriodError:
        return ()


@require_safe
def read(request: HttpRequest, key: int) -> HttpResponse:
    """A version as a page, as it was frozen."""
    gate(request, "read report", str(key))
    found = versions.version(key)
    if found is None:
        raise Http404("no such version")
    page = {"pack": versions.content(key), "standing": found.standing}
    return render(request, "reporting/board.jinja", page)


@require_safe
def version_file(request: HttpRequest, key: int, form: str) -> HttpResponse:
    """A version as a file, as it was frozen."""
    gate(request, "download report", f"{key} {form}")
    found = versions.version(key)
    if found is None:
        raise Http404("no such version")
    document = rendered(versions.content(key), form, found.standing)
    return _file(document, form, f"{found.audience}-{found.period}-version-{found.number}")
