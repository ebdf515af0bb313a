"""One page of a search: the query, its plan, and what belongs beside the matches.

A source's search over all its people has to cost the same at three million resources as at a hundred thousand. So in
the order of its pages it walks one index: that of the narrowest code it asks for, whose rows lie in that order, or
that of the resources themselves. The planner is left free to enter from elsewhere where that reads less.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection

from commonweal.apps.access.api import prepared
from commonweal.apps.record.searching.compiling import Compiler, pinned
from commonweal.apps.record.searching.conditions import Sought
from commonweal.apps.record.searching.includes import included
from commonweal.apps.record.searching.ordering import COMPARTMENT, RID, Key, beyond, keys, order, read, written
from commonweal.apps.record.searching.reach import Reach
from commonweal.apps.record.searching.requests import Request
from commonweal.apps.record.searching.terms import NOTHING, Remark, Sql, both, joined
from commonweal.apps.record.stored import Stored, stored
from commonweal.fhir.compartment import personal

COUNTED = 10_000  # as far as an estimate counts exactly
_COLUMNS = "r.rid, r.compartment_id, r.type, r.id, r.version, r.updated, r.body, r.source_id, r.category, r.happened_at"
_PERSON = "r.compartment_id "
_FROM_RESOURCE = Sql(" FROM record_resource r WHERE ")
_OUTER = Sql(
    "SELECT r.type, r.id, r.version, r.updated, r.body, s.source, s.feed, r.category, r.happened_at, false, "
    "r.rid, r.compartment_id"
)


class Found(NamedTuple):
    """A resource found: its number and compartment in the store, and the keys its page is in order of, as text."""

    rid: int
    compartment: int | None
    resource: Stored
    keys: tuple[str | None, ...] = ()


@dataclass(slots=True)
class Page:
    """One page of a search. Iterating gives the matches.

    ``total``: how many match in all, None where nobody counted. ``next_cursor``: '' on the last page.
    ``compartments``: of whom anything is on the page, matches and what is included.
    """

    matches: list[Stored]
    included: list[Stored] = field(default_factory=list)
    total: int | None = None
    next_cursor: str = ""
    issues: list[Remark] = field(default_factory=list)
    compartments: frozenset[int] = frozenset()

    def __iter__(self) -> Iterator[Stored]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)


@dataclass(slots=True)
class Search:
    """A request compiled for one reach."""

    request: Request
    reach: Reach
    held: list[Sql]
    driver: Sought | None
    driven: list[Sql]  # the other conditions, where the driver's rows are walked
    order: list[Key]
    narrowed: Sql = NOTHING  # as ``Compiler`` has it


def compiled(request: Request, reach: Reach, now: datetime) -> Search:
    """``request`` held to ``reach``. Raises BadSearch."""
    compiler = Compiler(reach, now, *pinned(reach, request.kind, request.conditions))
    conditions = [(name, compiler.sought(request.kind, name, value)) for name, value in request.conditions]
    best: int | None = None
    for n, (_, found) in enumerate(conditions):
        if isinstance(found, Sought) and found.exact:
            rival = conditions[best][1] if best is not None else None
            if not isinstance(rival, Sought) or found.weight > rival.weight:
                best = n
    as_conditions = [compiler.at_top(request.kind, found) for _, found in conditions]
    head = [Sql("r.type = %s AND NOT r.deleted", (request.kind,)), reach.resource(request.kind)]
    driver = conditions[best][1] if best is not None else None
    walked = [*head, *(sql for n, sql in enumerate(as_conditions) if n != best)]
    listed = keys(request)
    last = [COMPARTMENT, RID] if reach.source and personal(request.kind) and not listed else [RID]
    walks = isinstance(driver, Sought) and not listed and not reach.of_person
    return Search(
        request, reach, [*head, *as_conditions], driver if walks and isinstance(driver, Sought) else None, walked,
        [*listed, *last], compiler.narrowed,
    )  # fmt: skip


def found(search: Search, count: int, after: Sequence[str | None] | None = None) -> list[Found]:
    """At most ``count`` resources in order, those beyond the keys ``after``."""
    if count <= 0:
        return []
    if search.driver is None and (search.request.sort or not search.reach.source):
        return _fetched(in_order(search, count, after), len(search.order))
    parts = []
    for source in search.reach.sources if search.reach.source else (None,):
        parts.append(_walk(search, source, count, after))
    if len(parts) == 1:
        return parts[0]
    return list(heapq.merge(*parts, key=lambda item: tuple(int(key or 0) for key in item.keys)))[:count]


def statement(search: Search, count: int) -> Sql:
    """The query of a first page: for whoever asks PostgreSQL how it would run it."""
    if search.driver is None and (search.request.sort or not search.reach.source):
        return in_order(search, count, None)
    return walked(search, search.reach.sources[0] if search.reach.source else None, count, None)


def _walk(search: Search, source: int | None, count: int, after: Sequence[str | None] | None) -> list[Found]:
    """Found along an index: of the driver's rows, or of a source's resources of the type."""
    rows: list[Found] = []
    while True:
        wanted = count - len(rows)
        fetched = _fetched(walked(search, source, wanted, after), len(search.order))
        seen = {item.rid for item in rows}
        for item in fetched:
            if item.rid not in seen:  # one resource may have the code twice
                seen.add(item.rid)
                rows.append(item)
        if len(rows) >= count or len(fetched) < wanted:
            return rows[:count]
        after = fetched[-1].keys


def walked(search: Search, source: int | None, count: int, after: Sequence[str | None] | None, beside: str = "") -> Sql:
    """The query of a page along an index; ``beside``: columns that come after the keys."""
    at = "t." if search.driver is not None else "r."
    columns = [at + key.value.text.removeprefix("r.") for key in search.order]
    held = list(search.held)
    tables = Sql(" FROM record_resource r JOIN record_source s ON s.id = r.source_id WHERE ")
    if search.driver is not None:
        tables = Sql(
            " FROM " + search.driver.table + " t JOIN record_resource r ON r.rid = t.rid "
            "JOIN record_source s ON s.id = r.source_id WHERE "
        )
        others = [_of_rows(sql) if sql.text.startswith(_PERSON) else sql for sql in search.driven]
        held = [search.driver.condition, search.reach.rows(search.request.kind), *others]
    if source is not None:
        held.append(Sql(at + "source_id = %s", (source,)))
    if after is not None:
        marks = ", ".join(["%s::bigint"] * len(columns))
        held.append(Sql("(" + ", ".join(columns) + ") > (" + marks + ")", tuple(after)))
    told = Sql("".join(", " + column + "::text" for column in columns) + beside)
    return _OUTER + told + tables + both(*held) + " ORDER BY " + ", ".join(columns) + _limit(count)


def _limit(count: int) -> str:
    """Said in the text, so that a plan that is kept knows how early it may stop."""
    return " LIMIT " + str(int(count))


def _of_rows(condition: Sql) -> Sql:
    """A condition on whose a resource is, said of its search rows: they are entered by person where that is less."""
    return Sql("t." + condition.text.removeprefix("r."), condition.values)


def in_order(search: Search, count: int, after: Sequence[str | None] | None, beside: str = "") -> Sql:
    """The query of a page in the order of its keys; ``beside`` as :func:`walked` has it."""
    columns = joined((key.value + Sql(" AS k" + str(n)) for n, key in enumerate(search.order)), ", ")
    inner = Sql("SELECT " + _COLUMNS + ", ") + columns + _FROM_RESOURCE + both(*search.held)
    inner += " OFFSET 0"  # keys are worked out once, and not again for the cursor
    told = Sql("".join(", r.k" + str(n) + "::text" for n in range(len(search.order))) + beside)
    outer = _OUTER + told + " FROM (" + inner + ") r JOIN record_source s ON s.id = r.source_id"
    if after is not None:
        outer = outer + " WHERE " + beyond(search.order, after, "r.k")
    return outer + " ORDER BY " + order(search.order, "r.k") + _limit(count)


def _fetched(query: Sql, width: int) -> list[Found]:
    with prepared() as cursor:
        cursor.execute(query.text, query.values)
        return [as_found(row, width) for row in cursor.fetchall()]


def as_found(row: tuple[Any, ...], width: int) -> Found:
    """A row of a page's query, which has ``width`` keys."""
    return Found(row[10], row[11], stored(row[:10]), row[12 : 12 + width])


def total(search: Search) -> int:
    """How many resources match, counted; an ``estimate`` counts as far as 10,000 and asks the planner beyond."""
    query = _FROM_RESOURCE + both(*search.held)
    with connection.cursor() as cursor:
        if search.request.total == "estimate":
            capped = Sql("SELECT count(*) FROM (SELECT 1") + query + Sql(" LIMIT %s) c", (COUNTED,))
            cursor.execute(capped.text, list(capped.values))
            if (counted := int(cursor.fetchone()[0])) < COUNTED:
                return counted
            explained = Sql("EXPLAIN (FORMAT JSON) SELECT 1") + query
            cursor.execute(explained.text, list(explained.values))
            plan = cursor.fetchone()[0]
            rows = (orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]
            return max(COUNTED, int(rows))
        exact = Sql("SELECT count(*)") + query
        cursor.execute(exact.text, list(exact.values))
        return int(cursor.fetchone()[0])


def merged(request: Request, parts: Sequence[tuple[Search, Sequence[Found]]], whose: str) -> Page:
    """A page out of what each reach gave (one more than a page holds), in the order of the whole.

    ``whose`` goes into the cursor: for whom the search is.
    """
    matches = [item for _, listed in parts for item in listed]
    if len(parts) > 1:
        listed = parts[0][0].order
        matches.sort(key=lambda item: _sortable(listed, item.keys))
    return page_of(request, matches, whose)


def page_of(request: Request, matches: Sequence[Found], whose: str) -> Page:
    """A page of ``matches``, which are in order and one more than a page holds if there is a next one."""
    shown = matches[: request.count]
    page = Page([item.resource for item in shown])
    if len(matches) > request.count and shown:
        page.next_cursor = written(request, whose, shown[-1].keys)
    page.compartments = frozenset(item.compartment for item in shown if item.compartment is not None)
    return page


def _sortable(listed: Sequence[Key], values: Sequence[str | None]) -> tuple[Any, ...]:
    """Keys as something Python orders as the database does: text by its bytes, nulls last."""
    return tuple(_Ordered(key, value) for key, value in zip(listed, values, strict=True))


@dataclass(frozen=True, slots=True)
class _Ordered:
    """One key's value within its order."""

    key: Key
    value: str | None

    def _comparable(self) -> Any:
        if self.key.type in ("bigint", "double precision"):
            return float(self.value or 0) if self.key.type != "bigint" else int(self.value or 0)
        if self.key.type == "timestamptz":
            return _moment(self.value or "")
        return (self.value or "").encode()

    def __lt__(self, other: "_Ordered") -> bool:
        if self.value is None or other.value is None:
            return self.value is not None
        mine, theirs = self._comparable(), other._comparable()
        return bool(mine > theirs if self.key.descending else mine < theirs)


def _moment(text: str) -> tuple[int, datetime | None, int]:
    """A timestamptz as text, which may be infinite."""
    if text.endswith("infinity"):
        return (-1 if text.startswith("-") else 1), None, 0
    return 0, datetime.fromisoformat(text.replace(" ", "T") + (":00" if text[-3] in "+-" else "")), 0


def searched(request: Request, reach: Reach, now: datetime, whose: str, cursor: str = "") -> Page:
    """One page within one reach, with what it includes. Raises BadSearch."""
    after = read(request, whose, cursor) if cursor else None
    search = compiled(request, reach, now)
    counting = request.summary == "count"
    listed = [] if counting else found(search, request.count + 1, after)
    page = merged(request, [(search, listed)], whose)
    if request.total != "none":
        if after is None and not counting and not page.next_cursor:  # the whole of it is here
            page.total = len(listed)
        elif request.total or counting or not reach.source:
            page.total = total(search)
    add_included(page, request, reach, listed[: request.count])
    page.issues = [*request.remarks, *page.issues]
    return page


def add_included(page: Page, request: Request, reach: Reach, matches: Iterable[Found]) -> None:
    """Put on ``page`` what ``matches``, all within ``reach``, include."""
    if request.includes:
        beside, cut = included(
            reach, request.includes, [(item.rid, item.compartment, item.resource) for item in matches]
        )
        page.included += [resource for _, _, resource in beside]
        page.compartments |= {compartment for _, compartment, _ in beside if compartment is not None}
        if cut:
            page.issues.append(Remark("warning", "too-costly", cut))
