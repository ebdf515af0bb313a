"""How right links are, with the uncertainty of a count: precision, recall and F1 with exact intervals.

Intervals are Clopper and Pearson's ("The Use of Confidence or Fiducial Limits Illustrated in the Case of the
Binomial", Biometrika 26(4), 1934). They take pairs as independent; pairs within one large group are not, so for
groups of many records they are too narrow.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from scipy.special import betaincinv


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``tried``, and the limits of the 95% interval; nothing tried gives 0 to 1."""

    hits: float
    tried: float
    value: float
    low: float
    high: float


def share(hits: float, tried: float, confidence: float = 0.95) -> Share:
    """A proportion with its exact interval. ValueError unless 0 <= hits <= tried."""
    if not 0 <= hits <= tried:
        raise ValueError("hits must be between 0 and the number tried")
    if not tried:
        return Share(0, 0, 1.0, 0.0, 1.0)
    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, tried - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, tried - hits, 1 - tail)) if hits < tried else 1.0
    return Share(hits, tried, hits / tried, low, high)


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of pairs and what they come to."""

    true: int
    said: int
    right: int
    precision: Share
    recall: Share
    f1: float
    f1_low: float
    f1_high: float

    def as_dict(self) -> dict[str, object]:
        """Rounded, for printing: each measure with its limits."""
        return {
            "true_pairs": self.true,
            "linked_pairs": self.said,
            "right_pairs": self.right,
            "precision": round(self.precision.value, 6),
            "precision_interval": [round(self.precision.low, 6), round(self.precision.high, 6)],
            "recall": round(self.recall.value, 6),
            "recall_interval": [round(self.recall.low, 6), round(self.recall.high, 6)],
            "f1": round(self.f1, 6),
            "f1_interval": [round(self.f1_low, 6), round(self.f1_high, 6)],
        }


def score(true: int, said: int, right: int) -> Score:
    """The score of ``said`` pairs of which ``right`` are among the ``true`` ones.

    F1 is twice q over 1 + q, q being the right pairs among all that are true or said; its limits are those of q.
    """
    union = share(right, true + said - right)

    def f1(q: float) -> float:
        return 2 * q / (1 + q)

    return Score(
        true, said, right, share(right, said), share(right, true), f1(union.value), f1(union.low), f1(union.high)
    )


def of_groups(records: Iterable[tuple[Hashable, Hashable]]) -> Score:
    """The pairwise score of groups: ``records`` are (group said, true person), one a record."""
    rows = list(records)
    return score(
        _pairs(Counter(person for _, person in rows)),
        _pairs(Counter(group for group, _ in rows)),
        _pairs(Counter(rows)),
    )


def _pairs(counts: Counter[Hashable]) -> int:
    """Unordered pairs within groups of the given sizes."""
    return sum(n * (n - 1) // 2 for n in counts.values())
