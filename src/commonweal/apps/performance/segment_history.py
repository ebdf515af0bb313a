"""Segments kept, a quarter at a time, as figures: they chart, restate and are published like any other.

An organisation's segment, the average it rests on and each metric's score are three indicators. What the method did is
said in words beside the figure: a later reader sees by which year's rules it was reached.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

from commonweal.apps.access import api as access
from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Direction, Indicator, Measurement
from commonweal.apps.places import api as places
from commonweal.domain.performance.periods import start_of
from commonweal.domain.performance.segments import Method, Segment, SegmentationError

SEGMENT, AVERAGE, SCORE = "oversight_segment", "oversight_average", "oversight_metric_score"
_AREA, _OWNER = "Oversight", "System Assurance"
_CODE = re.compile(r"[A-Z0-9]{3,9}\Z")
_LONGEST = 120
_STORED = Decimal("0.00000001")
INDICATORS = (
    Indicator(
        SEGMENT,
        "Oversight segment",
        "The segment an organisation is in, 1 the best, worked out from its metric scores by the year's method.",
        "segment",
        Direction.LOWER,
        _AREA,
        _OWNER,
        rounding=0,
        period_type="quarter",
    ),
    Indicator(
        AVERAGE,
        "Oversight average score",
        "The mean of an organisation's metric scores, from 1, the best, to 4.",
        "score",
        Direction.LOWER,
        _AREA,
        _OWNER,
        rounding=2,
        period_type="quarter",
    ),
    Indicator(
        SCORE,
        "Oversight metric score",
        "What one metric scored, from 1, the best, to 4.",
        "score",
        Direction.LOWER,
        _AREA,
        _OWNER,
        rounding=2,
        period_type="quarter",
        lenses=("metric",),
    ),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment as it was kept: ``average`` and ``segment`` are text as shown, ``method`` how it was reached."""

    organisation: str
    name: str
    period: str
    segment: str
    average: str
    method: str
    as_at: date | None


def keep(
    actor: access.Actor,
    organisation: str,
    period: str,
    reached: Segment,
    method: Method,
    scores: Mapping[str, Decimal | None],
) -> int:
    """Keep a segment as somebody signed in works it out. How many figures it restates.

    Raises ``access.Refused``, or ``SegmentationError`` as ``store`` does.
    """
    with access.session(actor, access.default_purpose(actor), "keep segment", f"{organisation} {period}") as session:
        session.require(access.Action.IMPORT_FIGURES)
        return store(organisation, period, reached, method, scores, by=actor.name)


def store(
    organisation: str,
    period: str,
    reached: Segment,
    method: Method,
    scores: Mapping[str, Decimal | None],
    *,
    by: str,
) -> int:
    """Store the segment, the average and the scores of a quarter in place of those kept before; those stay as restated.

    ``organisation`` is its ODS code, ``period`` a quarter like 2026/27 Q1. How many figures are restated. Raises
    ``SegmentationError`` naming the box to mend, ``organisation`` or ``period``, or where nobody has defined segments.
    """
    code, quarter = organisation.strip().upper(), period.strip()
    if not _CODE.match(code):
        raise SegmentationError(f"organisation: {organisation!r} is no ODS code; write one like RX1")
    if start_of(quarter) is None or "Q" not in quarter:
        raise SegmentationError(f"period: {period!r} is no quarter; write one like 2026/27 Q1")
    if not measurement.versions(SEGMENT):
        raise SegmentationError("organisation: segments are not defined here; run commonweal oversight define once")
    now = settings.COMMONWEAL_NOW()
    said = _words(reached, method, by)
    known = places.name_of(code) or code

    def figure(indicator: str, value: Decimal, unit: str, metric: str = "") -> Measurement:
        return Measurement(
            indicator=indicator,
            footprint_kind="organisation",
            footprint=code,
            period=quarter,
            reported=f"{now:%Y-%m}",
            value=value.quantize(_STORED, ROUND_HALF_UP),
            unit=unit,
            as_at=now.date(),
            lens="metric" if metric else "all",
            category=metric or "all",
            query=said,
            note=known,
        )

    figures = [
        figure(SEGMENT, Decimal(reached.final), "segment"),
        figure(AVERAGE, reached.average, "score"),
        *(figure(SCORE, score, "score", metric[:_LONGEST]) for metric, score in scores.items() if score is not None),
    ]
    # Pages may write what people bring in and nothing else: the database holds them to keys that begin so.
    return measurement.put_restating(f"import:segment:{code}:{quarter}", figures, by=by, now=now)


def define() -> None:
    """Define segments, averages and scores, as the batch role alone may: a person's definition takes two people."""
    measurement.register_indicators(INDICATORS)


def _words(reached: Segment, method: Method, by: str) -> str:
    """How the segment was reached, in one sentence."""
    said = f"{method.name}: the mean of {reached.scored} scores is {reached.average:.2f}, segment {reached.by_average}"
    for one in reached.bit:
        said += f"; {one.says}: no better than {one.no_better_than}"
    if reached.unscored:
        said += f"; not scored: {', '.join(reached.unscored)}"
    return f"{said}; kept by {by}"


def history(organisation: str = "") -> list[Kept]:
    """Every segment kept, by organisation, newest quarter first; of one organisation if asked."""
    wanted = organisation.strip().upper()
    figures = measurement.get([SEGMENT, AVERAGE], wanted or None, lens="all")
    averages = {(one.footprint, one.period): one for one in figures if one.indicator == AVERAGE}
    kept = []
    for one in figures:
        if one.indicator != SEGMENT:
            continue
        average = averages.get((one.footprint, one.period))
        text = "–" if average is None or average.value is None else f"{average.value:.2f}"
        kept.append(
            Kept(
                one.footprint,
                one.note or one.footprint,
                one.period,
                "–" if one.value is None else f"{one.value:.0f}",
                text,
                one.query or one.source_file,
                one.as_at,
            )
        )
    kept.sort(key=lambda one: one.period, reverse=True)
    return sorted(kept, key=lambda one: one.name)
