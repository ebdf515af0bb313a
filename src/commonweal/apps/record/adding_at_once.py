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
from typing import Any

import orjson
from django.conf import settings

from commonweal.apps.access.api import SingleLook, Straight
from commonweal.apps.record import relationships
from commonweal.apps.record.search_rows import SearchRows
from commonweal.apps.record.staging import happened_at
from commonweal.apps.record.stored import Stored
from commonweal.apps.record.writing import FEED, Done, Wanted, instant, nature
from commonweal.fhir import splice
from commonweal.fhir.compartment import category

_ADD = Straight(
    "SELECT done, stamp, to_json(feeds), at FROM record_add_own($1::jsonb, $2::jsonb, "
    "ARRAY(SELECT json_array_elements_text($3::json)), $4::json, $5::json)"
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


def known(look: SingleLook) -> Known | None:
    """What is remembered of the source that ``look`` opens; asked, if nothing is. None where it has sent nothing yet.

    Raises:
        NotAsPresumed: see ``access.single_look``.
    """
    source = look.entry.organisation
    if source not in _remembered:
        _add(look, None, [], [], b"{}")
    return _remembered.get(source)


def add(look: SingleLook, now: Known, wanted: Sequence[Wanted]) -> list[Done] | None:
    """Store what is ``wanted``, each new and with a ``person``; None, with nothing done, where it is not for here.

    That is where somebody has no Patient of the source's own, or where ``known`` has changed: then ask it again.
    """
    source = look.entry.organisation
    of = nature(source, now.feeds, settings.COMMONWEAL_NOW().date())
    people = list(dict.fromkeys(item.person for item in wanted))
    place = {person: n for n, person in enumerate(people, 1)}
    rows = SearchRows()
    resources, texts = [], []
    for n, item in enumerate(wanted, 1):
        text = item.text or ""
        rows.add(n, item.resource, item.person)
        before, after = splice.around_meta(text)
        kind = category(item.resource, of)
        texts.append((item, kind, before, after))
        resources.append(
            {
                "n": n,
                "person": place[item.person],
                "type": item.type,
                "id": item.id,
                "category": kind,
                "happened": happened_at(item.resource),
                "digest": hashlib.sha256(text.encode()).hexdigest(),
                "before": before,
                "after": after,
            }
        )
    at = _add(look, now, [person or "" for person in people], resources, rows.as_json())
    if at is None:
        return None
    said = splice.version_of(1, instant(at))
    return [
        Done("created", Stored(item.type, item.id, 1, at, f"{b}{said}{a}".encode(), source, FEED, kind, None), None)
        for item, kind, b, a in texts
    ]


def _add(
    look: SingleLook, now: Known | None, people: list[str], resources: list[dict[str, Any]], found_by: bytes
) -> datetime | None:
    """The moment at which all of it was stored; None where nothing was. What is so of the source is remembered."""
    presumed = {
        "moment": settings.COMMONWEAL_NOW(),
        "stamp": now.stamp if now else None,
        "feeds": now.feeds if now else None,
    }
    bound = [orjson.dumps(presumed), orjson.dumps(people), orjson.dumps(resources), found_by]
    done, stamp, told, at = look(_ADD, bound)
    if done == b"t" and at is not None:
        return datetime.fromisoformat(at.decode())
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    source = look.entry.organisation
    _remembered.pop(source, None)
    feeds = orjson.loads(told or b"[]")
    if FEED in feeds and stamp is not None:
        _remembered[source] = Known(int(stamp), tuple(feeds))
    return None
