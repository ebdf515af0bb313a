"""Change a few members of JSON text and leave every other byte as it came. https://hl7.org/fhir/R4/json.html

A server must set ``id``, ``meta.versionId`` and ``meta.lastUpdated`` (https://hl7.org/fhir/R4/http.html#create).
Writing the parsed resource out again would turn ``72.50`` into ``72.5`` and reorder what was signed, so the three
are set in the text. Callers have parsed the text before: it is JSON, an object, and not too deep.
"""

import json
import re
from collections.abc import Iterator, Mapping
from json import decoder
from typing import Any, NamedTuple

import orjson

from commonweal.fhir.errors import Invalid

_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # in C: reads a value and says where it ends
scanstring = decoder.scanstring  # type: ignore[attr-defined]  # in C, likewise; neither is in the stubs
_space = re.compile(r"[ \t\n\r]*").match
_named = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t\n\r]*:[ \t\n\r]*', re.DOTALL).match
_following = re.compile(r"[ \t\n\r]*,[ \t\n\r]*").match
# How nearly every resource begins, so that nothing more of it need be looked at to set its id, or what follows it.
_typed = re.compile(r'[ \t\n\r]*\{[ \t\n\r]*"resourceType"[ \t\n\r]*:[ \t\n\r]*"[A-Za-z]+"').match
_identified = re.compile(
    r'[ \t\n\r]*\{[ \t\n\r]*"resourceType"[ \t\n\r]*:[ \t\n\r]*"[A-Za-z]+"'
    r'[ \t\n\r]*,[ \t\n\r]*"id"[ \t\n\r]*:[ \t\n\r]*"[A-Za-z0-9\-.]+"'
).match
_OURS = ("versionId", "lastUpdated")
_ONCE = frozenset(("resourceType", "id", "meta"))


class Member(NamedTuple):
    """A member of an object: its name, where its name and its value start, and where the value ends."""

    name: str
    start: int
    value: int
    end: int


def _skip(text: str, at: int) -> int:
    found = _space(text, at)
    return at if found is None else found.end()


def members(text: str, at: int = 0) -> Iterator[Member]:
    """The members of the object that starts at or after ``at``, in order."""
    at = _skip(text, _skip(text, at) + 1)
    while text[at] != "}":
        named = _name(text, at)
        value = named.end()
        end = _scan(text, value)[1]
        yield Member(_said(text, named), at, value, end)
        at = _next(text, end)


def _name(text: str, at: int) -> re.Match[str]:
    """The name, as written, of the member that begins at ``at``; its value begins where the match ends."""
    named = _named(text, at)
    if named is None:
        raise ValueError(f"no member begins at {at}")
    return named


def _said(text: str, named: re.Match[str]) -> str:
    """What a name says, whatever of it is written by number."""
    return named[1] if "\\" not in named[1] else str(scanstring(text, named.start(1))[0])


def _next(text: str, at: int) -> int:
    """Where the member or item after what ends at ``at`` begins, or the bracket that closes."""
    following = _following(text, at)
    return following.end() if following is not None else _skip(text, at)


def inside(text: str, array: str, wanted: str) -> dict[int, tuple[int, int]]:
    """Where the member ``wanted`` begins and ends of each item, by its place, of the member ``array`` of an object.

    ``text`` is the object, in which ``array``, if it is there, is an array of objects. Each value is read over once.
    """
    found: dict[int, tuple[int, int]] = {}
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        named = _name(text, at)
        if _said(text, named) == array:
            found, at = _of_each(text, named.end(), wanted)
        else:
            at = _scan(text, named.end())[1]
        at = _next(text, at)
    return found


def _of_each(text: str, at: int, wanted: str) -> tuple[dict[int, tuple[int, int]], int]:
    """As :func:`inside`, of the array that starts at ``at``; and where it ends."""
    found: dict[int, tuple[int, int]] = {}
    n = 0
    at = _skip(text, at + 1)
    while text[at] != "]":
        at = _skip(text, at + 1)
        while text[at] != "}":
            named = _name(text, at)
            at = _scan(text, named.end())[1]
            if _said(text, named) == wanted:
                found[n] = named.end(), at
            at = _next(text, at)
        at = _next(text, at + 1)
        n += 1
    return found, at + 1


def content(text: str, ident: str, known: Mapping[str, Any] | None = None) -> str:
    """``text`` with this ``id`` and without ``meta.versionId`` and ``meta.lastUpdated``: what its sender says.

    ``known``: what ``text`` was parsed as, no member of which is there twice; one that has neither is quickly done.

    Raises:
        Invalid: ``resourceType``, ``id`` or ``meta`` is there twice (rule ``duplicate-member``).
    """
    if known is not None and "id" not in known and "meta" not in known and (begun := _typed(text)) is not None:
        return f'{begun[0]},"id":{orjson.dumps(ident).decode()}{text[begun.end() :]}'
    found = _own(text)
    edits: list[tuple[int, int, str]] = []
    value = orjson.dumps(ident).decode()
    if "id" in found:
        edits.append((found["id"].value, found["id"].end, value))
    else:
        after = found["resourceType"].end
        edits.append((after, after, f',"id":{value}'))
    if "meta" in found and text[found["meta"].value] == "{":
        edits += _without(text, found["meta"])
    return _edited(text, edits)


def around_meta(text: str) -> tuple[str, str]:
    """``text``, as :func:`content` left it, before and after the place where :func:`version_of` belongs."""
    if '"meta"' not in text and "\\u" not in text:  # then no object has one, and the id comes early
        begun = _identified(text)
        return _after(text, begun.end() if begun else next(m.end for m in members(text) if m.name == "id"))
    found = _own(text)
    meta = found.get("meta")
    if meta is None:
        return _after(text, found["id"].end)
    inside = _skip(text, meta.value + 1)
    comma = "" if text[inside] == "}" else ","
    return text[: meta.value + 1], comma + text[meta.value + 1 :]


def _after(text: str, at: int) -> tuple[str, str]:
    return text[:at] + ',"meta":{', "}" + text[at:]


def version_of(version: int, updated: str) -> str:
    """The version and the instant ``updated`` as members of ``meta``."""
    return f'"versionId":"{version}","lastUpdated":"{updated}"'


def stamped(text: str, version: int, updated: str) -> str:
    """``text``, as :func:`content` left it, with the version and the instant ``updated`` in its ``meta``."""
    before, after = around_meta(text)
    return before + version_of(version, updated) + after


def replaced(text: str, old: dict[str, str]) -> str:
    """``text`` with each JSON string value that is a key of ``old`` after ``"reference":`` or ``"url":`` exchanged."""
    if not old:
        return text

    def exchange(found: re.Match[str]) -> str:
        value, _ = scanstring(text, found.end(1) + 1)
        new = old.get(value)
        return found[0] if new is None else found[1] + json.dumps(new, ensure_ascii=False)

    return _REFERENCE.sub(exchange, text)


_REFERENCE = re.compile(r'("(?:reference|url|valueUri|valueUrl)"[ \t\n\r]*:[ \t\n\r]*)"(?:[^"\\]|\\.)*"')


def _own(text: str) -> dict[str, Member]:
    """The members the server cares for, each of which may be there once only."""
    found: dict[str, Member] = {}
    for member in members(text):
        if member.name in _ONCE:
            if member.name in found:
                message = f"{member.name} is there twice; which one counts would be a guess"
                raise Invalid(member.name, "duplicate-member", "", message)
            found[member.name] = member
    return found


def _without(text: str, holder: Member) -> list[tuple[int, int, str]]:
    """Edits that take what is the server's out of the member ``holder``, and all of it if nothing else is in it."""
    inside = list(members(text, holder.value))
    kept = [text[member.start : member.end] for member in inside if member.name not in _OURS]
    if len(kept) == len(inside):
        return []
    if kept:
        return [(holder.value, holder.end, "{" + ",".join(kept) + "}")]
    after = _skip(text, holder.end)
    if text[after] == ",":
        return [(holder.start, after + 1, "")]
    return [(text.rindex(",", 0, holder.start), holder.end, "")]


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
