"""The bias report: groups counted in a run over everything, kept, and judged. Batch role only."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import duckdb
from django.db import connection

from commonweal.apps.identity.conclusions import Analysis
from commonweal.apps.places import api as places
from commonweal.domain.identity import bias
from commonweal.lake.linkage import load

# Each record with whether it is linked for analysis, whether it is in doubt, and the odds against its probable link;
# counted by each kind of group in one pass.
_COUNTED = """
WITH whose AS (
    SELECT h.record, coalesce(j.person::UUID, p.person) AS person, j.weight::DOUBLE AS weight
    FROM homes h JOIN persons p ON p.home = h.home LEFT JOIN joined j ON j.record::BIGINT = h.record
), sizes AS (
    SELECT person, count(*) > 1 AS linked FROM whose GROUP BY person
), judged AS (
    SELECT r.source, coalesce(r.gender, 'not recorded') AS sex, coalesce(r.ethnicity, 'not recorded') AS ethnicity,
           coalesce(lpad((least(date_sub('year', r.birth_date, d.day), 90) // 10 * 10)::VARCHAR, 2, '0') || 's',
                    'not recorded') AS age,
           coalesce(r.postcode, '') AS postcode, s.linked, q.record IS NOT NULL AS doubted,
           coalesce(1 / (1 + power(2.0, least(w.weight, 60))), 0) AS wrong
    FROM whose w JOIN sizes s ON s.person = w.person JOIN records r ON r.record_id = w.record
    LEFT JOIN (SELECT DISTINCT record::BIGINT AS record FROM doubted) q ON q.record = w.record
    CROSS JOIN (SELECT day::DATE AS day FROM on_day) d
)
SELECT CASE WHEN grouping(source) = 0 THEN 'source' WHEN grouping(sex) = 0 THEN 'sex'
            WHEN grouping(ethnicity) = 0 THEN 'ethnicity' WHEN grouping(age) = 0 THEN 'age' ELSE 'deprivation' END,
       coalesce(source, sex, ethnicity, age, postcode), count(*), count(*) FILTER (WHERE linked),
       count(*) FILTER (WHERE doubted), sum(wrong)
FROM judged GROUP BY GROUPING SETS ((source), (sex), (ethnicity), (age), (postcode)) ORDER BY 1, 2
"""


def count(engine: duckdb.DuckDBPyConnection, folder: Path, analysis: Analysis, on: date) -> list[bias.Counted]:
    """A run's records by age, sex, ethnicity, deprivation and source; ``on`` is the day ages are taken."""
    joined = ((record, person, analysis.weights.get(record, "")) for record, person in analysis.joined.items())
    load(engine, folder, "joined", [("record", "person", "weight"), *joined])
    doubted = {record for doubt, _ in analysis.review for record in (doubt.first, doubt.second)}
    load(engine, folder, "doubted", [("record",), *((record,) for record in doubted)])
    load(engine, folder, "on_day", [("day",), (on.isoformat(),)])
    found = []
    areas: dict[str, list[float]] = {}
    quintiles = _quintiles()
    for kind, group, *counts in engine.execute(_COUNTED).fetchall():
        if kind != "deprivation":
            found.append(bias.Counted(kind, group, *counts))
            continue
        total = areas.setdefault(quintiles.get(group.replace(" ", ""), "not known"), [0, 0, 0, 0.0])
        for place, number in enumerate(counts):
            total[place] += number
    found += [
        bias.Counted("deprivation", group, int(total[0]), int(total[1]), int(total[2]), total[3])
        for group, total in areas.items()
    ]
    return found


def store(counted: Iterable[bias.Counted], now: datetime) -> None:
    """Keep the groups of a run, beside those of earlier ones. Joins the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('identity_bias_run')")
        ((run,),) = cursor.fetchall()
        with cursor.cursor.copy("COPY identity_bias FROM STDIN") as copy:
            for one in counted:
                copy.write_row((run, now, one.kind, one.group, one.records, one.linked, one.doubts, one.wrong))


def report() -> list[bias.Judged]:
    """The groups of the last run over everything against all groups of their kind; none before the first run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, name, records, linked, doubts, wrong FROM identity_bias"
            " WHERE run = (SELECT max(run) FROM identity_bias) ORDER BY kind, name"
        )
        return bias.judge(bias.Counted(*row) for row in cursor.fetchall())


def _quintiles() -> dict[str, str]:
    """The deprivation quintile of each postcode, 1 the most deprived."""
    areas = {area.lsoa: str(area.imd_quintile) for area in places.small_areas()}
    return {postcode: areas[lsoa] for postcode, lsoa in places.postcode_table() if lsoa in areas}
