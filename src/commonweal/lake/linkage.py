"""Probable links between records: a Splink model on DuckDB, with shipped weights or weights trained on labels.

The input is a private temporary set (it holds names): the caller makes it, and removes it afterwards. The
model says what is compared and how much each outcome weighs; ``linkage_model.json`` was trained on a
synthetic ICS of another seed than the demonstration and the tests use (see ``bench/_train_linkage.py``).

Splink: R. Linacre et al., "Splink: Free software for probabilistic record linkage at scale", International
Journal of Population Data Science 7(3), 2022; https://moj-analytical-services.github.io/splink/
"""

import csv
import json
import logging
import math
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from commonweal.domain.identity import birth_date, names, nicknames
from commonweal.lake import scoring

MODEL = Path(__file__).with_name("linkage_model.json")

# How many partners a record has, roughly: sets the prior for a data set of any size. Splink's prior is the
# chance that two random records match, about PARTNERS / records.
PARTNERS = 2.0
DOUBT = 0.02  # share of true pairs taken to agree no better than strangers, when training

_BY_FREQUENCY = "mw_tf_adj_"  # Splink's column of what a rare or common value adds

_STANDARDISE = """
CREATE OR REPLACE TABLE linkage AS
SELECT r.record_id AS unique_id,
       nullif(r.nhs_usable, '') AS nhs_number,
       nullif(r.family_key, '') AS family,
       nullif(r.given_key, '') AS given,
       nullif(r.family_sound, '') AS family_sound,
       nullif(r.given_sound, '') AS given_sound,
       string_split(o.origins, '|') AS given_origins,
       CASE WHEN b.usable = 'true' THEN r.birth_date END AS born,
       CASE WHEN b.usable = 'true' AND day(r.birth_date) <= 12
            THEN make_date(year(r.birth_date), day(r.birth_date), month(r.birth_date)) END AS born_swapped,
       year(CASE WHEN b.usable = 'true' THEN r.birth_date END) AS born_year,
       CASE WHEN r.gender IN ('male', 'female') THEN r.gender END AS sex,
       nullif(r.postcode, '') AS postcode,
       CASE WHEN length(r.postcode) > 4 THEN left(replace(r.postcode, ' ', ''), -3)
            ELSE nullif(r.postcode, '') END AS outcode,
       nullif(r.practice, '') AS practice
FROM records r
LEFT JOIN given_origins o ON o.given_key = r.given_key
LEFT JOIN birth_dates b ON b.birth_date::DATE = r.birth_date
"""

_FREQUENCIES = """
WITH said AS (
    SELECT 'given' AS field, given AS value FROM linkage
    UNION ALL SELECT 'family', family FROM linkage
    UNION ALL SELECT 'postcode', postcode FROM linkage
)
SELECT field, value, count(*) / sum(count(*)) OVER (PARTITION BY field) AS rate
FROM said WHERE value IS NOT NULL GROUP BY field, value ORDER BY field, value
"""
# A table of each: nobody is known to be anybody, and no record is new, until the caller says so.
_NOTHING_KNOWN = """
CREATE OR REPLACE TABLE homes (record BIGINT, home BIGINT, basis VARCHAR);
CREATE OR REPLACE TABLE fresh_records (record_id VARCHAR);
DROP TABLE IF EXISTS rates
"""
_COMPLETE = """
CREATE OR REPLACE TABLE linkage AS
SELECT l.*, g.rate::DOUBLE AS tf_given, f.rate::DOUBLE AS tf_family, p.rate::DOUBLE AS tf_postcode,
       coalesce(h.home, l.unique_id) AS home, n.record_id IS NOT NULL AS fresh
FROM linkage l
LEFT JOIN rates g ON g.field = 'given' AND g.value = l.given
LEFT JOIN rates f ON f.field = 'family' AND f.value = l.family
LEFT JOIN rates p ON p.field = 'postcode' AND p.value = l.postcode
LEFT JOIN homes h ON h.record = l.unique_id
LEFT JOIN fresh_records n ON n.record_id::BIGINT = l.unique_id
"""

# Columns a caller's ``records`` table must have.
COLUMNS = (
    "record_id",
    "nhs_usable",
    "family_key",
    "given_key",
    "family_sound",
    "given_sound",
    "birth_date",
    "gender",
    "postcode",
    "practice",
)


def _level(condition: str, label: str, **more: Any) -> dict[str, Any]:
    return {"sql_condition": condition, "label_for_charts": label, **more}


def _null(column: str) -> dict[str, Any]:
    return _level(f"{column}_l IS NULL OR {column}_r IS NULL", "missing", is_null_level=True)


def _comparison(column: str, *levels: dict[str, Any]) -> dict[str, Any]:
    return {
        "output_column_name": column,
        "comparison_levels": [_null(column), *levels, _level("ELSE", "differs")],
    }


_SWAPPED = _level("given_l = family_r AND family_l = given_r", "given and family swapped")


def settings() -> dict[str, Any]:
    """What is compared, coarsest evidence last, and which pairs are compared at all; weights untrained."""
    slip = f"{names.SAME}"
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
        "probability_two_random_records_match": 0.0001,
        "comparisons": [
            _comparison("nhs_number", _level("nhs_number_l = nhs_number_r", "same")),
            _comparison(
                "given",
                _level("given_l = given_r", "same", tf_adjustment_column="given", tf_adjustment_weight=1.0),
                _level("list_has_any(given_origins_l, given_origins_r)", "short form"),
                _level("length(least(given_l, given_r)) = 1 AND left(given_l, 1) = left(given_r, 1)", "initial"),
                _level("jaro_winkler_similarity(given_l, given_r) >= " + slip, "slip"),
                _SWAPPED,
                _level("given_sound_l = given_sound_r", "sounds the same"),
            ),
            _comparison(
                "family",
                _level("family_l = family_r", "same", tf_adjustment_column="family", tf_adjustment_weight=1.0),
                _level("jaro_winkler_similarity(family_l, family_r) >= " + slip, "slip"),
                _SWAPPED,
                _level("family_sound_l = family_sound_r", "sounds the same"),
                _level(
                    "length(least(family_l, family_r)) >= 4 AND (contains(family_l, family_r)"
                    " OR contains(family_r, family_l))",
                    "part of a double name",
                ),
            ),
            _comparison(
                "born",
                _level("born_l = born_r", "same"),
                _level("born_l = born_swapped_r", "day and month swapped"),
                _level(
                    "(year(born_l) != year(born_r))::INT + (month(born_l) != month(born_r))::INT"
                    " + (day(born_l) != day(born_r))::INT = 1",
                    "one part differs",
                ),
            ),
            _comparison(
                "postcode",
                _level("postcode_l = postcode_r", "same", tf_adjustment_column="postcode", tf_adjustment_weight=1.0),
                _level("damerau_levenshtein(postcode_l, postcode_r) <= 1", "slip"),
                _level("outcode_l = outcode_r", "same outward code"),
            ),
            _comparison("sex", _level("sex_l = sex_r", "same")),
            _comparison("practice", _level("practice_l = practice_r", "same")),
        ],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": rule}
            for rule in (
                "l.nhs_number = r.nhs_number",
                "l.family_sound = r.family_sound AND l.born = r.born",
                "l.given_sound = r.given_sound AND l.born = r.born",
                "l.born = r.born_swapped AND l.family_sound = r.family_sound",
                "l.family = r.family AND l.given = r.given AND l.born_year = r.born_year",
                "l.postcode = r.postcode AND l.family_sound = r.family_sound AND l.sex = r.sex",
                "l.postcode = r.postcode AND l.given_sound = r.given_sound",
                "l.outcode = r.outcode AND l.born = r.born",
                "l.practice = r.practice AND l.born = r.born",
                "l.family = r.given AND l.given = r.family AND l.born = r.born",
            )
        ],
    }


def standardise(connection: duckdb.DuckDBPyConnection, scratch: Path) -> int:
    """Make table ``linkage`` from the caller's ``records`` (see COLUMNS); return the number of records.

    Nicknames and filler birth dates come from ``domain.identity``, once a distinct value, through two files in
    ``scratch``: a private folder of the caller's, since they hold names. (Binding values, or handing over an
    Arrow table, would make DuckDB import pandas, which can take longer than the rest.)
    """
    given = [row[0] for row in connection.execute("SELECT DISTINCT given_key FROM records").fetchall() if row[0]]
    rows: list[tuple[str, ...]] = [(name, "|".join(sorted(nicknames.origins(name)))) for name in given]
    load(connection, scratch, "given_origins", [("given_key", "origins"), *rows])
    born = [row[0] for row in connection.execute("SELECT DISTINCT birth_date FROM records").fetchall() if row[0]]
    rows = [(day.isoformat(), str(not birth_date.placeholder(day)).lower()) for day in born]
    load(connection, scratch, "birth_dates", [("birth_date", "usable"), *rows])
    connection.execute(_STANDARDISE)
    connection.execute(_NOTHING_KNOWN)
    row = connection.execute("SELECT count(*) FROM linkage").fetchone()
    return int(row[0]) if row else 0


def load(connection: duckdb.DuckDBPyConnection, scratch: Path, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Make ``table`` anew of text columns from ``rows``, names first, by way of a file that is removed at once."""
    path = scratch / f"{table}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    connection.execute("DROP TABLE IF EXISTS " + table)
    connection.read_csv(str(path), header=True, all_varchar=True, delimiter=",").create(table)
    path.unlink()


def model() -> dict[str, Any]:
    """The shipped model: comparisons with their trained weights."""
    shipped: dict[str, Any] = json.loads(MODEL.read_text())
    shipped.pop("about", None)
    return shipped


def predict(
    connection: duckdb.DuckDBPyConnection,
    minimum_weight: float,
    weights: Mapping[str, Any] | None = None,
    partners: float = PARTNERS,
    records: int | None = None,
    fresh: bool = False,
    on_spark: Path | None = None,
) -> str:
    """Score every pair in ``linkage`` that shares a blocking key; return the name of the table of pairs.

    Columns unique_id_l < unique_id_r, match_weight (log2 odds). Pairs of one ``home`` (``groups.find``) are left out.
    ``weights`` is a trained model (the shipped one by default); its prior is set for the number of ``records``, those
    of the table if not told. ``fresh``: only pairs with a record that column ``fresh`` of ``linkage`` marks.
    ``on_spark``: Spark does it, by way of files in that private folder; raises ``spark_linkage.SparkMissing``.
    """
    if records is None:
        row = connection.execute("SELECT count(*) FROM linkage").fetchone()
        records = row[0] if row else 0
    chosen = weights or model()
    rules = [
        {"blocking_rule": rule["blocking_rule"] + (" AND (l.fresh OR r.fresh)" if fresh else "")}
        for rule in chosen["blocking_rules_to_generate_predictions"]
    ]
    if "home" not in connection.table("linkage").columns:
        if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'rates'").fetchall():
            connection.execute("CREATE TABLE rates AS " + _FREQUENCIES)
        connection.execute(_COMPLETE)
    asked = {**chosen, "blocking_rules_to_generate_predictions": rules}
    if on_spark is not None:
        from commonweal.lake import spark_linkage

        return spark_linkage.score(connection, on_spark, asked, prior(records, partners), minimum_weight)
    return scoring.score(connection, asked, prior(records, partners), minimum_weight)


def frequencies(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, float]]:
    """(field, value, rate) of each field that says more when its value is rare, as ``predict`` weighed them."""
    return connection.execute("SELECT field, value, rate::DOUBLE FROM rates ORDER BY ALL").fetchall()


def keep_frequencies(
    connection: duckdb.DuckDBPyConnection, scratch: Path, rates: Iterable[tuple[str, str, str]], fresh: Iterable[int]
) -> None:
    """Have ``linkage`` weighed by the frequencies given, not its own, and mark its ``fresh`` records.

    A value without a rate weighs as a value of ordinary frequency.
    """
    load(connection, scratch, "rates", [("field", "value", "rate"), *rates])
    load(connection, scratch, "fresh_records", [("record_id",), *((record,) for record in fresh)])


def explain(
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    pairs: Iterable[tuple[int, int]],
    weights: Mapping[str, Any] | None = None,
) -> dict[tuple[int, int], dict[str, float]]:
    """What each field adds to the weight of each of ``pairs``, whatever that is, by field; after ``predict``."""
    load(connection, scratch, "asked", [("a", "b"), *pairs])
    connection.execute("CREATE OR REPLACE TABLE explained AS SELECT a::BIGINT AS a, b::BIGINT AS b FROM asked")
    table = connection.table(scoring.parts(connection, weights or model(), "explained"))
    columns = [name for name in table.columns if name.startswith("mw_") and not name.startswith(_BY_FREQUENCY)]
    found = {}
    for first, second, *parts in table.fetchall():
        by_name = dict(zip(table.columns[2:], parts, strict=True))
        found[first, second] = {
            name.removeprefix("mw_"): round(
                by_name[name] + by_name.get(_BY_FREQUENCY + name.removeprefix("mw_"), 0.0), 3
            )
            for name in columns
        }
    return found


def prior(records: int, partners: float = PARTNERS) -> float:
    """The chance that two random records of a set of this size are one person's."""
    return min(0.5, partners / max(records, 1))


def label(connection: duckdb.DuckDBPyConnection, people: Mapping[int, int]) -> None:
    """Make table ``labels`` for ``train``: the true person of each record."""
    import pyarrow as pa

    connection.register("true_people", pa.table({"record_id": list(people), "person": list(people.values())}))
    connection.execute("CREATE OR REPLACE TABLE labels AS FROM true_people")
    connection.unregister("true_people")


def train(connection: duckdb.DuckDBPyConnection, seed: int) -> dict[str, Any]:
    """A model whose agreement rates come from the true pairs in table ``labels`` (record_id, person).

    Rates among non-pairs come from ``seed``-ed random pairs. DOUBT of the true pairs are taken to agree only
    as strangers do: desks make more slips than any sample shows, and every level then has a weight.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE linkage AS SELECT l.*, t.person FROM linkage l"
        " LEFT JOIN labels t ON t.record_id = l.unique_id"
    )
    taught = linker(connection, settings())
    taught.training.estimate_u_using_random_sampling(max_pairs=5e6, seed=seed, min_count_per_level=None)
    taught.training.estimate_m_from_label_column("person")
    trained: dict[str, Any] = taught.misc.save_model_to_json()
    for comparison in trained["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                stranger = max(_rate(level.get("u_probability")), 1e-7)
                level["u_probability"] = stranger
                level["m_probability"] = (1 - DOUBT) * _rate(level.get("m_probability")) + DOUBT * stranger
    trained.pop("linker_uid", None)
    return trained


def _rate(value: Any) -> float:
    """A trained rate, 0 where Splink met no pair at that level (it then leaves a text)."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def linker(connection: duckdb.DuckDBPyConnection, weights: Mapping[str, Any]) -> Any:
    """A Splink linker over ``linkage`` that keeps its tables in ``connection`` and says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Splink imports optional packages that warn
        from splink import DuckDBAPI, Linker, SettingsCreator
    logging.getLogger("splink").setLevel(logging.ERROR)
    database = DuckDBAPI(connection=connection)
    table = database.register("linkage")
    return Linker(table, SettingsCreator.from_path_or_dict(dict(weights)), log_level=None, validate_settings=False)
