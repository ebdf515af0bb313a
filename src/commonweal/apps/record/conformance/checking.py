"""Judging resources against what is loaded: for ``$validate``, and for what comes in.

One validator a process serves until definitions change; asking whether they have is one look-up a request.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection

from commonweal.apps.record.conformance.packages import library_of_tables
from commonweal.apps.record.terminology import selectors as terminology
from commonweal.apps.record.terminology.errors import TerminologyFault
from commonweal.fhir.definitions import resource_types
from commonweal.fhir.errors import Issue
from commonweal.fhir.profiles.validator import Validator
from commonweal.fhir.validate import validate

Json = Mapping[str, Any]
_REMEMBERED = 100_000  # codes whose membership is known; then it starts again


class Terms:
    """Membership in value sets by the loaded tables, each code asked once."""

    def __init__(self, stamp: int) -> None:
        self._stamp = stamp
        self._known: dict[tuple[str, str | None, str], bool | None] = {}

    def member(self, value_set: str, system: str | None, code: str) -> bool | None:
        """See :class:`commonweal.fhir.profiles.terms.Terms`."""
        key = (value_set, system, code)
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            try:
                self._known[key] = terminology.member(value_set, system, code, at=self._stamp)
            except TerminologyFault:
                self._known[key] = None
        return self._known[key]


@lru_cache(maxsize=2)
def _validator(stamp: int) -> Validator:
    return Validator(library_of_tables(), Terms(stamp))


def validator(stamp: int | None = None) -> Validator:
    """The validator over what is loaded now; ``stamp``: of what is loaded, where the caller knows it."""
    return _validator(terminology.stamp() if stamp is None else stamp)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found; ``refused``: the rules of its source say that it may not be stored."""

    issues: list[Issue]
    refused: bool


_RULES = """
SELECT profile, verdict FROM record_profile_rule
WHERE source IN ('', %s) AND feed IN ('', %s) AND type IN (%s, '')
    AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)
ORDER BY profile, source, feed
"""
BY_INTERFACE = "api"  # the feed of what comes by the FHIR interface


@lru_cache(maxsize=4096)
def _rules(stamp: int, source: str, feed: str, kind: str, day: date) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(_RULES, [source, feed, kind, day, day])
        return dict(cursor.fetchall())


def rules(source: str, kind: str, day: date, feed: str = BY_INTERFACE, stamp: int | None = None) -> dict[str, str]:
    """Profile → ``report`` or ``refuse``, for what ``source`` sends of type ``kind`` by ``feed`` on ``day``.

    A rule of the source itself counts before one for all, and of its feed before one for whatever it sends.
    """
    return _rules(terminology.stamp() if stamp is None else stamp, source, feed, kind, day)


def check(resource: Json, source: str, day: date, profiles: Iterable[str] = ()) -> Checked:
    """What is wrong with a resource that ``source`` sends: R4, the profiles it claims, and those it is held to.

    Refused when its structure is broken, as landing refuses it, or it breaks a profile whose rule says *refuse*. A
    rule for a profile that is not loaded refuses too: fail closed.
    """
    kind = str(resource.get("resourceType", ""))
    held = rules(source, kind, day)
    judge = validator()
    issues = validate(resource)
    refused = any(one.severity == "error" for one in issues)
    if kind in resource_types():
        issues += judge.beyond(resource, [*profiles, *held])
    return Checked(issues, refused or _refused(judge, resource, held))


class Incoming:
    """What comes in from one source in one request: what is loaded, and the rules, are asked for once."""

    def __init__(self, source: str, day: date, stamp: int | None = None) -> None:
        self._source, self._day = source, day
        self._stamp = stamp  # of what is loaded, where the caller knows it

    def remarks(self, resource: Json) -> Checked:
        """What a structurally sound resource breaks of the profiles it claims or is held to; most claim none.

        Claims are reported and never refuse: a false claim is the sender's, and the data may be sound all the same.
        """
        if self._stamp is None:
            self._stamp = terminology.stamp()
        held = _rules(self._stamp, self._source, BY_INTERFACE, str(resource["resourceType"]), self._day)
        meta = resource.get("meta")
        if not held and not (isinstance(meta, dict) and meta.get("profile")):
            return Checked([], False)
        judge = _validator(self._stamp)
        return Checked(judge.beyond(resource, held), _refused(judge, resource, held))


def _refused(judge: Validator, resource: Json, held: Mapping[str, str]) -> bool:
    strict = [url for url, verdict in held.items() if verdict == "refuse"]
    return any(one.severity == "error" for url in strict for one in judge.held_to(resource, url))
