"""Reading the record. What is about a person takes a ``Scope``: ids alone open nothing.

SQL by hand, past the ORM and not past the gate: each query names the scope's compartments and categories, and
row security (the transaction's context, set when the scope was opened) holds it to them again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from commonweal.apps.access.api import Scope, SourceScope, prepared
from commonweal.apps.identity import api as identity
from commonweal.apps.record import locations, particulars, searching
from commonweal.apps.record.searching import Page, Reach, Request, of_person, of_source, searched
from commonweal.apps.record.stored import COLUMNS, Stored, rows, stored


@dataclass(frozen=True, slots=True)
class HeardFrom:
    """A source's feed: when it last sent a file, the latest event it told of, and how many files it sent."""

    source: str
    feed: str
    last_received_at: datetime | None
    last_event_at: datetime | None
    files: int


_OPEN = " WHERE r.compartment_id = ANY (%s) AND r.category = ANY (%s)"
_READ = COLUMNS + (
    " WHERE r.type = %s AND r.id = %s AND NOT r.deleted"
    " AND (r.compartment_id IS NULL OR (r.compartment_id = ANY (%s) AND r.category = ANY (%s)))"
)
_EVERYTHING = (
    COLUMNS + _OPEN + " AND NOT r.deleted AND (%s::text[] IS NULL OR r.type = ANY (%s::text[]))"
    " AND (%s::timestamptz IS NULL OR r.updated >= %s::timestamptz) ORDER BY r.type, r.happened_at, r.rid"
)
_STANDING = COLUMNS.replace("SELECT ", "SELECT r.compartment_id, ", 1) + (
    " WHERE r.compartment_id = ANY (%s) AND r.type = ANY (%s) AND NOT r.deleted ORDER BY r.rid"
)
_HISTORY = """
SELECT r.type, r.id, v.version, v.updated, v.body, s.source, s.feed, v.category, NULL::timestamptz, v.deleted
FROM record_resource r
CROSS JOIN LATERAL (
    SELECT r.version, r.updated, r.body, r.category, r.deleted, r.source_id
    UNION ALL
    SELECT h.version, h.updated, h.body, h.category, h.deleted, h.source_id FROM record_history h
    WHERE h.rid = r.rid AND h.compartment_id = r.compartment_id AND h.category = ANY (%s)
) v
JOIN record_source s ON s.id = v.source_id
WHERE r.type = %s AND r.id = %s AND r.compartment_id = ANY (%s) AND r.category = ANY (%s)
ORDER BY v.version DESC
"""


def _open(scope: Scope) -> tuple[list[int], list[str]]:
    return sorted(scope.compartments), sorted(scope.categories)


def read(scope: Scope, kind: str, ident: str) -> Stored | None:
    """The current version of one resource of the scope's person, or about nobody; None if there is none to show."""
    found = shown(scope, rows(_READ, [kind, ident, *_open(scope)]))
    return found[0] if found else None


def shown(scope: Scope, found: list[Stored]) -> list[Stored]:
    """``found`` as it may be shown: without location, and without the person's name, where those are withheld."""
    if found and identity.location_hidden(scope.compartments):
        found = [locations.shown(one) for one in found]
    return found if particulars.open_in(scope) else [particulars.shown(one) for one in found]


def _page_shown(page: Page, secret: bool, nameless: bool) -> Page:
    """Likewise a page of somebody whose location is ``secret``: no place is shown beside what names it."""
    if secret:
        page.matches = [locations.shown(one) for one in page.matches]
        page.included = [locations.shown(one) for one in page.included if one.type != "Location"]
    if nameless:
        page.matches = [particulars.shown(one) for one in page.matches]
        page.included = [particulars.shown(one) for one in page.included]
    return page


def search(
    scope: Scope | SourceScope,
    kind: str,
    params: Request | Mapping[str, str] | Iterable[tuple[str, str]],
    cursor: str = "",
) -> Page:
    """A page of the resources of type ``kind`` that match, of the scope's person or of the source's own.

    ``params``: the search's (name, value) pairs, all of them honoured, or what ``searching.parse`` made of them.
    ``cursor``: ``next_cursor`` of the page before. Of a person, ``patient`` and ``subject`` take the id of any of
    their Patients and stand for the person: what every source holds is searched, because a list cut to one source
    would read as complete. Raises ``BadSearch``.
    """
    request = _request(kind, params)
    if isinstance(scope, SourceScope):
        asked = searching.foreseen(kind, request.conditions)
        page = None if cursor else searching.at_once(request, scope.source, asked, settings.COMMONWEAL_NOW())
        if page is not None:
            return page
        reach = of_source(scope, asked)
        return searched(request, reach, settings.COMMONWEAL_NOW(), scope.source, cursor)
    whose = f"{scope.actor.key} {scope.person_id}"
    secret = identity.location_hidden(scope.compartments)
    if secret and locations.searches(_searched_by(request)):
        return Page([], total=None if request.total == "none" else 0, issues=list(request.remarks))
    page = searched(request, of_person(scope), settings.COMMONWEAL_NOW(), whose, cursor)
    return _page_shown(page, secret, not particulars.open_in(scope))


def _searched_by(request: Request) -> list[str]:
    """All that the order or the choice of what is found depends on."""
    return [*(name for name, _ in request.conditions), *(name for name, _ in request.sort)]


def search_people(scopes: Iterable[Scope], request: Request, cursor: str, use: Callable[[Scope], None]) -> Page:
    """Likewise of several people, each within their own scope, merged into one order.

    ``use`` makes a scope the row-security context: it is called before anything of that person is read.
    """
    opened = list(scopes)
    secret = {id(scope) for scope in opened if identity.location_hidden(scope.compartments)}
    if secret and locations.searches(_searched_by(request)):
        opened = [scope for scope in opened if id(scope) not in secret]
    whose = " ".join([*(scope.actor.key for scope in opened[:1]), *sorted(str(scope.person_id) for scope in opened)])
    after = searching.read_cursor(request, whose, cursor) if cursor else None
    parts = []
    only_count = request.summary == "count"
    for scope in opened:
        use(scope)
        compiled = searching.compiled(request, of_person(scope), settings.COMMONWEAL_NOW())
        listed = [] if only_count else searching.found(compiled, request.count + 1, after)
        total = searching.total(compiled) if request.total != "none" else None
        parts.append((scope, compiled, listed, total))
    page = searching.merged(request, [(compiled, listed) for _, compiled, listed, _ in parts], whose)
    page.total = sum(total for *_, total in parts if total is not None) if request.total != "none" else None
    if request.includes:
        on_page = {(item.type, item.id) for item in page.matches}
        for scope, compiled, listed, _ in parts:
            matches = [item for item in listed if (item.resource.type, item.resource.id) in on_page]
            if matches:
                use(scope)
                searching.add_included(page, request, compiled.reach, matches)
    page.issues = [*request.remarks, *page.issues]
    nameless = not all(particulars.open_in(scope) for scope in opened)
    return _page_shown(page, any(id(scope) in secret for scope in opened), nameless)


def _request(kind: str, params: Request | Mapping[str, str] | Iterable[tuple[str, str]]) -> Request:
    if isinstance(params, Request):
        return params
    return searching.parse(kind, params.items() if isinstance(params, Mapping) else params, strict=True)


def who_is(scope: Scope, patients: Iterable[str]) -> list[str]:
    """Those of the Patient ids ``patients`` that are this person's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM record_resource WHERE type = 'Patient' AND id = ANY (%s) AND compartment_id = ANY (%s)",
            [list(patients), sorted(scope.compartments)],
        )
        return [row[0] for row in cursor.fetchall()]


def everything(scope: Scope, types: Iterable[str] | None = None, since: datetime | None = None) -> Iterator[Stored]:
    """All the person's resources the scope opens, by type and date; ``since``: changed at or after."""
    wanted = list(types) if types is not None else None
    yield from shown(scope, rows(_EVERYTHING, [*_open(scope), wanted, wanted, since, since]))


def history(scope: Scope, kind: str, ident: str) -> list[Stored]:
    """Every version of a resource, the latest first; empty if there is none to show."""
    compartments, categories = _open(scope)
    return shown(scope, rows(_HISTORY, [categories, kind, ident, compartments, categories]))


def read_shared(kind: str, ident: str) -> Stored | None:
    """A resource about nobody (Organization, Practitioner, Location), which needs no scope."""
    found = rows(
        COLUMNS + " WHERE r.type = %s AND r.id = %s AND r.compartment_id IS NULL AND NOT r.deleted", [kind, ident]
    )
    return found[0] if found else None


def search_shared(kind: str, params: Request | Mapping[str, str] | Iterable[tuple[str, str]], cursor: str = "") -> Page:
    """Resources about nobody that match; what is about people is never among them. Raises ``BadSearch``."""
    return searched(_request(kind, params), Reach(), settings.COMMONWEAL_NOW(), "", cursor)


def sources() -> list[HeardFrom]:
    """Every source's feeds and when each was last heard from."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, feed, last_received_at, last_event_at, files FROM record_source ORDER BY feed, source"
        )
        return [HeardFrom(*row) for row in cursor.fetchall()]


def compartments(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Compartment ids of (source, local id) pairs, as the batch role; pairs without one are left out."""
    wanted = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.source, c.local_id, c.id FROM unnest(%s::text[], %s::text[]) AS k (source, local_id) "
            "JOIN record_compartment c ON c.source = k.source AND c.local_id = k.local_id",
            [[source for source, _ in wanted], [local for _, local in wanted]],
        )
        return {(source, local): ident for source, local, ident in cursor.fetchall()}


def local_numbers(source: str, compartment_ids: Iterable[int]) -> dict[int, str]:
    """The source's own numbers of its compartments: as the batch role, or in a session that has the source open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, local_id FROM record_compartment WHERE source = %s AND id = ANY (%s::bigint[])",
            [source, list(compartment_ids)],
        )
        return dict(cursor.fetchall())


def alone(compartment_id: int) -> tuple[UUID, str] | None:
    """The person a compartment is on its own until identity links it, as every audit names them, and its source.

    None where that was never noted: identity has linked it, or will at its next run.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id, source FROM record_alone(%s)", [compartment_id])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


def held(source: str, feed: str, local_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    """(type, id) → local id of what a source's feed holds about some of its people; as the batch role."""
    with prepared() as cursor:
        cursor.execute(
            "SELECT r.type, r.id, c.local_id FROM record_compartment c "
            "JOIN record_resource r ON r.compartment_id = c.id JOIN record_source s ON s.id = r.source_id "
            "WHERE c.source = %s AND c.local_id = ANY (%s::text[]) AND s.source = %s AND s.feed = %s "
            "AND NOT r.deleted",
            [source, list(local_ids), source, feed],
        )
        return {(kind, ident): local for kind, ident, local in cursor.fetchall()}


def standing(compartment_ids: Iterable[int], types: Iterable[str]) -> dict[int, list[Stored]]:
    """What compartments hold now of some types, withdrawn resources left out; as the batch role.

    Row security keeps everybody else to what a scope has opened.
    """
    found: dict[int, list[Stored]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [list(compartment_ids), list(types)])
        for compartment, *row in cursor.fetchall():
            found.setdefault(compartment, []).append(stored(tuple(row)))
    return found
