"""A run's links for analysis: which people of direct care are probably one, and what is neither so nor clearly not."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import duckdb
from django.conf import settings

from commonweal.apps.identity.conclusions import Analysis, Pair
from commonweal.domain.identity import probable, verified
from commonweal.domain.identity.review import DIFFERENT
from commonweal.lake import identifiers, linkage

SAMPLED = 200  # probable links shown to reviewers, so that their precision can be measured

# Every record of the groups that a weighed pair names.
_PARTICULARS = """
WITH near AS (
    SELECT home FROM linkage WHERE unique_id IN (SELECT unique_id_l FROM scored_pairs)
    UNION SELECT home FROM linkage WHERE unique_id IN (SELECT unique_id_r FROM scored_pairs)
)
SELECT l.home, l.unique_id, l.nhs_number, l.born, coalesce(l.family, ''), coalesce(l.given, ''), coalesce(l.sex, ''),
       coalesce(l.postcode, ''), coalesce(r.practice = r.source, false)
FROM linkage l JOIN near USING (home) JOIN records r ON r.record_id = l.unique_id ORDER BY 1, 2
"""


def find(
    engine: duckdb.DuckDBPyConnection,
    folder: Path,
    doubts: list[verified.Doubt],
    decided: Mapping[Pair, str],
    records: int | None,
    sampled: int = SAMPLED,
) -> Analysis:
    """Weigh the pairs of table ``linkage`` and join what may be; after ``care_links.find``, whose ``doubts`` go first.

    ``records``: how many there are in all, if not those of the table. At most ``sampled`` links are drawn for review.
    """
    found = Analysis()
    spark = folder if settings.COMMONWEAL_LINKAGE_ENGINE == "spark" else None
    table = linkage.predict(engine, probable.REVIEW, records=records, on_spark=spark)
    pairs = [probable.Pair(*row) for row in engine.table(table).fetchall()]
    groups: dict[int, list[int]] = {}
    particulars: dict[int, probable.Particulars] = {}
    for home, record, *said in engine.execute(_PARTICULARS).fetchall():
        groups.setdefault(home, []).append(record)
        particulars[record] = probable.Particulars(*said)
    denied = [pair for pair, how in decided.items() if how == DIFFERENT and set(pair) <= particulars.keys()]
    people, found.weights, weak = probable.people(list(groups.values()), particulars, pairs, denied)
    _stand_for(engine, folder, [members for members in people if found.weights.keys() & set(members)], found)
    weights = {(pair.first, pair.second): pair.weight for pair in pairs}
    named = {(doubt.first, doubt.second) for doubt in doubts}
    found.review = [(doubt, weights.get((doubt.first, doubt.second))) for doubt in doubts]
    found.review += [
        (doubt, weight)
        for doubt, weight in weak
        if (doubt.first, doubt.second) not in named and (doubt.first, doubt.second) not in decided
    ]
    found.samples = [pair for pair in _sample(pairs, found.joined, sampled) if pair[:2] not in decided]
    shown = {(doubt.first, doubt.second) for doubt, _ in found.review}
    shown |= {(first, second) for first, second, _ in found.samples}
    found.fields = linkage.explain(engine, folder, sorted(shown)) if shown else {}
    return found


def _stand_for(engine: duckdb.DuckDBPyConnection, folder: Path, sets: list[list[int]], found: Analysis) -> None:
    """Give the records of each set the person among them who was first seen."""
    records = [(record,) for members in sets for record in members]
    linkage.load(engine, folder, "joined_records", [("record",), *records])
    home = dict(
        engine.execute(
            "SELECT h.record, h.home FROM homes h JOIN joined_records j ON j.record::BIGINT = h.record"
        ).fetchall()
    )
    linkage.load(engine, folder, "asked_homes", [("home",), *((one,) for one in sorted(set(home.values())))])
    person = identifiers.of_homes(engine)
    for members in sets:
        known = {person[home[record]] for record in members}
        oldest = min(known, key=lambda one: (one[1], str(one[0])))[0]
        found.joined.update(dict.fromkeys(members, oldest))


def _sample(pairs: list[probable.Pair], joined: Mapping[int, UUID], most: int) -> list[tuple[int, int, float]]:
    """Probable links to show reviewers, the same each run: those whose ids hash lowest."""
    linked = [
        (first, second, weight)
        for first, second, weight in pairs
        if weight >= probable.LINK and first in joined and joined[first] == joined.get(second)
    ]
    linked.sort(key=lambda pair: hashlib.sha256(repr(pair[:2]).encode()).digest())
    return linked[:most]
