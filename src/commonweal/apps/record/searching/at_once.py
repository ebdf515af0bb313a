"""The first page of a partner's own search in one statement, where what it has to know first can be told by it.

What that is: which feeds the source has, the compartments of the Patients it names, whether references to Patients are
rows, and whom a chain or ``_has`` comes down to. The statement supposes the simple and usual answers and gives the true
ones beside each row; where they are others, its rows are not used and the search goes the long way.

A chain or ``_has`` is looked up first, in the order of the pages and as far as twice as many compartments as a page has
entries. Where it has more, the page still stands if it is full: what is beyond comes after it. So few are read off an
index in its order, however many there are.
"""

from datetime import datetime

from commonweal.apps.access.api import prepared
from commonweal.apps.record.searching.pages import Found, Page, Search, as_found, compiled, in_order, merged, walked
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


def at_once(request: Request, source: str, asked: Asked, now: datetime) -> Page | None:
    """The first page of ``request``, held to ``source``; None where it has to go the long way. Raises BadSearch.

    ``asked``: what it is foreseen to ask of references to Patients.
    """
    if source in _several or not _fits(request, asked):
        return None
    try:
        search = compiled(request, Reach(source=source, foretold=True, known={asked: ((), False)}), now)
    except NotForeseen:
        return None
    listed = _found(search, source, asked)
    if listed is None:
        return None
    page = merged(request, [(search, listed)], source)
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


def _found(search: Search, source: str, asked: Asked) -> list[Found] | None:
    """The page and one more, if what was supposed is so."""
    wanted = search.request.count + 1
    most = 2 * wanted
    first = Sql(_REACH, (source, list(asked[0]), list(asked[1]))) + " "
    beside = _TOLD
    if search.narrowed.text:
        first = first + _NARROWED + search.narrowed + _FEW.replace("{most}", str(most))
        beside += _HOW_FEW
    listed = search.driver is None and search.request.sort
    main = in_order(search, wanted, None, beside) if listed else walked(search, None, wanted, None, beside)
    query = first + main
    with prepared() as cursor:
        cursor.execute(query.text, query.values)
        rows = cursor.fetchall()
    if not rows:
        return None
    width = len(search.order)
    several, elsewhere, *few = rows[0][12 + width :]
    if several:
        _several.add(source)
    if several or elsewhere or (most in few and (listed or len(rows) < wanted)):
        return None
    found = {row[10]: as_found(row, width) for row in rows}
    return None if len(found) < len(rows) == wanted else [*found.values()]
