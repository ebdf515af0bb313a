"""Pairs of records scored by a Splink model, by DuckDB: what Splink's predict does, without Splink.

Splink composes and parses its SQL anew in every run, and compares every pair of a block in full. Here a pair is first
weighed by what is cheap to compare, with the most that the rest could add; the few that could still reach the minimum
are compared in full. No pair is lost by that, and the arithmetic is the same (a test holds pairs and weights to
Splink's): log2 odds of the prior, plus log2(m / u) of the level each field is at, plus, where a level weighs rare
values more, log2 of its u over the value's frequency.
https://moj-analytical-services.github.io/splink/topic_guides/theory/fellegi_sunter.html

Table ``linkage`` has a column ``tf_FIELD`` for each field whose frequency counts, and ``home``: two records of one home
are known to be one person's, and are not compared.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

PAIRS = "scored_pairs"  # the table ``score`` makes
PARTS = "scored_parts"  # the table ``parts`` makes
_BY_FREQUENCY = "mw_tf_adj_"
_COSTLY = ("jaro", "levenshtein", "list_", "contains")  # what takes longer than comparing two values
_SLACK = 1e-6  # rounding of a sum in another order
_RAREST = 64.0  # log2: no value is rarer than one of all the records there could be


def score(connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any], prior: float, minimum_weight: float) -> str:
    """Make and name the table of pairs in ``linkage`` that share a blocking key and weigh ``minimum_weight`` or more.

    Columns unique_id_l < unique_id_r, match_weight. ``model`` is a trained Splink model whose conditions and rules are
    DuckDB's; ``prior`` the chance that two random records match.
    """
    columns = _columns(connection)
    most = " + ".join([_number(_odds(prior)), *(_most(comparison) for comparison in model["comparisons"])])
    blocks = (
        "".join(
            [
                *("SELECT unique_id_l AS a, unique_id_r AS b FROM (SELECT ", ", ".join(_both(columns))),
                *(" FROM linkage l JOIN linkage r ON (", rule["blocking_rule"], ")"),
                " WHERE l.unique_id < r.unique_id AND l.home <> r.home) WHERE ",
                *(most, " >= ", _number(minimum_weight - _SLACK)),
            ]
        )
        for rule in model["blocking_rules_to_generate_predictions"]
    )
    connection.execute("CREATE OR REPLACE TABLE likely AS " + " UNION ".join(blocks))
    total = " + ".join([_number(_odds(prior)), *_fields(model)])
    connection.execute(
        "".join(
            [
                "CREATE OR REPLACE TABLE scored_pairs AS SELECT * FROM (SELECT unique_id_l, unique_id_r, ",
                *(total, " AS match_weight FROM (", _weighed("likely", columns, model), "))"),
                *(" WHERE match_weight >= ", _number(minimum_weight)),
            ]
        )
    )
    connection.execute("DROP TABLE likely")
    return PAIRS


def parts(connection: duckdb.DuckDBPyConnection, model: Mapping[str, Any], pairs: str) -> str:
    """Make and name the table of what each field adds to the weight of the pairs (a, b) in table ``pairs``.

    Columns unique_id_l, unique_id_r, ``mw_FIELD`` for each compared field, and ``mw_tf_adj_FIELD`` where rare values
    weigh more.
    """
    connection.execute("CREATE OR REPLACE TABLE scored_parts AS " + _weighed(pairs, _columns(connection), model))
    return PARTS


def _columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in connection.execute("DESCRIBE linkage").fetchall()]


def _odds(prior: float) -> float:
    """Log2 odds of a probability."""
    return math.log2(prior / (1 - prior))


def _both(columns: Sequence[str]) -> list[str]:
    """Every column of both records, as a model's conditions name them."""
    return [side + "." + name + " AS " + name + "_" + side for name in columns for side in ("l", "r")]


def _fields(model: Mapping[str, Any]) -> list[str]:
    """The names of the columns of weights."""
    comparisons = model["comparisons"]
    plain = ["mw_" + comparison["output_column_name"] for comparison in comparisons]
    return plain + [_BY_FREQUENCY + one["output_column_name"] for one in comparisons if _by_frequency(one)]


def _weighed(pairs: str, columns: Sequence[str], model: Mapping[str, Any]) -> str:
    """A query of each pair's weights, each condition looked at once: first every field's level, then its weight."""
    comparisons = model["comparisons"]
    frequent = [str(level["tf_adjustment_column"]) for one in comparisons for level in _rare_levels(one)]
    kept = ["tf_" + column + side for column in frequent for side in ("_l", "_r")]
    return "".join(
        [
            *("SELECT unique_id_l, unique_id_r, ", ", ".join(part for one in comparisons for part in _weights(one))),
            *(" FROM (SELECT ", ", ".join(["unique_id_l", "unique_id_r", *kept, *map(_level, comparisons)])),
            *(" FROM (SELECT ", ", ".join(_both(columns)), " FROM ", pairs),
            " JOIN linkage l ON l.unique_id = a JOIN linkage r ON r.unique_id = b))",
        ]
    )


def _case(branches: Sequence[tuple[str, str]]) -> str:
    """A CASE of (condition, value), the condition of the last one being ELSE."""
    whens = ["ELSE " + value if _other(when) else "WHEN " + when + " THEN " + value for when, value in branches]
    return " ".join(["CASE", *whens, "END"])


def _other(condition: str) -> bool:
    return condition.strip().upper() == "ELSE"


def _level(comparison: Mapping[str, Any]) -> str:
    """The column of the place, among a field's levels, of the one that a pair is at."""
    conditions = [str(level["sql_condition"]) for level in comparison["comparison_levels"]]
    return _case([(when, str(place)) for place, when in enumerate(conditions)]) + " AS at_" + _name(comparison)


def _weights(comparison: Mapping[str, Any]) -> list[str]:
    """The columns of one field: what its level weighs, and what the value's frequency adds where it counts."""
    name, levels = _name(comparison), comparison["comparison_levels"]
    at = ["at_" + name + " = " + str(place) for place in range(len(levels))]
    plain = _case([*((when, _number(_weight(level))) for when, level in zip(at, levels, strict=True)), ("ELSE", "0.0")])
    found = [plain + " AS mw_" + name]
    if _by_frequency(comparison):
        rare = [
            (when, _rarity(level)) for when, level in zip(at, levels, strict=True) if level in _rare_levels(comparison)
        ]
        found.append(_case([*rare, ("ELSE", _number(0.0))]) + " AS " + _BY_FREQUENCY + name)
    return found


def _most(comparison: Mapping[str, Any]) -> str:
    """The most a field can weigh, by those of its conditions that are cheap to look at."""
    branches: list[tuple[str, str]] = []
    passed: list[float] = []  # what a costly level before this one would weigh
    for level in comparison["comparison_levels"]:
        condition = str(level["sql_condition"])
        rare = level.get("tf_adjustment_column")
        if any(word in condition for word in _COSTLY):
            passed.append(_weight(level) + (_RAREST if rare else 0.0))
            continue
        most = _number(max([_weight(level), *passed]))
        branches.append((condition, most + " + greatest(" + _rarity(level) + ", 0.0)" if rare and passed else most))
        if rare and not passed:
            branches[-1] = (condition, most + " + " + _rarity(level))
    return _case(branches)


def _name(comparison: Mapping[str, Any]) -> str:
    return str(comparison["output_column_name"])


def _weight(level: Mapping[str, Any]) -> float:
    return 0.0 if level.get("is_null_level") else math.log2(level["m_probability"] / level["u_probability"])


def _rare_levels(comparison: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The levels of a field at which rare values weigh more."""
    return [level for level in comparison["comparison_levels"] if level.get("tf_adjustment_column")]


def _by_frequency(comparison: Mapping[str, Any]) -> bool:
    """Whether rare values of the field weigh more."""
    return bool(_rare_levels(comparison))


def _rarity(level: Mapping[str, Any]) -> str:
    """What the frequency of a value adds at a level, as an expression."""
    one, other = ("tf_" + str(level["tf_adjustment_column"]) + side for side in ("_l", "_r"))
    most = "greatest(coalesce(" + one + ", " + other + "), coalesce(" + other + ", " + one + "))"
    times, ordinary = _number(level.get("tf_adjustment_weight", 1.0)), _number(math.log2(level["u_probability"]))
    return "coalesce(" + times + " * (" + ordinary + " - log2(" + most + ")), 0.0)"


def _number(value: float) -> str:
    """A float as the engine reads the same one."""
    return repr(float(value)) + "::DOUBLE"
