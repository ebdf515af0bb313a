"""The site's addresses, and beside them a bare view: the row of one resource by its id, and nothing else.

``/fhir/bare/TYPE/ID`` runs on the same server through the same middleware (past what browsers need, as
FHIR's views are), on a connection of its own in the batch role, which row security lets through, with a prepared
statement: no sign-in, gate, audit or transaction.
"""

import threading
from typing import Any

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from commonweal.config.urls import urlpatterns

_ROW = "SELECT body FROM record_resource WHERE type = %s AND id = %s AND NOT deleted"
_here = threading.local()


def bare(request: HttpRequest, kind: str, ident: str) -> HttpResponse:
    """The body of the row."""
    row = _connection().execute(_ROW, [kind, ident], prepare=True).fetchone()
    return HttpResponse(row[0] if row else "", status=200 if row else 404, content_type="application/fhir+json")


def _connection() -> psycopg.Connection[Any]:
    """One connection a thread."""
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


urlpatterns = [path("fhir/bare/<str:kind>/<str:ident>", bare), *urlpatterns]
