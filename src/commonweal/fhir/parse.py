"""One line of bytes → one JSON object, or a reason that says what to do.

https://hl7.org/fhir/R4/json.html
"""

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
        below: list[Any] = []
        for item in level:
            inner = item.values() if item.__class__ is dict else item
            below += [v for v in inner if v.__class__ is dict or v.__class__ is list]
        level = below
    return depth


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
