"""The bias report of a run: counts by group from the database, judged by ``domain.identity.bias``. Batch role only."""

from collections.abc import Iterator
from datetime import date

from django.db import connection, transaction

from commonweal.apps.places import api as places
from commonweal.domain.identity import bias

# Each record with whether it is linked for analysis, whether it is in doubt, and the odds against its probable link.
_JUDGED = """
CREATE TEMP TABLE judged_record ON COMMIT DROP AS
SELECT d.source, d.gender, d.ethnicity, d.postcode, d.birth_date,
       count(*) OVER (PARTITION BY p.analysis_person_id) > 1 AS linked,
       EXISTS (SELECT FROM identity_review r WHERE r.kind = 'doubt' AND d.compartment_id IN (r.first, r.second))
           AS doubted,
       coalesce(1 / (1 + power(2.0, least(p.weight, 60))), 0) AS wrong
FROM identity_demographics d JOIN identity_probable p USING (compartment_id)
"""
_GROUPED = {
    "source": "SELECT source, count(*), count(*) FILTER (WHERE linked), count(*) FILTER (WHERE doubted),"
    " coalesce(sum(wrong), 0) FROM judged_record GROUP BY 1",
    "sex": "SELECT coalesce(nullif(gender, ''), 'not recorded'), count(*), count(*) FILTER (WHERE linked),"
    " count(*) FILTER (WHERE doubted), coalesce(sum(wrong), 0) FROM judged_record GROUP BY 1",
    "ethnicity": "SELECT coalesce(nullif(ethnicity, ''), 'not recorded'), count(*), count(*) FILTER (WHERE linked),"
    " count(*) FILTER (WHERE doubted), coalesce(sum(wrong), 0) FROM judged_record GROUP BY 1",
    "age": "SELECT CASE WHEN birth_date IS NULL THEN 'not recorded'"
    " ELSE lpad((least(extract(year FROM age(%(on)s, birth_date)), 90)::int / 10 * 10)::text, 2, '0') || 's' END,"
    " count(*), count(*) FILTER (WHERE linked), count(*) FILTER (WHERE doubted), coalesce(sum(wrong), 0)"
    " FROM judged_record GROUP BY 1",
    "deprivation": "SELECT postcode, count(*), count(*) FILTER (WHERE linked), count(*) FILTER (WHERE doubted),"
    " coalesce(sum(wrong), 0) FROM judged_record GROUP BY 1",
}


def report(on: date) -> list[bias.Judged]:
    """Link rates by age, sex, ethnicity, deprivation and source as they stand; ``on`` is the day ages are taken."""
    with transaction.atomic():
        return bias.judge(_counted(on))


def _counted(on: date) -> Iterator[bias.Counted]:
    with connection.cursor() as cursor:
        cursor.execute(_JUDGED)
        for kind, statement in _GROUPED.items():
            cursor.execute(statement, {"on": on})
            rows = cursor.fetchall()
            if kind != "deprivation":
                yield from (bias.Counted(kind, *row) for row in rows)
                continue
            quintiles = _quintiles()
            sums: dict[str, list[float]] = {}
            for postcode, *counts in rows:
                total = sums.setdefault(quintiles.get((postcode or "").replace(" ", ""), "not known"), [0, 0, 0, 0.0])
                for place, count in enumerate(counts):
                    total[place] += count
            yield from (
                bias.Counted(kind, group, int(total[0]), int(total[1]), int(total[2]), total[3])
                for group, total in sums.items()
            )
        cursor.execute("DROP TABLE judged_record")


def _quintiles() -> dict[str, str]:
    """The deprivation quintile of each postcode, 1 the most deprived."""
    areas = {area.lsoa: str(area.imd_quintile) for area in places.small_areas()}
    return {postcode: areas[lsoa] for postcode, lsoa in places.postcode_table() if lsoa in areas}
