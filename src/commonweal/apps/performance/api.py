"""The public face of the performance app."""

from commonweal.apps.performance.actions import load_published
from commonweal.apps.performance.outcomes import load_tables
from commonweal.apps.performance.signals import (
    Assessed,
    Charted,
    Held,
    Key,
    NoSeriesError,
    assessed,
    charted,
    recalibrations,
    series_of,
)
from commonweal.charts.assessed import chart_of

__all__ = [
    "Assessed",
    "Charted",
    "Held",
    "Key",
    "NoSeriesError",
    "assessed",
    "chart_of",
    "charted",
    "load_published",
    "load_tables",
    "recalibrations",
    "series_of",
]
