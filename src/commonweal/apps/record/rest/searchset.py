"""A page of a search as a Bundle: https://hl7.org/fhir/R4/bundle.html#searchset

Bodies are spliced in as received. What ``_summary`` or ``_elements`` leaves out is left out, and the rest marked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest

from commonweal.apps.record.rest.answers import Issue, outcome
from commonweal.apps.record.rest.handling import strictly
from commonweal.apps.record.searching import BadSearch, Page, Request, parse
from commonweal.apps.record.stored import Stored
from commonweal.fhir.definitions import elements
from commonweal.fhir.search_parameters import summary_elements
from commonweal.fhir.subset import subset


def searchset(address: str, request: Request, page: Page, issues: Iterable[Issue], cursor: str = "") -> bytes:
    """``page`` of ``request``; ``address`` is the absolute one of the API, ``cursor`` that of this page."""
    shape = _shape(request)
    entries = [_entry(address, stored, b"match", shape) for stored in page.matches]
    entries += [_entry(address, stored, b"include", shape) for stored in page.included]
    return around(address, request, page.total, page.next_cursor, entries, issues, cursor)


def around(
    address: str,
    request: Request,
    total: int | None,
    next_cursor: str,
    entries: Sequence[bytes],
    issues: Iterable[Issue],
    cursor: str = "",
) -> bytes:
    """The Bundle around ``entries``, each one or several with commas between; see :func:`searchset`."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        head["total"] = total
    links = [("self", cursor), *([("next", next_cursor)] if next_cursor else [])]
    head["link"] = [{"relation": name, "url": _address(address, request, at)} for name, at in links]
    listed = list(entries)
    if said := list(issues):
        listed.append(b'{"resource":' + outcome(said) + b',"search":{"mode":"outcome"}}')
    text = orjson.dumps(head)[:-1]
    if listed:
        text += b',"entry":[' + b",".join(listed) + b"]"
    return text + b"}"


def _address(address: str, request: Request, cursor: str) -> str:
    """A link to the same search with only what was understood, at ``cursor``."""
    pairs = [*request.asked, *([("_cursor", cursor)] if cursor else [])]
    return f"{address}/{request.kind}" + (f"?{urlencode(pairs)}" if pairs else "")


def one(request: HttpRequest, stored: Stored) -> Stored:
    """What a read gives of ``stored``: less by ``_summary`` or ``_elements``. https://hl7.org/fhir/R4/http.html#read

    Raises BadSearch for what they cannot be, and under ``handling=strict`` for any other parameter.
    """
    if not request.META.get("QUERY_STRING"):
        return stored
    asked = []
    for name, values in request.GET.lists():
        if name in ("_summary", "_elements"):
            asked += [(name, value) for value in values]
        elif strictly(request) and name not in ("_format", "_pretty"):
            raise BadSearch(f"{name} is not a parameter of a read; _summary and _elements are")
    shape = _shape(parse(stored.type, asked))
    return stored if shape is None else replace(stored, body=shape(stored))


def _entry(address: str, stored: Stored, mode: bytes, shape: Callable[[Stored], bytes] | None) -> bytes:
    body = stored.body.strip() if shape is None else shape(stored)
    full = orjson.dumps(f"{address}/{stored.type}/{stored.id}")
    return b'{"fullUrl":' + full + b',"resource":' + body + b',"search":{"mode":"' + mode + b'"}}'


def _shape(request: Request) -> Callable[[Stored], bytes] | None:
    """What is left of a body; None for all of it: https://hl7.org/fhir/R4/search.html#summary"""
    if request.elements:
        asked = frozenset(request.elements)
        return lambda stored: subset(stored.body, asked)
    if request.summary in ("", "false", "count"):
        return None
    return lambda stored: subset(stored.body, _summarised(request.summary, stored.type))


def _summarised(summary: str, kind: str) -> frozenset[str]:
    if summary == "true":
        return frozenset(summary_elements(kind))
    if summary == "text":
        return frozenset(("text",))
    return frozenset(name.removesuffix("[x]") for name in elements(kind)) - {"text"}


def issues_of(page: Page, more: Sequence[Issue] = ()) -> list[Issue]:
    """What is to be said beside a page."""
    return [*(Issue(remark.severity, remark.code, remark.text) for remark in page.issues), *more]
