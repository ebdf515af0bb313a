"""Open-data addresses: no sign-in, published versions only, nothing anybody could be recognised from."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.reporting import opendata, versions
from commonweal.apps.reporting.actions import MEDIA, rendered

_HEADERS = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """What there is, and how to ask for it."""
    figures = opendata.open_figures()
    names: dict[str, tuple[str, int]] = {}
    for one in figures:
        names[one.indicator] = (one.name, names.get(one.indicator, ("", 0))[1] + 1)
    page = {
        "reports": opendata.public_reports(),
        "count": len(figures),
        "hidden": sum(one.state == "suppressed" for one in figures),
        "indicators": sorted((name, code, count) for code, (name, count) in names.items()),
        "columns": opendata.openapi()["components"],
        "synthetic": settings.COMMONWEAL_SYNTHETIC,
    }
    return render(request, "reporting/open_data.jinja", page)


@require_safe
def figures_json(request: HttpRequest) -> HttpResponse:
    """Figures as JSON, at most a thousand an answer, with the address of the next."""
    try:
        rows, total, offset = opendata.asked(_query(request))
    except opendata.BadQueryError as problem:
        return JsonResponse({"error": str(problem)}, status=400, headers=_HEADERS)
    further = offset + len(rows)
    following = None
    if further < total:
        following = "/open-data/figures.json?" + urlencode(_query(request) | {"offset": str(further)})
    figures = [{name: getattr(one, name) for name in opendata.COLUMNS} for one in rows]
    answer = {"total": total, "offset": offset, "next": following, "figures": figures}
    return JsonResponse(answer, headers=_HEADERS)


@require_safe
def figures_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV."""
    try:
        rows, _, _ = opendata.asked(_query(request))
    except opendata.BadQueryError as problem:
        return JsonResponse({"error": str(problem)}, status=400, headers=_HEADERS)
    named = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return HttpResponse(opendata.as_csv(rows), content_type="text/csv; charset=utf-8", headers=_HEADERS | named)


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return JsonResponse(opendata.openapi(), headers=_HEADERS)


@require_safe
def report(request: HttpRequest, key: int, form: str) -> HttpResponse:
    """A published summary for the public, as it was frozen."""
    found = next((one for one in opendata.public_reports() if one.key == key), None)
    if found is None or form not in MEDIA:
        raise Http404("no such report")
    name = f'inline; filename="summary-{found.period}-{found.number}.{form}"'
    document = rendered(versions.content(key), form, found.standing)
    headers = {"Content-Disposition": name, "Cache-Control": _HEADERS["Cache-Control"]}
    if form == "html":
        headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return HttpResponse(document, content_type=MEDIA[form], headers=headers)


def _query(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.GET.items()}
