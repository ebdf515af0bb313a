"""An example of a mapping: a few invented rows, and the FHIR they become. It is the mapping's test.

Nobody's data goes into it: of a sample only its columns and codes are used. Names are Example, NHS numbers are from the
range 999 000 0000 that is never issued, dates and places are invented, and other text is the column's own name.
"""

import csv
import io
from datetime import date, datetime, timedelta

import orjson

from commonweal.domain.identity.nhs_number import check_digit
from commonweal.feeds.mapped.door import passing
from commonweal.feeds.mapped.language import Column, Mapping
from commonweal.feeds.mapped.profiling import Profile
from commonweal.feeds.mapped.reading import Plan, read
from commonweal.feeds.types import Problem

SOURCE = "EXAMPLE"
ROWS = 3
_DAY = date(2020, 1, 6)
_BORN = date(1950, 2, 28)


def invented(mapping: Mapping, sample: Profile | None = None) -> bytes:
    """A file of ``ROWS`` invented rows with the columns of a mapping, codes in turn from the sample or the mapping."""
    sep = mapping.delimiter
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sep, lineterminator="\n")
    writer.writerow(mapping.columns)
    for n in range(ROWS):
        writer.writerow([_cell(mapping, column, n, sample) for column in mapping.columns.values()])
    codec = {"windows-1252": "cp1252", "iso-8859-1": "latin-1"}.get(mapping.encoding, mapping.encoding)
    return out.getvalue().encode(codec, "replace")


def expected(ready: Plan, data: bytes) -> list[dict[str, object]]:
    """What the example's rows become, in order: resources, and problems as their line, field and rule."""
    found: list[dict[str, object]] = []
    if ready.mapping.analysis:
        names = [one.name for one in ready.mapping.analysis]
        for row in passing(io.BytesIO(data), ready, lambda name, _: f"pseudonym of {name}", lambda _: "area"):
            if isinstance(row, Problem):
                found.append({"line": row.line, "field": row.field, "rule": row.rule})
            else:
                found.append(dict(zip(names, row.values, strict=True)))
        return found
    for item in read(io.BytesIO(data), SOURCE, ready):
        if isinstance(item, Problem):
            found.append({"line": item.line, "field": item.field, "rule": item.rule})
        else:
            found.append(item.resource)
    return found


def written(found: list[dict[str, object]]) -> bytes:
    """As NDJSON."""
    return b"".join(orjson.dumps(one) + b"\n" for one in found)


def differs(ready: Plan, data: bytes, kept: bytes) -> str:
    """'' if the example still becomes what was kept, else the first thing that differs, in words."""
    now, before = expected(ready, data), [orjson.loads(line) for line in kept.splitlines() if line.strip()]
    for n, (one, other) in enumerate(zip(now, before, strict=False), 1):
        if one != other:
            keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            return f"item {n} of the example differs in {', '.join(keys)}"
    return "" if len(now) == len(before) else f"the example becomes {len(now)} items and {len(before)} are kept"


def _cell(mapping: Mapping, column: Column, n: int, sample: Profile | None) -> str:
    purpose = next((name for name, value in mapping.person.items() if value.column == column.name), "")
    whose = n // 2  # the first two rows are one person's
    if purpose == "nhs_number":
        return _number(whose)
    fixed = {
        "local_id": f"EXAMPLE-{whose + 1}", "family": "Example", "given": f"Person{whose + 1}", "postcode": "ZZ99 3WZ",
        "practice": "X99999", "ethnicity": "Z",
    }.get(purpose)  # fmt: skip
    if fixed is not None:
        return fixed
    if column.kind in ("date", "time"):
        born = "birth" in (purpose or column.name).casefold()
        day = _BORN + timedelta(days=whose) if born else _DAY + timedelta(days=n)
        return "" if purpose == "death_date" else datetime(day.year, day.month, day.day, 9, 30).strftime(column.form)
    if column.kind in ("integer", "decimal"):
        return str(n + 1)
    codes = _codes(mapping, column, sample)
    if codes:
        return codes[n % len(codes)]
    if any(column.name in one.reference for one in mapping.resources):
        return f"EXAMPLE-{n + 1}"
    return f"{column.name} {n + 1}"


def _codes(mapping: Mapping, column: Column, sample: Profile | None) -> list[str]:
    if column.one_of:
        return list(column.one_of)
    if sample is not None and not column.ignored:
        found = next((one.codes for one in sample.columns if one.name == column.name), ())
        if found:
            return [cell for cell, _ in found]
    for one in mapping.resources:
        for value in (value for values in one.elements.values() for value in values):
            if value.column == column.name and value.map:
                return list(mapping.code_maps[value.map])
    if mapping.person.get("gender") and mapping.person["gender"].column == column.name:
        return ["F", "M"]
    return []


def _number(n: int) -> str:
    """The ``n``th NHS number of the range that is never issued."""
    left = n
    for body in range(999_000_000, 1_000_000_000):
        digit = check_digit(str(body))
        if digit is not None:
            if left == 0:
                return f"{body}{digit}"
            left -= 1
    raise ValueError(n)
