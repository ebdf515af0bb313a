"""The public face of the measurement app."""

from commonweal.apps.measurement.actions import UnknownIndicatorError, put, register_indicators
from commonweal.apps.measurement.selectors import findings, get, indicators, reported_periods
from commonweal.domain.measurement.figures import Direction, Finding, Indicator, Kind, Measurement, Severity, State

__all__ = [
    "Direction",
    "Finding",
    "Indicator",
    "Kind",
    "Measurement",
    "Severity",
    "State",
    "UnknownIndicatorError",
    "findings",
    "get",
    "indicators",
    "put",
    "register_indicators",
    "reported_periods",
]
