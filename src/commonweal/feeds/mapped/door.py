"""The pseudonymising door: rows of a commissioning file without anything that says who somebody is.

Nothing passes that the mapping does not name, and what identifies passes only changed: a number as a keyed pseudonym, a
birth date as whole years of age, a postcode as a small area, another date as its month. What must never be kept as it
is is told by the column's name, since a mapping could forget it: ``IDENTIFYING`` is checked when a mapping is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from commonweal.feeds.mapped.cells import Checks
from commonweal.feeds.mapped.language import Mapping, MappingFault
from commonweal.feeds.mapped.opening import Opened
from commonweal.feeds.mapped.reading import Plan
from commonweal.feeds.types import Problem

# Words of a column's name that mean it identifies somebody, alone or with the little else of the row.
IDENTIFYING = re.compile(
    r"nhs_?(no|number)|name|surname|birth|\bdob\b|post_?code|address|phone|email|patient_?id|local_?id|hospital_?number"
    r"|\bmrn\b|spell_?id|attendance_?id",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Through:
    """One row that passed: its line, its values in the order of ``analysis``, as texts."""

    line: int
    values: tuple[str, ...]


def check_door(mapping: Mapping) -> None:
    """Refuse a mapping that would let something identifying through as it is. Raises ``MappingFault``."""
    for one in mapping.analysis:
        where = f"{mapping.label}: analysis.{one.name}"
        kind = mapping.columns[one.column].kind
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", one.column)
        if one.door == "keep" and (IDENTIFYING.search(one.column) or IDENTIFYING.search(spaced)):
            raise MappingFault(
                f"{where}: {one.column!r} identifies people; let it pass by pseudonym, age, month or area"
            )
        if one.door == "age" and (kind != "date" or not one.at or mapping.columns[one.at].kind != "date"):
            raise MappingFault(f"{where}: an age needs two dates, as {{age: BirthDate, at: AdmissionDate}}")
        if one.door == "month" and kind != "date":
            raise MappingFault(f"{where}: {one.column!r} is no date; say in columns how it is written")
    if not any(one.door == "pseudonym" for one in mapping.analysis):
        raise MappingFault(f"{mapping.label}: analysis: no column becomes a pseudonym, so rows could not be joined")


def passing(
    stream: BinaryIO, ready: Plan, pseudonym: Callable[[str, str], str], area: Callable[[str], str]
) -> Iterator[Through | Problem]:
    """Rows through the door, and what is wrong with others, in file order.

    ``pseudonym(name, identifier)`` gives a text for an identifier; ``area(postcode)`` the small area or ''. A problem's
    ``raw`` is the row as it came: it goes to quarantine, which nobody but the integration engineer reads.
    """
    mapping = ready.mapping
    opened = Opened(stream, mapping)
    fault = opened.begin()
    if fault is not None:
        yield fault
        yield from opened.refused(fault.line)
        return
    position = {name: at for at, name in enumerate(opened.header)}
    checks = Checks(mapping, position)
    changes = [_change(mapping, n, position, pseudonym, area) for n in range(len(mapping.analysis))]
    for line, cells, raw in opened.lines():
        problem = cells if isinstance(cells, Problem) else checks.wrong(line, cells, raw)
        if problem is not None:
            yield problem
        elif not isinstance(cells, Problem):
            yield Through(line, tuple([change(cells) for change in changes]))


def _change(
    mapping: Mapping,
    n: int,
    position: dict[str, int],
    pseudonym: Callable[[str, str], str],
    area: Callable[[str], str],
) -> Callable[[list[str]], str]:
    one = mapping.analysis[n]
    at = position[one.column]
    if one.door == "pseudonym":
        return lambda cells: pseudonym(one.name, cells[at]) if cells[at] else ""
    if one.door == "area":
        return lambda cells: area(cells[at]) if cells[at] else ""
    if one.door == "month":
        return lambda cells: cells[at][:7] and f"{cells[at][:7]}-01"
    if one.door == "age":
        on = position[one.at]
        return lambda cells: _age(cells[at], cells[on])
    return lambda cells: cells[at]


def _age(born: str, on: str) -> str:
    """Whole years; 90 and over as 90, since few are so old that age and area would not name them; '' for none."""
    if not born or not on or born > on:
        return ""
    first, then = date.fromisoformat(born), date.fromisoformat(on)
    return str(min(90, then.year - first.year - ((then.month, then.day) < (first.month, first.day))))
