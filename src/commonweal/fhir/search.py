"""The values a resource can be found by, compiled once a type: https://hl7.org/fhir/R4/search.html"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from commonweal.fhir import definitions
from commonweal.fhir.normalise import name_key, phonetic, postcode
from commonweal.fhir.search_parameters import PARAMETERS

LONDON = ZoneInfo("Europe/London")  # a date without a zone is a UK day, as in every feed of the system
Row = tuple[str, str, str]
Add = Callable[[Any, "SearchValues"], None]


class SearchValues(NamedTuple):
    """Rows for the typed search tables.

    - ``tokens``: (parameter, system or '', code). A reference known only by identifier is a token under
      ``parameter:identifier``.
    - ``dates``: (parameter, first moment, last moment), ISO 8601 with an offset, both inclusive to the
      microsecond; an open period has ``-infinity`` or ``infinity``, which PostgreSQL reads as such.
    - ``strings``: (parameter, normalised); ``phonetic`` holds Soundex codes.
    - ``references``: (parameter, type, id) of relative references.
    """

    tokens: list[Row]
    dates: list[Row]
    strings: list[tuple[str, str]]
    references: list[Row]


def search_values(resource: Mapping[str, Any], *, literals: bool = True) -> SearchValues:
    """What ``resource``, which has passed validation, can be found by; empty for types without parameters.

    ``literals=False`` leaves ``references`` empty, for a store that does not index them.
    """
    values = SearchValues([], [], [], [])
    for key, add in _plan(resource["resourceType"], tuple(resource), literals):
        item = resource[key]
        if item is not None:
            add(item, values)
    return values


@lru_cache(maxsize=4_096)  # resources of a feed are of a few shapes
def _plan(kind: str, shape: tuple[str, ...], literals: bool) -> tuple[tuple[str, Add], ...]:
    """The extractors of a type for elements named in ``shape``: most of a type's parameters are not there."""
    return tuple((key, add) for key, add in _compiled(kind, literals) if key in shape)


def parameters(kind: str) -> tuple[str, ...]:
    """Names of the search parameters of a resource type."""
    return tuple(name for name, _ in PARAMETERS.get(kind, ()))


@lru_cache(maxsize=131_072)
def _day_bounds(text: str) -> tuple[str, str]:
    """First and last moment of YYYY, YYYY-MM or YYYY-MM-DD in the UK."""
    from calendar import monthrange
    from datetime import datetime

    year = int(text[:4])
    month = int(text[5:7]) if len(text) > 4 else 0
    day = int(text[8:10]) if len(text) > 7 else 0
    first = datetime(year, month or 1, day or 1, tzinfo=LONDON)
    last_month = month or 12
    last_day = day or monthrange(year, last_month)[1]
    last = datetime(year, last_month, last_day, 23, 59, 59, 999_999, tzinfo=LONDON)
    return first.isoformat(), last.isoformat()


def date_range(text: str) -> tuple[str, str]:
    """First and last moment that a FHIR date, dateTime or instant can mean, at its precision.

    Raises ``ValueError`` when ``text`` is not one. A search value takes the same range:
    https://hl7.org/fhir/R4/search.html#date
    """
    if len(text) <= 10:
        return _day_bounds(text)
    if text[17:19] == "60":
        text = f"{text[:17]}59{text[19:]}"  # a leap second, which databases do not hold
    if text[19:20] == ".":
        return text, text
    if len(text) < 20:
        raise ValueError(f"not a FHIR date: {text}")
    return text, f"{text[:19]}.999999{text[19:]}"


@cache
def _compiled(kind: str, literals: bool) -> tuple[tuple[str, Add], ...]:
    """Extractors of a type, one a top-level element; ``literals``: of references by literal too."""
    by_key: dict[str, list[Add]] = {}
    for parameter, paths in PARAMETERS.get(kind, ()):
        for path in paths:
            key, _, rest = path.partition(".")
            by_key.setdefault(key, []).append(_extractor(kind, key, rest, parameter, literals))
    return tuple((key, adds[0] if len(adds) == 1 else _all(tuple(adds))) for key, adds in by_key.items())


def _all(adds: tuple[Add, ...]) -> Add:
    def every(item: Any, values: SearchValues) -> None:
        for add in adds:
            add(item, values)

    return every


def _extractor(owner: str, key: str, rest: str, parameter: str, literals: bool) -> Add:
    many, kind = _element(owner, key)
    if rest:
        inner_key, _, inner_rest = rest.partition(".")
        one = _within(inner_key, _extractor(kind, inner_key, inner_rest, parameter, literals))
    else:
        one = _leaf(kind, parameter, literals)
    return _each(one) if many else one


def _within(key: str, inner: Add) -> Add:
    def one(item: Any, values: SearchValues) -> None:
        found = item.get(key)
        if found is not None:
            inner(found, values)

    return one


def _element(owner: str, key: str) -> tuple[bool, str]:
    """Whether the element repeats, and its type; a choice is resolved by its JSON name."""
    known = definitions.elements(owner)
    if key in known:
        return known[key].many, known[key].types[0]
    for name, element in known.items():
        stem = name.removesuffix("[x]")
        for kind in element.types:
            if name != stem and key == stem + kind[0].upper() + kind[1:]:
                return element.many, kind
    raise KeyError(f"{owner} has no element {key}")


def _each(one: Add) -> Add:
    def each(items: Iterable[Any], values: SearchValues) -> None:
        for item in items:
            one(item, values)

    return each


def _leaf(kind: str, parameter: str, literals: bool) -> Add:
    if kind == "string":
        return _string(parameter)
    if kind == "Reference":
        return _reference(parameter) if literals else _logical(parameter)
    return _LEAVES[kind](parameter)


def _string(parameter: str) -> Add:
    normal = {"phonetic": phonetic, "address-postalcode": postcode}.get(parameter, name_key)

    def add(item: str, values: SearchValues) -> None:
        key = normal(item) if item else ""
        if key:
            values.strings.append((parameter, key))

    return add


def _coding(parameter: str) -> Add:
    def add(item: dict[str, Any], values: SearchValues) -> None:
        code = item.get("code")
        if code:
            values.tokens.append((parameter, item.get("system", ""), code))

    return add


def _concept(parameter: str) -> Add:
    def add(item: dict[str, Any], values: SearchValues) -> None:
        for coding in item.get("coding", ()):
            code = coding.get("code")
            if code:
                values.tokens.append((parameter, coding.get("system", ""), code))

    return add


def _identifier(parameter: str) -> Add:
    def add(item: dict[str, Any], values: SearchValues) -> None:
        value = item.get("value")
        if value:
            values.tokens.append((parameter, item.get("system", ""), value.replace("\0", "")))

    return add


def _code(parameter: str) -> Add:
    def add(item: str, values: SearchValues) -> None:
        values.tokens.append((parameter, "", item))

    return add


def _boolean(parameter: str) -> Add:
    def add(item: bool, values: SearchValues) -> None:
        values.tokens.append((parameter, "", "true" if item else "false"))

    return add


def _date(parameter: str) -> Add:
    def add(item: str, values: SearchValues) -> None:
        first, last = date_range(item)
        values.dates.append((parameter, first, last))

    return add


def _period(parameter: str) -> Add:
    def add(item: dict[str, Any], values: SearchValues) -> None:
        start, end = item.get("start"), item.get("end")
        if start or end:
            first = date_range(start)[0] if start else "-infinity"
            last = date_range(end)[1] if end else "infinity"
            values.dates.append((parameter, first, last))

    return add


def _reference(parameter: str) -> Add:
    person_only = parameter == "patient"
    logical = _logical(parameter)

    def add(item: dict[str, Any], values: SearchValues) -> None:
        literal = item.get("reference")
        if literal is not None:
            kind, slash, own = literal.partition("/")
            if slash and kind.isalpha() and (not person_only or kind == "Patient"):
                values.references.append((parameter, kind, own.partition("/")[0] if "/" in own else own))
        logical(item, values)

    return add


def _logical(parameter: str) -> Add:
    """A reference by identifier only."""
    name = parameter + ":identifier"

    def add(item: dict[str, Any], values: SearchValues) -> None:
        identifier = item.get("identifier")
        if identifier is not None and identifier.get("value"):
            values.tokens.append((name, identifier.get("system", ""), identifier["value"]))

    return add


_LEAVES: Mapping[str, Callable[[str], Add]] = {
    "CodeableConcept": _concept,
    "Coding": _coding,
    "Identifier": _identifier,
    "ContactPoint": _identifier,
    "code": _code,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _date,
    "instant": _date,
    "Period": _period,
}
