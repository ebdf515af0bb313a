"""The dated tables of the standard: errors, what a message means, what may follow what, and what a message holds.

NHS Booking and Referral Standard, Core 1.2.2, https://simplifier.net/guide/nhsbookingandreferralstandard; each row of
``errors.csv``, ``workflow.csv`` and ``definitions.csv`` names the page it is from and the days it holds, where a later
version of the standard has ended or begun it (empty: since ever, so that a demonstration's past days have rules too).
``states.csv`` is ours: the standard knows only the statuses of ServiceRequest and Appointment, to which
``statuses.csv`` maps.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from commonweal.domain.errors import CommonwealError

MANY = 1_000_000


class BarsRefused(CommonwealError):
    """A message or question of the standard that is refused; ``rule`` names a row of errors.csv."""

    def __init__(self, rule: str, more: str = "") -> None:
        self.rule = rule
        self.fault = faults()[rule]
        self.diagnostics = f"{self.fault.text}: {more}" if more else self.fault.text
        super().__init__(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Fault:
    """How a rule is told: HTTP status, http-error-codes code and issue-type code."""

    status: int
    code: str
    issue: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """A state of ours as the resource's status, as the Task's, and in words."""

    resource: str
    task: str
    words: str


@dataclass(frozen=True, slots=True)
class _Dated:
    key: tuple[str, ...]
    value: tuple[str, ...]
    valid_from: date
    valid_to: date


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _dated(name: str, key: tuple[str, ...], value: tuple[str, ...]) -> list[_Dated]:
    return [
        _Dated(
            tuple(row[one] for one in key),
            tuple(row[one] for one in value),
            date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min,
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
        )
        for row in _rows(name)
    ]


@lru_cache(maxsize=1)
def faults() -> dict[str, Fault]:
    """Every rule of errors.csv. The codes have not changed since the standard's first version."""
    return {
        row["rule"]: Fault(int(row["status"]), row["code"], row["issue"], row["text"]) for row in _rows("errors.csv")
    }


@lru_cache(maxsize=1)
def _workflow() -> list[_Dated]:
    return _dated("workflow.csv", ("event", "reason", "status"), ("step",))


@lru_cache(maxsize=1)
def _definitions() -> list[_Dated]:
    return _dated("definitions.csv", ("definition", "event"), ("resource", "min", "max"))


@lru_cache(maxsize=1)
def _states() -> dict[tuple[str, str, str, str], str]:
    return {(row["kind"], row["from"], row["step"], row["by"]): row["to"] for row in _rows("states.csv")}


@lru_cache(maxsize=1)
def statuses() -> dict[tuple[str, str], Status]:
    """(kind, state) → what it is in FHIR and in words."""
    return {
        (row["kind"], row["state"]): Status(row["resource"], row["task"], row["words"]) for row in _rows("statuses.csv")
    }


def step_of(event: str, reason: str, status: str, on: date) -> str:
    """What a message asks for. Raises ``BarsRefused`` (workflow-unknown) for a combination the standard has not."""
    for row in _workflow():
        if row.key == (event, reason, status) and row.valid_from <= on <= row.valid_to:
            return row.value[0]
    raise BarsRefused(
        "workflow-unknown", f"event {event or 'none'}, reason {reason or 'none'}, status {status or 'none'}"
    )


def after(kind: str, state: str, step: str, by: str) -> str:
    """The state after ``step`` taken by ``sender``, ``receiver`` or ``desk``. Raises ``BarsRefused`` (not-current)."""
    found = _states().get((kind, state, step, by))
    if found is None:
        raise BarsRefused("not-current", f"it is {statuses()[kind, state].words.lower()}" if state else "")
    return found


def steps_from(kind: str, state: str, by: str) -> list[str]:
    """The steps ``by`` may take now, in the order of states.csv."""
    return [step for of, before, step, who in _states() if (of, before, who) == (kind, state, by)]


def definition(address: str, event: str, on: date) -> dict[str, tuple[int, int]]:
    """Resource type → (fewest, most) of a MessageDefinition in force. Raises ``BarsRefused`` for one unknown here."""
    found = {
        row.value[0]: (int(row.value[1]), MANY if row.value[2] == "*" else int(row.value[2]))
        for row in _definitions()
        if row.key == (address, event) and row.valid_from <= on <= row.valid_to
    }
    if not found:
        raise BarsRefused("definition-broken", f"no MessageDefinition {address[:200] or '(none named)'} for {event}")
    return found


def definitions(on: date) -> list[tuple[str, str, dict[str, tuple[int, int]]]]:
    """Every MessageDefinition in force: address, event, content."""
    keys = dict.fromkeys(row.key for row in _definitions() if row.valid_from <= on <= row.valid_to)
    return [(address, event, definition(address, event, on)) for address, event in keys]
