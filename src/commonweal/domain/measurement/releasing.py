"""Figures as they may be shown: breakdowns of an indicator put under its disclosure profile.

A split by age or ethnicity can name people where a total cannot. Counts, and the counts behind a share, go through
``disclosure.release`` together with the total they add up to; what is hidden loses its value, its counts and its
printed text, and a share is worked out anew from the counts as shown. A share without its counts is hidden, since
nobody can say how few it stands for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from commonweal.domain.measurement.disclosure import Profile, release
from commonweal.domain.measurement.figures import Measurement, State

WHOLE = "all"
_NO_COUNTS = frozenset({"percent", "percentage points", "pence", "days", "hours", "minutes"})


def released(figures: Sequence[Measurement], profile: Profile | None) -> list[Measurement]:
    """``figures`` in their order, breakdowns and the totals they add up to as ``profile`` lets them be shown.

    Without a profile in force no breakdown is shown at all. Totals of a period without a breakdown stay as they are.
    """
    split: dict[tuple[str, ...], dict[str, list[int]]] = {}
    whole: dict[tuple[str, ...], int] = {}
    for place, one in enumerate(figures):
        if one.lens == WHOLE:
            whole[_key(one)] = place
        else:
            split.setdefault(_key(one), {}).setdefault(one.lens, []).append(place)
    shown = list(figures)
    for key, lenses in split.items():
        total = whole.get(key)
        places = [place for each in lenses.values() for place in each] + ([] if total is None else [total])
        if profile is None:
            for place in places:
                if place != total:
                    shown[place] = _hidden(figures[place])
            continue
        tops = _shown(figures, places, lenses, total, profile, _top)
        bottoms = _shown(figures, places, lenses, total, profile, lambda one: one.denominator)
        for place in places:
            shown[place] = _as_shown(figures[place], tops.get(place), bottoms.get(place))
    return shown


def _key(one: Measurement) -> tuple[str, ...]:
    return (one.indicator, one.footprint_kind, one.footprint, one.period, one.reported, str(one.kind))


def _top(one: Measurement) -> Decimal | None:
    """The count a figure shows or stands for; None where it says none."""
    if one.numerator is not None:
        return one.numerator
    return None if one.unit in _NO_COUNTS or one.unit.startswith("per ") else one.value


def _shown(
    figures: Sequence[Measurement],
    places: Sequence[int],
    lenses: Mapping[str, Sequence[int]],
    total: int | None,
    profile: Profile,
    count_of: Callable[[Measurement], Decimal | None],
) -> dict[int, int | None]:
    """Place to the count as it may be shown, of the figures that have one which is whole."""
    counts = {
        place: int(found)
        for place in places
        if (found := count_of(figures[place])) is not None and found == int(found) and found >= 0
    }
    groups = []
    for parts in lenses.values():
        held = [place for place in parts if place in counts]
        if total is not None and total in counts and sum(counts[place] for place in held) == counts[total]:
            groups.append((total, held))
    return release(counts, groups, profile)


def _as_shown(one: Measurement, top: int | None, bottom: int | None) -> Measurement:
    if one.value is None and one.state != State.FINAL:
        return one
    if top is None or (one.denominator is not None and bottom is None):
        return _hidden(one)
    if one.numerator is None:
        return replace(one, value=Decimal(top), printed=None)
    value = one.value
    if value is not None and one.numerator and one.denominator and bottom:
        value = value * (Decimal(top) / one.numerator) * (one.denominator / Decimal(bottom))
    below = None if bottom is None else Decimal(bottom)
    return replace(one, value=value, numerator=Decimal(top), denominator=below, printed=None)


def _hidden(one: Measurement) -> Measurement:
    return replace(one, value=None, numerator=None, denominator=None, printed=None, state=State.SUPPRESSED)
