"""The public face of the measurement app."""

from commonweal.apps.measurement.actions import UnknownIndicatorError, put, register_indicators
from commonweal.apps.measurement.published import (
    DOCUMENTS,
    BadTableError,
    Definition,
    Document,
    PublishedRow,
    definitions,
    published_rows,
)
from commonweal.apps.measurement.selectors import findings, get, indicators, reported_periods
from commonweal.domain.measurement.figures import Direction, Finding, Indicator, Kind, Measurement, Severity, State

__all__ = [
    "DOCUMENTS",
    "BadTableError",
    "Definition",
    "Direction",
    "Document",
    "Finding",
    "Indicator",
    "Kind",
    "Measurement",
    "PublishedRow",
    "Severity",
    "State",
    "UnknownIndicatorError",
    "definitions",
    "findings",
    "get",
    "indicators",
    "published_rows",
    "put",
    "register_indicators",
    "reported_periods",
]
