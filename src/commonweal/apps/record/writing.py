"""Single writes: a few resources stored or withdrawn in the caller's access session, in its one transaction.

What a write is: checked against what is held (locked), the former version kept, the body and its search rows
stored, the person's demographics and the relationships it shows told to whom they concern. The session commits it
together with its audit. For files and messages there is ``actions.write``.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from commonweal.apps.access.api import SourceScope, prepared
from commonweal.apps.identity import api as identity
from commonweal.apps.places import api as places
from commonweal.apps.record import relationships
from commonweal.apps.record import writing_statements as sql
from commonweal.apps.record.actions import relate
from commonweal.apps.record.search_rows import SearchRows
from commonweal.apps.record.staging import happened_at
from commonweal.apps.record.stored import Stored
from commonweal.domain.errors import CommonwealError
from commonweal.fhir import splice
from commonweal.fhir.compartment import category
from commonweal.fhir.demographics import demographics

FEED = "api"
_ANNOUNCED = frozenset(("Patient", "Encounter", "CareTeam"))  # each is stored by this module alone
_MOMENT = timedelta(microseconds=1)
_NATURE = {"mental_health": "mh", "council": "cld"}  # kind of organisation → the feed that shares by the same category


class WriteRefused(CommonwealError):
    """A write that what is held does not allow; ``rule`` says why, ``n`` which of those asked for.

    ``owned-by-another-source``, ``person-of-another-source``, ``person-changed``, ``number-in-use``,
    ``category-not-open``, ``version-differs``, ``exists`` or ``not-held``.
    """

    def __init__(self, rule: str, message: str, n: int) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.n = n
        self.at = ""  # its place in what was sent, once known


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource as it shall be: ``text`` as ``splice.content`` left it and ``resource`` the same, parsed.

    ``text`` None withdraws it. ``person``: the source's Patient it is about, None for nobody; ``compartment``:
    where it belongs, if that is known without asking. ``new``: its id was just made, so there is nothing to look
    for. ``versions``: only over one of these; ``absent``: only if there is none.
    """

    type: str
    id: str
    text: str | None
    resource: Mapping[str, Any]
    person: str | None = None
    compartment: int | None = None
    new: bool = False
    versions: frozenset[int] | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it: ``created``, ``updated``, ``unchanged`` or ``deleted``; the version now current, and where."""

    what: str
    stored: Stored
    compartment: int | None


@dataclass(frozen=True, slots=True)
class _Held:
    rid: int
    version: int
    updated: datetime
    compartment: int | None
    source_id: int
    deleted: bool
    digest: bytes
    body: str


@dataclass(slots=True)
class _Write:
    """One write on its way: what is wanted, what is held, and what it becomes."""

    n: int
    wanted: Wanted
    held: _Held | None
    rid: int
    compartment: int | None
    version: int
    updated: datetime
    category: str = ""
    digest: bytes = b""
    body: str = ""


@dataclass(slots=True)
class _Run:
    scope: SourceScope
    now: datetime
    own: dict[int, str]
    source_id: int
    nature: str
    rids: list[int]
    new: list[_Write] = field(default_factory=list)
    changed: list[_Write] = field(default_factory=list)
    withdrawn: list[_Write] = field(default_factory=list)


def pipelined(kinds: Iterable[str]) -> bool:
    """Whether resources of these types are written without COPY, so that their session may be pipelined."""
    return not any(kind == "Patient" or relationships.applies(FEED, kind) for kind in kinds)


def store(scope: SourceScope, wanted: Sequence[Wanted]) -> list[Done]:
    """Store and withdraw what is ``wanted``, no resource twice; an answer for each, in order.

    Raises:
        WriteRefused: nothing of it is kept, once the caller's session rolls back.
    """
    with prepared() as cursor:
        run = _begin(cursor, scope, wanted)
        held = _held(cursor, run, wanted)
        compartments = _compartments(cursor, run, wanted)
        done = [_plan(run, n, item, held.get(n), compartments) for n, item in enumerate(wanted)]
        _write(cursor, run)
    with connection.cursor() as cursor:
        _tell(cursor, run)
    return done


def _begin(cursor: Any, scope: SourceScope, wanted: Sequence[Wanted]) -> _Run:
    """The moment, the source's feeds, and numbers for as many resources as may be new."""
    bound = {"source": scope.source, "feed": FEED, "new": sum(item.text is not None for item in wanted)}
    cursor.execute(sql.BEGIN, bound)
    now, ids, feeds, heard, rids = cursor.fetchone()
    if FEED not in (feeds or ()):
        cursor.execute(sql.SOURCE, bound)
        cursor.execute(sql.BEGIN, bound | {"new": 0})
        now, ids, feeds, heard, _ = cursor.fetchone()
    at = settings.COMMONWEAL_NOW()
    if heard is None or at - heard > timedelta(minutes=1):
        cursor.execute(sql.HEARD, bound | {"at": at})
    own = dict(zip(ids, feeds, strict=True))
    source_id = next(i for i, feed in own.items() if feed == FEED)
    return _Run(scope, now, own, source_id, nature(scope.source, feeds, at.date()), list(rids))


def nature(source: str, feeds: Collection[str], on: date) -> str:
    """The feed whose sharing category an organisation's own entries have.

    That of the files it sends, ``feeds``, if they are of a category of their own; else by what kind of organisation
    it is on the day.
    """
    return next((feed for feed in _NATURE.values() if feed in feeds), None) or _nature(source, on)


@lru_cache(maxsize=4096)
def _nature(source: str, on: date) -> str:
    known = places.organisation(source, on)
    return _NATURE.get(known.kind, FEED) if known else FEED


def _held(cursor: Any, run: _Run, wanted: Sequence[Wanted]) -> dict[int, _Held]:
    asked = sorted((item.type, item.id, n) for n, item in enumerate(wanted) if not item.new)
    if not asked:
        return {}
    types, ids, numbers = zip(*asked, strict=True)
    cursor.execute(sql.HELD, [list(numbers), list(types), list(ids), list(run.own)])
    return {n: _Held(*columns) for n, *columns in cursor.fetchall()}


def _compartments(cursor: Any, run: _Run, wanted: Sequence[Wanted]) -> dict[str, int]:
    """The compartment of each of the source's people, made where there is none.

    A Patient that another source holds is nobody of ours. A number that another feed of ours gives somebody, under
    a Patient of another id, may be somebody else's: https://hl7.org/fhir/R4/references.html knows ids only.
    """
    people = {item.person: n for n, item in enumerate(wanted) if item.person is not None and item.compartment is None}
    if not people:
        return {}
    bound: dict[str, Any] = {"people": sorted(people), "source": run.scope.source, "own": list(run.own)}
    cursor.execute(sql.PEOPLE, bound)
    found: dict[str, int] = {}
    missing = []
    for local, of_patient, of_name, has_patient in cursor.fetchall():
        if of_patient is not None:
            found[local] = of_patient
        elif of_name is None:
            missing.append(local)
        elif has_patient:
            message = f"another feed of your organisation has a person numbered {local}; use another id"
            raise WriteRefused("number-in-use", message, people[local])
        else:
            found[local] = of_name
    if missing:
        cursor.execute("SELECT id FROM record_whose('Patient', %s)", [missing])
        for (local,) in cursor.fetchall():
            raise WriteRefused(
                "person-of-another-source", f"Patient/{local} is not one of your organisation's", people[local]
            )
        alone = [identity.identifier(run.scope.source, local) for local in missing]
        cursor.execute(sql.COMPARTMENTS, bound | {"people": missing, "alone": alone})
        cursor.execute(sql.MADE, bound | {"people": missing})
        found.update(cursor.fetchall())
    return found


def _plan(run: _Run, n: int, wanted: Wanted, held: _Held | None, compartments: Mapping[str, int]) -> Done:
    """What this write comes to, held against what is there."""
    there = held is not None and not held.deleted
    if wanted.absent and there:
        raise WriteRefused("exists", "it is there already", n)
    if wanted.versions is not None and (held is None or held.version not in wanted.versions):
        current = f"the current version is {held.version}" if there and held else "there is no current version"
        raise WriteRefused("version-differs", f"{current}; read it, then try again", n)
    if wanted.text is None:
        if held is None:
            raise WriteRefused("not-held", "your organisation holds no such resource", n)
        return _withdraw(run, n, wanted, held)
    kind = category(wanted.resource, run.nature)
    if kind not in run.scope.may_write:
        message = f"entries of the category {kind} are not yours to add to this person's record"
        raise WriteRefused("category-not-open", message, n)
    compartment = wanted.compartment if wanted.person is None else compartments.get(wanted.person, wanted.compartment)
    digest = hashlib.sha256(wanted.text.encode()).digest()
    updated = run.now if held is None else max(run.now, held.updated + _MOMENT)
    version = 1 if held is None else held.version + 1
    if held is not None:
        if held.compartment != compartment:
            raise WriteRefused(
                "person-changed", "it is filed under another person; withdraw it and send it under another id", n
            )
        if there and bytes(held.digest) == digest:
            return Done("unchanged", _stored(run, wanted, held.version, held.updated, held.body, kind), compartment)
    body = splice.stamped(wanted.text, version, instant(updated))
    rid = run.rids.pop() if held is None else held.rid
    write = _Write(n, wanted, held, rid, compartment, version, updated, kind, digest, body)
    (run.new if held is None else run.changed).append(write)
    stored = _stored(run, wanted, version, updated, body, kind)
    return Done("updated" if there else "created", stored, compartment)


def _withdraw(run: _Run, n: int, wanted: Wanted, held: _Held) -> Done:
    stored = replace(_stored(run, wanted, held.version, held.updated, held.body, ""), deleted=True)
    if held.deleted:
        return Done("unchanged", stored, held.compartment)
    updated = max(run.now, held.updated + _MOMENT)
    run.withdrawn.append(_Write(n, wanted, held, held.rid, held.compartment, held.version + 1, updated))
    return Done("deleted", replace(stored, version=held.version + 1, updated=updated), held.compartment)


def _stored(run: _Run, wanted: Wanted, version: int, updated: datetime, body: str, kind: str) -> Stored:
    return Stored(wanted.type, wanted.id, version, updated, body.encode(), run.scope.source, FEED, kind, None)


def nothing(kind: str, scope: SourceScope) -> Done:
    """What deleting by a condition comes to that no resource of ``kind`` meets: nothing, and no failure."""
    at = settings.COMMONWEAL_NOW()
    return Done("unchanged", Stored(kind, "", 0, at, b"", scope.source, FEED, "", None, deleted=True), None)


def instant(moment: datetime) -> str:
    """``moment`` as a FHIR instant in UTC: https://hl7.org/fhir/R4/datatypes.html#instant"""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _write(cursor: Any, run: _Run) -> None:
    """Everything planned, table by table."""
    former = [write.rid for write in (*run.changed, *run.withdrawn)]
    if former:
        cursor.execute(sql.KEEP_FORMER, [former])
        cursor.execute(sql.FORGET, {"rids": former})
    if run.withdrawn:
        cursor.execute(sql.TOMBSTONE, _columns(run.withdrawn))
    if run.changed:
        cursor.execute(sql.REPLACE, {**_columns(run.changed), "source_id": run.source_id})
    run.new.sort(key=lambda write: (write.wanted.type, write.wanted.id))
    written = [*run.new, *run.changed]
    rows = SearchRows()
    for n, write in enumerate(written, 1):
        rows.add(n, write.wanted.resource, write.wanted.person)
    with prepared() as storing:  # read only once the search rows are on their way too
        if run.new:
            storing.execute(sql.NEW, {**_columns(run.new), "source_id": run.source_id})
        rows.store(cursor, {**_columns(written), "source_id": run.source_id})
        stored = {row[0] for row in storing.fetchall()} if run.new else set()
    for write in run.new:
        if write.rid not in stored:
            raise WriteRefused("owned-by-another-source", "its id is taken; POST it, and one is made", write.n)


def _columns(writes: Sequence[_Write]) -> dict[str, Any]:
    return {
        "rids": [write.rid for write in writes],
        "compartments": [write.compartment for write in writes],
        "types": [write.wanted.type for write in writes],
        "ids": [write.wanted.id for write in writes],
        "categories": [write.category for write in writes],
        "versions": [write.version for write in writes],
        "updated": [write.updated for write in writes],
        "happened": [happened_at(write.wanted.resource) if write.wanted.resource else None for write in writes],
        "digests": [write.digest for write in writes],
        "bodies": [write.body for write in writes],
    }


def _tell(cursor: Any, run: _Run) -> None:
    """Identity learns what is said of people, access who is caring for them: by the rules of any feed."""
    source = run.scope.source
    written = [write for write in (*run.new, *run.changed) if write.compartment is not None]
    people = [
        (write.compartment, source, write.wanted.person or "", demographics(write.wanted.resource))
        for write in written
        if write.wanted.type == "Patient" and write.compartment is not None
    ]
    if people:
        identity.upsert_demographics(people)
    touched = {
        w.compartment for w in written if w.compartment is not None and relationships.applies(FEED, w.wanted.type)
    }
    former: dict[int, list[relationships.Related]] = {}
    for write in (*run.changed, *run.withdrawn):
        held = write.held
        if held is None or held.deleted or held.compartment is None:
            continue
        feed = run.own[held.source_id]
        if relationships.applies(feed, write.wanted.type):
            said = relationships.related(source, feed, orjson.loads(held.body))
            former.setdefault(held.compartment, []).extend(said)
    relate(cursor, source, run.own, touched, former)
    _announce(run)


def _announce(run: _Run) -> None:
    """Tell whoever the settings name, in this transaction, about whom the source now says something else.

    A higher app acts on it: what may have happened to somebody, and who works with them.
    """
    said: dict[str, set[int]] = {}
    for write in (*run.new, *run.changed, *run.withdrawn):
        if write.wanted.type in _ANNOUNCED and write.compartment is not None:
            said.setdefault(write.wanted.type, set()).add(write.compartment)
    if said:
        _listener(settings.COMMONWEAL_TOLD_OF_WRITES)(run.scope.source, said)


@lru_cache(maxsize=1)
def _listener(name: str) -> Callable[[str, Mapping[str, Collection[int]]], None]:
    found: Callable[[str, Mapping[str, Collection[int]]], None] = import_string(name)
    return found
