"""The public face of the measurement app."""

from commonweal.apps.measurement.actions import UnknownIndicatorError, put, register_indicators
from commonweal.apps.measurement.definition_files import read_definitions, write_definitions
from commonweal.apps.measurement.disclosing import as_released, disclosure_profiles
from commonweal.apps.measurement.extents import Extent, extents
from commonweal.apps.measurement.framework import framework_gaps, framework_on, load_framework
from commonweal.apps.measurement.imports import (
    Imported,
    NotImportedError,
    Preview,
    imported,
    imports,
    proposed_map,
    safe_name,
)
from commonweal.apps.measurement.imports import confirm as confirm_import
from commonweal.apps.measurement.imports import fates as import_fates
from commonweal.apps.measurement.imports import hold as hold_import
from commonweal.apps.measurement.imports import preview as preview_import
from commonweal.apps.measurement.imports import shown_again as show_import
from commonweal.apps.measurement.published import (
    BadTableError,
    Definition,
    Document,
    Labels,
    PublishedRow,
    documents,
    published_rows,
    year_to_date,
)
from commonweal.apps.measurement.recalibrating import (
    Recalibrating,
    decide_recalibration,
    propose_recalibration,
    recalibrations,
    withdraw_recalibration,
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
from commonweal.apps.measurement.restated import Restated, put_restating, restated
from commonweal.apps.measurement.selectors import findings, get, indicators, reported_periods, versions
from commonweal.apps.measurement.tables import (
    PublishedCell,
    PublishedTable,
    load_tables,
    stored_tables,
    table_cells,
    table_text,
)
from commonweal.apps.measurement.totals import IndicatorTotal, totals_of
from commonweal.domain.measurement.definitions import BadDefinitionError
from commonweal.domain.measurement.figures import Direction, Finding, Indicator, Kind, Measurement, Severity, State
from commonweal.domain.measurement.framework import Aim, Framework, Gaps, Link
from commonweal.domain.measurement.reconcile.declared import BadRelationsError
from commonweal.domain.measurement.reconcile.sheets import Sheet as ReconcileSheet
from commonweal.domain.measurement.reconcile.sheets import TableFinding
from commonweal.domain.measurement.workbook.mapping import BadMappingError
from commonweal.feeds.workbooks.guard import HostileFileError
from commonweal.feeds.workbooks.reconciling import reconcile_files, reconcile_sheets

__all__ = [
    "Aim",
    "BadDefinitionError",
    "BadMappingError",
    "BadRelationsError",
    "BadTableError",
    "Change",
    "Definition",
    "Direction",
    "Document",
    "Extent",
    "Finding",
    "Framework",
    "Gaps",
    "HostileFileError",
    "Imported",
    "Indicator",
    "IndicatorTotal",
    "Kind",
    "Labels",
    "Link",
    "Measurement",
    "NotImportedError",
    "Past",
    "Preview",
    "PublishedCell",
    "PublishedRow",
    "PublishedTable",
    "Recalibrating",
    "ReconcileSheet",
    "Restated",
    "ReviewError",
    "Severity",
    "State",
    "TableFinding",
    "UnknownIndicatorError",
    "Who",
    "as_released",
    "confirm_import",
    "decide",
    "decide_recalibration",
    "disclosure_profiles",
    "documents",
    "extents",
    "findings",
    "framework_gaps",
    "framework_on",
    "get",
    "history",
    "hold_import",
    "import_fates",
    "imported",
    "imports",
    "indicators",
    "load_framework",
    "load_tables",
    "plan",
    "preview_import",
    "proposal",
    "proposals",
    "propose",
    "propose_recalibration",
    "proposed_map",
    "published_rows",
    "put",
    "put_restating",
    "read_definitions",
    "recalibrations",
    "reconcile_files",
    "reconcile_sheets",
    "register_indicators",
    "reported_periods",
    "restated",
    "safe_name",
    "show_import",
    "stored_tables",
    "table_cells",
    "table_text",
    "totals_of",
    "versions",
    "withdraw",
    "withdraw_recalibration",
    "write_definitions",
    "year_to_date",
]
