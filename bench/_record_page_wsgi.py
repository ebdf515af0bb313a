"""The site, and beside it one fixed page: the record's own query with no gate, no audit, no session, no template.

``/fixed/COMPARTMENTS`` (ids joined by commas) reads the rows the record page reads, in the batch role that row
security lets through, parses each body as the record page must, and writes one line of HTML a row.
"""

import os
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import orjson
import psycopg
from django.conf import settings

from commonweal.config.wsgi import application as site

# isort: split
from commonweal.apps.record.page import _PERSON  # after the line above, which sets Django up

CATEGORIES = ["demographics", "clinical", "medication", "mental_health", "social_care"]
_connections: dict[int, psycopg.Connection[Any]] = {}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The fixed page under ``/fixed/``, the site everywhere else."""
    path = environ["PATH_INFO"]
    if not path.startswith("/fixed/"):
        return site(environ, start_response)
    compartments = [int(one) for one in path.removeprefix("/fixed/").split(",")]
    rows = _connection().execute(_PERSON, [compartments, CATEGORIES], prepare=True).fetchall()
    lines = ["<!DOCTYPE html><html lang=en-GB><title>Record</title><h1>Record</h1><table>"]
    for kind, body, source, feed, _, updated in rows:
        resource = orjson.loads(body)
        code = resource.get("code") or resource.get("medicationCodeableConcept") or {}
        text = code.get("text") or kind
        when = resource.get("onsetDateTime") or resource.get("effectiveDateTime") or ""
        lines.append(
            f"<tr><th>{escape(text)}<td>{escape(when)}<td>{escape(source)}<td>{escape(feed)}<td>{updated:%d %B %Y}"
        )
    lines.append("</table></html>")
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return ["\n".join(lines).encode()]


def _connection() -> psycopg.Connection[Any]:
    """One connection a process, in the batch role."""
    if os.getpid() not in _connections:
        default = settings.DATABASES["default"]
        _connections[os.getpid()] = psycopg.connect(
            host=default["HOST"],
            port=default["PORT"] or None,
            dbname=default["NAME"],
            user="commonweal_batch",
            password=default["PASSWORD"],
            autocommit=True,
        )
    return _connections[os.getpid()]
