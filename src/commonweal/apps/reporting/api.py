"""The public face of the reporting app."""

from pathlib import Path

from commonweal.apps.measurement.api import reported_periods
from commonweal.apps.reporting.actions import FORMS, rendered, write_pack
from commonweal.apps.reporting.checking import checked
from commonweal.apps.reporting.model import BoardReport
from commonweal.apps.reporting.pack.build import build
from commonweal.apps.reporting.pack.model import Pack, Standing
from commonweal.apps.reporting.selectors import UnknownPeriodError, board_report
from commonweal.apps.reporting.versions import (
    Version,
    VersionError,
    content,
    decide,
    draft,
    prepare,
    prepare_by_command,
    published_figures,
    version,
    versions,
)

FONTS = Path(__file__).parent / "fonts"  # what documents are set in: Arimo, as wide as Arial

__all__ = [
    "FONTS",
    "FORMS",
    "BoardReport",
    "Pack",
    "Standing",
    "UnknownPeriodError",
    "Version",
    "VersionError",
    "board_report",
    "build",
    "checked",
    "content",
    "decide",
    "draft",
    "prepare",
    "prepare_by_command",
    "published_figures",
    "rendered",
    "reported_periods",
    "version",
    "versions",
    "write_pack",
]
