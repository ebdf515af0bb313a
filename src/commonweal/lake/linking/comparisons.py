"""What is compared between two records of any data set, and which pairs are compared at all.

Every comparison is a Splink comparison over the columns of ``standard``. A data set uses those for which it
has values; a field that says the same of everybody, or says it of hardly anybody, is left out.
"""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from commonweal.domain.identity import names

_SLIP = str(names.SAME)
_PAIRS_A_RECORD = 60  # pairs compared for each record, in all; fewer in a large set
_PAIRS_A_RECORD_LARGE = 15
_LARGE = 200_000
_LEAST_FILLED = 0.02  # share of records that must say something for a field to be used


def level(condition: str, label: str, **more: Any) -> dict[str, Any]:
    """One Splink comparison level."""
    return {"sql_condition": condition, "label_for_charts": label, **more}


def comparison(column: str, *levels: dict[str, Any]) -> dict[str, Any]:
    """A Splink comparison: nothing known, then ``levels`` from the closest, then anything else."""
    missing = level(column + "_l IS NULL OR " + column + "_r IS NULL", "missing", is_null_level=True)
    return {"output_column_name": column, "comparison_levels": [missing, *levels, level("ELSE", "differs")]}


def by_frequency(column: str) -> dict[str, Any]:
    """Agreement on ``column``, which says more the rarer the value."""
    same = column + "_l = " + column + "_r"
    return level(same, "same", tf_adjustment_column=column, tf_adjustment_weight=1.0)


SWAPPED = level("given_l = family_r AND family_l = given_r", "given and family swapped")
GIVEN = comparison(
    "given",
    by_frequency("given"),
    level("list_has_any(given_origins_l, given_origins_r)", "short form"),
    level("length(least(given_l, given_r)) = 1 AND left(given_l, 1) = left(given_r, 1)", "initial"),
    level("jaro_winkler_similarity(given_l, given_r) >= " + _SLIP, "slip"),
    SWAPPED,
    level("given_sound_l = given_sound_r", "sounds the same"),
)
FAMILY = comparison(
    "family",
    by_frequency("family"),
    level("jaro_winkler_similarity(family_l, family_r) >= " + _SLIP, "slip"),
    SWAPPED,
    level("family_sound_l = family_sound_r", "sounds the same"),
    level(
        "length(least(family_l, family_r)) >= 4 AND (contains(family_l, family_r) OR contains(family_r, family_l))",
        "part of a double name",
    ),
)
_ANY = {
    "nhs_number": comparison(
        "nhs_number",
        level("nhs_number_l = nhs_number_r", "same"),
        level("damerau_levenshtein(nhs_number_l, nhs_number_r) <= 1", "one slip"),
    ),
    "given": GIVEN,
    "family": FAMILY,
    "middle": comparison("middle", by_frequency("middle")),
    "born": comparison(
        "born",
        by_frequency("born"),
        level("born_l = born_swapped_r", "day and month swapped"),
        level("damerau_levenshtein(born_l, born_r) <= 1", "one slip"),
        level(
            "(born_year_l = born_year_r)::INT + (born_l[5:6] = born_r[5:6])::INT"
            " + (born_l[7:8] = born_r[7:8])::INT = 2",
            "one part differs",
        ),
    ),
    "sex": comparison("sex", level("sex_l = sex_r", "same")),
    "postcode": comparison(
        "postcode",
        by_frequency("postcode"),
        level("damerau_levenshtein(postcode_l, postcode_r) <= 1", "one slip"),
        level("area_l = area_r", "same area"),
    ),
    "place": comparison(
        "place", by_frequency("place"), level("jaro_winkler_similarity(place_l, place_r) >= 0.88", "slip")
    ),
    "street": comparison(
        "street",
        level("address_l = address_r", "same house and street"),
        by_frequency("street"),
        level(
            "house_l = house_r AND jaro_winkler_similarity(street_l, street_r) >= 0.85", "same house, slip in street"
        ),
        level(
            "jaro_winkler_similarity(street_l, street_r) >= 0.92 OR list_has_any(words_l, words_r)", "a word in common"
        ),
    ),
    "state": comparison("state", by_frequency("state")),
    "phone": comparison(
        "phone", by_frequency("phone"), level("damerau_levenshtein(phone_l, phone_r) <= 1", "one slip")
    ),
    "email": comparison(
        "email",
        by_frequency("email"),
        level("damerau_levenshtein(email_l, email_r) <= 2", "slip"),
        level("email_name_l = email_name_r", "same name, other provider"),
    ),
    "occupation": comparison("occupation", by_frequency("occupation")),
}

# Keys two records must share to be compared, the surest first; the same column on both sides.
_BLOCKS = (
    ("nhs_number",),
    ("email",),
    ("phone",),
    ("born", "family_sound"),
    ("born", "given_sound"),
    ("given", "family", "born_year"),
    ("postcode", "house", "given_sound"),
    ("postcode", "family_sound"),
    ("postcode", "given_sound"),
    ("street", "house"),
    ("born", "postcode"),
    ("born", "place"),
    ("born", "area"),
    ("given", "family"),
    ("street", "given_sound"),
    ("street", "family_sound"),
    ("born", "house"),
    ("place", "house", "given_sound"),
    ("place", "house", "family_sound"),
    ("place", "family_sound"),
    ("given_sound", "family_sound"),
    ("born",),
    ("place", "given_sound"),
    ("street", "area"),
    ("house", "family"),
    ("house", "given"),
    ("place", "house"),
    ("postcode",),
    ("family",),
)
_SWAPS = (
    (("given", "family", "born"), "l.family = r.given AND l.given = r.family AND l.born_year = r.born_year"),
    (("born", "family_sound"), "l.born = r.born_swapped AND l.family_sound = r.family_sound"),
    (("given", "family", "postcode"), "l.family = r.given AND l.given = r.family AND l.postcode = r.postcode"),
    (("email",), "l.email_name = r.email_name AND l.given_sound = r.given_sound"),
)


@cache
def expected() -> dict[str, dict[str, Any]]:
    """The data file of names, starting rates and household sharing (``columns.json``)."""
    loaded: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("columns.json").read_text("utf-8"))
    return loaded


def useful(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The comparisons worth making on table ``linkage``: filled often enough, and not one value for everybody."""
    records = connection.table("linkage").aggregate("count(*)").fetchone()
    total = records[0] if records else 0
    found = []
    for column in _ANY:
        row = connection.table("linkage").aggregate("count(" + column + "), count(DISTINCT " + column + ")").fetchone()
        filled, values = row or (0, 0)
        if values > 1 and filled >= _LEAST_FILLED * total:
            found.append(column)
    return found


def comparisons(fields: list[str]) -> list[dict[str, Any]]:
    """The Splink comparisons of ``fields``, weights untrained."""
    return [_ANY[field] for field in fields]


def blocking(connection: duckdb.DuckDBPyConnection, fields: list[str]) -> list[dict[str, str]]:
    """The keys by which pairs are chosen, within a budget of pairs: a key that would bring too many is left out."""
    row = connection.table("linkage").aggregate("count(*)").fetchone()
    records = row[0] if row else 0
    budget = records * (_PAIRS_A_RECORD if records < _LARGE else _PAIRS_A_RECORD_LARGE)
    columns = set(connection.table("linkage").columns)
    rules: list[str] = []
    kept: list[tuple[str, ...]] = []
    for keys in _BLOCKS:
        if not set(keys) <= columns or any(set(other) <= set(keys) for other in kept):
            continue
        pairs = _pairs(connection, keys)
        if 0 < pairs <= budget:
            budget -= pairs
            kept.append(keys)
            rules.append(" AND ".join("l." + key + " = r." + key for key in keys))
    rules += [rule for needs, rule in _SWAPS if set(needs) <= {*fields, "family_sound"}]
    return [{"blocking_rule": rule} for rule in rules or ["1 = 1"]]


def _pairs(connection: duckdb.DuckDBPyConnection, keys: tuple[str, ...]) -> int:
    """How many pairs share ``keys``."""
    table = connection.table("linkage")
    for key in keys:
        table = table.filter(duckdb.ColumnExpression(key).isnotnull())
    sizes = table.aggregate("count(*) AS n", ", ".join(keys))
    row = sizes.aggregate("coalesce(sum(n * (n - 1) / 2), 0)").fetchone()
    return int(row[0]) if row else 0


def levels(field: str) -> int:
    """How many levels ``field`` has, missing aside."""
    return len(_ANY[field]["comparison_levels"]) - 1


def _checked() -> None:
    """Refuse a data file whose rates do not fit the comparisons: found at import, not in a night's run."""
    rates = expected()["same"]
    for field in _ANY:
        if len(rates.get(field, ())) != levels(field) or field not in expected()["shared"]:
            raise ValueError(f"columns.json: {field} needs {levels(field)} rates and a shared rate")
    for keys, other in pairwise(_BLOCKS):
        if keys == other:
            raise ValueError("a blocking key is listed twice")


_checked()
