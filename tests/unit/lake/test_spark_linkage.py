"""The model in Spark's words: every condition is there, and asks for nothing Spark or Splink's functions lack."""

import re
import sys
from pathlib import Path

import duckdb
import pytest
import sqlglot

from commonweal.domain.identity.probable import REVIEW
from commonweal.lake import linkage, spark_linkage
from tests.unit.lake.test_scoring import records

# Of Spark SQL (https://spark.apache.org/docs/4.0.0/api/sql/) and of Splink's library of functions for it.
OF_SPARK = {"LEAST", "LENGTH", "LEFT", "CONTAINS", "YEAR", "MONTH", "DAY", "CAST", "ARRAYS_OVERLAP"}
OF_SPLINK = {"JARO_WINKLER", "DAMERAU_LEVENSHTEIN"}


def test_every_condition_and_rule_is_one_spark_understands() -> None:
    model = linkage.model()
    asked = spark_linkage.translated(model)
    texts = [rule["blocking_rule"] for rule in asked["blocking_rules_to_generate_predictions"]]
    for mine, theirs in zip(model["comparisons"], asked["comparisons"], strict=True):
        assert mine["output_column_name"] == theirs["output_column_name"]
        for level, other in zip(mine["comparison_levels"], theirs["comparison_levels"], strict=True):
            assert {**level, "sql_condition": ""} == {**other, "sql_condition": ""}  # no weight is touched
            texts.append(other["sql_condition"])

    for text in texts:
        sqlglot.parse(text, read="spark")
        assert "&&" not in text
        assert "::" not in text
    assert {
        name for text in texts for name in re.findall(r"(\w+)\(", text) if name not in {"AND", "OR"}
    } == OF_SPARK | OF_SPLINK


def test_without_spark_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with duckdb.connect() as engine:
        linkage.load(engine, tmp_path, "received", [linkage.COLUMNS, *records()[:2]])
        engine.execute(
            "CREATE TABLE records AS SELECT * REPLACE (record_id::BIGINT AS record_id,"
            " nullif(birth_date, '')::DATE AS birth_date) FROM received"
        )
        linkage.standardise(engine, tmp_path)
        with pytest.raises(spark_linkage.SparkMissing, match="install commonweal\\[spark\\]"):
            linkage.predict(engine, REVIEW, on_spark=tmp_path)
