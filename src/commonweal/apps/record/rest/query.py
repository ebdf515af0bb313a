"""A FHIR request's parameters, sorted: what selects, what shapes the answer, what is not understood.

https://hl7.org/fhir/R4/search.html#errors
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest

from commonweal.apps.record.rest.answers import Issue
from commonweal.apps.record.rest.handling import strictly
from commonweal.apps.record.searching import MAX_COUNT, BadSearch

_SHAPE = ("_format", "_pretty")


@dataclass(slots=True)
class Query:
    """``params``: the search's (name, value) pairs in order; ``ignored``: what to report as not understood."""

    params: list[tuple[str, str]] = field(default_factory=list)
    count: int | None = None
    ignored: list[Issue] = field(default_factory=list)

    def first(self, name: str) -> str:
        """The first value of ``name``, or an empty string."""
        return next((value for key, value in self.params if key == name), "")


def parse(request: HttpRequest, known: Iterable[str], body: Iterable[tuple[str, str]] = ()) -> Query:
    """Sort the parameters of ``request``, and of what its ``body`` gives; ``known`` are the names that select.

    A name that is not known is refused under ``Prefer: handling=strict`` and otherwise reported in the answer.

    Raises:
        BadSearch: a strict request with an unknown name, an empty value or one with U+0000, or a bad
            ``_count``.
    """
    query = Query()
    selecting = frozenset(known)
    refusing = strictly(request)
    sent = [*request.GET.lists(), *(request.POST.lists() if request.method == "POST" else [])]
    for name, value in [*((name, value) for name, values in sent for value in values), *body]:
        if name in _SHAPE:
            continue
        if not value:
            raise BadSearch(f"{name}: the value is empty")
        if "\0" in value:
            raise BadSearch(f"{name}: the value holds a NUL character")
        if name == "_count":
            query.count = min(_whole(name, value), MAX_COUNT)
        elif name in selecting:
            query.params.append((name, value))
        elif refusing:
            raise BadSearch(f"{name} is not a parameter this server knows here; see metadata")
        else:
            text = f"{name} is not a parameter this server knows here, and was ignored"
            query.ignored.append(Issue("warning", "not-supported", text))
    return query


def _whole(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise BadSearch(f"{name}={value}: give a whole number")
    return int(value)
