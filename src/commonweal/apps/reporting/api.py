"""The public face of the reporting app."""

from commonweal.apps.measurement.api import reported_periods
from commonweal.apps.reporting.actions import render_board, write_board
from commonweal.apps.reporting.model import BoardReport
from commonweal.apps.reporting.selectors import UnknownPeriodError, board_report


def board_report_html(period: str) -> str:
    """The board report of a month as one HTML document. Raises ``UnknownPeriodError``."""
    return render_board(board_report(period))


__all__ = [
    "BoardReport",
    "UnknownPeriodError",
    "board_report",
    "board_report_html",
    "render_board",
    "reported_periods",
    "write_board",
]
