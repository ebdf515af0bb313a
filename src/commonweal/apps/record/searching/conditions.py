"""One parameter of a search as a condition over its typed rows. https://hl7.org/fhir/R4/search.html#ptypes

The text of every condition is a constant; values are bound. What reaches into an index (equality and order of text,
numbers and moments) is leakproof, so that row security does not keep the planner from it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from commonweal.apps.record.searching import values
from commonweal.apps.record.searching.coded import expand
from commonweal.apps.record.searching.terms import BadSearch, Sql, alternatives, both, divided, either, same, select
from commonweal.apps.record.staging import INDEXED, system_number
from commonweal.fhir import definitions
from commonweal.fhir.normalise import name_key, phonetic, postcode
from commonweal.fhir.search_parameters import Parameter, Part, Read, element, grouped, parameters, resolve

TABLES: Mapping[str, str] = {
    "token": "record_token",
    "uri": "record_token",
    "date": "record_date",
    "string": "record_string",
    "reference": "record_reference",
    "number": "record_number",
    "quantity": "record_number",
    "special": "record_number",
}
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Sought:
    """A condition on rows ``t`` of ``table``: a resource matches that has such a row.

    ``exact`` says that it is one parameter with one code, so that the rows come in order from their index.
    """

    table: str
    condition: Sql
    exact: bool = False
    weight: int = 0  # how much a token is likely to narrow, for choosing which to begin with


@dataclass(frozen=True, slots=True)
class Context:
    """What conditions need to know beside the parameter: the type searched and the moment."""

    kind: str
    now: datetime


def sought(context: Context, parameter: Parameter, modifier: str, value: str) -> Sought:
    """The condition of ``parameter`` (no reference) for ``value``, which may list alternatives.

    Raises BadSearch for a modifier or value that cannot be honoured.
    """
    name = f"{parameter.name}:{modifier}" if modifier else parameter.name
    if parameter.kind == "composite":
        return _composite(context, parameter, name, value)
    if modifier == "identifier" and parameter.kind == "reference":
        parts = [_token(context, name, item, ()) for item in alternatives(name, value)]
        return Sought("record_token", both(_of(parameter.reads, -1), either(parts)))
    items = alternatives(name, value)
    whole = parameter.kind == "uri" or (parameter.kind == "token" and all("|" not in item for item in items))
    if whole and not modifier:
        codes = [divided(item, "\0")[0][:INDEXED] for item in items]
        alone = len(parameter.reads) == 1 and len(codes) == 1 and not parameter.reads[0].restriction
        condition = both(_of(parameter.reads), same("t.code", codes))
        return Sought("record_token", condition, alone, _weight(context.kind, parameter))
    condition = _typed(context, parameter.kind, name, modifier, parameter.reads, items)
    one = parameter.kind == "token" and len(parameter.reads) == len(items) == 1 and items[0][-1:] != "|"
    return Sought(TABLES[parameter.kind], condition, one and not modifier, _weight(context.kind, parameter))


def _weight(kind: str, parameter: Parameter) -> int:
    """Identifiers name one thing, concepts some, and codes like a status most of what there is."""
    if parameter.kind != "token":
        return 0
    leaf = _leaf(kind, element(kind, parameter.reads[0].number).path)
    return {"Identifier": 3, "CodeableConcept": 2, "Coding": 2}.get(leaf[1], 1)


def _typed(context: Context, sort: str, name: str, modifier: str, reads: Iterable[Read], items: Sequence[str]) -> Sql:
    reads = tuple(reads)
    if sort == "string":
        return _strings(context, name, modifier, reads, items)
    if sort == "token" and modifier in ("in", "below", "above", "not-in"):
        return both(_of(reads), _expanded(modifier, items))
    if sort == "uri" and modifier in ("below", "above"):
        return both(_of(reads), either(_uri(modifier, item) for item in items))
    if modifier:
        raise BadSearch(f"{name}: the modifier {modifier} is not supported for a parameter of type {sort}")
    if sort in ("token", "uri"):
        return both(_of(reads), either(_token(context, name, item, reads) for item in items))
    if sort == "date":
        return both(_of(reads), either(_date(values.moments(name, item, context.now)) for item in items))
    if sort in ("number", "quantity"):
        amounts = (values.amount(name, item, sort == "quantity") for item in items)
        return both(_of(reads), either(_number(amount) for amount in amounts))
    return both(_of(reads), either(_near(name, item) for item in items))


def _of(reads: Iterable[Read], sign: int = 1) -> Sql:
    """Rows of these elements; of those that are restricted to a system, only that system's."""
    listed = tuple(reads)
    plain = [sign * read.number for read in listed if not read.restriction or sign < 0]
    parts = [same("t.parameter", plain)] if plain else []
    parts += [
        Sql("(t.parameter = %s AND t.system = %s)", (read.number, system_number(read.restriction)))
        for read in listed
        if read.restriction and sign > 0
    ]
    return either(parts)


def _token(context: Context, name: str, item: str, reads: Iterable[Read]) -> Sql:
    code, number = _coded(context.kind, name, item, reads)
    if number is None:
        return Sql("t.code = %s", (code,))
    if not code:
        return Sql("t.system = %s", (number,))
    return Sql("t.code = %s AND t.system = %s", (code, number))


def _coded(kind: str, name: str, item: str, reads: Iterable[Read]) -> tuple[str, int | None]:
    """The code of a token ('': any of its system's), and the number of its system (None: any)."""
    parts = divided(item, "|")
    if len(parts) > 2:
        raise BadSearch(f"{name}={item}: give code, system|code, system| or |code")
    if len(parts) == 1:
        return parts[0][:INDEXED], None
    system, code = parts
    number = system_number(system)
    if system and any(system in _systems(kind, read.number) for read in reads):
        number = 0  # a plain code is kept without its system, which its binding implies
    return code[:INDEXED], number


def one_code(kind: str, name: str, value: str) -> tuple[int, str, int | None] | None:
    """The element, code and number of system (None: any) of a condition that asks for one code of one element.

    None for any other condition. Raises BadSearch.
    """
    parameter = parameters(kind).get(name)
    if parameter is None or parameter.kind != "token" or len(parameter.reads) != 1 or parameter.reads[0].restriction:
        return None
    items = alternatives(name, value)
    if len(items) != 1:
        return None
    code, system = _coded(kind, name, items[0], parameter.reads)
    return (parameter.reads[0].number, code, system) if code else None


def _leaf(kind: str, path: str) -> tuple[str, str]:
    """The type that holds the last element of ``path``, and that element's own type; a whole resource has none."""
    owner, at = kind, kind
    for step in path.split("."):
        name = step.partition("[")[0]
        if (at, name) == ("Patient", "deceased"):
            return at, "boolean"
        owner = at
        _, at, _ = resolve(owner, name)
    return owner, at


def _systems(kind: str, number: int) -> frozenset[str]:
    """The code systems that a plain code's required binding implies."""
    path = element(kind, number).path
    owner, at = _leaf(kind, path)
    if at != "code":
        return frozenset()
    known = definitions.elements(owner).get(path.rpartition(".")[2])
    return frozenset(definitions.codes(known.binding)) if known is not None and known.binding else frozenset()


def _expanded(modifier: str, items: Iterable[str]) -> Sql:
    pairs = [pair for item in items for pair in expand(modifier, divided(item, "\0")[0])]
    systems, codes = [system_number(system) for system, _ in pairs], [code for _, code in pairs]
    within = Sql("(t.code, t.system) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))", (codes, systems))
    return Sql("NOT ") + within if modifier == "not-in" else within


def _uri(modifier: str, item: str) -> Sql:
    if modifier == "below":
        return Sql("(t.code >= %s AND t.code < %s)", (item[:INDEXED], item[:INDEXED] + _LAST))
    steps = item.split("/")
    return Sql("t.code = ANY (%s)", (["/".join(steps[:n]) for n in range(3, len(steps) + 1)] or [item],))


def _strings(context: Context, name: str, modifier: str, reads: Sequence[Read], items: Sequence[str]) -> Sql:
    if modifier not in ("", "exact", "contains"):
        raise BadSearch(f"{name}: the modifier {modifier} is not supported for a parameter of type string")
    by_form: dict[Callable[[str], str], list[Read]] = {}
    for read in reads:
        item = element(context.kind, read.number)
        form: Callable[[str], str] = postcode if item.path.endswith("postalCode") else name_key
        if item.kind == "phonetic":
            form = phonetic
        by_form.setdefault(form, []).append(read)
    parts = []
    for text in items:
        plain = divided(text, "\0")[0]
        for form, listed in by_form.items():
            key = form(plain)[:INDEXED]
            if key:
                parts.append(both(_of(listed), _string(modifier or ("exact" * (form is phonetic)), key, plain, form)))
    if not parts:
        raise BadSearch(f"{name}={','.join(items)}: give at least one letter or digit")
    return either(Sql("(") + part + ")" for part in parts)


def _string(modifier: str, key: str, plain: str, form: Callable[[str], str]) -> Sql:
    if form is phonetic:
        return Sql("t.value = %s", (key,))
    if modifier == "exact":
        return Sql("t.value = %s AND t.exact = %s", (key, plain[:INDEXED]))
    if modifier == "contains":
        return Sql("strpos(t.value, %s) > 0", (key,))
    return Sql("t.value >= %s AND t.value < %s", (key, key + _LAST))  # a prefix, as a range of the bytes' order


_WITHIN = "(t.low >= %s::timestamptz AND t.low <= %s::timestamptz AND t.high <= %s::timestamptz)"
_DATES: Mapping[str, tuple[str, str]] = {  # the condition, and which ends of the sought range it takes
    "eq": (_WITHIN, "lhh"),
    "ne": ("NOT " + _WITHIN, "lhh"),
    "gt": ("t.high > %s::timestamptz", "h"),
    "lt": ("t.low < %s::timestamptz", "l"),
    "ge": ("(t.high > %s::timestamptz OR " + _WITHIN + ")", "hlhh"),
    "le": ("(t.low < %s::timestamptz OR " + _WITHIN + ")", "llhh"),
    "sa": ("t.low > %s::timestamptz", "h"),
    "eb": ("t.high < %s::timestamptz", "l"),
    "ap": ("(t.low <= %s::timestamptz AND t.high >= %s::timestamptz)", "hl"),
}


def _date(sought_: values.Moments) -> Sql:
    text, ends = _DATES[sought_.prefix]
    return Sql(text, tuple(sought_.first if end == "l" else sought_.last for end in ends))


_NUMBERS: Mapping[str, tuple[str, str]] = {  # likewise; v is the number itself
    "eq": ("(t.low >= %s AND t.low < %s AND t.high < %s)", "lhh"),
    "ne": ("NOT (t.low >= %s AND t.low < %s AND t.high < %s)", "lhh"),
    "gt": ("t.high > %s", "v"),
    "lt": ("t.low < %s", "v"),
    "ge": ("t.high >= %s", "v"),
    "le": ("t.low <= %s", "v"),
    "sa": ("t.low > %s", "v"),
    "eb": ("t.high < %s", "v"),
    "ap": ("(t.low <= %s AND t.high >= %s)", "hl"),
}


def _number(sought_: values.Amount) -> Sql:
    text, ends = _NUMBERS[sought_.prefix]
    bounds = {"l": sought_.low, "h": sought_.high, "v": sought_.value}
    parts = [Sql(text, tuple(bounds[end] for end in ends))]
    if sought_.code is not None:
        parts.append(Sql("t.code = %s", (sought_.code[:INDEXED],)))
    if sought_.system is not None:
        parts.append(Sql("t.system = %s", (system_number(sought_.system),)))
    return Sql("(") + both(*parts) + ")"


_EARTH = 6371.0088  # mean radius in km
_UNITS = {"km": 1.0, "m": 0.001, "mi": 1.609344, "[mi_us]": 1.609347, "[mi_i]": 1.609344}
_NEAR = """(t.low BETWEEN %s AND %s AND 2 * %s * asin(sqrt(
    power(sin(radians(t.low - %s) / 2), 2)
    + cos(radians(%s)) * cos(radians(t.low)) * power(sin(radians(t.high - %s) / 2), 2))) <= %s)"""


def _near(name: str, item: str) -> Sql:
    """``latitude|longitude|distance|units``, by the great circle: https://hl7.org/fhir/R4/location.html#positional"""
    parts = divided(item, "|")
    try:
        latitude, longitude = float(parts[0]), float(parts[1])
        distance = float(parts[2]) if len(parts) > 2 and parts[2] else 10.0
        radius = distance * _UNITS[parts[3] if len(parts) > 3 and parts[3] else "km"]
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and 0 <= radius <= 25_000):
            raise ValueError(item)
    except (ValueError, IndexError, KeyError):
        raise BadSearch(f"{name}={item}: give latitude|longitude|distance|km (or m, mi)") from None
    slack = radius / 111.0
    bound = (latitude - slack, latitude + slack, _EARTH, latitude, latitude, longitude, radius)
    return Sql(_NEAR, bound)


def _composite(context: Context, parameter: Parameter, name: str, value: str) -> Sought:
    """Components of one item: https://hl7.org/fhir/R4/search.html#combining"""
    parts = []
    for item in alternatives(name, value):
        given = _escaped_division(item)
        for alternative in parameter.alternatives:
            if len(given) != len(alternative):
                raise BadSearch(f"{name}={item}: give {len(alternative)} values with $ between them")
            parts.append(_components(context, name, alternative, given))
    return Sought("record_resource", either(parts))


def _escaped_division(item: str) -> list[str]:
    """At each ``$`` that is not escaped; what else is escaped stays so for the component to read."""
    found, current, escaped = [], "", False
    for character in item:
        if character == "$" and not escaped:
            found.append(current)
            current = ""
        else:
            current += character
        escaped = character == "\\" and not escaped
    return [*found, current]


def _components(context: Context, name: str, parts: Sequence[Part], given: Sequence[str]) -> Sql:
    """Row (t.rid, t.item) must be in each component's rows, where they are of one repeating element; else t.rid."""
    counted = grouped(context.kind)

    def top(part: Part) -> str:
        return element(context.kind, part.reads[0].number).path.partition(".")[0]

    first, *rest = [(part, _component(context, name, part, text)) for part, text in zip(parts, given, strict=True)]
    tails = []
    for part, (table, condition) in rest:
        one_item = top(part) == top(first[0]) and top(part) in counted
        columns, of = ("t.rid, t.item", "(t.rid, t.item) IN (") if one_item else ("t.rid", "t.rid IN (")
        tails.append(Sql(of) + select(columns, table + " t", condition) + ")")
    table, condition = first[1]
    return Sql("r.rid IN (") + select("t.rid", table + " t", both(condition, *tails)) + ")"


def _component(context: Context, name: str, part: Part, text: str) -> tuple[str, Sql]:
    if not text:
        raise BadSearch(f"{name}: a component is empty")
    if part.kind == "reference":
        kind, slash, own = text.rpartition("/")[0], "/" in text, text.rpartition("/")[2]
        condition = Sql("t.target = %s", (own if slash and kind.isalpha() else text,))
        return TABLES[part.kind], both(_of(part.reads), condition)
    return TABLES[part.kind], _typed(context, part.kind, name, "", part.reads, [text])
