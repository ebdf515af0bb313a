"""What the segment page asks for: scores as lines, thresholds, what holds, and a what-if beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from django.conf import settings

from commonweal.apps.performance import methods
from commonweal.domain.performance.segments import (
    Lever,
    Method,
    Segment,
    SegmentationError,
    in_force,
    levers,
    segment,
)

MOST = 200  # lines of scores


@dataclass(frozen=True, slots=True)
class Answer:
    """The segment as things stand, what each metric could change, and the what-if, where one is asked.

    ``scores`` and ``method`` are those it was worked out with, thresholds entered by hand included.
    """

    now: Segment
    levers: tuple[Lever, ...]
    then: Segment | None
    scores: Mapping[str, Decimal | None]
    method: Method


def answer(sent: Mapping[str, str], ticked: frozenset[str], method: Method) -> Answer:
    """Work out what the form asks. Raises ``SegmentationError`` saying which box to mend."""
    scores = read_scores(sent.get("scores", ""), "scores")
    given = sent.get("thresholds", "").strip()
    if given:
        try:
            parts = tuple(Decimal(one) for one in given.replace(",", " ").split())
        except InvalidOperation:
            raise SegmentationError(
                "thresholds: enter three numbers, the highest averages of segments 1 to 3"
            ) from None
        method = replace(method, thresholds=parts)
    peers = tuple(score for score in read_scores(sent.get("peers", ""), "peers").values() if score is not None)
    changed = read_scores(sent.get("whatif", ""), "what-if")
    unknown = set(changed) - set(scores)
    if unknown:
        raise SegmentationError(f"what-if: {', '.join(sorted(unknown))} is not among the scores")
    then = segment({**scores, **changed}, method, ticked, peers) if changed else None
    now = segment(scores, method, ticked, peers)
    return Answer(now, tuple(levers(scores, method, ticked, peers)), then, scores, method)


def worked_out(sent: Mapping[str, str], ticked: frozenset[str], name: str = "") -> Answer:
    """As ``answer``, by the method of a name, or the one in force today. Raises ``SegmentationError``.

    A condition that is none of the method's is refused: a word mistyped would pass for no adjustment.
    """
    every = methods.methods()
    found = next((one for one in every if one.name == name), None)
    if name and found is None:
        raise SegmentationError(f"no method {name!r}; there are {', '.join(one.name for one in every)}")
    method = found or in_force(every, settings.COMMONWEAL_NOW().date()) or every[-1]
    strange = ticked - {one.condition for one in method.overrides}
    if strange:
        known = ", ".join(one.condition for one in method.overrides) or "none"
        raise SegmentationError(f"{method.name} has no adjustment {', '.join(sorted(strange))}; it has: {known}")
    return answer(sent, ticked, method)


def read_scores(text: str, box: str) -> dict[str, Decimal | None]:
    """Lines of ``metric: score``; a dash for one not scored. Raises ``SegmentationError`` naming the line."""
    found: dict[str, Decimal | None] = {}
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise SegmentationError(f"{box}: at most {MOST} lines")
    for line in lines:
        name, _, value = line.rpartition(":")
        name, value = " ".join(name.split()), value.strip()
        if not name:
            raise SegmentationError(f"{box}: {line!r} has no metric; write metric: score")
        if name in found:
            raise SegmentationError(f"{box}: {name} stands twice")
        try:
            found[name] = None if value in {"", "-", "–"} else Decimal(value)
        except InvalidOperation:
            raise SegmentationError(
                f"{box}: {value!r} is no score; write metric: score, like A&E in 4 hours: 2.4"
            ) from None
        if found[name] is not None and not found[name].is_finite():  # type: ignore[union-attr]  # None was asked for
            raise SegmentationError(f"{box}: {value!r} is no score")
    return found
