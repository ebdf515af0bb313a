"""The same linkage on Spark: the pairs of one Splink model predicted by an engine of many machines, for a nation.

Off unless ``COMMONWEAL_LINKAGE_ENGINE=spark``. What is compared, how each level weighs and which pairs are compared are
the model's own, put into Spark's words condition by condition; standardising, the rules and the writing stay as they
are. Wants the extra ``[spark]`` and Java.
https://moj-analytical-services.github.io/splink/topic_guides/splink_fundamentals/backends/backends.html
"""

import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import expressions

from commonweal.domain.errors import CommonwealError
from commonweal.lake.scoring import PAIRS

_FREQUENCY = "tf_"  # Splink's name, and ours, of the column of a value's frequency


class SparkMissing(CommonwealError):
    """Linkage is to run on Spark, and there is none; install ``commonweal[spark]`` and Java, or unset the setting."""


def translated(model: Mapping[str, Any]) -> dict[str, Any]:
    """The model with each condition and blocking rule in Spark's words; rates and all else as they are."""
    return {
        **model,
        "comparisons": [
            {
                **comparison,
                "comparison_levels": [
                    {**level, "sql_condition": _translated(str(level["sql_condition"]))}
                    for level in comparison["comparison_levels"]
                ],
            }
            for comparison in model["comparisons"]
        ],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": _translated(str(rule["blocking_rule"]))}
            for rule in model["blocking_rules_to_generate_predictions"]
        ],
    }


def score(
    connection: duckdb.DuckDBPyConnection, scratch: Path, model: Mapping[str, Any], prior: float, minimum_weight: float
) -> str:
    """As ``scoring.score``: the same table of pairs, predicted by Spark from a file in ``scratch``, a private folder.

    Raises SparkMissing.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Splink imports optional packages that warn
            from splink import Linker, SettingsCreator

            spark: Any = import_module("pyspark.sql")
            backend: Any = import_module("splink.backends.spark")
    except ImportError as error:
        raise SparkMissing(
            "linkage is set to run on Spark, which is not installed: install commonweal[spark] and Java, or unset"
            " COMMONWEAL_LINKAGE_ENGINE"
        ) from error
    rules = [
        {"blocking_rule": rule["blocking_rule"] + " AND l.home <> r.home"}
        for rule in model["blocking_rules_to_generate_predictions"]
    ]
    asked = translated({**model, "blocking_rules_to_generate_predictions": rules})
    asked["probability_two_random_records_match"] = prior
    records, pairs = scratch / "linkage.parquet", scratch / "pairs.parquet"
    connection.table("linkage").write_parquet(str(records))
    session = (
        spark.SparkSession.builder.config("spark.jars", backend.similarity_jar_location())
        .config("spark.pyspark.python", sys.executable)
        .config("spark.local.dir", str(scratch))
        .getOrCreate()
    )
    session.sparkContext.setCheckpointDir(str(scratch / "checkpoints"))
    database = backend.SparkAPI(spark_session=session)
    table = session.read.parquet(str(records))
    frequencies = [name for name in table.columns if name.startswith(_FREQUENCY)]
    linker = Linker(
        database.register(table.drop(*frequencies)),
        SettingsCreator.from_path_or_dict(asked),
        log_level=None,
        validate_settings=False,
    )
    for name in frequencies:  # as weighed on DuckDB: Splink would count its own, or find two columns of one name
        column = name.removeprefix(_FREQUENCY)
        rates = table.select(column, name).where(table[name].isNotNull()).distinct()
        linker.table_management.register_term_frequency_lookup(database.register(rates), column)
    found = linker.inference.predict(threshold_match_weight=minimum_weight, warning_mode="never")
    found.as_spark_dataframe().select("unique_id_l", "unique_id_r", "match_weight").write.parquet(str(pairs))
    read = connection.read_parquet(str(pairs / "*.parquet"))
    connection.execute("DROP TABLE IF EXISTS scored_pairs")
    read.project(
        "least(unique_id_l, unique_id_r) AS unique_id_l, greatest(unique_id_l, unique_id_r) AS unique_id_r,"
        " match_weight"
    ).create(PAIRS)
    return PAIRS


def _translated(condition: str) -> str:
    if condition.strip().upper() == "ELSE":
        return condition
    tree = sqlglot.parse_one(condition, read="duckdb").transform(_named)
    return tree.sql(dialect="spark")


def _named(node: expressions.Expression) -> expressions.Expression:
    """A function under the name that Spark, with Splink's own functions, knows it by."""
    if isinstance(node, expressions.ArrayOverlaps):
        return expressions.Anonymous(this="arrays_overlap", expressions=[node.this, node.expression])
    if isinstance(node, expressions.JarowinklerSimilarity):
        return expressions.Anonymous(this="jaro_winkler", expressions=[node.this, node.expression])
    return node
