"""The public face of the performance app."""

from commonweal.apps.performance.actions import load_published
from commonweal.apps.performance.outcomes import load_tables
from commonweal.apps.performance.oversight import Oversight, oversight
from commonweal.apps.performance.oversight_forms import worked_out
from commonweal.apps.performance.segment_history import Kept
from commonweal.apps.performance.segment_history import define as define_segments
from commonweal.apps.performance.segment_history import history as segments_kept
from commonweal.apps.performance.segment_history import store as keep_segment
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
from commonweal.domain.performance.segments import SegmentationError

__all__ = [
    "Assessed",
    "Charted",
    "Held",
    "Kept",
    "Key",
    "NoSeriesError",
    "Oversight",
    "SegmentationError",
    "assessed",
    "chart_of",
    "charted",
    "define_segments",
    "keep_segment",
    "load_published",
    "load_tables",
    "oversight",
    "recalibrations",
    "segments_kept",
    "series_of",
    "worked_out",
]
