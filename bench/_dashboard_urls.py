"""The site's addresses, and beside them one fixed page: the dashboard's queries with no sign-in, gate or audit.

``/fixed/dashboard`` runs on the same server through the same middleware. It runs the very SQL of ours, taken from one
run of ours, prepared, on a connection of its own in the batch role, and writes a table row of text for each figure
found. It is let off what ours adds: it pairs no plan with its actual, rates nothing, adds up no area, names no
indicator and uses no template.
"""

import threading
from html import escape
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

HEAD = (
    '<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>Oversight</title>'
    '<link rel="stylesheet" href="/styles/nhsuk.css"></head><body><main><h1>Oversight</h1><table><tbody>'
)
FIGURES = 'FROM "measurement_measurement"'
COLUMNS = ("indicator", "period", "category", "printed", "value", "state", "source_file", "source_line")
_here = threading.local()


def fixed(request: HttpRequest) -> HttpResponse:
    """The hand-written page."""
    lines = [HEAD]
    for query in _queries():
        found = _connection().execute(query, prepare=True)
        if FIGURES not in query:
            found.fetchall()
            continue
        names = [column.name for column in found.description or ()]
        indicator, period, category, printed, value, state, file, line = map(names.index, COLUMNS)
        for row in found:
            shown = row[printed] if row[printed] is not None else row[value]
            cells = (row[indicator], row[period], row[category], shown, row[state], f"{row[file]} {row[line]}")
            lines.append("<tr><td>" + "</td><td>".join(escape(str(cell)) for cell in cells) + "</td></tr>")
    lines.append("</tbody></table></main></body></html>")
    return HttpResponse("\n".join(lines))


def _queries() -> list[bytes | str]:
    """What ours asks of the database, taken once from a run of it."""
    if not hasattr(_here, "queries"):
        from commonweal.apps.performance.oversight import oversight

        with CaptureQueriesContext(connection) as seen:
            oversight(settings.COMMONWEAL_NOW().date())
        _here.queries = [one["sql"] for one in seen.captured_queries]
    found: list[bytes | str] = _here.queries
    return found


def _connection() -> psycopg.Connection[Any]:
    """One connection a thread, in the batch role."""
    if not hasattr(_here, "connection"):
        default = settings.DATABASES["default"]
        _here.connection = psycopg.connect(
            host=default["HOST"],
            port=default["PORT"] or None,
            dbname=default["NAME"],
            user="commonweal_batch",
            password=default["PASSWORD"],
            autocommit=True,
        )
    connection: psycopg.Connection[Any] = _here.connection
    return connection


urlpatterns = [path("fixed/dashboard", fixed), path("", include("commonweal.config.urls"))]
