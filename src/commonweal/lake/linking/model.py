"""Weights learned from the data set itself, and the weight of every pair compared.

Splink draws random pairs for the rates among strangers and scores the pairs; ``domain.identity.mixture`` learns
the rates among one person's records and the share of households from the patterns of agreement found.
Splink: https://moj-analytical-services.github.io/splink/
"""

import logging
import math
import warnings
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from commonweal.domain.identity import mixture
from commonweal.lake.linking import comparisons

PAIRS = "weighed_pairs"
_RANDOM_PAIRS = 4e5
_UNSEEN = 1e-7  # rate of a level no random pair shows
_SEED = 62
_START_PARTNERS = 0.5  # partners a record is taken to have, before learning


@dataclass(frozen=True, slots=True)
class Model:
    """The fields used and what was learned of each; ``settings`` are Splink's, with those weights."""

    fields: tuple[str, ...]
    learned: mixture.Learned
    settings: dict[str, Any]


def learn(connection: duckdb.DuckDBPyConnection) -> Model:
    """Learn weights from table ``linkage``, with no label."""
    fields = comparisons.useful(connection)
    records = _count(connection, "linkage")
    pairs = max(records * (records - 1) / 2, 1.0)
    share = min(0.5, _START_PARTNERS / max(records, 2) * 2)
    settings = _settings(fields, comparisons.blocking(connection, fields), share)
    linker = _linker(connection, settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=_SEED, min_count_per_level=None)
    random = [_u(connection, comparison) for comparison in linker.misc.save_model_to_json()["comparisons"]]
    expected = comparisons.expected()
    known = [
        mixture.Field(tuple(expected["same"][field]), rates, expected["shared"][field])
        for field, rates in zip(fields, random, strict=True)
    ]
    _weigh(settings, fields, [field.same for field in known], random, share)
    patterns, counts = _patterns(connection, settings, fields)
    learned = mixture.learn(known, patterns, counts, pairs, share)
    _weigh(settings, fields, learned.same, learned.strangers, learned.person_share)
    return Model(tuple(fields), learned, settings)


def predict(connection: duckdb.DuckDBPyConnection, model: Model, least: float) -> str:
    """Make table ``weighed_pairs``: unique_id_l, unique_id_r, weight (log2 odds against strangers and household), and
    each field's own weight ``field_<name>``, for pairs of at least ``least``; return its name.
    """
    linker = _linker(connection, model.settings)
    scored = linker.inference.predict(threshold_match_weight=least, warning_mode="never").physical_name
    table = connection.table(scored)
    columns = set(table.columns)
    home = duckdb.ConstantExpression(model.learned.household_share / (1 - model.learned.household_share))
    fields = []
    for field, rate in zip(model.fields, model.learned.shared, strict=True):
        weight = duckdb.ColumnExpression("mw_" + field)
        if "mw_tf_adj_" + field in columns:
            weight = weight + duckdb.ColumnExpression("mw_tf_adj_" + field)
        fields.append(weight.alias("field_" + field))
        odds = duckdb.FunctionExpression("pow", duckdb.ConstantExpression(2.0), weight)
        home = home * (duckdb.ConstantExpression(1 - rate) + duckdb.ConstantExpression(rate) * odds)
    against = duckdb.FunctionExpression("log2", duckdb.ConstantExpression(1.0) + home)
    weight = (duckdb.ColumnExpression("match_weight") - against).alias("weight")
    first, second = duckdb.ColumnExpression("unique_id_l"), duckdb.ColumnExpression("unique_id_r")
    chosen = table.select(first, second, weight, against.alias("household"), *fields)
    chosen.filter(duckdb.ColumnExpression("weight") >= duckdb.ConstantExpression(least)).create(PAIRS)
    return PAIRS


def _settings(fields: list[str], rules: list[dict[str, str]], share: float) -> dict[str, Any]:
    """Splink settings for ``fields``, untrained."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "probability_two_random_records_match": share,
        "comparisons": [
            {**comparison, "comparison_levels": [dict(level) for level in comparison["comparison_levels"]]}
            for comparison in comparisons.comparisons(fields)
        ],
        "blocking_rules_to_generate_predictions": rules,
    }


def _weigh(settings: dict[str, Any], fields: list[str], same: Any, strangers: Any, share: float) -> None:
    """Write learned rates and the prior into ``settings``."""
    settings["probability_two_random_records_match"] = share
    for place, comparison in enumerate(settings["comparisons"]):
        known = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        for level, mine, theirs in zip(known, same[place], strangers[place], strict=True):
            level["m_probability"] = max(float(mine), 1e-6)
            level["u_probability"] = max(float(theirs), 1e-9)


def _u(connection: duckdb.DuckDBPyConnection, comparison: dict[str, Any]) -> tuple[float, ...]:
    """The rates Splink found among random pairs, a small one where it met no pair at a level (it leaves a text).

    The rate of equal values is counted exactly, since a sample of pairs meets few of them.
    """
    rates = []
    for level in comparison["comparison_levels"]:
        if level.get("is_null_level"):
            continue
        value = level.get("u_probability")
        good = isinstance(value, int | float) and math.isfinite(value)
        if column := level.get("tf_adjustment_column"):
            value, good = _equal(connection, column), True
        rates.append(max(float(value), _UNSEEN) if good else _UNSEEN)
    total = sum(rates)
    return tuple(rate / total for rate in rates)


def _equal(connection: duckdb.DuckDBPyConnection, column: str) -> float:
    """The share of all pairs that say something in ``column`` and say the same."""
    sizes = (
        connection.table("linkage")
        .filter(duckdb.ColumnExpression(column).isnotnull())
        .aggregate("count(*) AS n", column)
    )
    row = sizes.aggregate("sum(n * (n - 1)) / greatest(sum(n) * (sum(n) - 1), 1)").fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _patterns(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], fields: list[str]) -> tuple[Any, Any]:
    """Level of each field (0 best, -1 missing) by pattern, and the pairs of each, among all pairs compared.

    Splink gives levels only beside the values themselves; the weight of a level tells it apart as well.
    """
    table = connection.table(str(_linker(connection, settings).inference.predict(warning_mode="never").physical_name))
    names = ["mw_" + field for field in fields]
    rows = table.aggregate(", ".join(names) + ", count(*)", ", ".join(names)).fetchall()
    levels = []
    for comparison in settings["comparisons"]:
        known = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        levels.append(np.array([math.log2(level["m_probability"] / level["u_probability"]) for level in known]))
    weights = np.array([row[:-1] for row in rows], dtype=np.float64)
    counts = np.array([row[-1] for row in rows], dtype=np.float64)
    patterns = np.empty(weights.shape, dtype=np.int16)
    for place, known_weights in enumerate(levels):
        distance = np.abs(weights[:, place, None] - known_weights[None, :])
        nearest = distance.argmin(axis=1)
        patterns[:, place] = np.where(distance.min(axis=1) < 1e-9, nearest, -1)
    return patterns, counts


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.table(table).aggregate("count(*)").fetchone()
    return int(row[0]) if row else 0


def _linker(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any]) -> Any:
    """A Splink linker over ``linkage`` that keeps its tables in ``connection`` and says nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Splink imports optional packages that warn
        from splink import DuckDBAPI, Linker, SettingsCreator
    logging.getLogger("splink").setLevel(logging.ERROR)
    table = DuckDBAPI(connection=connection).register("linkage")
    return Linker(table, SettingsCreator.from_path_or_dict(dict(settings)), log_level=None, validate_settings=False)
