"""One figure made of several: months of a year, practices of a place.

Each indicator says how (``Aggregation``). A total that lacks a part is not complete and has no value: the sum of
the parts present is given apart, so that nobody takes it for the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Aggregation, Measurement, State

HUNDRED = Decimal(100)


class NotAggregableError(CommonwealError):
    """Figures were to be put together that must not be, or cannot be for want of numerator and denominator."""


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of several, in their order in time; ``value`` None where it is missing, paused or suppressed."""

    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    state: str = State.FINAL


@dataclass(frozen=True, slots=True)
class Total:
    """What the parts make.

    ``value`` is None unless every part expected is there; ``so_far`` is what those present make.
    """

    value: Decimal | None
    so_far: Decimal | None
    present: int
    expected: int
    state: str

    @property
    def complete(self) -> bool:
        """Whether every part expected is there."""
        return self.present == self.expected


def part_of(figure: Measurement) -> Part:
    """The part a stored figure is; a paused or suppressed one counts as missing, whatever value it carries."""
    hidden = figure.state in {State.PAUSED, State.SUPPRESSED, State.TO_BE_CONFIRMED}
    if hidden:
        return Part(None, state=figure.state)
    return Part(figure.value, figure.numerator, figure.denominator, figure.state)


def aggregate(parts: Sequence[Part], how: str, *, expected: int | None = None, scale: Decimal = HUNDRED) -> Total:
    """Put parts together as an indicator says.

    Args:
        parts: in order of time (``last`` takes the last of them).
        how: a word of ``Aggregation``.
        expected: how many parts make the whole; the number given if None. More parts than that is an error.
        scale: what a pooled ratio is multiplied by: 100 for percent, 1000 for a rate per 1,000.

    Raises:
        NotAggregableError: the indicator allows none of it, a ratio lacks its counts, or there are too many parts.
    """
    whole = len(parts) if expected is None else expected
    if len(parts) > whole:
        raise NotAggregableError(f"{len(parts)} parts were given where {whole} make the whole")
    if how == Aggregation.NONE:
        raise NotAggregableError("this indicator's figures are not to be put together")
    there = [part for part in parts if _there(part, how)]
    found = _made(there, how, scale) if there else None
    missing_last = how == Aggregation.LAST and (not parts or not _there(parts[-1], how) or len(parts) < whole)
    complete = (len(there) == whole and whole > 0) or (how == Aggregation.LAST and whole > 0 and not missing_last)
    present = whole if how == Aggregation.LAST and complete else len(there)
    state = State.PROVISIONAL if any(part.state == State.PROVISIONAL for part in there) else State.FINAL
    return Total(found if complete else None, found, present, whole, state)


def _there(part: Part, how: str) -> bool:
    if how != Aggregation.POOLED_RATIO:
        return part.value is not None
    if part.value is not None and (part.numerator is None or part.denominator is None):
        raise NotAggregableError("a pooled ratio needs the numerator and denominator of every part, not its percentage")
    return part.numerator is not None and part.denominator is not None


def _made(parts: Sequence[Part], how: str, scale: Decimal) -> Decimal | None:
    values = [part.value for part in parts if part.value is not None]
    if how == Aggregation.SUM:
        return sum(values, Decimal(0))
    if how == Aggregation.LAST:
        return values[-1]
    if how == Aggregation.MEAN:
        return sum(values, Decimal(0)) / len(values)
    if how == Aggregation.POOLED_RATIO:
        below = sum((part.denominator or Decimal(0) for part in parts), Decimal(0))
        above = sum((part.numerator or Decimal(0) for part in parts), Decimal(0))
        return above / below * scale if below else None
    raise NotAggregableError(f"no way of putting figures together is called {how!r}")


def year_to_date(months: Mapping[str, Part], through: date, how: str, *, scale: Decimal = HUNDRED) -> Total:
    """April to the month of ``through``, by ``how``; a month that is not there makes the total incomplete.

    ``months`` are keyed "2020-08".
    """
    start = through.year if through.month >= 4 else through.year - 1
    count = (through.year - start) * 12 + through.month - 3
    names = [f"{start + (3 + n) // 12}-{(3 + n) % 12 + 1:02}" for n in range(count)]
    return aggregate([months.get(name, Part(None)) for name in names], how, expected=count, scale=scale)
