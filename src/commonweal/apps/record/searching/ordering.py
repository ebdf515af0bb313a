"""The order of a search's pages, and where a page ends: https://hl7.org/fhir/R4/http.html#paging

Without ``_sort`` the order is by what a resource never changes: its compartment and its number. A page begins after
the last key of the page before, not after a count of rows, so that whatever is written meanwhile, a resource that was
there at the first page and still is comes once and only once. With ``_sort`` the same holds for every resource that is
not itself changed between pages; one that is may move, and is then found where its new version belongs.

A cursor is encrypted, because a key may be a name, and holds a digest of the search it continues.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from commonweal.apps.record.searching.conditions import TABLES
from commonweal.apps.record.searching.requests import Request
from commonweal.apps.record.searching.terms import NOTHING, BadSearch, Sql, joined, same, select
from commonweal.fhir.search_parameters import parameters

_VALUES = {  # what of the typed rows is sorted by, and its type
    "record_token": ("t.code", "text"),
    "record_date": ("t.low", "timestamptz"),
    "record_string": ("t.value", "text"),
    "record_reference": ("t.target", "text"),
    "record_number": ("t.low", "double precision"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order: an expression over ``r``, its type, whether it descends and whether it may be null."""

    value: Sql
    type: str
    descending: bool = False
    nullable: bool = True


RID = Key(Sql("r.rid"), "bigint", nullable=False)
COMPARTMENT = Key(Sql("r.compartment_id"), "bigint", nullable=False)


def keys(request: Request) -> list[Key]:
    """The keys of ``_sort``; nulls come last in either direction."""
    found = []
    for name, descending in request.sort:
        if name == "_id":
            found.append(Key(Sql("r.id"), "text", descending, nullable=False))
        elif name == "_lastUpdated":
            found.append(Key(Sql("r.updated"), "timestamptz", descending, nullable=False))
        elif name == "date" and name not in parameters(request.kind):
            found.append(Key(Sql("r.happened_at"), "timestamptz", descending))
        else:
            found.append(_row_key(request.kind, name, descending))
    return found


def _row_key(kind: str, name: str, descending: bool) -> Key:
    """Of several values the least when ascending, the greatest when descending; a period counts from its start."""
    parameter = parameters(kind)[name]
    table = TABLES[parameter.kind]
    column, sort = _VALUES[table]
    picked = ("max(" if descending else "min(") + column + ")"
    held = Sql("t.rid = r.rid AND ") + same("t.parameter", (read.number for read in parameter.reads))
    return Key(Sql("(") + select(picked, table + " t", held) + ")", sort, descending)


def order(listed: Sequence[Key], prefix: str) -> Sql:
    """ORDER BY over the columns ``prefix``0, ``prefix``1 … that hold the keys."""
    return joined(
        (Sql(prefix + str(n) + (" DESC NULLS LAST" if key.descending else " ASC NULLS LAST"))
         for n, key in enumerate(listed)),
        ", ",
    )  # fmt: skip


def beyond(listed: Sequence[Key], last: Sequence[str | None], prefix: str) -> Sql:
    """The condition that a row comes after one with the keys ``last`` (as text; None is null)."""
    either = []
    for n, (key, value) in enumerate(zip(listed, last, strict=True)):
        column = prefix + str(n)
        if value is None:
            continue  # nulls come last: nothing comes after one by this key
        compare = " < %s::" if key.descending else " > %s::"
        after = Sql(
            "(" + column + compare + key.type + (" OR " + column + " IS NULL)" if key.nullable else ")"), (value,)
        )
        equal = [
            Sql(prefix + str(m) + " IS NULL") if before is None
            else Sql(prefix + str(m) + " = %s::" + listed[m].type, (before,))
            for m, before in enumerate(last[:n])
        ]  # fmt: skip
        either.append(Sql("(") + joined([*equal, after], " AND ") + ")")
    return Sql("(") + joined(either, " OR ") + ")" if either else NOTHING


@lru_cache(maxsize=1)
def _fernet(secret: str) -> Fernet:
    key = hashlib.sha256(b"commonweal search cursor " + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _search(request: Request, whose: str) -> str:
    told = json.dumps([request.kind, request.conditions, request.sort, whose])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def written(request: Request, whose: str, last: Sequence[Any]) -> str:
    """The cursor of a page whose last entry has the keys ``last``; ``whose`` says for whom the search is."""
    text = json.dumps([_search(request, whose), list(last)], separators=(",", ":"))
    return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode().rstrip("=")


def read(request: Request, whose: str, cursor: str) -> list[str | None]:
    """The keys in ``cursor``; BadSearch if it is not of this search, for this asker, by this server."""
    try:
        search, last = json.loads(_fernet(settings.SECRET_KEY).decrypt((cursor + "=" * (-len(cursor) % 4)).encode()))
    except (InvalidToken, ValueError):
        search, last = "", []
    if search != _search(request, whose):
        raise BadSearch("_cursor: not a page of this search; follow the links of its first page")
    return list(last)
