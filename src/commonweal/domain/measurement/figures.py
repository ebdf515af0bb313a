"""The one form of an aggregate: an indicator, its figures, and the figures that disagree."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from commonweal.domain.measurement.targets import Target


class Direction(StrEnum):
    """Which way an indicator should move; being above plan is not good or bad in itself."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class State(StrEnum):
    """How far a figure can be relied on."""

    FINAL = "final"
    PROVISIONAL = "provisional"
    PAUSED = "paused"
    TO_BE_CONFIRMED = "to_be_confirmed"
    SUPPRESSED = "suppressed"


class Kind(StrEnum):
    """What a figure is: a plan, what happened, a derived figure as printed, or one computed here."""

    PLAN = "plan"
    ACTUAL = "actual"
    PRINTED = "printed"
    COMPUTED = "computed"


class Severity(StrEnum):
    """A note is a difference that rounding explains; a warning is one it does not; an error cannot be true."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Aggregation(StrEnum):
    """What may be done to an indicator's figures to make one of several.

    ``pooled_ratio`` divides the sum of numerators by the sum of denominators: the mean of the ratios is another
    number unless all denominators are equal.
    """

    SUM = "sum"
    LAST = "last"
    MEAN = "mean"
    POOLED_RATIO = "pooled_ratio"
    NONE = "none"


class Standing(StrEnum):
    """Whether an indicator is reported at all just now."""

    LIVE = "live"
    PAUSED = "paused"
    TO_BE_CONFIRMED = "to_be_confirmed"


class PeriodType(StrEnum):
    """The time one figure covers; ``any`` where sources differ."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured, as defined from ``valid_from`` until ``valid_to`` (its last day) or further notice.

    ``sentence`` says it in English; ``aggregation`` is how periods add up, ``over_footprints`` how areas do, and
    ``year_to_date`` how the months of a financial year do ("" for as over time). ``rounding`` is the number of
    decimals shown, None for as given. ``provisional_periods`` is how many of the newest periods are still to
    move. ``outcome`` is an id of the outcomes framework, ``aim`` the aim it serves, ``lenses`` what it is split
    by, ``disclosure`` the profile under which small numbers are hidden ("" for none).
    """

    code: str
    name: str
    sentence: str
    unit: str
    direction_of_good: str = Direction.NEITHER
    service_area: str = ""
    owner: str = ""
    aggregation: str = "none"  # sum, last, mean or none: what may be done to it over time
    valid_from: date = date(2000, 1, 1)
    valid_to: date | None = None
    assurance_group: str = ""
    rounding: int | None = None
    period_type: str = PeriodType.ANY
    over_footprints: str = Aggregation.NONE
    year_to_date: str = ""
    targets: tuple[Target, ...] = ()
    standing: str = Standing.LIVE
    provisional_periods: int = 0
    sources: tuple[str, ...] = ()
    outcome: str = ""
    aim: str = ""
    lenses: tuple[str, ...] = ()
    disclosure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One figure with where it came from: a source file and line, or a query.

    ``period`` is the time it covers ("2020-10", "2020/21 YTD 2020-07"); ``reported`` is the reporting month it
    was put to the board in and defaults to ``period`` when that is a month. ``value`` is in ``unit``; money is
    whole pence. ``printed`` is the cell as printed, None when nothing was printed.
    """

    indicator: str
    footprint_kind: str
    footprint: str
    period: str
    value: Decimal | None
    unit: str
    as_at: date | None
    lens: str = "all"
    category: str = "all"
    kind: str = Kind.COMPUTED
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    state: str = State.FINAL
    printed: str | None = None
    source_file: str = ""
    source_line: str = ""
    query: str | None = None
    note: str = ""
    reported: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Two figures that ought to agree and do not, in the words a board reader needs."""

    file: str
    line: str
    rule: str
    printed: str
    computed: str
    difference: str
    severity: str
    message: str
    reported: str = ""
