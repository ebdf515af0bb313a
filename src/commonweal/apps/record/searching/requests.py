"""What a search asks for: its parameters taken apart, before anything is compiled.

https://hl7.org/fhir/R4/search.html#summary. What is not understood is refused under ``strict``, and otherwise left
out and told of.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from commonweal.apps.record.searching.terms import (
    DEFAULT_COUNT,
    MAX_COUNT,
    MOST_CONDITIONS,
    BadSearch,
    Remark,
    UnknownParameter,
)
from commonweal.fhir.definitions import elements, resource_types
from commonweal.fhir.search_parameters import parameters, targets

SUMMARIES = ("true", "text", "data", "count", "false")
TOTALS = ("none", "estimate", "accurate")
MOST_SORTS = 3
_SHAPE = ("_format", "_pretty", "_cursor")


@dataclass(frozen=True, slots=True)
class Include:
    """One ``_include`` or ``_revinclude``: of ``source``'s reference ``name`` ('*': any), to ``target`` or any."""

    source: str
    name: str
    target: str = ""
    reverse: bool = False
    iterate: bool = False


@dataclass(slots=True)
class Request:
    """A search of ``kind``. ``conditions``: (name, value); ``sort``: (parameter, descending); ``asked``: all that was
    understood, for a link to the same search; ``total``: whether to count all that match.
    """

    kind: str
    conditions: list[tuple[str, str]] = field(default_factory=list)
    sort: list[tuple[str, bool]] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    total: str = ""
    summary: str = ""
    elements: tuple[str, ...] = ()
    includes: list[Include] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """What is searched by, for the audit: names without modifiers or values."""
        return sorted({name.partition(":")[0] for name, _ in self.conditions})


def parse(kind: str, pairs: Iterable[tuple[str, str]], strict: bool = False, more: Iterable[str] = ()) -> Request:
    """``pairs`` taken apart; ``more`` are names that the caller honours as conditions of its own.

    Raises BadSearch: a value that cannot be honoured, and under ``strict`` a name that is not understood.
    """
    request = Request(kind)
    further = frozenset(more)
    for name, value in pairs:
        if name in _SHAPE:
            continue
        if not value:
            raise BadSearch(f"{name}: the value is empty")
        if "\0" in value or "\0" in name:
            raise BadSearch(f"{name.replace(chr(0), '')}: the value holds a NUL character")
        try:
            if not _result(request, name, value):
                if name not in further:
                    check(kind, name)
                request.conditions.append((name, value))
        except UnknownParameter:
            if strict:
                raise BadSearch(f"{name} is not a parameter this server knows here; see metadata") from None
            text = f"{name} is not a parameter this server knows here, and was ignored"
            request.remarks.append(Remark("warning", "not-supported", text))
            continue
        request.asked.append((name, value))
    if not request.count:  # https://hl7.org/fhir/R4/search.html#count
        request.summary = "count"
    if len(request.conditions) > MOST_CONDITIONS:
        raise BadSearch(f"A search has at most {MOST_CONDITIONS} conditions, not {len(request.conditions)}")
    return request


def check(kind: str, name: str) -> None:
    """That ``kind`` may be searched by ``name``, as far as its first step says; else UnknownParameter."""
    if name.startswith("_has:"):
        return
    base = name.partition(".")[0].partition(":")[0]
    if base not in parameters(kind) and base not in ("_id", "_lastUpdated"):
        raise UnknownParameter(f"{kind} has no search parameter {base}")


def _result(request: Request, name: str, value: str) -> bool:
    """Whether ``name`` shapes the result; then it is noted. https://hl7.org/fhir/R4/search.html#return"""
    base, _, modifier = name.partition(":")
    if base == "_count":
        request.count = _count(value)
    elif base == "_sort":
        request.sort = _sort(request.kind, value)
    elif base == "_total":
        request.total = _one_of(name, value, TOTALS)
    elif base == "_summary":
        request.summary = _one_of(name, value, SUMMARIES)
    elif base == "_elements":
        request.elements = _elements(request.kind, value)
    elif base in ("_include", "_revinclude"):
        if modifier not in ("", "iterate"):
            raise BadSearch(f"{name}: the only modifier is :iterate")
        request.includes.append(_include(request.kind, base, modifier == "iterate", value))
    else:
        return False
    return True


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise BadSearch(f"{name}={value}: say one of {', '.join(allowed)}")
    return value


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise BadSearch(f"_count={value}: give a whole number")
    if len(value) > 9 or int(value) > MAX_COUNT:
        raise BadSearch(f"_count={value}: a page holds at most {MAX_COUNT}; follow its next link for more")
    return int(value)


def _sort(kind: str, value: str) -> list[tuple[str, bool]]:
    found = []
    for item in value.split(","):
        name = item.removeprefix("-")
        known = parameters(kind).get(name)
        if name not in ("_id", "_lastUpdated", "date") and (known is None or known.kind in ("composite", "special")):
            raise BadSearch(f"_sort={value}: {kind} cannot be sorted by {name}")
        found.append((name, item != name))
    if len(found) > MOST_SORTS:
        raise BadSearch(f"_sort={value}: sort by at most {MOST_SORTS} parameters")
    return found


def _elements(kind: str, value: str) -> tuple[str, ...]:
    known = elements(kind)
    names = tuple(dict.fromkeys(value.split(",")))
    for name in names:
        own = name.removeprefix(f"{kind}.")
        if own not in known and f"{own}[x]" not in known and "." not in own:
            raise BadSearch(f"_elements={value}: {kind} has no element {own}")
    return names


def _include(kind: str, base: str, iterate: bool, value: str) -> Include:
    """``Type:parameter`` or ``Type:parameter:Target``; ``*`` for every reference."""
    source, _, rest = value.partition(":")
    name, _, target = rest.partition(":")
    if value == "*" and base == "_include":
        source, name = kind, "*"
    known = parameters(source).get(name) if source in resource_types() else None
    if source not in resource_types() or not name or (name != "*" and (known is None or known.kind != "reference")):
        raise BadSearch(f"{base}={value}: say Type:parameter, a parameter that is a reference")
    if target and target not in resource_types():
        raise BadSearch(f"{base}={value}: {target} is no resource type")
    if target and name != "*" and (allowed := targets(source, name)) and target not in allowed:
        raise BadSearch(f"{base}={value}: {name} does not refer to {target}")
    return Include(source, name, target, base == "_revinclude", iterate)
