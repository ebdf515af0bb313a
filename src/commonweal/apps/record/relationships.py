"""From a resource to who has a relationship with its person: the rules are data, with the dates they hold.

``relationship_rules.json`` says which element names the organisation and the period; this module only reads
it. Returned dates are calendar dates; an open relationship has no end.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from commonweal.fhir import systems
from commonweal.fhir.dates import day_of

UNKNOWN_START = date(1900, 1, 1)  # a feed that does not say since when: shown as "not known"


@dataclass(frozen=True, slots=True)
class Related:
    """An organisation's relationship with the person a resource is about, and the feed that tells of it."""

    organisation: str
    kind: str
    start: date
    end: date | None
    feed: str = ""


@lru_cache(maxsize=1)
def _rules() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Rules by (feed, resource type)."""
    table: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for rule in json.loads((Path(__file__).parent / "relationship_rules.json").read_text("utf-8"))["rules"]:
        for feed in rule["feeds"]:
            table.setdefault((feed, rule["type"]), []).append(rule)
    return table


def applies(feed: str, resource_type: str) -> bool:
    """Whether any rule reads this type of resource from this feed."""
    return (feed, resource_type) in _rules()


@lru_cache(maxsize=1)
def types() -> list[str]:
    """The resource types any rule reads."""
    return sorted({kind for _, kind in _rules()})


def related(source: str, feed: str, resource: Mapping[str, Any]) -> tuple[Related, ...]:
    """The relationships ``resource`` shows, under the rules in force when it happened."""
    found = []
    for rule in _rules().get((feed, resource["resourceType"]), ()):
        if rule.get("class") and resource.get("class", {}).get("code") not in rule["class"]:
            continue
        if resource.get("status") in ("entered-in-error", "cancelled"):
            continue
        start = _day(resource, rule["start"]) if rule["start"] else UNKNOWN_START
        organisation = next(
            filter(None, (_organisation(resource, name, source) for name in rule["organisation"])), None
        )
        if start is None or organisation is None or not _in_force(rule, start):
            continue
        if rule.get("own_only") and organisation != source:
            continue
        end = _day(resource, rule["end"]) if rule["end"] else None
        if end is None and rule.get("default_end") == "start":
            end = start
        tail = timedelta(days=rule["tail_days"])
        found.append(Related(organisation, rule["kind"], start, end + tail if end else None, feed))
    return tuple(found)


def union(said: Iterable[Related]) -> dict[tuple[str, str, date], Related]:
    """One relationship for each (organisation, kind, start): of several ends the latest, an open one being later."""
    best: dict[tuple[str, str, date], Related] = {}
    for item in said:
        key = (item.organisation, item.kind, item.start)
        held = best.get(key)
        if held is None or (held.end is not None and (item.end is None or item.end > held.end)):
            best[key] = item
    return best


def retracted(item: Related, today: date) -> Related:
    """``item``, once its source no longer says so.

    One without a known start was true until now and ended yesterday. One with a start was a mistake: it ends
    before it starts, so that it never held.
    """
    if item.start == UNKNOWN_START:
        yesterday = today - timedelta(days=1)
        return replace(item, end=yesterday if item.end is None else min(item.end, yesterday))
    return replace(item, end=item.start - timedelta(days=1))


def _in_force(rule: Mapping[str, Any], day: date) -> bool:
    if day == UNKNOWN_START:
        return True
    return date.fromisoformat(rule["valid_from"]) <= day and (
        rule["valid_to"] is None or day <= date.fromisoformat(rule["valid_to"])
    )


def _organisation(resource: Mapping[str, Any], element: str, source: str) -> str | None:
    """The ODS code an element refers to by identifier (the first, if it repeats)."""
    if element == "source":
        return source
    value = resource.get(element)
    for reference in value if isinstance(value, list) else [value]:
        identifier = reference.get("identifier", {}) if isinstance(reference, Mapping) else {}
        if identifier.get("system") == systems.ODS and identifier.get("value"):
            return str(identifier["value"]).replace("\0", "")
    return None


def _day(resource: Mapping[str, Any], path: str) -> date | None:
    """The UK calendar day an element holds; a partial date counts from its first day."""
    value: Any = resource
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return day_of(value) if isinstance(value, str) else None
