"""A FHIR request's parameters, sorted: what selects, what shapes the answer, what is not understood.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlencode

from django.http import HttpRequest

from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.searching import DEFAULT_COUNT, MAX_COUNT, BadSearch

_SHAPE = ("_format", "_pretty")
_NAMES_PEOPLE = ("patient", "subject", "patient.identifier", "subject.identifier")


@dataclass(slots=True)
class Query:
    """``params``: the search's (name, value) pairs in order; ``ignored``: what to report as not understood."""

    MOST: ClassVar[int] = MAX_COUNT

    params: list[tuple[str, str]] = field(default_factory=list)
    sort: str = ""
    count: int | None = None
    offset: int = 0
    ignored: list[Issue] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """What was searched by, for the audit: names without modifiers or values."""
        return sorted({name.partition(":")[0] for name, _ in self.params})

    @property
    def page_size(self) -> int:
        """Entries a page."""
        return DEFAULT_COUNT if self.count is None else self.count

    @property
    def store(self) -> list[tuple[str, str]]:
        """The pairs for the store: without those that name people, who by then are the scope; whole, for paging."""
        pairs = [(name, value) for name, value in self.params if name not in _NAMES_PEOPLE]
        return [*pairs, *([("_sort", self.sort)] if self.sort else []), ("_count", str(self.MOST))]

    def first(self, name: str) -> str:
        """The first value of ``name``, or an empty string."""
        return next((value for key, value in self.params if key == name), "")

    def address(self, base: str, path: str, offset: int) -> str:
        """The address of the page at ``offset``, with only what was understood: https://hl7.org/fhir/R4/bundle.html#searchset"""
        pairs = [*self.params]
        if self.sort:
            pairs.append(("_sort", self.sort))
        if self.count is not None or offset:
            pairs.append(("_count", str(self.page_size)))
        if offset:
            pairs.append(("_offset", str(offset)))
        address = base + path.partition("/fhir/R4")[2].removesuffix("/_search")
        return f"{address}?{urlencode(pairs)}" if pairs else address


def parse(request: HttpRequest, known: Iterable[str]) -> Query:
    """Sort the parameters of ``request``; ``known`` are the names that select.

    A name that is not known is refused under ``Prefer: handling=strict`` and otherwise reported in the answer.

    Raises:
        BadSearch: a strict request with an unknown name, an empty value or one with U+0000, or a bad ``_count`` or
            ``_offset``.
    """
    query = Query()
    selecting = frozenset(known)
    strict = "handling=strict" in request.headers.get("Prefer", "").replace(" ", "")
    sent = [*request.GET.lists(), *(request.POST.lists() if request.method == "POST" else [])]
    for name, value in ((name, value) for name, values in sent for value in values):
        if name in _SHAPE:
            continue
        if not value:
            raise BadSearch(f"{name}: the value is empty")
        if "\0" in value:
            raise BadSearch(f"{name}: the value holds a NUL character")
        if name == "_count":
            query.count = min(_whole(name, value), Query.MOST)
        elif name == "_offset":
            query.offset = _whole(name, value)
        elif name == "_sort":
            query.sort = value
        elif name in ("patient:Patient", "subject:Patient"):
            query.params.append((name.removesuffix(":Patient"), value))
        elif name in selecting or name.partition(":")[0] in selecting:
            query.params.append((name, value))
        elif strict:
            raise BadSearch(f"{name} is not a parameter this server knows here; see metadata")
        else:
            text = f"{name} is not a parameter this server knows here, and was ignored"
            query.ignored.append(Issue("warning", "not-supported", text))
    return query


def _whole(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise BadSearch(f"{name}={value}: give a whole number")
    return int(value)
