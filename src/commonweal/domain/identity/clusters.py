"""How links become people, and how a person keeps one identifier as links come and go."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

NAMESPACE = uuid5(NAMESPACE_URL, "https://commonweal.example/identity/person")


class Sets:
    """Disjoint sets of record ids, each with the labels (say, NHS numbers) its members carry."""

    def __init__(self, nodes: Iterable[int], labels: Mapping[int, str] | None = None) -> None:
        self._parent = {node: node for node in nodes}
        self._labels: dict[int, set[str]] = {node: {label} for node, label in (labels or {}).items()}

    def root(self, node: int) -> int:
        """The lowest member of the set that holds ``node``."""
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def labels(self, node: int) -> set[str]:
        """The labels in the set that holds ``node``."""
        return self._labels.get(self.root(node), set())

    def join(self, first: int, second: int) -> None:
        """Make one set of the two that hold ``first`` and ``second``."""
        keep, drop = sorted((self.root(first), self.root(second)))
        if keep != drop:
            self._parent[drop] = keep
            if drop in self._labels:
                self._labels.setdefault(keep, set()).update(self._labels.pop(drop))

    def sets(self) -> Iterator[list[int]]:
        """Every set, members ascending, sets by their lowest member."""
        found: dict[int, list[int]] = {}
        for node in sorted(self._parent):
            found.setdefault(self.root(node), []).append(node)
        yield from found.values()


def components(nodes: Iterable[int], edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Connected sets of ``nodes``, each ascending; both ends of an edge are nodes. Order does not matter."""
    joined = Sets(nodes)
    for first, second in edges:
        joined.join(first, second)
    return list(joined.sets())


def identifier(source: str, local_id: str, again: int = 0) -> UUID:
    """The identifier of a person first seen as ``local_id`` at ``source``; ``again`` where that one is taken."""
    return uuid5(NAMESPACE, "\x1f".join((source, local_id, *([str(again)] if again else []))))


@dataclass(frozen=True, slots=True)
class Moved:
    """A record that left one person for another. ``kind`` is merge or split."""

    record: int
    before: UUID
    after: UUID
    kind: str


@dataclass(slots=True)
class Assignment:
    """The people after a run: each record's person, who is new (with the founding record), who was merged away."""

    person: dict[int, UUID] = field(default_factory=dict)
    created: dict[UUID, int] = field(default_factory=dict)
    merged: dict[UUID, UUID] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)


def assign(
    clusters: Iterable[Sequence[int]],
    before: Mapping[int, UUID],
    founders: Mapping[UUID, int],
    name: Callable[[int, int], UUID],
) -> Assignment:
    """Give each cluster a person, keeping identifiers.

    ``before`` is each record's person until now, ``founders`` the record each known person was made from
    (lower is older), ``name(record, again)`` the identifier a new person made from a record would have.
    A merge keeps the oldest person. A split leaves the identifier with the part that holds its founding
    record, else with the part that holds its lowest record. Run on its own result it changes nothing.
    """
    ordered = sorted((sorted(cluster) for cluster in clusters), key=lambda cluster: cluster[0])
    claims: dict[UUID, list[tuple[bool, int]]] = {}
    for index, cluster in enumerate(ordered):
        for person in {before[record] for record in cluster if record in before}:
            claims.setdefault(person, []).append((founders[person] not in cluster, index))
    # the part that may use each identifier, then the oldest of the identifiers a part may use
    holder = {person: min(parts)[1] for person, parts in claims.items()}
    held: dict[int, list[UUID]] = {}
    for person in sorted(holder, key=lambda person: (founders[person], str(person))):
        held.setdefault(holder[person], []).append(person)
    result = Assignment()
    used = set(founders)
    for index, cluster in enumerate(ordered):
        mine = held.get(index, [])
        if mine:
            person = mine[0]
            result.merged.update(dict.fromkeys(mine[1:], person))
        else:
            person = _fresh(cluster[0], used, set(holder), founders, name)
            if person not in founders:
                result.created[person] = cluster[0]
            used.add(person)
        for record in cluster:
            result.person[record] = person
            was = before.get(record)
            if was is not None and was != person:
                kind = "merge" if holder[was] == index else "split"
                result.moved.append(Moved(record, was, person, kind))
    return result


def _fresh(
    record: int,
    used: set[UUID],
    holding: set[UUID],
    founders: Mapping[UUID, int],
    name: Callable[[int, int], UUID],
) -> UUID:
    """An identifier made from ``record`` that no other person uses; its own earlier one if that lies free."""
    again = 0
    while True:
        person = name(record, again)
        if person not in used or (founders.get(person) == record and person not in holding):
            return person
        again += 1
