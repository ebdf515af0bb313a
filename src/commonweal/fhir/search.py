"""The values a resource can be found by, compiled once a type: https://hl7.org/fhir/R4/search.html"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from math import inf
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from commonweal.fhir.normalise import name_key, phonetic, postcode
from commonweal.fhir.search_parameters import Indexed, grouped, indexed, resolve

LONDON = ZoneInfo("Europe/London")  # a date without a zone is a UK day, as in every feed of the system
Token = tuple[int, int, str, str]
Add = Callable[[Any, "SearchValues", int], None]


class SearchValues(NamedTuple):
    """Rows for the typed search tables. Each begins with the number of its indexed element and the ordinal of the
    item it is of (0 unless a composite parameter must tell items apart).

    - ``tokens``: …, system or '', code. A URI is a code. A reference by identifier only is a token of the element's
      number negated. A ContactPoint's system is ``phone``, ``email`` and so on.
    - ``dates``: …, first moment, last moment, ISO 8601 with an offset, both inclusive to the microsecond; an open
      period has ``-infinity`` or ``infinity``, which PostgreSQL reads as such.
    - ``strings``: …, normalised, as sent. Of a phonetic element: Soundex code, ''.
    - ``references``: …, type, id of relative references; '' and the URL of others.
    - ``numbers``: …, low, high, system or '', code or unit. Of a position: latitude, longitude.
    """

    tokens: list[Token]
    dates: list[tuple[int, int, str, str]]
    strings: list[tuple[int, int, str, str]]
    references: list[Token]
    numbers: list[tuple[int, int, float, float, str, str]]


def search_values(resource: Mapping[str, Any]) -> SearchValues:
    """What ``resource``, which has passed validation, can be found by."""
    values = SearchValues([], [], [], [], [])
    for key, add in _plan(resource["resourceType"], tuple(resource)):
        item = resource.get(key)
        if item is not None:
            add(item, values, 0)
        elif key == "deceased":
            add(resource, values, 0)
    return values


@lru_cache(maxsize=4_096)  # resources of a feed are of a few shapes
def _plan(kind: str, shape: tuple[str, ...]) -> tuple[tuple[str, Add], ...]:
    """The extractors of a type for elements named in ``shape``: most of a type's elements are not there."""
    return tuple((key, add) for key, add in _compiled(kind) if key in shape or key == "deceased")


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
def _compiled(kind: str) -> tuple[tuple[str, Add], ...]:
    """Extractors of a type, one a top-level element."""
    by_key: dict[str, list[Add]] = {}
    counted = grouped(kind)
    for item in indexed(kind):
        key, _, rest = item.path.partition(".")
        if item.kind == "deceased":
            by_key.setdefault("deceased", []).append(_deceased(item.number))
            continue
        name, condition = _condition(key)
        by_key.setdefault(name, []).append(_extractor(kind, name, condition, rest, item, name in counted))
    return tuple((key, adds[0] if len(adds) == 1 else _all(tuple(adds))) for key, adds in by_key.items())


def _condition(step: str) -> tuple[str, tuple[str, str] | None]:
    """The JSON name of a step of a path, and the child and value that an item must have."""
    name, _, condition = step.partition("[")
    child, _, value = condition.removesuffix("]").partition("=")
    return name, (child, value) if condition else None


def _all(adds: tuple[Add, ...]) -> Add:
    def every(item: Any, values: SearchValues, n: int) -> None:
        for add in adds:
            add(item, values, n)

    return every


def _extractor(
    owner: str, key: str, condition: tuple[str, str] | None, rest: str, element: Indexed, counted: bool = False
) -> Add:
    many, kind, _ = resolve(owner, key)
    if rest:
        step, _, inner_rest = rest.partition(".")
        name, inner_condition = _condition(step)
        one = _within(name, _extractor(kind, name, inner_condition, inner_rest, element))
    else:
        one = _leaf(kind, element)
    if condition:
        one = _where(*condition, one)
    return one if not many else _numbered(one) if counted else _each(one)


def _within(key: str, inner: Add) -> Add:
    def one(item: Any, values: SearchValues, n: int) -> None:
        found = item.get(key)
        if found is not None:
            inner(found, values, n)

    return one


def _where(child: str, wanted: str, inner: Add) -> Add:
    def one(item: Any, values: SearchValues, n: int) -> None:
        if item.get(child) == wanted:
            inner(item, values, n)

    return one


def _each(one: Add) -> Add:
    def each(items: Iterable[Any], values: SearchValues, n: int) -> None:
        for item in items:
            if item is not None:
                one(item, values, n)

    return each


def _numbered(one: Add) -> Add:
    def each(items: Iterable[Any], values: SearchValues, n: int) -> None:
        for ordinal, item in enumerate(items):
            if item is not None:
                one(item, values, ordinal & 0x7FFF)  # a smallint; no resource has that many components

    return each


def _leaf(kind: str, element: Indexed) -> Add:
    number = element.number
    if element.kind == "phonetic":
        return _phonetic(number)
    if element.kind == "string":
        return _string(number, postcode if element.path.endswith("postalCode") else name_key)
    if element.kind == "position":
        return _position(number)
    if element.kind == "reference":
        return _reference(number) if kind == "Reference" else _url(number)
    return _LEAVES[element.kind][kind](number)


def _string(number: int, normal: Callable[[str], str]) -> Add:
    def add(item: str, values: SearchValues, n: int) -> None:
        key = normal(item) if item else ""
        if key:
            values.strings.append((number, n, key, item))

    return add


def _phonetic(number: int) -> Add:
    def add(item: str, values: SearchValues, n: int) -> None:
        key = phonetic(item) if item else ""
        if key:
            values.strings.append((number, n, key, ""))

    return add


def _coding(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        code = item.get("code")
        if code:
            values.tokens.append((number, n, item.get("system", ""), code))

    return add


def _concept(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        for coding in item.get("coding", ()):
            code = coding.get("code")
            if code:
                values.tokens.append((number, n, coding.get("system", ""), code))

    return add


def _identifier(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        value = item.get("value")
        if value:
            values.tokens.append((number, n, item.get("system", ""), value))

    return add


def _code(number: int) -> Add:
    def add(item: str, values: SearchValues, n: int) -> None:
        values.tokens.append((number, n, "", item))

    return add


def _boolean(number: int) -> Add:
    def add(item: bool, values: SearchValues, n: int) -> None:
        values.tokens.append((number, n, "", "true" if item else "false"))

    return add


def _deceased(number: int) -> Add:
    """``Patient.deceased.exists() and Patient.deceased != false``: always one of true and false."""

    def add(item: Mapping[str, Any], values: SearchValues, n: int) -> None:
        dead = item.get("deceasedBoolean") or "deceasedDateTime" in item
        values.tokens.append((number, n, "", "true" if dead else "false"))

    return add


def _date(number: int) -> Add:
    def add(item: str, values: SearchValues, n: int) -> None:
        first, last = date_range(item)
        values.dates.append((number, n, first, last))

    return add


def _period(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        start, end = item.get("start"), item.get("end")
        if start or end:
            first = date_range(start)[0] if start else "-infinity"
            last = date_range(end)[1] if end else "infinity"
            values.dates.append((number, n, first, last))

    return add


def _timing(number: int) -> Add:
    """The moments of a Timing, and the bounds of its repetition: https://hl7.org/fhir/R4/search.html#date"""
    moment, span = _date(number), _period(number)

    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        for event in item.get("event", ()):
            if event is not None:
                moment(event, values, n)
        bounds = item.get("repeat", {}).get("boundsPeriod")
        if bounds:
            span(bounds, values, n)

    return add


def _plain_number(number: int) -> Add:
    def add(item: float, values: SearchValues, n: int) -> None:
        values.numbers.append((number, n, float(item), float(item), "", ""))

    return add


def _quantity(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        value = item.get("value")
        if value is None:
            return
        low = high = float(value)
        comparator = item.get("comparator")
        if comparator is not None:
            low, high = (-inf, high) if comparator in ("<", "<=") else (low, inf)
        code = item.get("code") or item.get("unit", "")
        values.numbers.append((number, n, low, high, item.get("system", ""), code))

    return add


def _money(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        if "value" in item:
            value = float(item["value"])
            values.numbers.append((number, n, value, value, "urn:iso:std:iso:4217", item.get("currency", "")))

    return add


def _range(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        low, high = item.get("low", {}), item.get("high", {})
        if "value" in low or "value" in high:
            of = low or high
            first, last = float(low.get("value", -inf)), float(high.get("value", inf))
            values.numbers.append((number, n, first, last, of.get("system", ""), of.get("code") or of.get("unit", "")))

    return add


def _position(number: int) -> Add:
    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        if "latitude" in item and "longitude" in item:
            values.numbers.append((number, n, float(item["latitude"]), float(item["longitude"]), "", ""))

    return add


def _reference(number: int) -> Add:
    """A reference by literal, and by identifier: https://hl7.org/fhir/R4/references.html"""

    def add(item: dict[str, Any], values: SearchValues, n: int) -> None:
        literal = item.get("reference")
        if literal is not None and literal[:1] != "#":
            kind, slash, own = literal.partition("/")
            if slash and kind.isalpha():
                values.references.append((number, n, kind, own.partition("/")[0] if "/" in own else own))
            else:
                values.references.append((number, n, "", literal))
        identifier = item.get("identifier")
        if identifier is not None and identifier.get("value"):
            values.tokens.append((-number, n, identifier.get("system", ""), identifier["value"]))

    return add


def _url(number: int) -> Add:
    """A canonical or URI where a reference is searched; a canonical's version is left to the body."""

    def add(item: str, values: SearchValues, n: int) -> None:
        values.references.append((number, n, "", item.partition("|")[0]))

    return add


_LEAVES: Mapping[str, Mapping[str, Callable[[int], Add]]] = {
    "token": {
        "CodeableConcept": _concept,
        "Coding": _coding,
        "Identifier": _identifier,
        "ContactPoint": _identifier,
        "boolean": _boolean,
        **dict.fromkeys(("code", "string", "id", "uri", "url", "canonical", "oid"), _code),
    },
    "date": {**dict.fromkeys(("date", "dateTime", "instant"), _date), "Period": _period, "Timing": _timing},
    "number": {
        **dict.fromkeys(("integer", "positiveInt", "unsignedInt", "decimal"), _plain_number),
        **dict.fromkeys(("Quantity", "Age", "Duration", "Count", "Distance"), _quantity),
        "Money": _money,
        "Range": _range,
    },
}
