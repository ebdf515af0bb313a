"""Entries that say the same thing become one that can be opened: nothing is dropped, and the latest leads."""

from collections.abc import Iterable

from commonweal.apps.record.entries import Entry


def grouped(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """``entries`` (latest first) with those of one code, or else of the same words, folded under the latest.

    The place of a group is its latest entry's. What leads keeps its own source and date; the others are its ``also``.
    """
    groups: dict[str, list[Entry]] = {}
    for item in entries:
        groups.setdefault(item.code or item.text.casefold(), []).append(item)
    return tuple(first._replace(also=tuple(rest)) if rest else first for first, *rest in groups.values())
