"""New resources about people a source has already, stored by one statement: ``record_add_own``.

A create that nothing has to be looked up for first is checked, valued and put into text here, and stored, made
searchable and audited by one function of the database, in one transaction that is committed when it answers. What
that takes for granted is remembered from the answer before, and looked at again by the function: where it has changed
since, nothing is done and it is planned once more. All else is for ``writing``, which asks as it goes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from commonweal.apps.access.api import SingleLook, Straight
from commonweal.apps.record import arrays, relationships
from commonweal.apps.record.search_rows import COLUMNS, SearchRows
from commonweal.apps.record.staging import happened_at
from commonweal.apps.record.stored import Stored
from commonweal.apps.record.writing import FEED, Done, Wanted, instant, nature
from commonweal.fhir import splice
from commonweal.fhir.compartment import category

_BOUND = 13  # of its arguments, those that are not of search rows
_ADD = Straight(
    "SELECT record_add_own({values})".replace("{values}", ", ".join(f"${n}" for n in range(1, _BOUND + COLUMNS + 1)))
)
_MOST_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Known:
    """Of a source: the ``stamp`` of the definitions loaded when it was last asked, and the feeds it then had."""

    stamp: int
    feeds: tuple[str, ...]


_remembered: dict[str, Known] = {}


def may_be(kinds: Iterable[str]) -> bool:
    """Whether new resources of these types tell nobody but the record: no Patient, nobody's relationship."""
    return not any(kind == "Patient" or relationships.applies(FEED, kind) for kind in kinds)


def known(look: SingleLook, again: bool = False) -> Known | None:
    """What is remembered of the source that ``look`` opens; asked, if nothing is. None where it has sent nothing yet.

    ``again``: asked, whatever is remembered.

    Raises:
        NotAsPresumed: see ``access.single_look``.
    """
    source = look.entry.organisation
    if again or source not in _remembered:
        _add(look, None, [None] * (_BOUND - 4 + COLUMNS))
    return _remembered.get(source)


def add(look: SingleLook, now: Known, wanted: Sequence[Wanted]) -> list[Done] | None:
    """Store what is ``wanted``, each new and with a ``person``; None, with nothing done, where it is not for here.

    That is where somebody has no Patient of the source's own, or where ``known`` has changed: then ask it again.
    """
    source = look.entry.organisation
    of = nature(source, now.feeds, look.at.date())
    place = {person: n for n, person in enumerate(dict.fromkeys(item.person or "" for item in wanted), 1)}
    rows = SearchRows()
    kept: list[_Kept] = []
    for n, item in enumerate(wanted, 1):
        text = item.text or ""
        rows.add(n, item.resource, item.person)
        digest = f"\\x{hashlib.sha256(text.encode()).hexdigest()}"
        kept.append(_Kept(item, category(item.resource, of), digest, *splice.around_meta(text)))
    bound = [
        arrays.texts(place),
        arrays.plain([place[item.person or ""] for item in wanted]),
        arrays.texts([item.type for item in wanted]),
        arrays.texts([item.id for item in wanted]),
        arrays.texts([one.category for one in kept]),
        arrays.plain([happened_at(item.resource) for item in wanted]),
        arrays.texts([one.digest for one in kept]),
        arrays.texts([one.before for one in kept]),
        arrays.texts([one.after for one in kept]),
    ]
    at = _add(look, now, [*bound, *rows.as_arrays()])
    if at is None:
        return None
    said = splice.version_of(1, instant(at))
    return [one.done(source, at, said) for one in kept]


class _Kept(NamedTuple):
    """A resource on its way: its category, the digest of its text, and that text around where its version belongs."""

    wanted: Wanted
    category: str
    digest: str
    before: str
    after: str

    def done(self, source: str, at: datetime, version: str) -> Done:
        """What it is once it is stored."""
        body = f"{self.before}{version}{self.after}".encode()
        kind, ident = self.wanted.type, self.wanted.id
        return Done("created", Stored(kind, ident, 1, at, body, source, FEED, self.category, None), None)


def _add(look: SingleLook, now: Known | None, bound: Sequence[bytes | None]) -> datetime | None:
    """The moment at which all of it was stored; None where nothing was. What is so of the source is remembered."""
    presumed = [
        look.at.isoformat().encode(),
        str(now.stamp).encode() if now else None,
        arrays.texts(now.feeds) if now else None,
    ]
    (told,) = look(_ADD, [*presumed, *bound])
    said = orjson.loads(told or b"{}")
    if "at" in said:
        return datetime.fromisoformat(said["at"])
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    source = look.entry.organisation
    _remembered.pop(source, None)
    if FEED in (said["feeds"] or ()) and said["stamp"] is not None:
        _remembered[source] = Known(said["stamp"], tuple(said["feeds"]))
    return None
