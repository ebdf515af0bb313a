"""Link any files of people: learn, weigh, group, write pairs and clusters, and judge against the truth if known."""

import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from commonweal.domain.identity import grouping, scoring
from commonweal.lake.linking import comparisons, files, model, standard

LIKELY = 0.0  # log2 odds from which two records are likelier one person's than not
_KEPT = -10.0  # pairs below this are not kept at all
_FEW = 0.01  # share of a file's records with a partner in it below which a file holds nobody twice

_PAIRS_FILE = """
SELECT a.file + 1 AS file_l, coalesce(a.identifier, a.record::VARCHAR) AS id_l,
       b.file + 1 AS file_r, coalesce(b.identifier, b.record::VARCHAR) AS id_r,
       round(p.weight, 3) AS weight, round(1 / (1 + pow(2.0, -p.weight)), 6) AS probability,
       round(COLUMNS(p.* EXCLUDE (unique_id_l, unique_id_r, weight)), 3)
FROM weighed_pairs p
JOIN raw a ON a.record = p.unique_id_l
JOIN raw b ON b.record = p.unique_id_r
ORDER BY p.weight DESC, p.unique_id_l, p.unique_id_r
"""
_CLUSTERS_FILE = """
SELECT r.file + 1 AS file, coalesce(r.identifier, r.record::VARCHAR) AS id, c.cluster
FROM raw r JOIN clusters c USING (record) ORDER BY c.cluster, r.record
"""
Progress = Callable[[str], None]


def link(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    truth: str | None = None,
    out: Path | None = None,
    least: float = LIKELY,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Link the records of one or more CSV or Parquet files, learning the weights from them.

    ``columns`` maps roles to columns where their names do not tell (see ``columns.json``). ``truth`` names a
    column that says who is who: it is used for nothing but the score. ``out`` is a folder for ``pairs.csv``
    (weights a field) and ``clusters.csv``. ``least`` is the log2 odds from which a pair is a link.

    Several files that, by what was learned, hold nobody twice are linked one to one; one file, or files with
    duplicates inside, into groups. Returns counts, what was learned, and ``score`` where there is truth.
    Raises files.LinkInput.
    """
    say = progress or (lambda _stage: None)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="commonweal-link-") as scratch, duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = true")
        say("reading")
        read = files.read(connection, paths, columns or {}, truth)
        say("standardising")
        records = standard.standardise(connection, Path(scratch))
        if not comparisons.useful(connection):
            raise files.LinkInput(
                "no column says enough to compare records by: names, birth dates or the like are needed"
            )
        say("learning weights")
        learned = model.learn(connection)
        say("weighing pairs")
        model.predict(connection, learned, _KEPT)
        say("grouping")
        file_of = [0] * (records + 1)
        for record, file in connection.execute("SELECT record, file FROM raw").fetchall():
            file_of[record] = file
        pairs = connection.execute("SELECT unique_id_l, unique_id_r, weight FROM weighed_pairs ORDER BY ALL").fetchall()
        single = _holds_nobody_twice(pairs, file_of, len(read))
        kept = grouping.one_to_one(pairs, file_of, least) if single else []
        joined = [(a, b, 0.0) for a, b, _ in kept] if single else pairs
        cluster = grouping.groups(range(1, records + 1), joined, 0.0 if single else least)
        if out is not None:
            say("writing")
            _write(connection, cluster, out, Path(scratch))
        result = {
            "files": [{"file": str(one.path), "records": one.rows, "columns": one.columns} for one in read],
            "records": records,
            "people": len(set(cluster.values())),
            "links": sum(size * (size - 1) // 2 for size in Counter(cluster.values()).values()),
            "one_to_one": single,
            "learned": _learned(learned, records),
            "seconds": round(time.perf_counter() - began, 2),
        }
        if truth is not None:
            result["score"] = _score(connection, cluster, file_of, single).as_dict()
        return result


def _holds_nobody_twice(pairs: Sequence[tuple[int, int, float]], file_of: Sequence[int], files_read: int) -> bool:
    """Whether each of several files holds a person once, judged by the pairs likely within a file.

    Only pairs where neither record has a better partner in another file count: else a household would.
    """
    if files_read < 2:
        return False
    best: dict[int, float] = {}
    for a, b, weight in pairs:
        if file_of[a] != file_of[b]:
            best[a] = max(best.get(a, -math.inf), weight)
            best[b] = max(best.get(b, -math.inf), weight)
    within = sum(
        weight > 3 and weight > best.get(a, -math.inf) and weight > best.get(b, -math.inf)
        for a, b, weight in pairs
        if file_of[a] == file_of[b]
    )
    return within < _FEW * (len(file_of) - 1)


def _score(
    connection: duckdb.DuckDBPyConnection, cluster: Mapping[int, int], file_of: Sequence[int], across: bool
) -> scoring.Score:
    """Against the truth: all pairs, or only those of two files where files hold nobody twice."""
    truth = connection.execute("SELECT record, truth FROM raw WHERE truth IS NOT NULL").fetchall()
    if not across:
        return scoring.of_groups((cluster[record], person) for record, person in truth)
    whole = scoring.of_groups((cluster[record], person) for record, person in truth)
    inside = scoring.of_groups(
        ((file_of[record], cluster[record]), (file_of[record], person)) for record, person in truth
    )
    return scoring.score(whole.true - inside.true, whole.said - inside.said, whole.right - inside.right)


def _learned(learned: model.Model, records: int) -> dict[str, Any]:
    """What was learned, for a reader: the pairs expected and each field's weight when it agrees and when it differs."""
    pairs = records * (records - 1) / 2
    fields = {
        field: {"agrees": round(math.log2(same[0] / other[0]), 2), "differs": round(math.log2(same[-1] / other[-1]), 2)}
        for field, same, other in zip(learned.fields, learned.learned.same, learned.learned.strangers, strict=True)
    }
    return {
        "pairs_of_one_person": round(learned.learned.person_share * pairs),
        "pairs_of_a_household": round(learned.learned.household_share * pairs),
        "weights": fields,
    }


def _write(connection: duckdb.DuckDBPyConnection, cluster: Mapping[int, int], out: Path, scratch: Path) -> None:
    """``pairs.csv`` and ``clusters.csv`` in ``out``, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    path = scratch / "clusters.csv"
    with path.open("w", encoding="ascii") as stream:
        stream.write("record,cluster\n")
        stream.writelines(f"{record},{group}\n" for record, group in cluster.items())
    connection.read_csv(str(path), header=True).create("clusters")
    connection.sql(_PAIRS_FILE).write_csv(str(out / "pairs.csv"), header=True)
    connection.sql(_CLUSTERS_FILE).write_csv(str(out / "clusters.csv"), header=True)
