"""Writes of the measurement app: a source replaces what it said before, in one transaction."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from commonweal.apps.measurement.models import IndicatorRow
from commonweal.domain.errors import CommonwealError
from commonweal.domain.measurement.figures import Finding, Indicator, Measurement
from commonweal.domain.measurement.targets import plain

_MONTH = re.compile(r"\d{4}-\d{2}\Z")
_COPY = (
    "COPY measurement_measurement (source_key, indicator, footprint_kind, footprint, period, reported, lens, category, "
    "kind, value, numerator, denominator, unit, state, printed, source_file, source_line, query, as_at, note) "
    "FROM STDIN"
)
_COPY_FINDINGS = (
    "COPY measurement_finding (source_key, reported, file, line, rule, printed, computed, difference, severity, "
    "message) FROM STDIN"
)


class UnknownIndicatorError(CommonwealError):
    """Figures were offered for an indicator nobody has defined."""


def register_indicators(indicators: Sequence[Indicator]) -> None:
    """Add or amend definitions, by code and ``valid_from``; a new ``valid_from`` is a new dated definition.

    A definition that people have changed by review stays as they left it: a file loaded again does not undo them.
    """
    reviewed = set(
        IndicatorRow.objects.filter(change__isnull=False, code__in=[one.code for one in indicators]).values_list(
            "code", "valid_from"
        )
    )
    fields = [name for name in Indicator.__dataclass_fields__ if name not in {"code", "valid_from"}]
    IndicatorRow.objects.bulk_create(
        [
            IndicatorRow(**stored(indicator))
            for indicator in indicators
            if (indicator.code, indicator.valid_from) not in reviewed
        ],
        update_conflicts=True,
        unique_fields=["code", "valid_from"],
        update_fields=fields,
    )


def stored(indicator: Indicator) -> dict[str, Any]:
    """A definition's fields as its row holds them: lists and targets as JSON, days as days."""
    found: dict[str, Any] = {name: getattr(indicator, name) for name in Indicator.__dataclass_fields__}
    return found | {
        "targets": [plain(one) for one in indicator.targets],
        "sources": list(indicator.sources),
        "lenses": list(indicator.lenses),
    }


def put(source_key: str, rows: Iterable[Measurement], findings: Iterable[Finding] = ()) -> int:
    """Replace every figure and finding put earlier under ``source_key``; all or nothing.

    Returns the number of figures stored. Raises ``UnknownIndicatorError`` if one has no definition, and the
    database refuses a figure with neither source file nor query.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [source_key])
        cursor.execute("DELETE FROM measurement_measurement WHERE source_key = %s", [source_key])
        cursor.execute("DELETE FROM measurement_finding WHERE source_key = %s", [source_key])
        count = 0
        with cursor.copy(_COPY) as out:
            for row in rows:
                out.write_row(_measurement(source_key, row))
                count += 1
        with cursor.copy(_COPY_FINDINGS) as out:
            for finding in findings:
                out.write_row(_finding(source_key, finding))
        cursor.execute(
            "SELECT DISTINCT indicator FROM measurement_measurement m WHERE source_key = %s "
            "AND NOT EXISTS (SELECT FROM measurement_indicator i WHERE i.code = m.indicator) ORDER BY indicator",
            [source_key],
        )
        unknown = [code for (code,) in cursor.fetchall()]
        if unknown:
            raise UnknownIndicatorError(
                f"{source_key}: no definition of {', '.join(unknown)}; call register_indicators first"
            )
        return count


def _measurement(source_key: str, row: Measurement) -> tuple[object, ...]:
    reported = row.reported or (row.period if _MONTH.match(row.period) else "")
    if not reported and row.as_at is not None:
        reported = f"{row.as_at:%Y-%m}"
    return (
        source_key,
        row.indicator,
        row.footprint_kind,
        row.footprint,
        row.period,
        reported,
        row.lens,
        row.category,
        str(row.kind),
        row.value,
        row.numerator,
        row.denominator,
        row.unit,
        str(row.state),
        row.printed,
        row.source_file,
        row.source_line,
        row.query or "",
        row.as_at,
        row.note,
    )


def _finding(source_key: str, row: Finding) -> tuple[object, ...]:
    return (
        source_key,
        row.reported,
        row.file,
        row.line,
        row.rule,
        row.printed,
        row.computed,
        row.difference,
        str(row.severity),
        row.message,
    )
