"""FHIR search parameters → conditions over the typed search rows. https://hl7.org/fhir/R4/search.html

The text of every condition is a constant; values are bound. Only leakproof operators appear (equality and
order of text and timestamptz), so that row security does not keep the planner from the indexes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commonweal.apps.record.staging import system_number
from commonweal.domain.errors import CommonwealError
from commonweal.fhir.normalise import name_key, phonetic, postcode
from commonweal.fhir.search import date_range
from commonweal.fhir.search_parameters import Parameter, parameters

MAX_COUNT = 1_000
DEFAULT_COUNT = 100

_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")

_IN = " r.rid IN (SELECT t.rid FROM "
_PERSON = " t WHERE t.compartment_id = ANY (%s) AND t.parameter = ANY (%s) AND "
_SHARED = " t WHERE t.compartment_id IS NULL AND t.parameter = ANY (%s) AND "
_WITHIN = "(t.low >= %s::timestamptz AND t.high <= %s::timestamptz)"
_COMPARE: Mapping[str, tuple[str, str]] = {  # the condition, and which ends of the sought range it takes
    "eq": (_WITHIN, "lh"),
    "ne": ("NOT " + _WITHIN, "lh"),
    "gt": ("t.high > %s::timestamptz", "h"),
    "lt": ("t.low < %s::timestamptz", "l"),
    "ge": ("(t.high > %s::timestamptz OR " + _WITHIN + ")", "hlh"),
    "le": ("(t.low < %s::timestamptz OR " + _WITHIN + ")", "llh"),
    "sa": ("t.low > %s::timestamptz", "h"),
    "eb": ("t.high < %s::timestamptz", "l"),
}
_UPDATED: Mapping[str, tuple[str, str]] = {
    "eq": ("(r.updated >= %s::timestamptz AND r.updated <= %s::timestamptz)", "lh"),
    "ne": ("(r.updated < %s::timestamptz OR r.updated > %s::timestamptz)", "lh"),
    "gt": ("r.updated > %s::timestamptz", "h"),
    "lt": ("r.updated < %s::timestamptz", "l"),
    "ge": ("r.updated >= %s::timestamptz", "l"),
    "le": ("r.updated <= %s::timestamptz", "h"),
    "sa": ("r.updated > %s::timestamptz", "h"),
    "eb": ("r.updated < %s::timestamptz", "l"),
}
_SORTS: Mapping[str, str] = {
    "": " ORDER BY r.rid",
    "date": " ORDER BY r.happened_at NULLS LAST, r.rid",
    "-date": " ORDER BY r.happened_at DESC NULLS LAST, r.rid",
    "_lastUpdated": " ORDER BY r.updated, r.rid",
    "-_lastUpdated": " ORDER BY r.updated DESC, r.rid",
}


class BadSearch(CommonwealError):
    """A search parameter or value that cannot be honoured; the message names it."""


@dataclass(slots=True)
class Query:
    """Conditions to append to a SELECT over ``record_resource r``, with what they bind."""

    where: str = ""
    values: list[Any] = field(default_factory=list)
    order: str = _SORTS[""]
    limit: int = DEFAULT_COUNT
    people: list[str] = field(default_factory=list)  # Patient ids named by patient= or subject=


def compile_search(
    kind: str, params: Mapping[str, str] | Iterable[tuple[str, str]], compartments: list[int] | None
) -> Query:
    """Conditions for ``params`` on type ``kind``; ``compartments`` None searches what is about nobody.

    A repeated parameter is AND, a comma within one OR. Supported: token (``system|code``), date with prefixes,
    string (prefix of the normalised text; ``:exact`` for the whole), ``patient``, ``subject``, ``_id``,
    ``_lastUpdated``, ``_count``, ``_sort``. Raises :class:`BadSearch`.
    """
    query = Query()
    known = parameters(kind)
    for name, value in params.items() if isinstance(params, Mapping) else params:
        base, _, modifier = name.partition(":")
        if base == "_id":
            _add(query, " r.id = ANY (%s)", [value.split(",")])
        elif base == "_lastUpdated":
            _dates(query, _UPDATED, " ", value, [], name)
        elif base == "_count":
            query.limit = _count(value)
        elif base == "_sort":
            if value not in _SORTS:
                raise BadSearch(f"_sort={value}: sort by date, -date, _lastUpdated or -_lastUpdated")
            query.order = _SORTS[value]
        elif base in ("patient", "subject") and not modifier and (base in known or kind == "Patient"):
            query.people += [item.removeprefix("Patient/") for item in value.split(",")]
        elif base not in known:
            raise BadSearch(f"{kind} has no search parameter {base}; it has {', '.join(sorted(known))}")
        elif known[base].kind == "reference" and modifier != "identifier":
            raise BadSearch(f"{name}: search by reference is supported for patient and subject, or with :identifier")
        else:
            _typed(query, known[base], modifier, value, compartments)
    return query


def _typed(query: Query, parameter: Parameter, modifier: str, value: str, compartments: list[int] | None) -> None:
    scope = _SHARED if compartments is None else _PERSON
    sign = -1 if modifier == "identifier" else 1
    numbers = [sign * read.number for read in parameter.reads]
    bound: list[Any] = [numbers] if compartments is None else [compartments, numbers]
    base = parameter.name
    if parameter.kind == "date":
        _dates(query, _COMPARE, _IN + "record_date" + scope, value, bound, base)
    elif parameter.kind == "string":
        _strings(query, _IN + "record_string" + scope, base, modifier, value, bound)
    elif modifier in ("", "identifier"):
        _tokens(query, _IN + "record_token" + scope, value, bound)
    else:
        raise BadSearch(f"{base}:{modifier}: the modifier is not supported")


def _add(query: Query, condition: str, values: list[Any]) -> None:
    query.where += " AND" + condition
    query.values += values


def _tokens(query: Query, head: str, value: str, bound: list[Any]) -> None:
    either, values = [], list(bound)
    for item in value.split(","):
        system, bar, code = item.rpartition("|")
        if bar and not code:
            either.append("t.system = %s")
            values.append(system_number(system))
        elif bar:
            either.append("(t.code = %s AND t.system = %s)")
            values += [code, system_number(system)]
        else:
            either.append("t.code = %s")
            values.append(code)
    _add(query, head + "(" + " OR ".join(either) + "))", values)


def _strings(query: Query, head: str, base: str, modifier: str, value: str, bound: list[Any]) -> None:
    normal = {"phonetic": phonetic, "address-postalcode": postcode}.get(base, name_key)
    either, values = [], list(bound)
    for item in value.split(","):
        key = normal(item)
        if not key:
            raise BadSearch(f"{base}={item}: give at least one letter")
        if modifier == "exact" or base == "phonetic":
            either.append("t.value = %s")
            values.append(key)
        elif modifier:
            raise BadSearch(f"{base}:{modifier}: the modifier is not supported")
        else:  # a prefix, as a range of the bytes order
            either.append("(t.value >= %s AND t.value < %s)")
            values += [key, key + "\U0010ffff"]
    _add(query, head + "(" + " OR ".join(either) + "))", values)


def _dates(
    query: Query, table: Mapping[str, tuple[str, str]], head: str, value: str, bound: list[Any], name: str
) -> None:
    either, values = [], list(bound)
    for item in value.split(","):
        prefix, text = (item[:2], item[2:]) if item[:2] in _PREFIXES else ("eq", item)
        if item[:2].isalpha() and item[:2] not in _PREFIXES:
            raise BadSearch(f"{name}={item}: the prefix must be one of {', '.join(_PREFIXES)}")
        try:
            low, high = date_range(text)
        except ValueError as error:
            raise BadSearch(
                f"{name}={item}: give a date as YYYY, YYYY-MM, YYYY-MM-DD or with a time and zone"
            ) from error
        condition, ends = table[prefix]
        either.append(condition)
        values += [low if end == "l" else high for end in ends]
    closing = ")" if bound else ""
    _add(query, head + "(" + " OR ".join(either) + ")" + closing, values)


def _count(value: str) -> int:
    if not value.isdigit():
        raise BadSearch(f"_count={value}: give a whole number")
    return min(int(value), MAX_COUNT)
