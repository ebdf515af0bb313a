"""Narrowing the timeline: by source, kind of contact and year. Only what the record holds can be chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commonweal.apps.record.entries import Contact


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer, as (value, words); ``source``, ``kind`` and ``year`` are what is chosen, '' for all."""

    sources: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    years: tuple[str, ...]
    source: str = ""
    kind: str = ""
    year: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether some contacts may be left out."""
        return bool(self.source or self.kind or self.year)


def _kind(contact: Contact) -> str:
    return contact.what.partition(":")[0].partition(" (")[0]


def choices(contacts: Sequence[Contact], asked: Mapping[str, str]) -> Choices:
    """The filters for ``contacts``; what was ``asked`` for and does not occur counts as all."""
    sources = sorted({(item.source, item.source_name) for item in contacts}, key=lambda pair: pair[1])
    kinds = sorted({_kind(item) for item in contacts})
    years = sorted({str(item.when.year) for item in contacts if item.when}, reverse=True)
    source, kind, year = (asked.get(name, "") for name in ("source", "kind", "year"))
    return Choices(
        sources=tuple(sources),
        kinds=tuple(kinds),
        years=tuple(years),
        source=source if source in dict(sources) else "",
        kind=kind if kind in kinds else "",
        year=year if year in years else "",
    )


def chosen(contacts: Sequence[Contact], by: Choices) -> tuple[Contact, ...]:
    """The contacts that pass all filters, in their order."""
    return tuple(
        item
        for item in contacts
        if (not by.source or item.source == by.source)
        and (not by.kind or _kind(item) == by.kind)
        and (not by.year or (item.when is not None and str(item.when.year) == by.year))
    )
