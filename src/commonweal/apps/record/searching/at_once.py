"""The first page of a partner's own search in one statement, where what it has to know first can be told by it.

What that is: which feeds the source has, the compartments of the Patients it names, whether references to Patients are
rows, and whom a chain or ``_has`` comes down to. The statement supposes the simple and usual answers and gives the true
ones beside each row; where they are others, its rows are not used and the search goes the long way.

A chain or ``_has`` is looked up first, in the order of the pages and as far as twice as many compartments as a page has
entries. Where it has more, the page still stands if it is full: what is beyond comes after it. So few are read off an
index in its order, however many there are.

A search that names one of many people asks the same of each: what it compiles to has nothing of the person in it, and
is kept.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonweal.apps.access.api import prepared
from commonweal.apps.record.searching.compiling import subjects
from commonweal.apps.record.searching.pages import Found, Page, as_found, compiled, in_order, page_of, walked
from commonweal.apps.record.searching.reach import Asked, NotForeseen, Reach
from commonweal.apps.record.searching.requests import Request
from commonweal.apps.record.searching.terms import Sql
from commonweal.fhir.compartment import personal

_REACH = (
    "WITH reach AS MATERIALIZED (SELECT sources, whose, elsewhere "
    "FROM record_reach(%s::text, %s::text[], %s::smallint[]))"
)
_NARROWED = ", narrowed AS MATERIALIZED (SELECT ARRAY(SELECT DISTINCT w.c FROM ("
_FEW = ") AS w (c) ORDER BY 1 LIMIT {most}) AS ids) "
_TOLD = ", (SELECT cardinality(sources) > 1 FROM reach), (SELECT coalesce(elsewhere, false) FROM reach)"
_HOW_FEW = ", (SELECT cardinality(ids) FROM narrowed)"

_several: set[str] = set()  # sources seen to have more than one feed, which none ever stops having
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Statement:
    """A search compiled: the query after its ``reach``, how many keys its rows have, what a full answer has to show."""

    query: Sql
    width: int
    wanted: int
    most: int
    listed: bool


_kept: dict[tuple[object, ...], _Statement] = {}


def at_once(request: Request, source: str, asked: Asked, now: datetime) -> Page | None:
    """The first page of ``request``, held to ``source``; None where it has to go the long way. Raises BadSearch.

    ``asked``: what it is foreseen to ask of references to Patients.
    """
    if source in _several or not _fits(request, asked):
        return None
    reach = Reach(source=source, foretold=True, known={asked: ((), False)})
    try:
        statement = _statement(request, reach, asked, now)
    except NotForeseen:
        return None
    listed = _found(statement, source, asked)
    if listed is None:
        return None
    page = page_of(request, listed, source)
    if request.total != "none" and listed and not page.next_cursor:
        page.total = len(listed)
    page.issues = [*request.remarks, *page.issues]
    return page


def _fits(request: Request, asked: Asked) -> bool:
    """Whether one kept plan is as good as any: what it walks is one person's, or there is but one way to walk."""
    if not personal(request.kind) or request.includes or not request.count:
        return False
    if request.total not in ("", "none") or request.summary == "count":
        return False
    return bool(asked[0]) or (not request.sort and len(request.conditions) - bool(asked[1]) <= 1)


def _statement(request: Request, reach: Reach, asked: Asked, now: datetime) -> _Statement:
    """``request`` compiled, now or before. Raises BadSearch, NotForeseen."""
    key = _key(request) if asked[0] else None
    if key is None:
        return _made(request, reach, now)
    kept = _kept.get(key)
    if kept is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        kept = _kept[key] = _made(request, reach, now)
    return kept


def _key(request: Request) -> tuple[object, ...] | None:
    """All of ``request`` but whom it names; None where what it compiles to hangs on the hour or on what is loaded.

    That is a date near now, a modifier, which may ask value sets, and a chain, whose parts may have either.
    """
    whose: str | None = None  # what names them: the search is held to the first, as ``pinned`` has it
    held: list[tuple[str, str | None]] = []
    for name, value in request.conditions:
        if ":" in name or "." in name or value.startswith("ap") or ",ap" in value or "$ap" in value:
            return None
        names_whose = whose in (None, value) and subjects(request.kind, name, value) is not None
        if names_whose:
            whose = value
        held.append((name, None if names_whose else value))
    return request.kind, request.count, tuple(held), tuple(request.sort)


def _made(request: Request, reach: Reach, now: datetime) -> _Statement:
    search = compiled(request, reach, now)
    wanted = request.count + 1
    most = 2 * wanted
    first = Sql(" ")
    beside = _TOLD
    if search.narrowed.text:
        first = Sql(_NARROWED) + search.narrowed + _FEW.replace("{most}", str(most))
        beside += _HOW_FEW
    listed = search.driver is None and bool(search.request.sort)
    main = in_order(search, wanted, None, beside) if listed else walked(search, None, wanted, None, beside)
    query = Sql(_REACH) + first + main
    values = tuple(_literal(value) for value in query.values)
    return _Statement(Sql(query.text, values), len(search.order), wanted, most, listed)


def _literal(value: Any) -> Any:
    """An array of numbers as PostgreSQL reads it, so that it is not put into words again for each search."""
    numbers = value.__class__ is list and all(one.__class__ is int for one in value)
    return "{" + ",".join(map(str, value)) + "}" if numbers else value


def _found(statement: _Statement, source: str, asked: Asked) -> list[Found] | None:
    """The page and one more, if what was supposed is so."""
    with prepared() as cursor:
        cursor.execute(
            statement.query.text, (source, list(asked[0]), _literal(list(asked[1])), *statement.query.values)
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    width, wanted = statement.width, statement.wanted
    several, elsewhere, *few = rows[0][12 + width :]
    if several:
        _several.add(source)
    if several or elsewhere or (statement.most in few and (statement.listed or len(rows) < wanted)):
        return None
    found = {row[10]: as_found(row, width) for row in rows}
    return None if len(found) < len(rows) == wanted else [*found.values()]
