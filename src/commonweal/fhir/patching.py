"""JSON Patch (RFC 6902) on the text of a resource. https://hl7.org/fhir/R4/http.html#patch

Numbers that a patch does not touch keep every digit. A patch is bounded: a few ``copy`` operations could
otherwise double a resource until memory is gone.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import jsonpatch
import jsonpointer

from commonweal.fhir.errors import Invalid, excerpt
from commonweal.fhir.parse import MAX_BYTES, MAX_DEPTH

MAX_OPERATIONS = 500
_VERBS = frozenset(("add", "remove", "replace", "move", "copy", "test"))


class Number(Decimal):
    """A JSON number that remembers how it was written."""

    text: str

    def __new__(cls, text: str) -> "Number":
        """Raises ``InvalidOperation`` for an exponent no decimal can have."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __deepcopy__(self, memo: object) -> "Number":
        return self


def patched(text: str, patch: bytes) -> str:
    """``text`` (a resource) with ``patch`` (a JSON array of operations) applied.

    Raises:
        Invalid: the patch is malformed (``patch-malformed``), too large (``patch-too-large``), does not fit the
            resource (``patch-does-not-apply``), or one of its tests fails (``patch-test-failed``).
    """
    operations = _read(patch)
    document = json.loads(text, parse_float=Number, parse_int=Number)
    room = MAX_BYTES - len(text)
    for at, operation in enumerate(operations):
        if operation["op"] == "copy":
            room -= _size(jsonpointer.resolve_pointer(document, operation["from"], None))
            if room < 0:
                _refuse(at, "patch-too-large", operation["op"], f"the result is over {MAX_BYTES} bytes")
        try:
            document = jsonpatch.apply_patch(document, [operation], in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            _refuse(at, "patch-test-failed", operation["path"], "the value there is another one; read, then try again")
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, IndexError) as bad:
            _refuse(at, "patch-does-not-apply", operation["path"], f"it does not fit the resource: {bad}")
        if document.__class__ is not dict:
            _refuse(at, "patch-does-not-apply", operation["path"], "the result is no resource")
    try:
        return _written(document)
    except RecursionError:
        raise Invalid("", "nesting-too-deep", "", f"nested more than {MAX_DEPTH} deep") from None


def _read(patch: bytes) -> list[dict[str, Any]]:
    """The operations of ``patch``, each with what its verb needs."""
    try:
        operations = json.loads(patch, parse_float=Number, parse_int=Number)
    except (ValueError, RecursionError, InvalidOperation) as bad:
        raise Invalid("", "patch-malformed", "", f"not JSON: {excerpt(str(bad))}") from None
    if operations.__class__ is not list or not operations:
        raise Invalid("", "patch-malformed", "", "send a JSON array of operations (RFC 6902)")
    if len(operations) > MAX_OPERATIONS:
        raise Invalid("", "patch-too-large", str(len(operations)), f"send at most {MAX_OPERATIONS} operations")
    for at, one in enumerate(operations):
        if one.__class__ is not dict or one.get("op") not in _VERBS:
            _refuse(at, "patch-malformed", "", f"op is one of {', '.join(sorted(_VERBS))}")
        for name in ("path", *(["from"] if one["op"] in ("move", "copy") else [])):
            if one.get(name).__class__ is not str or (one[name] and not one[name].startswith("/")):
                _refuse(at, "patch-malformed", "", f"{name} is a JSON Pointer, such as /status")
        if one["op"] in ("add", "replace", "test") and "value" not in one:
            _refuse(at, "patch-malformed", one["path"], "value is missing")
    return operations


def _refuse(at: int, rule: str, value: str, message: str) -> NoReturn:
    raise Invalid("", rule, excerpt(value), f"operation {at + 1}: {message}")


def _size(value: Any) -> int:
    """About as many bytes as ``value`` has written out; without recursion."""
    size, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        size += 4
        if one.__class__ is dict:
            waiting += one.values()
            size += sum(len(name) + 4 for name in one)
        elif one.__class__ is list:
            waiting += one
        elif one.__class__ is str:
            size += len(one)
    return size


def _written(value: Any) -> str:
    """``value`` as JSON text, numbers as they were written."""
    if value.__class__ is dict:
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_written(v)}" for k, v in value.items()) + "}"
    if value.__class__ is list:
        return "[" + ",".join(map(_written, value)) + "]"
    return value.text if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)
