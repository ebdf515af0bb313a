"""One line of bytes → one JSON object, or a reason that says what to do.

https://hl7.org/fhir/R4/json.html
"""

import json
from typing import Any

import orjson

from commonweal.fhir.errors import Invalid, excerpt

MAX_BYTES = 5 * 1024 * 1024  # of one line; longer ones are refused unread
MAX_DEPTH = 64  # of objects and arrays; the deepest published R4 example has under 20


def parse_line(raw: bytes, most: int = MAX_BYTES) -> dict[str, Any]:
    """The JSON object in ``raw`` (UTF-8, no byte-order mark; surrounding whitespace is ignored), of ``most`` bytes.

    Raises :class:`commonweal.fhir.errors.Invalid` with rule ``line-too-long``, ``nul-byte``,
    ``encoding-not-utf-8``, ``json-truncated``, ``json-malformed``, ``nesting-too-deep`` or ``resource-expected``.
    The encoding is never guessed.
    """
    if len(raw) > most:
        message = f"longer than {most} bytes; split attachments out of the line"
        raise Invalid("", "line-too-long", f"{len(raw)} bytes", message)
    try:
        value = orjson.loads(raw)
    except ValueError as error:
        raise _why(raw, error) from None
    if value.__class__ is not dict:
        raise Invalid("", "resource-expected", _show(raw), "send one JSON object (a FHIR resource) a line")
    # Depth cannot exceed the number of opening brackets, which is cheap to count.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise Invalid("", "nesting-too-deep", "", f"nested more than {MAX_DEPTH} deep; flatten the resource")
    parsed: dict[str, Any] = value
    return parsed


def _depth(value: Any) -> int:
    """Levels of objects and arrays, without recursion."""
    level = [value]
    depth = 0
    while level:
        depth += 1
        level = [
            inner
            for item in level
            for inner in (item.values() if item.__class__ is dict else item)
            if inner.__class__ is dict or inner.__class__ is list
        ]
    return depth


def twice(raw: bytes, value: Any) -> str:
    """A member that some object in ``raw``, of which ``value`` was parsed, has twice; '' if none does.

    Names "SHOULD be unique" (RFC 8259, section 4): of two, one system takes the first and another the last, and what
    was checked is not what is shown. Written out again what was parsed has each once: where that is the text that came,
    as it is of most systems, nothing was dropped. Else a member that was dropped took its colon along, and those of its
    value, so counting colons in both texts tells. Only where a string writes a colon by its number, which evens the
    count out, is the text read again slowly.
    """
    again = orjson.dumps(value)
    if again == raw or ((_BACKSLASH not in raw or _COLON not in raw) and raw.count(b":") == again.count(b":")):
        return ""
    found: list[str] = []

    def seen(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        if not found and len(set(names)) < len(names):
            found.append(next(name for n, name in enumerate(names) if name in names[:n]))

    json.loads(raw, object_pairs_hook=seen, parse_int=str, parse_float=str)  # how long a number is does not matter
    return found[0] if found else ""


_BACKSLASH = b"\\"[0]  # as a number it is found in a twentieth of the time
_COLON = b"\\u003"  # a and A: how a string may write a colon; the other digits cost a slow reading and no more


def _why(raw: bytes, error: ValueError) -> Invalid:
    if b"\0" in raw:
        where = raw.index(b"\0")
        return Invalid("", "nul-byte", f"byte {where + 1}", "remove the NUL byte; the line may be damaged or UTF-16")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as bad:
        shown = _show(raw[max(0, bad.start - 20) : bad.start + 20])
        message = f"byte {bad.start + 1} of the line (0x{raw[bad.start]:02x}) is not UTF-8; export the file as UTF-8"
        return Invalid("", "encoding-not-utf-8", shown, message)
    reason = str(error)
    if "unexpected end" in reason.lower() or "eof" in reason.lower():
        return Invalid("", "json-truncated", _show(raw[-60:]), "the line ends too early; send the file again whole")
    if "recursion" in reason.lower() or "depth" in reason.lower():
        return Invalid("", "nesting-too-deep", "", f"nested more than {MAX_DEPTH} deep; flatten the resource")
    return Invalid("", "json-malformed", _show(raw[:60]), f"not JSON: {excerpt(reason)}")


def _show(raw: bytes) -> str:
    return excerpt(raw[:200].decode("utf-8", "replace"))
