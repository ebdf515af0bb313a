"""What an identify run concludes, beside its engine's tables, before it is written."""

from dataclasses import dataclass, field
from uuid import UUID

from commonweal.domain.identity import clusters, verified

Pair = tuple[int, int]


@dataclass(slots=True)
class Care:
    """Links for direct care that took thought: who moved, doubts to look at, and each moved record's basis.

    The rest is in the engine: tables ``homes`` (record, home, basis) and ``persons`` (home, person, created).
    """

    assignment: clusters.Assignment
    doubts: list[verified.Doubt]
    basis: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Analysis:
    """What probable links add. ``joined``: the person, for analysis, of each record that has a probable link."""

    joined: dict[int, UUID] = field(default_factory=dict)
    weights: dict[int, float] = field(default_factory=dict)  # the weight by which each of them joined
    review: list[tuple[verified.Doubt, float | None]] = field(default_factory=list)
    samples: list[tuple[int, int, float]] = field(default_factory=list)
    fields: dict[Pair, dict[str, float]] = field(default_factory=dict)  # of pairs shown: what each field adds
