"""Targets: dated, in the forms board papers use, and whether a figure meets one.

Papers print a target as ">75%", "75%>", "at least 720", "34,000" or "100% Offer", and move it from one year to the
next; a trajectory is a row of values each to be reached by its own day.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from commonweal.domain.errors import CommonwealError


class TargetKind(StrEnum):
    """What kind of promise a target is.

    ``none`` says that none is set, which differs from nothing being known. ``offer`` is a service offered to a
    share of people (nearly always all of them): what is taken up is not what is promised.
    """

    NONE = "none"
    FIXED = "fixed"
    TRAJECTORY = "trajectory"
    MINIMUM_COUNT = "minimum_count"
    PERCENTAGE = "percentage"
    OFFER = "offer"


class Comparator(StrEnum):
    """How a figure must stand to the target's value."""

    AT_LEAST = ">="
    ABOVE = ">"
    AT_MOST = "<="
    BELOW = "<"


class BadTargetError(CommonwealError):
    """A target that cannot be read or says two things at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target in force from ``starts`` until the next one starts.

    ``value`` is in the indicator's unit; ``points`` are (day to be reached by, value), oldest first, and only of a
    trajectory. ``printed`` keeps the words it was read from.

    Raises ``BadTargetError`` if kind, value and points do not fit together.
    """

    starts: date
    kind: str = TargetKind.FIXED
    comparator: str = Comparator.AT_LEAST
    value: Decimal | None = None
    points: tuple[tuple[date, Decimal], ...] = ()
    printed: str = ""

    def __post_init__(self) -> None:
        if self.kind not in set(TargetKind) or self.comparator not in set(Comparator):
            raise BadTargetError(f"no target is of kind {self.kind!r} with comparator {self.comparator!r}")
        if self.kind == TargetKind.TRAJECTORY:
            days = [day for day, _ in self.points]
            if not days or days != sorted(set(days)) or self.value is not None:
                raise BadTargetError("a trajectory has points in order of their days, each day once, and no one value")
        elif self.points:
            raise BadTargetError("only a trajectory has points")
        elif (self.value is None) != (self.kind == TargetKind.NONE):
            raise BadTargetError("a target has a value, unless its kind is none")


def target_on(targets: Sequence[Target], day: date) -> Target | None:
    """The target in force on a day: the latest that has started. None before the first."""
    started = [one for one in targets if one.starts <= day]
    return max(started, key=lambda one: one.starts) if started else None


def required(target: Target, day: date) -> Decimal | None:
    """The value asked for on ``day``: of a trajectory, that of its first point not before it.

    None where no target is set, and after a trajectory's last point: nobody has said what comes next.
    """
    if target.kind == TargetKind.TRAJECTORY:
        return next((value for by, value in target.points if by >= day), None)
    return target.value


def met(target: Target | None, value: Decimal | None, day: date) -> bool | None:
    """Whether ``value`` on ``day`` meets the target; None where there is no target or no figure to say so."""
    asked = required(target, day) if target is not None else None
    if target is None or value is None or asked is None:
        return None
    return {
        Comparator.AT_LEAST: value >= asked,
        Comparator.ABOVE: value > asked,
        Comparator.AT_MOST: value <= asked,
        Comparator.BELOW: value < asked,
    }[Comparator(target.comparator)]


_WORDS = {
    ">": Comparator.ABOVE,
    "more than": Comparator.ABOVE,
    "over": Comparator.ABOVE,
    ">=": Comparator.AT_LEAST,
    "≥": Comparator.AT_LEAST,
    "at least": Comparator.AT_LEAST,
    "<": Comparator.BELOW,
    "less than": Comparator.BELOW,
    "<=": Comparator.AT_MOST,
    "≤": Comparator.AT_MOST,
    "at most": Comparator.AT_MOST,
    "no more than": Comparator.AT_MOST,
}
_NUMBER = r"£?(?P<number>-?\d[\d,]*(?:\.\d+)?)\s*(?P<percent>%)?"
_SIGN = r"(?P<sign>>=|<=|≥|≤|>|<|at least|at most|no more than|more than|less than|over)"
_BEFORE = re.compile(rf"{_SIGN}?\s*{_NUMBER}", re.IGNORECASE)
_AFTER = re.compile(rf"{_NUMBER}\s*(?P<sign>>=|<=|≥|≤|>|<)", re.IGNORECASE)
_OFFER = re.compile(
    rf"(?:offer(?:ed)?(?:\s+to)?\s*{_NUMBER})|(?:{_NUMBER.replace('?P<', '?P<o')}\s*offer)", re.IGNORECASE
)


def read_target(text: str, starts: date) -> Target:
    """A printed target: ">75%", "75%>" (the sign follows its number), "100% Offer", "34,000", "-" for none.

    A bare number without a sign is a minimum count, a bare percentage one to be reached (at least).
    Raises ``BadTargetError`` for words that are none of these.
    """
    bare = " ".join(text.split())
    if bare.lower() in {"", "-", "–", "—", "n/a", "none"}:
        return Target(starts, TargetKind.NONE, printed=text)
    offer = _OFFER.fullmatch(bare)
    if offer is not None:
        return Target(starts, TargetKind.OFFER, value=_decimal(offer["number"] or offer["onumber"]), printed=text)
    found = _BEFORE.fullmatch(bare) or _AFTER.fullmatch(bare)
    if found is None:
        raise BadTargetError(f"{text!r} is not a target; write it like >75%, at least 720 or 100% offer")
    sign = (found["sign"] or "").lower()
    kind = TargetKind.PERCENTAGE if found["percent"] else TargetKind.FIXED if sign else TargetKind.MINIMUM_COUNT
    return Target(starts, kind, _WORDS.get(sign, Comparator.AT_LEAST), _decimal(found["number"]), printed=text)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise BadTargetError(f"{text!r} is not a number") from None


def plain(target: Target) -> dict[str, Any]:
    """The target as plain values, for a file or a database."""
    found: dict[str, Any] = {"starts": target.starts.isoformat(), "kind": str(target.kind)}
    if target.kind != TargetKind.NONE:
        found["comparator"] = str(target.comparator)
    if target.value is not None:
        found["value"] = f"{target.value:f}"
    if target.points:
        found["points"] = [[day.isoformat(), f"{value:f}"] for day, value in target.points]
    if target.printed:
        found["printed"] = target.printed
    return found


def from_plain(cells: Mapping[str, Any]) -> Target:
    """The target that ``plain`` wrote. Raises ``BadTargetError`` naming what is wrong with it."""
    unknown = set(cells) - {"starts", "kind", "comparator", "value", "points", "printed"}
    if unknown:
        raise BadTargetError(f"a target has no {', '.join(sorted(unknown))}")
    try:
        return Target(
            date.fromisoformat(str(cells["starts"])),
            str(cells.get("kind", TargetKind.FIXED)),
            str(cells.get("comparator", Comparator.AT_LEAST)),
            Decimal(str(cells["value"])) if cells.get("value") not in {None, ""} else None,
            tuple((date.fromisoformat(str(day)), Decimal(str(value))) for day, value in cells.get("points", ())),
            str(cells.get("printed", "")),
        )
    except (KeyError, ValueError, TypeError, InvalidOperation) as problem:
        raise BadTargetError(f"a target needs a day it starts and numbers as values: {problem}") from problem


_LINE = re.compile(r"\s*(\d{4}-\d{2}-\d{2})\s*:\s*(.*?)\s*\Z")
_TRAJECTORY = re.compile(r"trajectory\s*(>=|<=|>|<)\s*(.+)", re.IGNORECASE)


def line_of(target: Target) -> str:
    """The target as one line of a form: "2020-04-01: >= 75%", "2021-04-01: trajectory >= 90 by 2022-03-31"."""
    kind, value = target.kind, "" if target.value is None else f"{target.value:f}"
    if kind == TargetKind.NONE:
        said = "none"
    elif kind == TargetKind.TRAJECTORY:
        points = ", ".join(f"{amount:f} by {day.isoformat()}" for day, amount in target.points)
        said = f"trajectory {target.comparator} {points}"
    elif kind == TargetKind.OFFER:
        said = f"offer {value}%"
    elif kind == TargetKind.PERCENTAGE:
        said = f"{target.comparator} {value}%"
    elif kind == TargetKind.MINIMUM_COUNT and target.comparator == Comparator.AT_LEAST:
        said = value
    else:
        said = f"{target.comparator} {value}"
    return f"{target.starts.isoformat()}: {said}"


def read_lines(text: str) -> tuple[Target, ...]:
    """The targets of a form's box, one a line as ``line_of`` writes them, or as papers print them after the day.

    Raises ``BadTargetError`` naming the line.
    """
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line)
        if match is None:
            raise BadTargetError(f"{line.strip()!r}: begin each target with the day it starts, like 2020-04-01: >75%")
        try:
            starts = date.fromisoformat(match[1])
            course = _TRAJECTORY.fullmatch(match[2])
            if course is None:
                found.append(read_target(match[2], starts))
                continue
            points = [one.strip().split(" by ") for one in course[2].split(",")]
            found.append(
                Target(
                    starts,
                    TargetKind.TRAJECTORY,
                    course[1],
                    points=tuple((date.fromisoformat(day.strip()), _decimal(value.strip())) for value, day in points),
                )
            )
        except ValueError as problem:
            raise BadTargetError(f"{line.strip()!r}: {problem}") from problem
    return tuple(sorted(found, key=lambda one: one.starts))


def says(target: Target, unit: str) -> str:
    """The target in words: "at least 75 percent from 1 April 2020"."""
    since = f"from {target.starts.day} {target.starts:%B %Y}"
    if target.kind == TargetKind.NONE:
        return f"no target is set {since}"
    words = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}[str(target.comparator)]
    if target.kind == TargetKind.TRAJECTORY:
        points = ", ".join(f"{value:f} by {day.day} {day:%B %Y}" for day, value in target.points)
        return f"{words} {points} ({unit}), {since}"
    if target.kind == TargetKind.OFFER:
        return f"offered to {target.value:f} percent of people {since}"
    return f"{words} {target.value:,f} {unit} {since}"
