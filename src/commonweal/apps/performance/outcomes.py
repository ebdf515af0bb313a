"""What the outcomes pages show: the tree with how each outcome stands, the breaks in it, a figure's way to its aims."""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from commonweal.apps.measurement import api as measurement
from commonweal.apps.measurement.api import Aim, Framework, Gaps, Indicator, Kind, Measurement
from commonweal.domain.measurement.targets import met, target_on

LINKS = Path(__file__).with_name("definitions") / "outcome_links.csv"
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])\Z")
_NEWEST = 24  # figures of an indicator shown on its trace


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree with what is below it, and the indicators that say how it stands itself."""

    aim: Aim
    below: tuple["Node", ...]
    indicators: tuple[tuple[Indicator, str, bool], ...]

    @property
    def figures(self) -> int:
        """How many indicators with figures there are here and below."""
        return sum(measured for _, _, measured in self.indicators) + sum(node.figures for node in self.below)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The whole page: the tree from its domains, and where it is broken."""

    tree: tuple[Node, ...]
    gaps: Gaps
    counts: dict[str, int]


def load_tables(directory: Path, now: datetime) -> dict[str, int]:
    """Keep every printed table of a folder whole, and load the outcomes framework if it is among them.

    Cells by file. Raises ``measurement.BadTableError``.
    """
    cells = measurement.load_tables(directory, now)
    if (directory / "003_outcomes_framework.csv").exists():
        measurement.load_framework(directory, LINKS)
    return cells


def outcomes(day: date) -> Outcomes:
    """The framework on a day."""
    framework = measurement.framework_on(day)
    known = {one.code: one for one in measurement.indicators()}
    codes = {link.indicator for link in framework.links}
    measured = {figure.indicator for figure in measurement.get(codes)} if codes else set()
    tree = tuple(_node(framework, one, known, measured) for one in framework.of("domain"))
    counts = {kind: len(framework.of(kind)) for kind in ("domain", "ambition", "outcome", "measure", "objective")}
    return Outcomes(tree, measurement.framework_gaps(framework), counts)


def _node(framework: Framework, aim: Aim, known: dict[str, Indicator], measured: set[str]) -> Node:
    links = [one for one in framework.indicators_of(aim) if one.indicator in known]
    return Node(
        aim,
        tuple(_node(framework, one, known, measured) for one in framework.below(aim)),
        tuple((known[one.indicator], one.note, one.indicator in measured) for one in links),
    )


def trace(code: str, day: date) -> tuple[Indicator | None, list[tuple[Aim, ...]], Sequence[tuple[Measurement, str]]]:
    """An indicator, each way up from it to the aims it serves, its newest figures and whether each meets its target."""
    known = {one.code: one for one in measurement.indicators()}
    chains = measurement.framework_on(day).chains(code)
    figures = sorted(measurement.get(code), key=lambda one: (one.reported, one.period), reverse=True)
    indicator = known.get(code)
    judged = [(one, verdict(indicator, one)) for one in figures[:_NEWEST]] if indicator is not None else []
    return indicator, chains, judged


def verdict(indicator: Indicator, figure: Measurement) -> str:
    """``met``, ``missed`` or "" where no target was in force on the figure's day, or it has no day or value."""
    day = figure.as_at
    if day is None and _MONTH.match(figure.period):
        year, month = int(figure.period[:4]), int(figure.period[5:])
        day = date(year, month, monthrange(year, month)[1])
    if day is None or figure.kind == Kind.PLAN:
        return ""
    found = met(target_on(indicator.targets, day), figure.value, day)
    return "" if found is None else "met" if found else "missed"
