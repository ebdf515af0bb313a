"""The outcomes framework: domain → ambition → outcome → measure → indicator, and where that chain is broken."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from commonweal.domain.measurement.figures import Indicator

LEVELS = ("domain", "ambition", "outcome", "measure", "objective")


@dataclass(frozen=True, slots=True)
class Aim:
    """A node between two dates; ``parent`` is the code of the node above it, "" at the top.

    An objective's ``parent`` is its area for action; a measure's ``note`` is the id its paper gives it.
    """

    kind: str
    code: str
    name: str
    parent: str
    place: int
    valid_from: date
    valid_to: date | None = None
    source_file: str = ""
    source_line: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An indicator that says how a measure or an outcome stands, and how well it does so (``note``)."""

    aim_kind: str
    aim: str
    indicator: str
    valid_from: date
    valid_to: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where the chain from aims to figures is broken, in the order of the framework."""

    outcomes_without_measure: tuple[Aim, ...]
    outcomes_without_figure: tuple[Aim, ...]
    measures_without_outcome: tuple[Aim, ...]
    measures_without_indicator: tuple[Aim, ...]
    indicators_without_owner: tuple[Indicator, ...]
    indicators_without_aim: tuple[Indicator, ...]
    objectives_without_result: tuple[Aim, ...]


@dataclass(frozen=True, slots=True)
class Framework:
    """The framework in force on a day."""

    aims: tuple[Aim, ...]
    links: tuple[Link, ...]

    def of(self, kind: str) -> list[Aim]:
        """Every node of a level, in order."""
        return [one for one in self.aims if one.kind == kind]

    def below(self, aim: Aim) -> list[Aim]:
        """The nodes right below one, in order."""
        level = LEVELS.index(aim.kind) + 1
        return [one for one in self.of(LEVELS[level]) if one.parent == aim.code] if level < 4 else []

    def indicators_of(self, aim: Aim) -> list[Link]:
        """The links of one node itself."""
        return [one for one in self.links if (one.aim_kind, one.aim) == (aim.kind, aim.code)]

    def under(self, aim: Aim) -> list[Link]:
        """The links of a node and of everything below it."""
        return [*self.indicators_of(aim), *(link for one in self.below(aim) for link in self.under(one))]

    def chains(self, indicator: str) -> list[tuple[Aim, ...]]:
        """Every way from an indicator up to the top: domain first."""
        by_key = {(one.kind, one.code): one for one in self.aims}
        found = []
        for link in self.links:
            aim = by_key.get((link.aim_kind, link.aim))
            if link.indicator != indicator or aim is None:
                continue
            chain = [aim]
            while chain[0].parent and LEVELS.index(chain[0].kind) > 0:
                above = by_key.get((LEVELS[LEVELS.index(chain[0].kind) - 1], chain[0].parent))
                if above is None:
                    break
                chain.insert(0, above)
            found.append(tuple(chain))
        return found


def in_force(aims: Iterable[Aim], links: Iterable[Link], indicators: Iterable[Indicator], day: date) -> Framework:
    """The framework on a day; an indicator that names its outcome is linked to it like any other."""

    def holds(one: Aim | Link) -> bool:
        return one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)

    latest: dict[tuple[str, str], Aim] = {}
    for one in sorted(filter(holds, aims), key=lambda one: one.valid_from):
        latest[one.kind, one.code] = one
    ordered = sorted(latest.values(), key=lambda one: (LEVELS.index(one.kind), one.place))
    standing = [one for one in links if holds(one)]
    known = {(one.aim, one.indicator) for one in standing}
    own = [
        Link("outcome", one.outcome, one.code, one.valid_from, note="named in the indicator's definition")
        for one in indicators
        if one.outcome and (one.outcome, one.code) not in known
    ]
    return Framework(tuple(ordered), (*standing, *own))


def gaps(
    framework: Framework,
    indicators: Sequence[Indicator],
    measured: Collection[str],
    areas: Mapping[str, Collection[str]],
) -> Gaps:
    """Find the breaks.

    Args:
        framework: in force on the day asked about.
        indicators: every definition.
        measured: codes of indicators that have at least one figure.
        areas: area for action (as an objective's parent) → the ids of the measures in it.
    """
    linked = {one.indicator for one in framework.links}
    outcomes = framework.of("outcome")
    with_figure = {
        (aim.note or aim.code)
        for aim in framework.of("measure")
        if any(link.indicator in measured for link in framework.indicators_of(aim))
    }
    return Gaps(
        tuple(one for one in outcomes if not framework.below(one)),
        tuple(one for one in outcomes if not any(link.indicator in measured for link in framework.under(one))),
        tuple(one for one in framework.of("measure") if not one.parent),
        tuple(one for one in framework.of("measure") if one.parent and not framework.indicators_of(one)),
        tuple(one for one in indicators if not one.owner),
        tuple(one for one in indicators if one.code not in linked),
        tuple(one for one in framework.of("objective") if not set(areas.get(one.parent, ())) & with_figure),
    )
