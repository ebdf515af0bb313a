"""The bias report: groups counted in a run over everything, kept, and judged.

Of a person whom one source alone has ever seen nothing can be linked, and who is seen by several differs by age, sex
and need for good reasons. So what is compared is the records that others than a person's own practice hold: nearly
everybody is registered with a practice, and such a record without a partner is a link that was probably missed.
Practices are compared among themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
from django.db import connection

from commonweal.apps.identity.conclusions import Analysis
from commonweal.apps.places import api as places
from commonweal.domain.identity import bias
from commonweal.lake.linkage import load

_KEPT_RUNS = 10  # shown beside each other
# Each record with whether it is linked for analysis, whether it is in doubt, and the odds against its probable link;
# counted by each kind of group in one pass. What is no code might be a name typed into the wrong column.
_COUNTED = """
WITH whose AS (
    SELECT h.record, coalesce(j.person::UUID, p.person) AS person, j.weight::DOUBLE AS weight
    FROM homes h JOIN persons p ON p.home = h.home LEFT JOIN joined j ON j.record::BIGINT = h.record
), sizes AS (
    SELECT person, count(*) > 1 AS linked FROM whose GROUP BY person
), judged AS (
    SELECT coalesce(r.practice = r.source, false) AS registration, r.source,
           CASE WHEN r.gender IN ('female', 'male', 'other') THEN r.gender ELSE 'unknown' END AS sex,
           CASE WHEN regexp_full_match(upper(r.ethnicity), '[A-Z]|99') THEN upper(r.ethnicity)
                ELSE 'unknown' END AS ethnicity,
           coalesce(lpad((least(date_sub('year', r.birth_date, d.day), 90) // 10 * 10)::VARCHAR, 2, '0') || 's',
                    'unknown') AS age,
           coalesce(a.quintile, 'unknown') AS deprivation, s.linked, q.record IS NOT NULL AS doubted,
           coalesce(1 / (1 + power(2.0, least(w.weight, 60))), 0) AS wrong
    FROM whose w JOIN sizes s ON s.person = w.person JOIN records r ON r.record_id = w.record
    LEFT JOIN (SELECT DISTINCT record::BIGINT AS record FROM doubted) q ON q.record = w.record
    LEFT JOIN area a ON a.postcode = replace(r.postcode, ' ', '')
    CROSS JOIN (SELECT day::DATE AS day FROM on_day) d
), alike AS (
    SELECT registration, source, sex, ethnicity, age, deprivation, count(*) AS records,
           count(*) FILTER (WHERE linked) AS linked, count(*) FILTER (WHERE doubted) AS doubts, sum(wrong) AS wrong
    FROM judged GROUP BY ALL
)
SELECT CASE WHEN grouping(source) = 0 AND registration THEN 'practice' WHEN grouping(source) = 0 THEN 'source'
            WHEN grouping(sex) = 0 THEN 'sex' WHEN grouping(ethnicity) = 0 THEN 'ethnicity'
            WHEN grouping(age) = 0 THEN 'age' ELSE 'deprivation' END,
       coalesce(source, sex, ethnicity, age, deprivation), sum(records)::BIGINT, sum(linked)::BIGINT,
       sum(doubts)::BIGINT, sum(wrong)
FROM alike
GROUP BY GROUPING SETS ((registration, source), (registration, sex), (registration, ethnicity), (registration, age),
                        (registration, deprivation))
HAVING grouping(source) = 0 OR NOT registration ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run over everything: when, its records, those linked for analysis, those in doubt, links expected wrong, and
    how many groups lay beyond the 99.8% limits of their kind.
    """

    number: int
    at: datetime
    records: int
    linked: int
    doubts: int
    wrong: float
    uneven: int


def count(engine: duckdb.DuckDBPyConnection, folder: Path, analysis: Analysis, on: date) -> list[bias.Counted]:
    """A run's records by age, sex, ethnicity, deprivation, source, practice; ``on`` is the day ages are taken."""
    joined = ((record, person, analysis.weights.get(record, "")) for record, person in analysis.joined.items())
    load(engine, folder, "joined", [("record", "person", "weight"), *joined])
    doubted = {record for doubt, _ in analysis.review for record in (doubt.first, doubt.second)}
    load(engine, folder, "doubted", [("record",), *((record,) for record in doubted)])
    load(engine, folder, "on_day", [("day",), (on.isoformat(),)])
    load(engine, folder, "area", [("postcode", "quintile"), *_quintiles()])
    return [bias.Counted(*row) for row in engine.execute(_COUNTED).fetchall()]


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


def runs() -> list[Run]:
    """The last runs over everything, newest first."""
    found: dict[tuple[int, datetime], list[bias.Counted]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT run, at, kind, name, records, linked, doubts, wrong FROM identity_bias WHERE run IN"
            " (SELECT DISTINCT run FROM identity_bias ORDER BY run DESC LIMIT %s) ORDER BY run DESC, kind, name",
            [_KEPT_RUNS],
        )
        for number, at, *counted in cursor.fetchall():
            found.setdefault((number, at), []).append(bias.Counted(*counted))
    return [_run(number, at, counted) for (number, at), counted in found.items()]


def _run(number: int, at: datetime, counted: list[bias.Counted]) -> Run:
    every = [one for one in counted if one.kind in ("source", "practice")]  # each record is of one of these
    return Run(
        number,
        at,
        sum(one.records for one in every),
        sum(one.linked for one in every),
        sum(one.doubts for one in every),
        sum(one.wrong for one in every),
        sum(abs(one.place) == 2 for one in bias.judge(counted)),
    )


def _quintiles() -> Iterable[tuple[str, str]]:
    """The deprivation quintile of each postcode, 1 the most deprived."""
    areas = {area.lsoa: str(area.imd_quintile) for area in places.small_areas()}
    return ((postcode.replace(" ", ""), areas[lsoa]) for postcode, lsoa in places.postcode_table() if lsoa in areas)
