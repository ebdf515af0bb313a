"""The public face of the measurement app."""

from commonweal.apps.measurement.actions import UnknownIndicatorError, put, register_indicators
from commonweal.apps.measurement.published import (
    BadTableError,
    Definition,
    Document,
    Labels,
    PublishedRow,
    published_rows,
    year_to_date,
)
from commonweal.apps.measurement.selectors import findings, get, indicators, reported_periods
from commonweal.domain.measurement.figures import Direction, Finding, Indicator, Kind, Measurement, Severity, State

__all__ = [
    "BadTableError",
    "Definition",
    "Direction",
    "Document",
    "Finding",
    "Indicator",
    "Kind",
    "Labels",
    "Measurement",
    "PublishedRow",
    "Severity",
    "State",
    "UnknownIndicatorError",
    "findings",
    "get",
    "indicators",
    "published_rows",
    "put",
    "register_indicators",
    "reported_periods",
    "year_to_date",
]
