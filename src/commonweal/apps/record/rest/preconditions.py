"""Conditions of a request on the version there is. https://hl7.org/fhir/R4/http.html#concurrency and #cread"""

import re
from datetime import UTC
from urllib.parse import parse_qsl

from django.http import HttpRequest
from django.utils.http import parse_http_date_safe

from commonweal.apps.record.rest.handling import problem
from commonweal.apps.record.stored import Stored

_SHAPING = frozenset(("_count", "_sort", "_format", "_pretty", "_summary", "_elements", "_total"))
_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')


def versions(if_match: str) -> frozenset[int] | None:
    """The versions an ``If-Match`` allows; None for no condition (or ``*``).

    Raises Problem 400 for what is no version.
    """
    if not if_match or if_match.strip() == "*":
        return None
    tags = [tag.strip() for tag in if_match.split(",")]
    found = [_TAG.fullmatch(tag) for tag in tags]
    if None in found:
        raise problem(400, "invalid", 'If-Match: give the ETag of a version, such as W/"3"')
    return frozenset(int(one[1]) for one in found if one)


def unchanged(request: HttpRequest, stored: Stored) -> bool:
    """Whether the client has this version already, by ``If-None-Match`` or, without it, ``If-Modified-Since``."""
    tags = request.META.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return tags.strip() == "*" or any(
            found and int(found[1]) == stored.version for found in map(_TAG.fullmatch, map(str.strip, tags.split(",")))
        )
    stated = request.META.get("HTTP_IF_MODIFIED_SINCE")
    since = parse_http_date_safe(stated) if stated else None
    return since is not None and int(stored.updated.astimezone(UTC).timestamp()) <= since


def condition(query: str) -> list[tuple[str, str]]:
    """The search parameters of a condition such as ``identifier=system|value``; what shapes an answer is left out.

    Raises Problem 400 when nothing is left: a condition that every resource meets is a slip.
    """
    pairs = parse_qsl(query.strip().lstrip("?"), keep_blank_values=True)
    kept = [(name, value) for name, value in pairs if name not in _SHAPING]
    if not kept:
        raise problem(400, "invalid", "A condition names a search parameter, such as identifier=system|value")
    return kept
