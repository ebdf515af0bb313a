"""The public face of the reporting app."""

from commonweal.apps.measurement.api import reported_periods
from commonweal.apps.reporting.actions import render_board, write_board
from commonweal.apps.reporting.checking import checked
from commonweal.apps.reporting.model import BoardReport
from commonweal.apps.reporting.selectors import UnknownPeriodError, board_report

__all__ = [
    "BoardReport",
    "UnknownPeriodError",
    "board_report",
    "checked",
    "render_board",
    "reported_periods",
    "write_board",
]
