"""Open data: figures of published versions that may be read by anyone, as rows, JSON, CSV and an OpenAPI document."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import lru_cache

from django.conf import settings

from commonweal.apps.population import api as population
from commonweal.apps.reporting.formats import day
from commonweal.apps.reporting.versions import Version, published_rows, versions
from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.disclosure import profile_for
from commonweal.domain.reporting.openness import Open, opened

MOST = 1000  # rows of one answer
FILTERS = ("indicator", "period", "footprint", "lens", "kind")
COLUMNS = tuple(one.name for one in fields(Open))
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula


class BadQueryError(CommonwealError):
    """A question to the open data that it does not answer."""


def open_figures() -> list[Open]:
    """Every figure anyone may read, as the newest published version has it."""
    standing = tuple((one.key, one.state) for one in versions() if one.state == "published")
    return list(_open_figures(standing, settings.COMMONWEAL_NOW().date().toordinal()))


@lru_cache(maxsize=4)
def _open_figures(standing: tuple[tuple[int, str], ...], _today: int) -> tuple[Open, ...]:
    """Computed once for a set of published versions: frozen figures do not change."""
    found = []
    for version, figures in published_rows():
        name = f"{version.period} {version.audience} {version.number}"
        on = day(version.decided_at.date()) if version.decided_at else ""
        for one in figures:
            cells = asdict(one)
            found.append(Open(**{key: cells[key] for key in COLUMNS if key in cells}, version=name, published=on))
    if not found:
        return ()
    profile = profile_for(population.disclosure_profiles(), "population", settings.COMMONWEAL_NOW().date())
    return tuple(opened(found, profile))


def asked(query: dict[str, str]) -> tuple[list[Open], int, int]:
    """The rows a query asks for, how many match in all, and the offset of the first.

    Raises ``BadQueryError`` for a parameter there is none of, or a limit or offset that is no number in range.
    """
    unknown = sorted(set(query) - {*FILTERS, "limit", "offset"})
    if unknown:
        raise BadQueryError(f"no parameter {', '.join(unknown)}; there are {', '.join(FILTERS)}, limit and offset")
    limit, offset = _whole(query, "limit", MOST, 1, MOST), _whole(query, "offset", 0, 0, 10_000_000)
    found = [
        one for one in open_figures() if all(getattr(one, name) == query[name] for name in FILTERS if name in query)
    ]
    return found[offset : offset + limit], len(found), offset


def _whole(query: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
        raise BadQueryError(f"{name} is a whole number from {least} to {most}")
    return int(text)


def as_csv(rows: Sequence[Open]) -> str:
    """Rows as CSV with a header line. Text a spreadsheet would run as a formula is given a leading apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in rows:
        writer.writerow([_safe(name, str(getattr(one, name))) for name in COLUMNS])
    return stream.getvalue()


def _safe(name: str, text: str) -> str:
    return f"'{text}" if name != "value" and text.startswith(_RISKY) else text


def public_reports() -> list[Version]:
    """Published summaries for the public, newest first."""
    return [one for one in versions(state="published") if one.audience == "public"]


def openapi() -> dict[str, object]:
    """The OpenAPI 3.1 document of these addresses: https://spec.openapis.org/oas/v3.1.0 ."""
    parameters = [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": f"Only figures with this {name}, exactly.",
            "schema": {"type": "string"},
        }
        for name in FILTERS
    ]
    parameters += [
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "description": "Rows in one answer.",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST},
        },
        {
            "name": "offset",
            "in": "query",
            "required": False,
            "description": "Rows to pass over.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 10_000_000, "default": 0},
        },
    ]
    bad = {
        "description": "A parameter there is none of, or out of range.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    page = {
        "type": "object",
        "required": ["total", "offset", "figures"],
        "properties": {
            "total": {"type": "integer"},
            "offset": {"type": "integer"},
            "next": {"type": ["string", "null"], "description": "Address of the rows that follow; null at the end."},
            "figures": {"type": "array", "items": {"$ref": "#/components/schemas/Figure"}},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Commonweal open data",
            "version": "1",
            "description": "Figures of published reports that nobody can be recognised from. Small counts of people "
            "are hidden and the rest rounded. No sign-in.",
        },
        "paths": {
            "/open-data/figures.json": {
                "get": {
                    "operationId": "figures",
                    "summary": "Figures of published reports",
                    "parameters": parameters,
                    "responses": {
                        "200": {"description": "Rows.", "content": {"application/json": {"schema": page}}},
                        "400": bad,
                    },
                }
            },
            "/open-data/figures.csv": {
                "get": {
                    "operationId": "figuresCsv",
                    "summary": "The same as CSV",
                    "parameters": parameters,
                    "responses": {
                        "200": {"description": "Rows.", "content": {"text/csv": {"schema": {"type": "string"}}}},
                        "400": bad,
                    },
                }
            },
        },
        "components": {
            "schemas": {
                "Figure": {
                    "type": "object",
                    "required": list(COLUMNS),
                    "properties": {name: {"type": "string", "description": said} for name, said in _SAID.items()},
                },
                "Problem": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}},
                },
            }
        },
    }


_SAID = {
    "key": "What the figure is a figure of; the same key is the same fact.",
    "indicator": "Code of the indicator.",
    "name": "Name of the indicator.",
    "unit": "Unit; pence for money.",
    "footprint_kind": "Kind of area or organisation.",
    "footprint": "Area or organisation.",
    "period": "The time it covers.",
    "lens": "What it is split by; all for not split.",
    "category": "Which part of the split.",
    "kind": "plan, actual, printed or computed.",
    "value": "The number, empty where there is none.",
    "text": "As the report prints it.",
    "state": "final, provisional, paused, to_be_confirmed or suppressed.",
    "as_at": "The day it was true, YYYY-MM-DD.",
    "source": "File and line, or the query.",
    "basis": "Why it may be public: published paper, or disclosure control.",
    "version": "Month, audience and number of the report it was published in.",
    "published": "The day that report was signed off.",
}
