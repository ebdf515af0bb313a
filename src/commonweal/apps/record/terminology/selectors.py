"""Questions to the loaded terminology. https://hl7.org/fhir/R4/terminology-service.html

For search: :func:`codes_of` (``:in``, ``:not-in``) and :func:`below` (``:below``) give codes to compare with.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from commonweal.apps.record.terminology.composing import Composed, Composer, Json, joined
from commonweal.apps.record.terminology.errors import NotLoaded, TooCostly

MOST = 50_000  # codes in one answer to a search
LARGEST_EXPANSION = 10_000  # codes of an expansion nobody asked to page


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a value set or system; ``system`` is '' where none was named."""

    system: str
    code: str
    display: str
    active: bool


@dataclass(frozen=True, slots=True)
class System:
    """A code system as loaded: its address, version, name, number of concepts and whether these are all."""

    url: str
    version: str
    name: str
    concepts: int
    complete: bool
    added_at: Any
    removed_at: Any = None


def _rows(statement: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def stamp() -> int:
    """A number that grows whenever definitions or code systems are loaded or removed."""
    return int(_rows("SELECT stamp FROM record_definitions_state", [])[0][0])


def systems(*, former: bool = False) -> list[System]:
    """The code systems loaded now, or (``former``) ever, by address."""
    return [
        System(*row)
        for row in _rows(
            "SELECT url, version, name, concepts, complete, added_at, removed_at FROM record_code_system "
            "WHERE %s OR removed_at IS NULL ORDER BY url, added_at",
            [former],
        )
    ]


def _numbers() -> Mapping[str, tuple[int, bool]]:
    return {
        url: (number, complete)
        for url, number, complete in _rows(
            "SELECT url, id, complete FROM record_code_system WHERE removed_at IS NULL", []
        )
    }


def value_set(url: str) -> Json | None:
    """The loaded ValueSet at ``url`` or ``url|version``, the one added last."""
    return definition(url, "ValueSet")


def definition(url: str, kind: str) -> Json | None:
    """The loaded resource of type ``kind`` at ``url`` or ``url|version``, the one added last; ``None`` if none is."""
    address, _, version = url.partition("|")
    found = _rows(
        "SELECT body FROM record_definition WHERE kind = %s AND url = %s AND (%s = '' OR version = %s) "
        "AND removed_at IS NULL ORDER BY added_at DESC, id DESC LIMIT 1",
        [kind, address, version, version],
    )
    return json.loads(found[0][0]) if found else None


def composer() -> Composer:
    """What composes value sets from what is loaded now."""
    return Composer(value_set, _numbers())


@lru_cache(maxsize=512)
def _composed(url: str, _stamp: int) -> Composed:
    return composer().by_url(url)


def member(url: str, system: str | None, code: str, *, at: int | None = None) -> bool | None:
    """Whether a code is in the value set at ``url``; ``None`` where what is loaded does not decide it.

    ``system`` None: a plain code, of whichever system the value set takes it. Raises ``NotLoaded``, ``Uncomposable``.
    """
    composed = _composed(url, stamp() if at is None else at)
    if composed.sql:
        found = _rows(
            joined("SELECT FROM (", composed.sql, _IS_CODE),
            [*composed.values, code, system, system],
        )
        if found:
            return True
    doubtful = composed.missing | composed.partial
    return None if (doubtful if system is None else system in doubtful) else False


def codes_of(url: str) -> Mapping[str, list[str]]:
    """The codes of a value set by system, for a search ``:in`` it; all of them or an error, never a part.

    Raises ``NotLoaded`` (also where one of its systems is not loaded), ``Uncomposable``, ``TooCostly`` above ``MOST``.
    """
    composed = _composed(url, stamp())
    if composed.missing:
        raise NotLoaded(f"code system {sorted(composed.missing)[0]}, which {url} draws on, is not loaded")
    found: dict[str, list[str]] = {}
    if composed.sql:
        rows = _rows(joined("SELECT system, code FROM (", composed.sql, ") m LIMIT %s"), [*composed.values, MOST + 1])
        if len(rows) > MOST:
            raise TooCostly(f"{url} has over {MOST} codes; search with a narrower one")
        for system, code in rows:
            found.setdefault(system, []).append(code)
    return found


def below(system: str, code: str) -> list[str]:
    """``code`` and every code below it, for a search ``:below`` it.

    Raises ``NotLoaded`` when the system or the code is not loaded, ``TooCostly`` above ``MOST``.
    """
    concept = _concept(system, code)
    rows = _rows(
        "SELECT c.code FROM record_concept_below b JOIN record_concept c ON c.id = b.below WHERE b.above = %s LIMIT %s",
        [concept, MOST + 1],
    )
    if len(rows) > MOST:
        raise TooCostly(f"over {MOST} codes are below {code}; search with a narrower one")
    return [code, *(row[0] for row in rows)]


def _concept(system: str, code: str) -> int:
    found = _rows(
        "SELECT s.id, c.id FROM record_code_system s LEFT JOIN record_concept c ON c.system_id = s.id AND c.code = %s "
        "WHERE s.url = %s AND s.removed_at IS NULL",
        [code, system],
    )
    if not found:
        raise NotLoaded(f"code system {system} is not loaded")
    if found[0][1] is None:
        raise NotLoaded(f"{code} is not a code of {system} as loaded")
    return int(found[0][1])


def subsumes(system: str, one: str, other: str) -> str:
    """``equivalent``, ``subsumes`` (``one`` is broader), ``subsumed-by`` or ``not-subsumed``. Raises ``NotLoaded``.

    https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
    """
    a, b = _concept(system, one), _concept(system, other)
    if a == b:
        return "equivalent"
    found = _rows(
        "SELECT above FROM record_concept_below WHERE (above = %s AND below = %s) OR (above = %s AND below = %s)",
        [a, b, b, a],
    )
    return "not-subsumed" if not found else "subsumes" if found[0][0] == a else "subsumed-by"


def expand(url: str, text: str, count: int | None, offset: int, active_only: bool) -> tuple[int, list[Code]]:
    """The number of codes and a page of them, by display; ``text``: each word begins a word of one of its terms.

    https://hl7.org/fhir/R4/valueset-operation-expand.html. Raises as :func:`codes_of`.
    """
    return _page(_composed(url, stamp()), url, text, count, offset, active_only)


def expand_given(given: Json, text: str, count: int | None, offset: int, active_only: bool) -> tuple[int, list[Code]]:
    """As :func:`expand`, of a ValueSet resource that the asker sends."""
    return _page(composer().of(given), "the value set sent", text, count, offset, active_only)


_IS_CODE = ") m WHERE m.code = %s AND (%s::text IS NULL OR m.system = %s) LIMIT 1"
_PAGED = "SELECT m.system, m.code, m.display, m.active FROM ("


def _page(
    composed: Composed, name: str, text: str, count: int | None, offset: int, active_only: bool
) -> tuple[int, list[Code]]:
    if composed.missing:
        raise NotLoaded(f"code system {sorted(composed.missing)[0]}, which {name} draws on, is not loaded")
    if not composed.sql:
        return 0, []
    where, values = _matching(text)
    statement = joined(_PAGED, composed.sql, ") m WHERE (m.active OR NOT %s)", where)
    bound = [*composed.values, active_only, *values]
    total = int(_rows(joined("SELECT count(*) FROM (", statement, ") t"), bound)[0][0])
    if count is None and total > LARGEST_EXPANSION:
        raise TooCostly(f"{name} has {total} codes; ask for a page with count and offset, or filter")
    most = LARGEST_EXPANSION if count is None else min(count, LARGEST_EXPANSION)
    rows = _rows(joined(statement, " ORDER BY m.display, m.code LIMIT %s OFFSET %s"), [*bound, most, offset])
    return total, [Code(*row) for row in rows]


def _matching(text: str) -> tuple[str, list[Any]]:
    words = "".join(c if c.isalnum() else " " for c in text).split()
    if not words:
        return ("", []) if not text.strip() else (" AND m.code = %s", [text.strip()])
    query = " & ".join(word + ":*" for word in words[:10])
    return (
        " AND (m.code = %s OR to_tsvector('simple', m.display) @@ to_tsquery('simple', %s) OR EXISTS ("
        "SELECT FROM record_code_system s JOIN record_concept c ON c.system_id = s.id AND c.code = m.code "
        "JOIN record_concept_term t ON t.concept_id = c.id WHERE s.url = m.system AND s.removed_at IS NULL "
        "AND to_tsvector('simple', t.term) @@ to_tsquery('simple', %s)))",
        [text.strip(), query, query],
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """All that is known of a code; ``parents`` and ``children`` are (code, display), ``terms`` (term, use)."""

    system: System
    code: str
    display: str
    active: bool
    terms: list[tuple[str, str]]
    properties: list[tuple[str, str]]
    parents: list[tuple[str, str]]
    children: list[tuple[str, str]]


def lookup(system: str, code: str) -> Looked:
    """https://hl7.org/fhir/R4/codesystem-operation-lookup.html. Raises ``NotLoaded``."""
    concept = _concept(system, code)
    known = next(one for one in systems() if one.url == system)
    display, active = _rows("SELECT display, active FROM record_concept WHERE id = %s", [concept])[0]
    near = (
        "SELECT c.code, c.display FROM record_concept_below b JOIN record_concept c ON c.id = b.above "
        "WHERE b.below = %s AND b.direct ORDER BY 1",
        "SELECT c.code, c.display FROM record_concept_below b JOIN record_concept c ON c.id = b.below "
        "WHERE b.above = %s AND b.direct ORDER BY 1 LIMIT 1000",
    )
    parents, children = ([(row[0], row[1]) for row in _rows(one, [concept])] for one in near)
    terms = _rows("SELECT term, use FROM record_concept_term WHERE concept_id = %s ORDER BY use, term", [concept])
    found = _rows(
        "SELECT property, value FROM record_concept_property WHERE concept_id = %s ORDER BY property, value", [concept]
    )
    return Looked(
        known, code, display, active, [(t, u) for t, u in terms], [(p, v) for p, v in found], parents, children
    )


def display_of(system: str, code: str) -> str | None:
    """The preferred term of a code, ``None`` where it is not loaded."""
    found = _rows(
        "SELECT c.display FROM record_concept c JOIN record_code_system s ON s.id = c.system_id "
        "WHERE s.url = %s AND s.removed_at IS NULL AND c.code = %s",
        [system, code],
    )
    return found[0][0] if found else None
