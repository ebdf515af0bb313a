"""An indicator's stored months put together as its definition says: year to date, and over footprints."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from commonweal.apps.measurement.selectors import get
from commonweal.domain.measurement.aggregate import NotAggregableError, Part, Total, aggregate, part_of, year_to_date
from commonweal.domain.measurement.figures import Aggregation, Indicator, Kind, Measurement, State

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])\Z")
_MOST = 50  # footprints whose totals are worked out; a page shows no more


@dataclass(frozen=True, slots=True)
class IndicatorTotal:
    """A total: ``of`` says what was put together, ``total`` is None where ``why`` says it must not be.

    ``shown`` is the value rounded as the definition says, "" where there is none.
    """

    of: str
    how: str
    total: Total | None
    shown: str = ""
    why: str = ""


def totals_of(indicator: Indicator) -> list[IndicatorTotal]:
    """Year to date of each footprint to its newest month, and that month over all footprints of a kind.

    Empty where no monthly actual is stored. The newest months that the definition calls provisional make a total so.
    """
    rows = [
        one
        for one in get(indicator.code, lens="all")
        if _MONTH.match(one.period) and one.kind in {Kind.ACTUAL, Kind.COMPUTED}
    ]
    if not rows:
        return []
    newest = max(one.period for one in rows)
    months: dict[tuple[str, str], dict[str, Part]] = defaultdict(dict)
    loose = set(sorted({one.period for one in rows})[-indicator.provisional_periods :])
    loose = loose if indicator.provisional_periods else set()
    for one in rows:
        months[one.footprint_kind, one.footprint][one.period] = _part(one, one.period in loose)
    through = date(int(newest[:4]), int(newest[5:]), 1)
    how = indicator.year_to_date or indicator.aggregation
    found = [
        _total(indicator, f"{place}, April to {newest}", how, partial(year_to_date, parts, through, how))
        for (_, place), parts in sorted(months.items())[:_MOST]
    ]
    kinds: dict[str, list[Part]] = defaultdict(list)
    for (kind, _), parts in months.items():
        kinds[kind].append(parts.get(newest, Part(None)))
    for kind, latest in sorted(kinds.items()):
        if len(latest) > 1:
            over = indicator.over_footprints
            found.append(
                _total(indicator, f"all {len(latest)} of kind {kind}, {newest}", over, partial(aggregate, latest, over))
            )
    return found


def _part(one: Measurement, loose: bool) -> Part:
    part = part_of(one)
    return Part(part.value, part.numerator, part.denominator, State.PROVISIONAL) if loose else part


def _total(indicator: Indicator, of: str, how: str, make: Callable[[], Total]) -> IndicatorTotal:
    if how == Aggregation.NONE:
        return IndicatorTotal(of, how, None, why="the definition says that these are not put together")
    try:
        total = make()
    except NotAggregableError as problem:
        return IndicatorTotal(of, how, None, why=str(problem))
    return IndicatorTotal(of, how, total, _shown(total.value, indicator.rounding))


def _shown(value: Decimal | None, rounding: int | None) -> str:
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    places = rounding if rounding is not None else max(0, min(2, -exponent)) if isinstance(exponent, int) else 0
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
