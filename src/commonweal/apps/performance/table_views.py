"""Pages of the printed tables: the list, and each table cell for cell with what was read in it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.measurement import api as measurement
from commonweal.apps.performance.registry_views import gate

SHOWN = 200  # rows on a page; the file has them all


@require_safe
def tables(request: HttpRequest) -> HttpResponse:
    """Every printed table kept, with its document, size and how many of its cells hold a figure."""
    gate(request, "read printed tables")
    return render(request, "performance/tables.jinja", {"tables": measurement.stored_tables()})


@require_safe
def table(request: HttpRequest, file: str) -> HttpResponse:
    """One printed table as it was printed, with what was read in a cell where that says more than the print."""
    gate(request, "read printed table", file)
    found = next((one for one in measurement.stored_tables() if one.file == file), None)
    if found is None:
        raise Http404("no such table")
    rows: dict[int, list[measurement.PublishedCell]] = {}
    for cell in measurement.table_cells(file):
        rows.setdefault(cell.row, []).append(cell)
    page = {"table": found, "rows": list(rows.values())[:SHOWN], "count": len(rows)}
    return render(request, "performance/table.jinja", page)


@require_safe
def download(request: HttpRequest, file: str) -> HttpResponse:
    """One printed table as its file again, cell for cell."""
    gate(request, "export printed table", file)
    try:
        text = measurement.table_text(file)
    except measurement.BadTableError as problem:
        raise Http404(str(problem)) from problem
    kind = "text/csv; charset=utf-8" if file.endswith(".csv") else "application/json"
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{file}"'})
