"""How many periods there are figures for, by indicator, place and form of period: counted where they are."""

from dataclasses import dataclass

from django.db import connection

_COUNT = """
SELECT indicator, footprint_kind, footprint, lens, category, kind, min(period), count(DISTINCT period)
FROM measurement_measurement
GROUP BY indicator, footprint_kind, footprint, lens, category, kind, regexp_replace(period, '[0-9]', '9', 'g')
HAVING count(DISTINCT period) > 1
ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


@dataclass(frozen=True, slots=True)
class Extent:
    """Figures of one indicator, place, lens and kind whose periods are written alike; ``first`` is one of them."""

    indicator: str
    footprint_kind: str
    footprint: str
    lens: str
    category: str
    kind: str
    first: str
    periods: int


def extents() -> list[Extent]:
    """Every such set of two or more periods, in a fixed order."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)
        return [Extent(*row) for row in cursor.fetchall()]
