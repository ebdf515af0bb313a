"""General practice: FHIR R4 resources, one JSON object a line (NDJSON).

https://hl7.org/fhir/R4/nd-json.html. A bad line becomes a problem and the next one is read; a reference to
something that has not arrived yet is not a problem. The encoding is UTF-8 and never guessed.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.compartment import category, is_of_nobody, person_reference
from commonweal.fhir.errors import Invalid, Issue, excerpt
from commonweal.fhir.parse import MAX_BYTES, parse_line, twice
from commonweal.fhir.validate import validate

BOM = b"\xef\xbb\xbf"


def read(stream: BinaryIO, source: str, start_line: int = 1, nature: str = "gp") -> Iterator[Parsed | Problem]:
    """Resources and problems in file order; every non-blank line yields at least one.

    ``source`` is the ODS code of the practice; ``start_line`` the number of the stream's first line. ``nature``: the
    feed whose sharing category the resources have. Never raises for what the bytes are.
    """
    seen: dict[tuple[str, str], int] = {}
    for line, raw in _lines(stream, start_line):
        yield _one(line, raw, seen, nature)


def _lines(stream: BinaryIO, start_line: int) -> Iterator[tuple[int, bytes]]:
    """Non-blank lines with their numbers, without line ends; a byte-order mark on the first is dropped."""
    line = start_line - 1
    while raw := stream.readline(MAX_BYTES + 2):
        line += 1
        if len(raw) > MAX_BYTES:
            _skip_rest(stream, raw)
        if line == start_line and raw.startswith(BOM):
            raw = raw[3:]
        raw = raw.rstrip(b"\r\n")
        if raw.startswith(b"{") or (raw and not raw.isspace()):
            yield line, raw


def _skip_rest(stream: BinaryIO, begun: bytes) -> None:
    """Read past the end of a line too long to hold; the landed file keeps it whole."""
    while begun and not begun.endswith(b"\n"):
        begun = stream.readline(MAX_BYTES)


def _one(line: int, raw: bytes, seen: dict[tuple[str, str], int], nature: str) -> Parsed | Problem:
    try:
        resource = parse_line(raw)
    except Invalid as bad:
        return Problem(line, bad.field, bad.rule, bad.value, bad.message, raw)
    if name := twice(raw, resource):
        field = excerpt(name)
        return Problem(
            line, field, "duplicate-member", "", f"{field} is there twice; which one counts would be a guess", raw
        )
    issues = validate(resource)
    if issues:
        errors = [issue for issue in issues if issue.severity == "error"]
        if errors:
            return _problem(line, errors, raw)
    kind: str = resource["resourceType"]
    own: Any = resource.get("id")
    if own is None:
        message = "give the resource an id, so that the next version of it can be told from a new one"
        return Problem(line, f"{kind}.id", "id-missing", "", message, raw)
    first = seen.setdefault((kind, own), line)
    if first != line:
        message = f"line {first} of this file is the same {kind}; send each resource once a file"
        return Problem(line, f"{kind}.id", "duplicate-id", excerpt(own), message, raw)
    person = person_reference(resource)
    if person is None and not is_of_nobody(resource):
        message = "say whose it is by reference to a Patient of this source, such as Patient/123; unpack Bundles"
        return Problem(line, kind, "person-not-named", "", message, raw)
    return Parsed(line, kind, own, person, raw, resource, category(resource, nature))


def _problem(line: int, errors: list[Issue], raw: bytes) -> Problem:
    first = errors[0]
    more = f" (and {len(errors) - 1} more: {', '.join(e.field for e in errors[1:6])})" if len(errors) > 1 else ""
    return Problem(line, first.field, first.rule, first.value, first.message + more, raw)
