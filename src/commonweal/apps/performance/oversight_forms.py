"""What the segment page asks for: scores as lines, thresholds, what holds, and a what-if beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from commonweal.domain.performance.segments import Lever, Method, Segment, SegmentationError, levers, segment

MOST = 200  # lines of scores


@dataclass(frozen=True, slots=True)
class Answer:
    """The segment as things stand, what each metric could change, and the what-if, where one is asked."""

    now: Segment
    levers: tuple[Lever, ...]
    then: Segment | None


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
    return Answer(segment(scores, method, ticked, peers), tuple(levers(scores, method, ticked, peers)), then)


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
