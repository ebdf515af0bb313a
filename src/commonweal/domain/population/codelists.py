"""Code lists as dated data: which codes mean a condition, from when, and who says so."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from commonweal.domain.errors import CommonwealError

SNOMED = "http://snomed.info/sct"


class CodeListFault(CommonwealError):
    """A code list file breaks its form; the message names the list and the line."""


@dataclass(frozen=True, slots=True)
class ListedCode:
    """One code of a list between two dates; ``valid_to`` is the last day it counts, None while it still does."""

    list: str
    system: str
    code: str
    term: str
    valid_from: date
    valid_to: date | None
    source: str

    def in_force(self, on: date) -> bool:
        """Whether the code is in its list on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def read_code_list(name: str, lines: Iterable[str]) -> Iterator[ListedCode]:
    """The codes of one CSV file with header ``code,term`` and, at will, system, valid_from, valid_to, source.

    Codes are text (a SNOMED id is longer than a float is exact). Raises ``CodeListFault``.
    """
    reader = csv.DictReader(lines)
    if reader.fieldnames is None or "code" not in reader.fieldnames:
        raise CodeListFault(f"code list {name}: line 1 must be a header with the column 'code'")
    for row in reader:
        code = (row["code"] or "").strip()
        if not code:
            raise CodeListFault(f"code list {name}: line {reader.line_num} has no code")
        try:
            valid_from = date.fromisoformat(row.get("valid_from") or "1900-01-01")
            valid_to = date.fromisoformat(row["valid_to"]) if row.get("valid_to") else None
        except ValueError as fault:
            raise CodeListFault(f"code list {name}: line {reader.line_num}: {fault}; write dates YYYY-MM-DD") from fault
        yield ListedCode(
            name,
            row.get("system") or SNOMED,
            code,
            row.get("term") or "",
            valid_from,
            valid_to,
            row.get("source") or f"{name}.csv",
        )


def in_force(codes: Iterable[ListedCode], on: date) -> dict[str, frozenset[str]]:
    """List name → the codes that count on a day."""
    found: dict[str, set[str]] = {}
    for one in codes:
        members = found.setdefault(one.list, set())
        if one.in_force(on):
            members.add(one.code)
    return {name: frozenset(members) for name, members in found.items()}
