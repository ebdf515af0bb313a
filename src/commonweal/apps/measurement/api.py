"""The public face of the measurement app."""

from commonweal.apps.measurement.actions import UnknownIndicatorError, put, register_indicators
from commonweal.apps.measurement.definition_files import read_definitions, write_definitions
from commonweal.apps.measurement.published import (
    BadTableError,
    Definition,
    Document,
    Labels,
    PublishedRow,
    published_rows,
    year_to_date,
)
from commonweal.apps.measurement.registry import (
    Change,
    Past,
    ReviewError,
    Who,
    decide,
    history,
    plan,
    proposal,
    proposals,
    propose,
    withdraw,
)
from commonweal.apps.measurement.selectors import findings, get, indicators, reported_periods, versions
from commonweal.domain.measurement.definitions import BadDefinitionError
from commonweal.domain.measurement.figures import Direction, Finding, Indicator, Kind, Measurement, Severity, State

__all__ = [
    "BadDefinitionError",
    "BadTableError",
    "Change",
    "Definition",
    "Direction",
    "Document",
    "Finding",
    "Indicator",
    "Kind",
    "Labels",
    "Measurement",
    "Past",
    "PublishedRow",
    "ReviewError",
    "Severity",
    "State",
    "UnknownIndicatorError",
    "Who",
    "decide",
    "findings",
    "get",
    "history",
    "indicators",
    "plan",
    "proposal",
    "proposals",
    "propose",
    "published_rows",
    "put",
    "read_definitions",
    "register_indicators",
    "reported_periods",
    "versions",
    "withdraw",
    "write_definitions",
    "year_to_date",
]
