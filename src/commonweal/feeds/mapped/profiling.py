"""What a sample file holds, column by column, before anybody has said what it means.

Nothing of it is a verdict: a column all of whose ten-digit numbers pass the NHS number's check is *likely* NHS numbers.
The profile keeps counts, codes and ranges; of other cells it keeps no value.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import BinaryIO

from commonweal.domain.identity.nhs_number import valid
from commonweal.feeds import tables
from commonweal.feeds.mapped.language import MappingFault
from commonweal.feeds.types import Problem

ROWS = 10_000  # of a sample that are looked at
MOST_CODES = 25
LIKELY = 0.95  # share of the filled cells that must agree
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%d/%m/%y", "%m/%d/%Y")
TIMES = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column. ``kind``: nhs_number, date, time, integer, decimal, postcode, code, text or empty.

    ``form``: how dates or times are written; ``also``: another form that fits every cell, so that a person must say
    which; ``codes``: value → count where there are few; ``low`` and ``high``: the range of dates and numbers.
    """

    name: str
    kind: str
    filled: int
    distinct: int
    form: str = ""
    also: str = ""
    codes: tuple[tuple[str, int], ...] = ()
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A sample: how it is written, how many rows were looked at, and its columns in order."""

    encoding: str
    delimiter: str
    rows: int
    unreadable: int
    columns: tuple[ColumnProfile, ...]

    def column(self, name: str) -> ColumnProfile:
        """The column of that name. Raises ``KeyError``."""
        for one in self.columns:
            if one.name == name:
                return one
        raise KeyError(name)


def profile(stream: BinaryIO) -> Profile:
    """Profile the first rows of a sample. Raises ``MappingFault`` for a file that is no table."""
    start = stream.read(1 << 20)
    encoding = _encoding(start)
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise MappingFault("the sample is packed; give the plain CSV file that is in it")
    if encoding == "utf-16":
        whole = (start + stream.read()).decode("utf-16", "replace").encode()
    else:
        whole = start + stream.read(64 << 20)
    return _profiled(whole, encoding)


def _profiled(data: bytes, encoding: str) -> Profile:
    codec = {"windows-1252": "cp1252"}.get(encoding, "utf-8")
    found = tables.records(io.BytesIO(data))
    first = next(found, None)
    if first is None:
        raise MappingFault("the sample is empty; give a file with a header and some rows")
    text = first[1].decode(codec, "replace")
    delimiter = max(",;\t|", key=text.count)
    header = [cell.strip() for cell in tables.split(text, delimiter)]
    if len(header) < 2 or "" in header or len(set(header)) != len(header):
        raise MappingFault("the first line of the sample must name every column, each once; add the header")
    cells: list[list[str]] = [[] for _ in header]
    rows = unreadable = 0
    for line, raw, fault in found:
        if rows >= ROWS:
            break
        row = tables.read_cells(line, raw, fault, header, codec, delimiter)
        if isinstance(row, Problem):
            unreadable += 1
            continue
        rows += 1
        for column, cell in zip(cells, row, strict=True):
            if cell:
                column.append(cell)
    if not rows:
        raise MappingFault("no row of the sample can be read; give one with at least a row below its header")
    return Profile(
        encoding,
        delimiter,
        rows,
        unreadable,
        tuple(_column(name, values, rows) for name, values in zip(header, cells, strict=True)),
    )


def _encoding(start: bytes) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        start[: max(0, len(start) - 4)].decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _column(name: str, values: Sequence[str], rows: int) -> ColumnProfile:
    counts = Counter(values)
    filled, distinct = len(values), len(counts)
    if not filled:
        return ColumnProfile(name, "empty", 0, 0)
    if _share(counts, valid) >= LIKELY and distinct > 1:
        return ColumnProfile(name, "nhs_number", filled, distinct)
    for kind, forms in (("date", DATES), ("time", TIMES)):
        fitting = [form for form in forms if _share(counts, partial(_fits, form)) >= LIKELY]
        if fitting:
            days = sorted(day for cell in counts if (day := _moment(cell, fitting[0])))
            low, high = days[0].isoformat()[:10], days[-1].isoformat()[:10]
            also = next((form for form in fitting[1:] if form.startswith("%m/")), "")
            return ColumnProfile(name, kind, filled, distinct, fitting[0], also, (), low, high)
    few = distinct <= MOST_CODES and distinct * 3 <= filled  # a code recurs; what does not may be somebody's
    if _share(counts, lambda cell: bool(_NUMBER.fullmatch(cell))) == 1 and not few:
        leading = any(len(cell) > 1 and cell.startswith("0") and "." not in cell for cell in counts)
        if not leading:
            kind = "decimal" if any("." in cell for cell in counts) else "integer"
            numbers = sorted(float(cell) for cell in counts)
            return ColumnProfile(name, kind, filled, distinct, low=f"{numbers[0]:g}", high=f"{numbers[-1]:g}")
    if _share(counts, lambda cell: bool(_POSTCODE.fullmatch(cell))) >= LIKELY:
        return ColumnProfile(name, "postcode", filled, distinct)
    if few and max(map(len, counts)) <= 60:
        return ColumnProfile(name, "code", filled, distinct, codes=tuple(counts.most_common()))
    return ColumnProfile(name, "text", filled, distinct)


def _share(counts: Counter[str], good: Callable[[str], bool]) -> float:
    """The share of cells that are good, every cell counted."""
    return sum(count for cell, count in counts.items() if good(cell)) / counts.total()


def _fits(form: str, cell: str) -> bool:
    return _moment(cell, form) is not None


def _moment(cell: str, form: str) -> datetime | None:
    try:
        found = datetime.strptime(cell, form)
    except ValueError:
        return None
    return found.replace(tzinfo=None) if 1850 <= found.year <= 2200 else None
