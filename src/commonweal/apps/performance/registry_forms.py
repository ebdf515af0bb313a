"""What the page that edits a definition asks for, and the definition it means."""

from collections.abc import Mapping
from typing import Any

from commonweal.apps.measurement.api import BadDefinitionError, Indicator
from commonweal.domain.measurement.definitions import LABELS, as_plain, read_definition
from commonweal.domain.measurement.targets import BadTargetError, line_of, plain, read_lines

CHOICES = {
    "direction_of_good": [
        ("higher", "Higher is better"),
        ("lower", "Lower is better"),
        ("neither", "Neither is better in itself"),
    ],
    "aggregation": [
        ("none", "Not put together"),
        ("sum", "Added up"),
        ("last", "The latest stands"),
        ("mean", "The mean"),
        ("pooled_ratio", "All numerators over all denominators"),
    ],
    "period_type": [(name, name.capitalize()) for name in ("any", "day", "week", "month", "quarter", "year")],
    "standing": [("live", "Reported"), ("paused", "Paused"), ("to_be_confirmed", "To be confirmed")],
}
CHOICES["over_footprints"] = CHOICES["aggregation"]
CHOICES["year_to_date"] = [("", "As over time"), *CHOICES["aggregation"]]


def filled(indicator: Indicator) -> dict[str, str]:
    """The boxes of the form as a definition fills them."""
    cells = {name: "" if value is None else str(value) for name, value in as_plain(indicator).items()}
    return cells | {
        "targets": "\n".join(line_of(one) for one in indicator.targets),
        "sources": "; ".join(indicator.sources),
        "lenses": "; ".join(indicator.lenses),
    }


def read(sent: Mapping[str, str], code: str) -> Indicator:
    """The definition that the filled boxes mean. Raises ``BadDefinitionError`` with each field's problem."""
    cells: dict[str, Any] = {name: sent.get(name, "").strip() for name in LABELS if name in sent}
    problems = []
    try:
        cells["targets"] = [plain(one) for one in read_lines(sent.get("targets", ""))]
    except BadTargetError as problem:
        problems.append(("targets", str(problem)))
        cells["targets"] = []
    cells["code"] = code
    try:
        made = read_definition(cells)
    except BadDefinitionError as problem:
        raise BadDefinitionError([*problem.problems, *problems]) from problem
    if problems:
        raise BadDefinitionError(problems)
    return made
