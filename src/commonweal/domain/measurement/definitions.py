"""Definitions of indicators as plain values: for files, forms and the history, and what changed between two."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Aggregation, Direction, Indicator, PeriodType, Standing
from commonweal.domain.measurement.targets import BadTargetError, Target, from_plain, plain, says, target_on

NAMES = tuple(field.name for field in fields(Indicator))
LISTS = frozenset({"sources", "lenses"})
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}\Z")
_CHOICES: dict[str, frozenset[str]] = {
    "direction_of_good": frozenset(Direction),
    "aggregation": frozenset(Aggregation),
    "over_footprints": frozenset(Aggregation),
    "year_to_date": frozenset({"", *Aggregation}),
    "period_type": frozenset(PeriodType),
    "standing": frozenset(Standing),
}
_SAME = {"latest": "last", "pooled ratio": "pooled_ratio", "to be confirmed": "to_be_confirmed"}
LABELS = {
    "code": "Code",
    "name": "Name",
    "sentence": "Sentence",
    "unit": "Unit",
    "direction_of_good": "Direction of good",
    "service_area": "Service area",
    "owner": "Owner",
    "aggregation": "Over time",
    "valid_from": "In force from",
    "valid_to": "In force to",
    "assurance_group": "Assurance group",
    "rounding": "Decimals shown",
    "period_type": "Period",
    "over_footprints": "Over areas",
    "year_to_date": "Year to date",
    "targets": "Targets",
    "standing": "State",
    "provisional_periods": "Newest periods that are provisional",
    "sources": "Sources",
    "outcome": "Outcome",
    "aim": "Aim",
    "lenses": "Split by",
    "disclosure": "Disclosure profile",
}


class BadDefinitionError(CommonwealError):
    """A definition that cannot stand; ``problems`` are (field, what to do)."""

    def __init__(self, problems: Sequence[tuple[str, str]], where: str = "") -> None:
        self.problems = list(problems)
        told = "; ".join(f"{field}: {message}" for field, message in self.problems)
        super().__init__(f"{where}: {told}" if where else told)


def as_plain(indicator: Indicator) -> dict[str, Any]:
    """Every field as text, number, list or None: what YAML, JSON and the history hold."""
    found: dict[str, Any] = {}
    for name in NAMES:
        value = getattr(indicator, name)
        if name == "targets":
            value = [plain(one) for one in value]
        elif name in LISTS:
            value = list(value)
        elif isinstance(value, date):
            value = value.isoformat()
        elif isinstance(value, str):
            value = str(value)
        found[name] = value
    return found


def read_definition(cells: Mapping[str, Any], where: str = "") -> Indicator:
    """The indicator that plain values define; fields left out take their defaults.

    Raises ``BadDefinitionError`` with every problem at once, ``where`` naming the file and line.
    """
    problems: list[tuple[str, str]] = [(name, "is not a field of a definition") for name in set(cells) - set(NAMES)]
    made: dict[str, Any] = {}
    for name in NAMES:
        if name not in cells or (cells[name] is None and name not in {"valid_to", "rounding"}):
            continue
        try:
            made[name] = _value(name, cells[name])
        except (ValueError, TypeError, BadTargetError) as problem:
            problems.append((name, str(problem)))
    for name, ask in (("code", "a code"), ("name", "a name"), ("sentence", "a sentence"), ("unit", "a unit")):
        if not made.get(name) and name not in {field for field, _ in problems}:
            problems.append((name, f"enter {ask}"))
    problems += _rules(made)
    if problems:
        raise BadDefinitionError(sorted(problems, key=lambda one: _order(one[0])), where)
    return Indicator(**made)


def _order(field: str) -> int:
    return NAMES.index(field) if field in NAMES else -1


def _value(name: str, raw: Any) -> Any:
    if name == "targets":
        return tuple(sorted((from_plain(one) for one in raw), key=lambda one: one.starts))
    if name in LISTS:
        listed = raw.split(";") if isinstance(raw, str) else raw
        if any(";" in str(one) for one in listed):
            raise ValueError("semicolons part the entries, so that none may hold one")
        return tuple(text for one in listed if (text := " ".join(str(one).split())))
    if name in {"valid_from", "valid_to"}:
        return None if raw in {None, ""} else raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())
    if name in {"rounding", "provisional_periods"}:
        if raw in {None, ""}:
            return None if name == "rounding" else 0
        number = Decimal(str(raw))
        if number != number.to_integral_value() or not 0 <= number <= 60:
            raise ValueError("enter a whole number from 0 to 60")
        return int(number)
    text = " ".join(str(raw).split())
    text = _SAME.get(text, text) if name in _CHOICES else text
    if name in _CHOICES and text not in _CHOICES[name]:
        raise ValueError(f"choose one of {', '.join(sorted(one for one in _CHOICES[name] if one))}")
    return text


def _rules(made: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What fields must say of each other."""
    found = []
    if made.get("code") and not _CODE.match(made["code"]):
        found.append(("code", "use small letters, digits, full stop, hyphen and underline"))
    if made.get("valid_to") and made.get("valid_from") and made["valid_to"] < made["valid_from"]:
        found.append(("valid_to", "the last day is before the first"))
    starts = [one.starts for one in made.get("targets", ())]
    if len(set(starts)) != len(starts):
        found.append(("targets", "two targets start on one day"))
    ratio = {made.get("aggregation"), made.get("over_footprints"), made.get("year_to_date")}
    if made.get("unit") == "percent" and Aggregation.SUM in ratio:
        found.append(("aggregation", "percentages are not summed: choose pooled_ratio, last, mean or none"))
    return found


def changes(before: Indicator | None, after: Indicator) -> list[tuple[str, str, str]]:
    """(field label, before, after) of every field that differs, in reading order."""
    old = shown(before) if before is not None else {}
    new = shown(after)
    return [(label, old.get(label, ""), text) for label, text in new.items() if old.get(label, "") != text]


def shown(indicator: Indicator) -> dict[str, str]:
    """Label → words of every field, for a reader."""
    found = {}
    for name in NAMES:
        value = getattr(indicator, name)
        if name == "targets":
            text = "; ".join(says(one, indicator.unit) for one in value)
        elif name in LISTS:
            text = ", ".join(value)
        elif isinstance(value, date):
            text = f"{value.day} {value:%B %Y}"
        else:
            text = "" if value is None else str(value).replace("_", " ") if name in _CHOICES else str(value)
        found[LABELS[name]] = text
    return found


def in_english(indicator: Indicator, on: date) -> str:
    """The whole definition as a paragraph."""
    how = {
        Aggregation.SUM: "Months are added up",
        Aggregation.LAST: "The latest figure stands for a longer period",
        Aggregation.MEAN: "A longer period is the mean of its parts",
        Aggregation.POOLED_RATIO: "A longer period is all numerators over all denominators",
        Aggregation.NONE: "Figures of different periods are not put together",
    }[Aggregation(indicator.aggregation)]
    good = {"higher": "More is better", "lower": "Less is better"}.get(
        str(indicator.direction_of_good), "Neither more nor less is better in itself"
    )
    words = [indicator.sentence.rstrip(".") + ".", f"{good}.", f"{how}."]
    target = target_on(indicator.targets, on)
    words.append(f"Target: {says(target, indicator.unit)}." if target else "No target has been recorded.")
    if indicator.standing != Standing.LIVE:
        words.append(f"Reporting is {str(indicator.standing).replace('_', ' ')}.")
    if indicator.provisional_periods:
        words.append(f"The newest {indicator.provisional_periods} periods are provisional and may still move.")
    return " ".join(words)


def in_force(versions: Sequence[Indicator], day: date) -> Indicator | None:
    """The definition in force on a day, of the dated versions of one code."""
    started = [one for one in versions if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)]
    return max(started, key=lambda one: one.valid_from) if started else None


def closed(versions: Sequence[Indicator]) -> list[Indicator]:
    """Versions of one code with each ending the day before the next begins, unless it ends sooner."""
    ordered = sorted(versions, key=lambda one: one.valid_from)
    found = []
    for version, following in zip(ordered, [*ordered[1:], None][: len(ordered)], strict=True):
        last = following.valid_from - timedelta(days=1) if following is not None else None
        ends = [day for day in (version.valid_to, last) if day is not None]
        found.append(replace(version, valid_to=min(ends) if ends else None))
    return found


__all__ = [
    "LABELS",
    "NAMES",
    "BadDefinitionError",
    "Target",
    "as_plain",
    "changes",
    "closed",
    "in_english",
    "in_force",
    "read_definition",
    "shown",
]
