"""Oversight segments: metrics scored 1 to 4, averaged, turned into a segment, and adjusted.

The steps are those of two published manuals, section "Overview of the segmentation process" of each:

- 2025/26: https://www.england.nhs.uk/long-read/nhs-oversight-framework-2025-26-methodology-manual (averages are put in
  quartiles among peers; segments 1 to 4 are derived, 5 is for those in most need of support);
- 2026/27: https://www.england.nhs.uk/long-read/nhs-oversight-framework-2026-27-methodology-manual/ (1.00 is the best
  metric score and 4.00 the lowest; averages become a segment by defined thresholds).

The thresholds and the text of the final adjustment are data to be supplied with their source: they could not be read
here, and a segment is not computed without them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commonweal.domain.errors import CommonwealError

BEST, WORST = Decimal(1), Decimal(4)
_HUNDREDTH = Decimal("0.01")


class SegmentationError(CommonwealError):
    """Scores or a method that give no segment; the message says what to supply."""


@dataclass(frozen=True, slots=True)
class Override:
    """An adjustment: where ``condition`` (a word a person ticks) holds, the segment is ``no_better_than``."""

    condition: str
    says: str
    no_better_than: int


@dataclass(frozen=True, slots=True)
class Method:
    """A year's method. ``by`` is ``thresholds`` or ``quartiles``.

    ``thresholds`` are the highest averages of segments 1, 2 and 3; empty until supplied.
    """

    name: str
    starts: date
    by: str
    source: str
    thresholds: tuple[Decimal, ...] = ()
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        if self.by not in {"thresholds", "quartiles"}:
            raise SegmentationError(f"{self.name}: a method goes by thresholds or quartiles, not {self.by!r}")
        rising = list(self.thresholds) == sorted(set(self.thresholds))
        inside = all(BEST <= one < WORST for one in self.thresholds)
        if self.thresholds and (len(self.thresholds) != 3 or not rising or not inside):
            raise SegmentationError(f"{self.name}: three rising thresholds from 1 to below 4 part four segments")
        if any(not 1 <= one.no_better_than <= 5 for one in self.overrides):
            raise SegmentationError(f"{self.name}: an override names a segment from 1 to 5")


@dataclass(frozen=True, slots=True)
class Segment:
    """The outcome: ``average`` unrounded, the segment by it, the one after overrides, and which of them bit."""

    average: Decimal
    scored: int
    unscored: tuple[str, ...]
    by_average: int
    final: int
    bit: tuple[Override, ...]


@dataclass(frozen=True, slots=True)
class Lever:
    """How much one metric alone can move: its score now, the best segment it could bring and the score it takes."""

    metric: str
    score: Decimal
    best: int
    takes: Decimal | None
    worst: int


def in_force(methods: Sequence[Method], day: date) -> Method | None:
    """The method of a day: the latest that has started."""
    started = [one for one in methods if one.starts <= day]
    return max(started, key=lambda one: one.starts) if started else None


def segment(
    scores: Mapping[str, Decimal | None],
    method: Method,
    conditions: frozenset[str] = frozenset(),
    peers: Sequence[Decimal] = (),
) -> Segment:
    """The segment of an organisation.

    Args:
        scores: metric → score from 1 (best) to 4; None where it is not scored, which leaves it out of the average.
        method: of the year.
        conditions: overrides that hold.
        peers: average scores of all organisations of its kind, itself included, for a method by quartiles.

    Raises:
        SegmentationError: no scores, a score outside 1 to 4, or thresholds or peers that nobody has supplied.
    """
    given = {metric: score for metric, score in scores.items() if score is not None}
    if not given:
        raise SegmentationError("no metric is scored; enter scores from 1 to 4")
    for metric, score in given.items():
        if not BEST <= score <= WORST:
            raise SegmentationError(f"{metric}: a score lies between 1 and 4, not {score}")
    average = sum(given.values(), Decimal(0)) / len(given)
    by_average = _segment_of(average, method, peers)
    bit = tuple(one for one in method.overrides if one.condition in conditions and one.no_better_than > by_average)
    final = max([by_average, *(one.no_better_than for one in bit)])
    unscored = tuple(metric for metric, score in scores.items() if score is None)
    return Segment(average, len(given), unscored, by_average, final, bit)


def _segment_of(average: Decimal, method: Method, peers: Sequence[Decimal]) -> int:
    if method.by == "quartiles":
        if len(peers) < 4:
            raise SegmentationError(f"{method.name} compares with peers: supply the average scores of at least four")
        better = sum(one < average for one in peers)
        return min(4, better * 4 // len(peers) + 1)
    if not method.thresholds:
        raise SegmentationError(f"{method.name}: its thresholds have not been supplied; enter them with their source")
    return 1 + sum(average > one for one in method.thresholds)


def levers(
    scores: Mapping[str, Decimal | None], method: Method, conditions: frozenset[str], peers: Sequence[Decimal] = ()
) -> list[Lever]:
    """What each metric alone could change, those that could improve the segment first, least effort first.

    ``takes`` is the highest score (to the hundredth) that brings the better segment, None where none does.
    """
    now = segment(scores, method, conditions, peers).final
    found = []
    for metric, score in scores.items():
        if score is None:
            continue

        def at(value: Decimal, name: str = metric) -> int:
            return segment({**scores, name: value}, method, conditions, peers).final

        best, worst = at(BEST), at(WORST)
        takes = _highest(at, best, score) if best < now else None
        found.append(Lever(metric, score, best, takes, worst))
    return sorted(found, key=lambda one: (one.best, one.score - one.takes if one.takes is not None else WORST))


def _highest(at: Callable[[Decimal], int], wanted: int, score: Decimal) -> Decimal:
    """The highest hundredth that still gives ``wanted``: the segment never improves as a score rises."""
    low, high = 0, int((score - BEST) / _HUNDREDTH)
    while low < high:
        middle = (low + high + 1) // 2
        if at(BEST + middle * _HUNDREDTH) <= wanted:
            low = middle
        else:
            high = middle - 1
    return BEST + low * _HUNDREDTH
