"""What may be read by anyone: only what stands in a public paper, or was put under disclosure control; all else stays.

A second lock after the release in ``domain.measurement.disclosure``: every count is held to the profile again, what
one published version hid no version shows, and where a single part of a shown total is hidden another is hidden too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from commonweal.domain.measurement.disclosure import Profile, release

PUBLISHED_PAPER = "published paper"
DISCLOSURE_CONTROL = "disclosure control"
HIDDEN = "suppressed"
_COUNTED = frozenset({"people", "admissions"})


@dataclass(frozen=True, slots=True)
class Open:
    """A figure as anyone may read it; ``value`` "" where there is none, and ``state`` says why.

    ``version`` is the report it was published in: month, audience and number.
    """

    key: str
    indicator: str
    name: str
    unit: str
    footprint_kind: str
    footprint: str
    period: str
    lens: str
    category: str
    kind: str
    value: str
    text: str
    state: str
    as_at: str
    source: str
    basis: str
    version: str
    published: str


def opened(figures: Sequence[Open], profile: Profile) -> list[Open]:
    """The figures that may be shown, in the order given; of several with one key the last counts.

    A figure without a basis is left out. A hidden one is kept, without its number, so that its absence is seen.
    Raises ``ValueError`` for a count under disclosure control that is no whole number.
    """
    hidden = {one.key for one in figures if one.state == HIDDEN}
    newest = {one.key: one for one in figures if one.basis in {PUBLISHED_PAPER, DISCLOSURE_CONTROL}}
    counts: dict[str, int] = {}
    for key, one in newest.items():
        if one.basis == DISCLOSURE_CONTROL:
            if one.unit not in _COUNTED:
                hidden.add(key)  # a rate or share under control says what its count does
            elif key in hidden or not one.value:
                counts[key] = max(1, profile.hide_from)
            elif not one.value.lstrip("-").isdigit():
                raise ValueError(f"{one.indicator} {one.period}: a count that is no whole number")
            else:
                counts[key] = int(one.value)
    shown = release(counts, _totals([newest[key] for key in counts]), profile)
    return [_shown(one, key in hidden or (key in counts and shown[key] is None)) for key, one in newest.items()]


def _totals(figures: Sequence[Open]) -> list[tuple[str, tuple[str, ...]]]:
    """Each whole with its parts: the categories of one lens add up to everyone of the same place and time."""
    wholes = {_place(one): one.key for one in figures if one.lens == "all"}
    parts: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for one in figures:
        if one.lens != "all" and _place(one) in wholes:
            parts.setdefault((_place(one), one.lens), []).append(one.key)
    return [(wholes[place], tuple(keys)) for (place, _), keys in parts.items()]


def _place(one: Open) -> tuple[str, ...]:
    return (one.indicator, one.footprint_kind, one.footprint, one.period, one.kind)


def _shown(one: Open, hide: bool) -> Open:
    return replace(one, value="", text="Hidden", state=HIDDEN) if hide else one
