"""The pages that import a workbook: choose a file, say how its tables mean figures, look, confirm."""

from __future__ import annotations  # django-stubs have UploadedFile generic, Django has not

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from commonweal.apps.measurement import api as measurement
from commonweal.apps.performance import imports
from commonweal.apps.performance.registry_views import gate

SHOWN = 200  # rows of a preview on a page; the rest is counted
_BROKEN = (measurement.HostileFileError, measurement.BadMappingError)


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Choose a file; the answer is a proposed map to edit, or what is wrong with the file."""
    actor = gate(request, "open import")
    page: dict[str, Any] = {"problems": [], "errors": {}, "recent": measurement.imports(20), "map": "", "asks": []}
    if request.method != "POST":
        return render(request, "performance/import.jinja", page)
    sent, text = request.FILES.get("file"), request.POST.get("map", "").replace("\r\n", "\n")
    page["map"] = text
    if not isinstance(sent, UploadedFile):
        page["problems"] = [("file", "Choose the file to import")]
    else:
        try:
            with _kept(sent) as path:
                if text.strip():
                    held = imports.hold(actor, path, sent.name or "workbook", text)
                    return redirect("import", held.number)
                page["map"], page["asks"] = imports.propose_map(
                    actor, path, sent.name or "workbook", request.POST.get("encoding", "")
                )
                page["name"] = sent.name
                return render(request, "performance/import.jinja", page)
        except measurement.HostileFileError as problem:
            page["problems"] = [("file", str(problem))]
        except measurement.BadMappingError as problem:
            page["problems"] = [("map", str(problem))]
    page["errors"] = dict(page["problems"])
    return render(request, "performance/import.jinja", page, status=400)


@contextmanager
def _kept(sent: UploadedFile[bytes]) -> Iterator[Path]:
    """The upload as a file under its own name, for as long as it is looked at."""
    with tempfile.TemporaryDirectory(prefix="commonweal-import-") as folder:
        path = Path(folder) / measurement.safe_name(sent.name or "workbook")
        with path.open("wb") as out:
            for chunk in sent.chunks():
                out.write(chunk)
        yield path


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A preview with every row as it will be stored and every cell that could not be read; then confirm it."""
    actor = gate(request, "read import", str(number))
    found = measurement.imported(number)
    if found is None:
        raise Http404("no such import")
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            if request.POST.get("do") == "define":
                imports.propose_definitions(actor, number)
                return redirect("definitions")
            imports.confirm(actor, number)
        except measurement.NotImportedError as problem:
            problems = [("confirm", str(problem))]
        else:
            return redirect("import", number)
    try:
        seen = measurement.show_import(found)
    except _BROKEN as problem:
        raise Http404(str(problem)) from problem
    fates = measurement.import_fates(number)  # as they were when the file was read
    page = {
        "one": found,
        "problems": problems,
        "figures": seen.figures[:SHOWN],
        "count": len(seen.figures),
        "unread": [fate for fate in fates if fate.became == "unread"],
        "disagreements": seen.disagreements,
        "undefined": seen.undefined,
        "ignored": [fate for fate in fates if fate.became in {"outside", "no_figure"}],
        "liberties": [fate for fate in fates if fate.became == "figure" and fate.rule],
        "cells": len(fates),
    }
    return render(request, "performance/import_one.jinja", page, status=400 if problems else 200)
