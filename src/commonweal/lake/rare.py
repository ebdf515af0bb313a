"""Rare values of an extract, withheld: what fewer than so many of its people share could single one of them out.

Rules are dated data of whoever makes the extract. Three kinds:

- ``value``: a word or code that fewer than ``people`` people have becomes ``withheld``;
- ``tail``: what fewer than ``people`` people have as low or lower, or as high or higher, is withheld (``withheld`` in
  text, empty in numbers), among the rows of one value of ``by`` where that is given; where fewer than ``people``
  people have any, all of it;
- ``flag``: yes or no that fewer than ``people`` people have, either way, is empty for everybody: told for the others it
  would be told for them. Column ``*`` means every column of that type.

Top and bottom coding and suppression of small cells: Hundepool et al., "Statistical Disclosure Control" (Wiley, 2012),
sections 3.3.2 and 3.3.3; the Anonymisation Standard for Publishing Health and Social Care Data, ISB 1523.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import duckdb

from commonweal.lake.files import one_row
from commonweal.lake.manifest import LakeFault
from commonweal.lake.sql import Sql, literal, name, sql

WITHHELD = "withheld"
KINDS = ("value", "tail", "flag")
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Rare:
    """One rule: of ``column`` of ``table``, what fewer than ``people`` people share, among rows of one ``by``."""

    table: str
    column: str
    kind: str
    by: str
    people: int

    def says(self) -> str:
        """The rule in words, for the data dictionary."""
        if self.kind == "tail":
            within = f" of one {self.by}" if self.by else ""
            return f"lowest and highest{within} that fewer than {self.people} people have"
        if self.kind == "flag":
            return f"for everybody, if fewer than {self.people} people are or are not"
        return f"what fewer than {self.people} people have"


def rule_of(rules: Iterable[Rare], table: str, column: str, flag: bool) -> Rare | None:
    """The rule of a column: its own, else, of a yes or no, the one of every such column."""
    known = {one.column: one for one in rules if one.table == table}
    return known.get(column) or (known.get(EVERY) if flag else None)


def withhold(
    connection: duckdb.DuckDBPyConnection, table: str, temporary: str, columns: Collection[str], rules: Collection[Rare]
) -> Mapping[str, int]:
    """Withhold by ``rules`` in ``temporary``, which holds ``table``'s rows with column ``person``; rows by column.

    Rules run in their order, so that a value goes with the code it is of. Raises ``LakeFault`` for a rule of another
    kind, or by a column that the table does not have.
    """
    types = {row[0]: str(row[1]) for row in connection.execute(str(sql("DESCRIBE {t}", t=name(temporary)))).fetchall()}
    found: dict[str, int] = {}
    ordered = [one for one in rules if one.table == table]
    for column in sorted(columns, key=lambda one: _place(ordered, one)):
        flag = types[column] == "BOOLEAN"
        rule = rule_of(ordered, table, column, flag)
        if rule is None:
            continue
        if rule.kind not in KINDS or (rule.by and rule.by not in types) or (rule.kind == "flag") != flag:
            raise LakeFault(f"the rule for rare values of {table}.{column} cannot be followed; mend it and try again")
        before = _held(connection, temporary, column)
        step = {"value": _value, "tail": _tail, "flag": _flag}[rule.kind]
        connection.execute(str(step(temporary, column, rule, types[column] == "VARCHAR")))
        gone = before - _held(connection, temporary, column)
        if gone:
            found[column] = gone
    return found


def _place(rules: list[Rare], column: str) -> int:
    return next((n for n, one in enumerate(rules) if one.column == column), len(rules))


def _held(connection: duckdb.DuckDBPyConnection, temporary: str, column: str) -> int:
    """Rows that tell a column."""
    query = sql(
        "SELECT count(*) FROM {t} WHERE {c} IS NOT NULL AND {c}::VARCHAR <> {w}",
        t=name(temporary), c=name(column), w=literal(WITHHELD),
    )  # fmt: skip
    return one_row(connection, str(query))[0]


def _instead(text: bool) -> Sql:
    return literal(WITHHELD) if text else sql("NULL")


def _value(temporary: str, column: str, rule: Rare, text: bool) -> Sql:
    return sql(
        "UPDATE {t} SET {c} = {w} WHERE {c} IN (SELECT {c} FROM {t} GROUP BY ALL HAVING count(DISTINCT person) < {n})",
        t=name(temporary), c=name(column), w=_instead(text), n=literal(rule.people),
    )  # fmt: skip


def _tail(temporary: str, column: str, rule: Rare, text: bool) -> Sql:
    """Outside the bounds that ``people`` people lie at or beyond: the n-th of everybody's lowest is such a bound.

    What belongs to a value of ``by`` that is itself withheld goes with it.
    """
    by = name(rule.by) if rule.by else sql("TRUE")
    return sql(
        "CREATE OR REPLACE TEMP TABLE {t} AS WITH each AS ("
        " SELECT {by} AS of_one, person, min({c}) AS least, max({c}) AS most FROM {t}"
        " WHERE {c} IS NOT NULL AND {by}::VARCHAR IS DISTINCT FROM {word} GROUP BY ALL"
        "), bounds AS ("
        " SELECT of_one, list_sort(list(least))[{n}] AS low, list_reverse_sort(list(most))[{n}] AS high"
        " FROM each GROUP BY of_one"
        ") SELECT t.* REPLACE (CASE WHEN t.{c} IS NULL THEN NULL WHEN t.{c} BETWEEN b.low AND b.high THEN t.{c}"
        " ELSE {w} END AS {c}) FROM {t} t LEFT JOIN bounds b ON b.of_one IS NOT DISTINCT FROM {of}",
        t=name(temporary), by=by, c=name(column), n=literal(rule.people), w=_instead(text), word=literal(WITHHELD),
        of=sql("t.{b}", b=by) if rule.by else sql("TRUE"),
    )  # fmt: skip


def _flag(temporary: str, column: str, rule: Rare, text: bool) -> Sql:
    return sql(
        "UPDATE {t} SET {c} = NULL WHERE (SELECT count(DISTINCT person) FILTER (WHERE {c}) BETWEEN 1 AND {n}"
        " OR count(DISTINCT person) FILTER (WHERE NOT {c}) BETWEEN 1 AND {n} FROM {t})",
        t=name(temporary), c=name(column), n=literal(rule.people - 1),
    )  # fmt: skip
