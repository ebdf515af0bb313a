"""batch and transaction: several interactions at once. https://hl7.org/fhir/R4/http.html#transaction

A transaction is one database transaction: all of it is kept, or nothing. A batch is as many writes as it has entries,
each kept or undone by itself, under one audit row. Both are done in the standard's order: deletes, creates, updates
and patches, reads; reads are answered after what was written is durable, each as a request of its own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from commonweal.apps.access import api as access
from commonweal.apps.record import writing
from commonweal.apps.record.rest import answers, bodies, creates, writes
from commonweal.apps.record.rest.handling import LONG_WAY, Problem, asking, base, problem, problem_of, session
from commonweal.apps.record.rest.matching import match
from commonweal.apps.record.rest.reading import reading
from commonweal.apps.record.rest.writer import Ask, Writer, Written
from commonweal.fhir import splice
from commonweal.fhir.parse import MAX_BYTES

MAX_ENTRIES = 2_000
MAX_REFERENCES = 10_000  # in one Bundle; each may have to be looked up
_SURELY_SHORT = MAX_BYTES // 4  # characters, of four bytes at most: no more than a resource may be
READ = "commonweal.bundle"  # in a request's environment: what ``read`` said of its body, so that it is not read again
_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
_ADDRESS = re.compile(r"(?:/?|.*/fhir/R4/)([A-Z][A-Za-z]{1,63})(?:/([A-Za-z0-9\-.]{1,64}))?/?(?:\?(.*))?", re.DOTALL)
_CONDITIONAL = re.compile(r'"reference"[ \t\n\r]*:[ \t\n\r]*"([A-Z][A-Za-z]+\?[^"\\]+)"')


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what it asks for (an ``Ask``, or the address of a read), its ``fullUrl``, its resource as parsed."""

    n: int
    full_url: str
    ask: Ask | None
    address: str
    resource: dict[str, Any] | None = None


def bundle(request: HttpRequest) -> HttpResponse:
    """The Bundle of answers, entry by entry, in the order sent."""
    raw = bodies.read(request, most=bodies.MAX_BUNDLE)
    kind, entries = request.META.pop(READ, None) or read(raw)
    asks = [entry for entry in entries if entry.ask is not None]
    done: dict[int, bytes] = {}
    wanted = writes.preferred(request, "minimal")
    made = None
    if kind == "transaction" and asks and LONG_WAY not in request.META:
        made = _at_once(*asking(request), asks, base(request), wanted)
    if made is not None:
        done = made
    elif asks:
        pipelined = kind == "transaction" and writing.pipelined(entry.ask.kind for entry in asks if entry.ask)
        with session(request, f"fhir.{kind}", _types(asks), pipelined) as opened:
            writer = Writer(opened)
            if kind == "transaction":
                done = _transaction(request, writer, asks, wanted)
            else:
                done = _batch(request, writer, asks, wanted)
    else:
        access.actor_of(request)
    for entry in entries:
        if entry.ask is None:
            done[entry.n] = reading(request, entry.address)
    return answers.answer(_answers(kind, entries, done))


def at_once(
    asker: access.Presumed, purpose: access.Purpose, kind: str, entries: Sequence[Entry], address: str, wanted: str
) -> bytes | None:
    """The answer to a transaction of plain creates and no more; None, with nothing done, where it is anything else.

    ``address``: the base of the API; ``wanted``: see ``writes.preferred``.
    """
    if kind != "transaction" or not entries or any(entry.ask is None for entry in entries):
        return None
    done = _at_once(asker, purpose, entries, address, wanted)
    return None if done is None else _answers(kind, entries, done)


def _answers(kind: str, entries: Sequence[Entry], done: Mapping[int, bytes]) -> bytes:
    head = orjson.dumps({"resourceType": "Bundle", "type": f"{kind}-response"})[:-1]
    listed = b",".join(done[entry.n] for entry in entries)
    return head + (b',"entry":[' + listed + b"]}" if entries else b"}")


def _at_once(
    asker: access.Presumed, purpose: access.Purpose, entries: Sequence[Entry], address: str, wanted: str
) -> dict[int, bytes] | None:
    """The answers to the writes of a transaction, all plain creates; None, with nothing done, where they are not."""
    asks = [entry.ask for entry in entries if entry.ask]
    if not creates.may_be(asks) or any(_CONDITIONAL.search(ask.text) for ask in asks):
        return None
    named = [(entry, ask, str(uuid4())) for entry in entries if (ask := entry.ask)]
    urls = [(entry.full_url, f"{ask.kind}/{ident}") for entry, ask, ident in named if entry.full_url]
    names = dict(urls)
    if len(names) < len(urls):  # the session finds the same, and audits that it failed
        return None
    plain, known = [], []
    for entry, ask, ident in named:
        text = splice.replaced(ask.text, names)
        plain.append(replace(ask, new_id=ident, text=text))
        known.append(entry.resource if text == ask.text and len(text) <= _SURELY_SHORT else None)
    made = creates.created(asker, purpose, "fhir.transaction", _types(entries), plain, known)
    if made is None:
        return None
    return {entry.n: _answer(address, one, wanted) for (entry, _, _), one in zip(named, made, strict=True)}


def _types(entries: Iterable[Entry]) -> str:
    """What is written, for the audit: types only."""
    return " ".join(sorted({entry.ask.kind for entry in entries if entry.ask}))[:200]


def read(raw: bytes) -> tuple[str, list[Entry]]:
    """The kind of a Bundle and its entries. Raises Problem 400 or 413, each with where."""
    text = bodies.decoded(raw)
    parsed = bodies.parsed(text.encode(), bodies.MAX_BUNDLE)
    if parsed.get("resourceType") != "Bundle":
        raise problem(400, "invalid", "Send a Bundle of type batch or transaction here", "Bundle.resourceType")
    kind = parsed.get("type")
    if kind not in ("batch", "transaction"):
        raise problem(400, "invalid", "A Bundle sent here is a batch or a transaction", "Bundle.type")
    listed = parsed.get("entry", [])
    if listed.__class__ is not list or any(entry.__class__ is not dict for entry in listed):
        raise problem(400, "structure", "entry is an array of objects", "Bundle.entry")
    if len(listed) > MAX_ENTRIES:
        raise problem(413, "too-costly", f"More than {MAX_ENTRIES} entries; split the Bundle", "Bundle.entry")
    if text.count('"reference"') > MAX_REFERENCES:
        raise problem(413, "too-costly", f"More than {MAX_REFERENCES} references; split the Bundle", "Bundle")
    spans = splice.inside(text, "entry", "resource")
    return kind, [
        _entry(n, entry, text[spans[n][0] : spans[n][1]] if n in spans else "") for n, entry in enumerate(listed)
    ]


def _entry(n: int, entry: dict[str, Any], text: str) -> Entry:
    at = f"Bundle.entry[{n}]"
    asked = entry.get("request")
    if asked.__class__ is not dict or any(value.__class__ is not str for value in asked.values()):
        raise problem(400, "required", "Each entry says what to do: request.method and request.url", f"{at}.request")
    method, url = asked.get("method", ""), asked.get("url", "")
    if method not in _ORDER:
        raise problem(400, "not-supported", "method is GET, HEAD, POST, PUT, PATCH or DELETE", f"{at}.request.method")
    full = entry.get("fullUrl", "")
    full = full if full.__class__ is str else ""
    if method in ("GET", "HEAD"):
        return Entry(n, full, None, url)
    found = _ADDRESS.fullmatch(url)
    if found is None or (method == "POST" and found[2]):
        raise problem(400, "invalid", "url is Type, Type/id or Type?condition, as the method asks", f"{at}.request.url")
    if method in ("POST", "PUT", "PATCH") and not text:
        raise problem(400, "required", "The resource is missing", f"{at}.resource")
    patch = b""
    if method == "PATCH":
        patch, text = _binary(text, at), ""
    ask = Ask(
        method,
        found[1],
        found[2] or "",
        "" if found[2] or method == "POST" else found[3] or "?",
        text if method != "DELETE" else "",
        patch,
        asked.get("ifMatch", ""),
        asked.get("ifNoneMatch", ""),
        asked.get("ifNoneExist", ""),
        at=at,
    )
    resource = entry.get("resource")
    return Entry(n, full, ask, url, resource if resource.__class__ is dict else None)


def _binary(text: str, at: str) -> bytes:
    """The operations of a patch, which a Bundle carries in a Binary. https://hl7.org/fhir/R4/http.html#patch"""
    from base64 import b64decode

    held = orjson.loads(text)
    data = held.get("data") if held.__class__ is dict and held.get("resourceType") == "Binary" else None
    try:
        return b64decode(str(data), validate=True)
    except ValueError:
        raise problem(
            400, "invalid", "A patch is a Binary whose data is a JSON Patch in base 64", f"{at}.resource"
        ) from None


def _ordered(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: _ORDER[entry.ask.method if entry.ask else "GET"])


def _names(ordered: Iterable[Entry]) -> dict[str, str]:
    """``fullUrl`` → ``Type/id`` of what a transaction writes, or finds there by ``ifNoneExist``.

    Raises Problem 400 for either that is there twice.
    """
    names: dict[str, str] = {}
    targets: set[str] = set()
    for entry in ordered:
        ask = entry.ask
        target = f"{ask.kind}/{ask.ident or ask.new_id}" if ask is not None else ""
        if ask is not None and not (ask.found and ask.method == "POST"):
            if target in targets:
                raise problem(400, "invalid", f"{target} is written twice in one transaction", ask.at)
            targets.add(target)
        if ask is not None and entry.full_url and ask.method in ("POST", "PUT"):
            if entry.full_url in names:
                raise problem(400, "invalid", f"{entry.full_url} is there twice", f"{ask.at}.fullUrl")
            names[entry.full_url] = target
    return names


def _transaction(request: HttpRequest, writer: Writer, entries: Sequence[Entry], wanted: str) -> dict[int, bytes]:
    """All or nothing. References to other entries become those resources' ids; conditional ones what they find."""
    ordered = [replace(entry, ask=writer.resolve(entry.ask)) for entry in _ordered(entries) if entry.ask]
    names = _names(ordered)
    if writer.scope is None:
        _refer_to_no_condition(ordered)
    first: list[Entry] = []
    last: list[Entry] = []
    for entry in ordered:
        if entry.ask is not None:
            ask = replace(entry.ask, text=splice.replaced(entry.ask.text, names))
            (last if _CONDITIONAL.search(ask.text) else first).append(replace(entry, ask=ask))
    written = (
        dict(zip((e.n for e in first), writer.write([e.ask for e in first if e.ask]), strict=True)) if first else {}
    )
    if last:
        asks = [replace(e.ask, text=_settled(writer, e.ask)) for e in last if e.ask]
        written |= zip((e.n for e in last), writer.write(asks), strict=True)
    return {n: _answer(base(request), one, wanted) for n, one in written.items()}


def _refer_to_no_condition(entries: Sequence[Entry]) -> None:
    """What care staff create by a condition is looked for as it is written: too late for a reference to it.

    Raises Problem 400.
    """
    sought = {entry.full_url: "" for entry in entries if entry.full_url and entry.ask and entry.ask.if_none_exist}
    for entry in entries:
        if sought and entry.ask and splice.replaced(entry.ask.text, sought) != entry.ask.text:
            refusal = "It refers to what is created by a condition; create that first, and name it by its id"
            raise problem(400, "not-supported", refusal, entry.ask.at)


def _settled(writer: Writer, ask: Ask) -> str:
    """The text of ``ask`` with each conditional reference (``Patient?identifier=…``) made the one it finds.

    https://hl7.org/fhir/R4/http.html#trules. Raises Problem 412 when it finds none, or several.
    """
    found: dict[str, str] = {}
    for reference in set(_CONDITIONAL.findall(ask.text)):
        kind, _, query = reference.partition("?")
        if writer.scope is None:
            raise problem(400, "not-supported", "Name the Patient by its id", f"{ask.at}.resource")
        matches = match(writer.scope, kind, query)
        if len(matches) != 1:
            how = "several resources" if matches else "nothing of your organisation's"
            raise problem(412, "multiple-matches" if matches else "not-found", f"A reference finds {how}", ask.at)
        found[reference] = f"{kind}/{matches[0][0].id}"
    return splice.replaced(ask.text, found)


def _batch(request: HttpRequest, writer: Writer, entries: Sequence[Entry], wanted: str) -> dict[int, bytes]:
    """Each entry by itself: what fails is undone alone, and answered by its outcome."""
    done = {}
    for entry in _ordered(entries):
        if entry.ask is None:
            continue
        try:
            with transaction.atomic():
                ask = replace(entry.ask, text=_settled(writer, entry.ask))
                written = writer.write([ask])[0]
        except Exception as error:
            done[entry.n] = refused(problem_of(error))
        else:
            done[entry.n] = _answer(base(request), written, wanted)
    return done


def refused(found: Problem) -> bytes:
    """The entry of what failed."""
    return b'{"response":{"status":"%d","outcome":' % found.status + answers.outcome(found.issues) + b"}}"


def _answer(address: str, written: Written, wanted: str) -> bytes:
    """The entry of what was done: status, place, version, and what the client prefers of the resource."""
    stored = written.done.stored
    response: dict[str, Any] = {"status": str(writes.status(written))}
    if stored.id:
        response |= {"etag": f'W/"{stored.version}"', "lastModified": stored.updated.isoformat()}
    if not stored.deleted:
        response["location"] = writes.location(address, written)
    said = orjson.dumps(response)
    if wanted == "OperationOutcome" or written.warnings:
        said = said[:-1] + b',"outcome":' + writes.outcome(written) + b"}"
    body = b""
    if wanted == "representation" and not stored.deleted:
        body = b'"resource":' + stored.body.strip() + b","
    full = b"" if stored.deleted else b'"fullUrl":' + orjson.dumps(f"{address}/{stored.type}/{stored.id}") + b","
    return b"{" + full + body + b'"response":' + said + b"}"
