"""How right the links are, where the truth is known: pairwise precision and recall."""

import csv
from collections import Counter
from collections.abc import Hashable, Mapping
from pathlib import Path

from commonweal.apps.identity import storage

Key = tuple[str, str]


def evaluate(truth_dir: Path) -> dict[str, dict[str, float]]:
    """Precision and recall of both confidences against ``truth_dir/compartments.csv`` (source, local_id, person).

    Counted over pairs of compartments: every true pair counts, one whose record never landed as missed.
    """
    with (Path(truth_dir) / "compartments.csv").open(encoding="utf-8", newline="") as stream:
        truth: dict[Key, str] = {(row["source"], row["local_id"]): row["person"] for row in csv.DictReader(stream)}
    rows = storage.crosswalk()
    return {
        "verified": pairwise({(source, local): person for source, local, person, _ in rows}, truth),
        "probable": pairwise({(source, local): person for source, local, _, person in rows}, truth),
    }


def pairwise(found: Mapping[Key, Hashable], truth: Mapping[Key, Hashable]) -> dict[str, float]:
    """Precision and recall of ``found`` clusters over pairs; records absent from ``truth`` are left out."""
    judged = {key: person for key, person in found.items() if key in truth}
    both = _pairs(Counter((person, truth[key]) for key, person in judged.items()))
    said = _pairs(Counter(judged.values()))
    true = _pairs(Counter(truth.values()))
    return {
        "precision": round(both / said, 6) if said else 1.0,
        "recall": round(both / true, 6) if true else 1.0,
        "pairs": true,
        "wrong": said - both,
        "missed": true - both,
    }


def _pairs(counts: Counter[Hashable]) -> int:
    """Unordered pairs within groups of the given sizes."""
    return sum(n * (n - 1) // 2 for n in counts.values())
