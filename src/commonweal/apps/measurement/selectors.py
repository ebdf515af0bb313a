"""Reads of the measurement app."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection

from commonweal.apps.measurement.models import FindingRow, IndicatorRow, MeasurementRow
from commonweal.domain.measurement.definitions import closed
from commonweal.domain.measurement.figures import Finding, Indicator, Measurement
from commonweal.domain.measurement.targets import from_plain

_FIELDS = tuple(Measurement.__dataclass_fields__)
_INDICATOR_FIELDS = tuple(Indicator.__dataclass_fields__)
_FINDING_FIELDS = tuple(Finding.__dataclass_fields__)
# One text for every question: a dashboard asks ten, and composing each anew took a third of its time. Values are bound
# before planning, so that a condition nobody asked for costs nothing. Its columns are ``Measurement`` in order.
_GET = """
SELECT indicator, footprint_kind, footprint, period, value, unit, as_at, lens, category, kind, numerator,
       denominator, state, printed, source_file, source_line, query, note, reported
FROM "measurement_measurement"
WHERE (%(indicators)s::text[] IS NULL OR indicator = ANY(%(indicators)s::text[]))
  AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]))
  AND (%(footprint_kind)s::text IS NULL OR footprint_kind = %(footprint_kind)s::text)
  AND (%(footprint)s::text IS NULL OR footprint = %(footprint)s::text)
  AND (%(period)s::text IS NULL OR period = %(period)s::text)
  AND (%(lens)s::text IS NULL OR lens = %(lens)s::text)
  AND (%(reported)s::text IS NULL OR reported = %(reported)s::text)
ORDER BY indicator, footprint_kind, footprint, period, lens, category, kind, source_key, id
"""


def get(
    indicator: str | Iterable[str] | None = None,
    footprint: str | tuple[str, str] | None = None,
    period: str | None = None,
    lens: str | None = None,
    reported: str | None = None,
    kind: str | Iterable[str] | None = None,
) -> list[Measurement]:
    """Figures that match every argument given, in a fixed order.

    ``indicator`` is one code or several; ``footprint`` a code, or (kind, code); ``reported`` the month of the
    report the figure was put in; ``kind`` one or several of ``Kind``.
    """
    of_kind, code = footprint if isinstance(footprint, tuple) else (None, footprint)
    asked = {
        "indicators": _several(indicator),
        "kinds": _several(kind),
        "footprint_kind": _text(of_kind),
        "footprint": _text(code),
        "period": _text(period),
        "lens": _text(lens),
        "reported": _text(reported),
    }
    with connection.cursor() as cursor:
        cursor.execute(_GET, asked)
        return [Measurement(**dict(zip(_FIELDS, map(_plain, row), strict=True))) for row in cursor.fetchall()]


def _text(wanted: str | None) -> str | None:
    return None if wanted is None else str(wanted)


def _several(wanted: str | Iterable[str] | None) -> list[str] | None:
    return None if wanted is None else [str(wanted)] if isinstance(wanted, str) else [str(one) for one in wanted]


def _plain(cell: Any) -> Any:
    """A stored number without the zeros its column pads it with; anything else as it is."""
    if not isinstance(cell, Decimal):
        return cell
    return cell.quantize(Decimal(1)) if cell == cell.to_integral_value() else cell.normalize()


def indicators(service_area: str | None = None) -> list[Indicator]:
    """Definitions, newest form of each code, or those of one service area."""
    rows = IndicatorRow.objects.order_by("code", "valid_from")
    if service_area is not None:
        rows = rows.filter(service_area=service_area)
    latest = {row[0]: indicator_of(row) for row in rows.values_list(*_INDICATOR_FIELDS)}
    return list(latest.values())


def versions(code: str) -> list[Indicator]:
    """Every dated definition of one indicator, oldest first, each ending before the next begins."""
    rows = IndicatorRow.objects.filter(code=code).order_by("valid_from").values_list(*_INDICATOR_FIELDS)
    return closed([indicator_of(row) for row in rows])


def indicator_of(row: Sequence[Any]) -> Indicator:
    """The definition a row of ``measurement_indicator`` holds, its columns in the order of the dataclass."""
    cells = dict(zip(_INDICATOR_FIELDS, row, strict=True))
    cells["targets"] = tuple(from_plain(one) for one in cells["targets"])
    cells["sources"], cells["lenses"] = tuple(cells["sources"]), tuple(cells["lenses"])
    return Indicator(**cells)


def findings(reported: str | None = None, source_key: str | None = None) -> list[Finding]:
    """Figures that disagree, in the order they were found."""
    rows = FindingRow.objects.order_by("source_key", "id")
    if reported is not None:
        rows = rows.filter(reported=reported)
    if source_key is not None:
        rows = rows.filter(source_key=source_key)
    return [Finding(*row) for row in rows.values_list(*_FINDING_FIELDS)]


def reported_periods() -> list[str]:
    """Every reporting month that has figures, oldest first."""
    return list(MeasurementRow.objects.order_by("reported").values_list("reported", flat=True).distinct())
