"""Holding what a feed lands to loaded profiles, by the dated rules for its source and feed.

Only of feeds whose lines say what the resources are: messages become resources of this product's own making, and what
goes through the pseudonymising door becomes none. A line that breaks a profile whose rule says *refuse* is set aside;
one that breaks a profile whose rule says *report* is stored, and counted. Claims in ``meta.profile`` are not looked at
here: only what somebody decided to ask.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from commonweal.apps.record.conformance.checking import rules, validator
from commonweal.apps.record.terminology.selectors import stamp
from commonweal.fhir.errors import Issue

_ANY = """
SELECT EXISTS (SELECT FROM record_profile_rule WHERE source IN ('', %s) AND feed IN ('', %s)
    AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s))
"""
_PLACE = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Judged:
    """One resource against one profile: what is wrong, if anything is, and whether that sets it aside."""

    profile: str
    issues: list[Issue]
    refused: bool


class FeedRules:
    """The rules for what one source's feed brings on a day."""

    def __init__(self, source: str, feed: str, day: date) -> None:
        self._source, self._feed, self._day = source, feed, day
        self._stamp = stamp()

    def judged(self, resource: Mapping[str, Any]) -> list[Judged]:
        """The resource against each profile it is held to. One that is not loaded any more is broken: fail closed."""
        held = rules(self._source, str(resource["resourceType"]), self._day, self._feed, self._stamp)
        found = []
        for profile, verdict in held.items():
            issues = [one for one in validator(self._stamp).held_to(resource, profile) if one.severity == "error"]
            found.append(Judged(profile, issues, bool(issues) and verdict == "refuse"))
        return found


def feed_rules(source: str, feed: str, day: date) -> FeedRules | None:
    """The rules in force for a source's feed; None where there are none, which is the rule."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY, [source, feed, day, day])
        return FeedRules(source, feed, day) if cursor.fetchone()[0] else None


def element_of(issue: Issue) -> str:
    """Where an issue is, without which of several: what is counted together."""
    return _PLACE.sub("", issue.field)
