"""Pairs of records scored by a Splink model, in one statement of DuckDB's: what Splink's predict does, without Splink.

Splink composes and parses its SQL anew in every run, which takes longer than a day's pairs do. The arithmetic is the
same (a test holds each weight to Splink's): log2 odds of the prior, plus log2(m / u) of the level each field is at,
plus, where a level weighs rare values more, log2 of its u over the value's frequency.
https://moj-analytical-services.github.io/splink/topic_guides/theory/fellegi_sunter.html
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

PAIRS = "scored_pairs"  # the table ``score`` makes
_FREQUENCY = "tf_"
_BY_FREQUENCY = "mw_tf_adj_"

_WITH_FREQUENCY = """
CREATE OR REPLACE TABLE linkage AS
SELECT *, count(*) OVER (PARTITION BY given) / nullif(count(given) OVER (), 0) AS tf_given,
       count(*) OVER (PARTITION BY family) / nullif(count(family) OVER (), 0) AS tf_family,
       count(*) OVER (PARTITION BY postcode) / nullif(count(postcode) OVER (), 0) AS tf_postcode
FROM linkage ORDER BY unique_id
"""
_NO_FREQUENCY_OF_NOTHING = """
UPDATE linkage SET tf_given = CASE WHEN given IS NOT NULL THEN tf_given END,
                   tf_family = CASE WHEN family IS NOT NULL THEN tf_family END,
                   tf_postcode = CASE WHEN postcode IS NOT NULL THEN tf_postcode END
"""
_BLOCKED = (
    "SELECT l.unique_id AS a, r.unique_id AS b FROM linkage l JOIN linkage r ON (RULE) WHERE l.unique_id < r.unique_id"
)


def score(connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any], prior: float, minimum_weight: float) -> str:
    """Make and name the table of pairs in ``linkage`` that share a blocking key and weigh ``minimum_weight`` or more.

    Columns unique_id_l < unique_id_r, match_weight, for each compared field ``mw_FIELD``, and ``mw_tf_adj_FIELD`` where
    rare values weigh more. ``model`` is a trained Splink model whose conditions and rules are DuckDB's; ``prior`` the
    chance that two random records match. Frequencies are those of ``linkage`` unless it has columns of them already.
    """
    columns = [row[0] for row in connection.execute("DESCRIBE linkage").fetchall()]
    if not any(name.startswith(_FREQUENCY) for name in columns):
        connection.execute(_WITH_FREQUENCY)
        connection.execute(_NO_FREQUENCY_OF_NOTHING)
        columns = [row[0] for row in connection.execute("DESCRIBE linkage").fetchall()]
    rules = [rule["blocking_rule"] for rule in model["blocking_rules_to_generate_predictions"]]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE blocked AS " + " UNION ".join(_BLOCKED.replace("RULE", rule) for rule in rules)
    )
    fields = ["mw_" + comparison["output_column_name"] for comparison in model["comparisons"]]
    fields += [
        _BY_FREQUENCY + comparison["output_column_name"]
        for comparison in model["comparisons"]
        if _by_frequency(comparison)
    ]
    weights = [part for comparison in model["comparisons"] for part in _weights(comparison)]
    total = " + ".join([_number(math.log2(prior / (1 - prior))), *fields])
    connection.execute(
        "".join(
            [
                "CREATE OR REPLACE TABLE scored_pairs AS SELECT * FROM (SELECT *, ",
                total,
                " AS match_weight FROM (SELECT unique_id_l, unique_id_r, ",
                ", ".join(weights),
                " FROM (SELECT ",
                ", ".join(_both(columns)),
                " FROM blocked JOIN linkage l ON l.unique_id = a JOIN linkage r ON r.unique_id = b)))",
                " WHERE match_weight >= $1",
            ]
        ),
        [minimum_weight],
    )
    connection.execute("DROP TABLE blocked")
    return PAIRS


def _both(columns: Sequence[str]) -> list[str]:
    """Every column of both records, as a model's conditions name them."""
    return [side + "." + name + " AS " + name + "_" + side for name in columns for side in ("l", "r")]


def _weights(comparison: Mapping[str, Any]) -> list[str]:
    """The columns of one field: what its level weighs, and what the value's frequency adds where it counts."""
    name, levels = comparison["output_column_name"], comparison["comparison_levels"]
    plain, rare = [], []
    for level in levels:
        condition = str(level["sql_condition"])
        when = "ELSE " if condition.strip().upper() == "ELSE" else "WHEN " + condition + " THEN "
        nothing = level.get("is_null_level")
        plain.append(when + _number(0.0 if nothing else math.log2(level["m_probability"] / level["u_probability"])))
        rare.append(when + (_number(0.0) if nothing else _rarity(level)))
    found = [" ".join(["CASE", *plain, "END AS mw_" + name])]
    return [*found, " ".join(["CASE", *rare, "END AS " + _BY_FREQUENCY + name])] if _by_frequency(comparison) else found


def _by_frequency(comparison: Mapping[str, Any]) -> bool:
    """Whether rare values of the field weigh more."""
    return any(level.get("tf_adjustment_column") for level in comparison["comparison_levels"])


def _rarity(level: Mapping[str, Any]) -> str:
    """What the frequency of a value adds at a level, as an expression; nothing at most levels."""
    column = str(level.get("tf_adjustment_column") or "")
    if not column:
        return _number(0.0)
    one, other = (_FREQUENCY + column + side for side in ("_l", "_r"))
    most = "greatest(coalesce(" + one + ", " + other + "), coalesce(" + other + ", " + one + "))"
    times, ordinary = _number(level.get("tf_adjustment_weight", 1.0)), _number(math.log2(level["u_probability"]))
    return "coalesce(" + times + " * (" + ordinary + " - log2(" + most + ")), 0.0)"


def _number(value: float) -> str:
    """A float as the engine reads the same one."""
    return repr(float(value)) + "::DOUBLE"
