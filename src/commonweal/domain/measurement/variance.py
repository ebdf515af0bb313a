"""Variance from plan, and whether a printed figure agrees with the one computed from its neighbours.

A printed table was made from unrounded figures that are not printed. Each printed figure may therefore be off
by half a unit of its last digit, and a figure computed from several of them by more; within that, and one unit
of the last digit of the printed result, a difference is a note, beyond it a warning.
"""

from decimal import ROUND_HALF_UP, Decimal

from commonweal.domain.measurement.figures import Direction, Finding, Severity
from commonweal.domain.measurement.printed import last_digit

HUNDRED = Decimal(100)


def variance(plan: Decimal, actual: Decimal) -> Decimal:
    """Actual less plan, in their unit (percentage points where the unit is percent)."""
    return actual - plan


def variance_percent(plan: Decimal, actual: Decimal) -> Decimal | None:
    """Actual less plan as a percentage of plan; None where plan is zero."""
    return None if plan == 0 else (actual - plan) / abs(plan) * HUNDRED


def rounded(value: Decimal, quantum: Decimal) -> Decimal:
    """``value`` to the nearest ``quantum`` (a power of ten), halves away from zero as board papers do."""
    return (value / quantum).quantize(Decimal(1), ROUND_HALF_UP) * quantum


def judged(value: Decimal | None, direction: str) -> str:
    """Whether a variance is ``better`` or ``worse`` than plan, or neither word applies (``""``)."""
    if value is None or value == 0 or direction == Direction.NEITHER:
        return ""
    return "better" if (value > 0) == (direction == Direction.HIGHER) else "worse"


def compare(
    *,
    printed: Decimal,
    printed_text: str,
    computed: Decimal,
    file: str,
    line: str,
    rule: str,
    what: str,
    reported: str,
    slack: Decimal = Decimal(0),
    quantum: Decimal | None = None,
) -> Finding | None:
    """The finding for a printed figure and its computed twin, or None if they agree as printed.

    ``quantum`` is the worth of one unit of the last printed digit (read from ``printed`` if not given);
    ``slack`` is what rounding of the inputs alone can explain, in the unit of the result.
    """
    step = quantum if quantum is not None else last_digit(printed)
    shown = rounded(computed, step)
    if shown == printed:
        return None
    difference = printed - shown
    by_rounding = abs(difference) <= step + slack
    because = "rounding of the printed figures explains it" if by_rounding else "rounding does not explain it"
    return Finding(
        file=file,
        line=line,
        rule=rule,
        printed=printed_text,
        computed=f"{shown:f}",
        difference=f"{difference:+f}",
        severity=Severity.NOTE if by_rounding else Severity.WARNING,
        message=f"{what}: printed {printed_text}, computed {shown:f}; {because}.",
        reported=reported,
    )


def percent_slack(plan: Decimal, actual: Decimal, plan_digit: Decimal, actual_digit: Decimal) -> Decimal:
    """How far a percentage variance can move when plan and actual are each off by half a last digit."""
    if plan == 0:
        return Decimal(0)
    spread = actual_digit / 2 + abs(actual / plan) * plan_digit / 2
    return spread / abs(plan) * HUNDRED


def achieved(count: int, percent: Decimal) -> tuple[int, bool]:
    """How many of ``count`` a printed percentage means, and whether a whole number gives exactly that print."""
    whole = int((percent * count / HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))
    if count == 0:
        return 0, percent == 0
    again = rounded(Decimal(whole) / count * HUNDRED, last_digit(percent))
    return whole, again == percent
