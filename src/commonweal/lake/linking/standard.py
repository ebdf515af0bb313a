"""Any table of people brought to one form: table ``linkage``, one row a record, whatever columns there were.

Names, their sounds and short forms, and birth dates are worked out once a distinct value, in Python, by the
rules the record room uses; the rest is one statement over all rows.
"""

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from commonweal.domain.identity import nhs_number, nicknames
from commonweal.fhir.normalise import name_key, phonetic

# Words written where nothing is known.
_NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "unknown", "not known", "-", ".", "?", "nk", "#n/a"})
_DIGITS = re.compile(r"\d+")
_CLOCK = re.compile(r"[T ]\d+:.*$")  # a time of day after the date
_COMMON_WORD = 0.01  # a word in more of the addresses than this says nothing (street, close, flat)

_STANDARDISE = """
CREATE OR REPLACE TABLE linkage AS
WITH cleaned AS (
    SELECT r.record, r.file,
           g.key AS given, g.sound AS given_sound, string_split(g.origins, '|') AS given_origins,
           coalesce(left(nullif(m.key, ''), 1), left(nullif(g.rest, ''), 1)) AS middle,
           f.key AS family, f.sound AS family_sound,
           b.digits AS born,
           left(lower(r.sex), 1) AS sex,
           nullif(regexp_replace(upper(r.postcode), '[^A-Z0-9]', '', 'g'), '') AS postcode,
           coalesce(nullif(regexp_replace(lower(r.house), '[^a-z0-9]', '', 'g'), ''),
                    nullif(regexp_extract(r.address1, '^\\s*(\\d+[A-Za-z]?)\\b', 1), '')) AS house,
           nullif(trim(regexp_replace(regexp_replace(lower(r.address1), '^\\s*\\d+[a-z]?\\b', ''),
                                      '[^a-z0-9]+', ' ', 'g')), '') AS street,
           nullif(trim(regexp_replace(lower(r.address2), '[^a-z0-9]+', ' ', 'g')), '') AS address2,
           nullif(trim(regexp_replace(lower(r.place), '[^a-z0-9]+', ' ', 'g')), '') AS place,
           nullif(trim(lower(r.state)), '') AS state,
           right(nullif(regexp_replace(r.phone, '[^0-9]', '', 'g'), ''), 9) AS phone,
           nullif(trim(lower(r.email)), '') AS email,
           n.usable AS nhs_number,
           nullif(trim(lower(r.occupation)), '') AS occupation
    FROM raw r
    LEFT JOIN given_names g ON g.said = r.given
    LEFT JOIN given_names m ON m.said = r.middle
    LEFT JOIN family_names f ON f.said = r.family
    LEFT JOIN birth_dates b ON b.said = r.born
    LEFT JOIN nhs_numbers n ON n.said = r.nhs_number
)
SELECT record AS unique_id, file, given, given_sound, given_origins, middle, family, family_sound, born,
       left(born, 4) AS born_year,
       CASE WHEN born[7:8] <= '12' THEN born[1:4] || born[7:8] || born[5:6] END AS born_swapped,
       sex, postcode,
       CASE WHEN regexp_matches(postcode, '^[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}$') THEN left(postcode, -3)
            WHEN length(postcode) > 3 THEN left(postcode, -2) END AS area,
       house, street, house || ' ' || street AS address,
       list_distinct(string_split(concat_ws(' ', street, address2), ' ')) AS words,
       place, state, phone, email, split_part(email, '@', 1) AS email_name, nhs_number, occupation
FROM cleaned ORDER BY record
"""

# Address words rare enough to say something, by record.
_RARE_WORDS = """
CREATE OR REPLACE TABLE linkage AS
WITH word AS (
    SELECT unique_id, unnest(words) AS word FROM linkage
), rare AS (
    SELECT word FROM word GROUP BY word
    HAVING count(*) <= greatest(2, ? * (SELECT count(*) FROM linkage)) AND length(word) > 2
), kept AS (
    SELECT unique_id, list_sort(list(word)) AS words FROM word SEMI JOIN rare USING (word) GROUP BY unique_id
)
SELECT l.* EXCLUDE (words), k.words FROM linkage l LEFT JOIN kept k USING (unique_id) ORDER BY unique_id
"""


def standardise(connection: duckdb.DuckDBPyConnection, scratch: Path) -> int:
    """Make table ``linkage`` from table ``raw`` (text columns, see ``files.COLUMNS``); return the records in it.

    ``scratch`` is a private folder of the caller's: the values of single columns pass through it.
    """
    _map(connection, scratch, "given_names", ("given", "middle"), _given)
    _map(connection, scratch, "family_names", ("family",), _family)
    dates = _values(connection, ("born",))
    first = _day_first(dates)
    _map(connection, scratch, "birth_dates", ("born",), lambda said: (birth_digits(said, first),), "digits")
    _map(connection, scratch, "nhs_numbers", ("nhs_number",), lambda said: (nhs_number.usable(said) or "",), "usable")
    connection.execute(_STANDARDISE)
    connection.execute(_RARE_WORDS, [_COMMON_WORD])
    row = connection.execute("SELECT count(*) FROM linkage").fetchone()
    return int(row[0]) if row else 0


def birth_digits(said: str, day_first: bool) -> str:
    """A birth date as eight digits, year month day; '' if it is none. An impossible day stays: it was typed so.

    Year first, or last with day and month in the order ``day_first`` says; two-digit years are not guessed.
    """
    parts: list[str] = _DIGITS.findall(_CLOCK.sub("", said))
    if len(parts) == 1 and len(parts[0]) == 8:
        return "" if parts[0].startswith("0000") else str(parts[0])
    if len(parts) < 3:
        return ""
    if len(parts[0]) == 4:
        year, month, day = parts[:3]
    elif len(parts[2]) == 4:
        year = parts[2]
        day, month = (parts[0], parts[1]) if day_first else (parts[1], parts[0])
    else:
        return ""
    if len(month) > 2 or len(day) > 2 or int(year) == 0:
        return ""
    return year + month.zfill(2) + day.zfill(2)


def _day_first(dates: Iterable[str]) -> bool:
    """Whether dates with the year last put the day before the month; judged by the values over 12."""
    first = second = 0
    for said in dates:
        parts = _DIGITS.findall(said)
        if len(parts) >= 3 and len(parts[2]) == 4 and len(parts[0]) <= 2:
            first += int(parts[0]) > 12
            second += int(parts[1]) > 12
    return first >= second


def _given(said: str) -> tuple[str, str, str, str]:
    """Key, sound, short-form origins and the initial of what follows, of the given names as written."""
    words = name_key(said).split()
    if not words:
        return "", "", "", ""
    return words[0], phonetic(words[0]), "|".join(sorted(nicknames.origins(words[0]))), " ".join(words[1:])


def _family(said: str) -> tuple[str, str, str, str]:
    """Key and sound of a family name."""
    key = name_key(said)
    return key, phonetic(key) if key else "", "", ""


def _values(connection: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> list[str]:
    """The distinct values of some columns of ``raw``, in order."""
    found: set[str] = set()
    for column in columns:
        rows = connection.table("raw").project(duckdb.ColumnExpression(column)).distinct().fetchall()
        found |= {row[0] for row in rows if row[0] is not None}
    return sorted(found)


def _map(
    connection: duckdb.DuckDBPyConnection,
    scratch: Path,
    table: str,
    columns: Iterable[str],
    rule: Callable[[str], tuple[str, ...]],
    *names: str,
) -> None:
    """Make ``table`` of what ``rule`` makes of each distinct value, by way of a file removed at once."""
    heads = names or ("key", "sound", "origins", "rest")
    path = scratch / f"{table}.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(("said", *heads))
        writer.writerows((said, *rule(said)) for said in _values(connection, columns))
    read = connection.read_csv(str(path), header=True, all_varchar=True, delimiter=",", quotechar='"')
    said = duckdb.ColumnExpression("said")
    read.select(said, *(_or_null(head) for head in heads)).create(table)
    path.unlink()


def _or_null(column: str) -> duckdb.Expression:
    """``column``, null where it is empty."""
    value = duckdb.ColumnExpression(column)
    return duckdb.FunctionExpression("nullif", value, duckdb.ConstantExpression("")).alias(column)


def meaningful(column: str) -> duckdb.Expression:
    """``column`` trimmed, null where what is written means that nothing is known."""
    named = duckdb.ColumnExpression(f'"{column}"')  # quoted, or a dot in it would be taken for a table's name
    value = duckdb.FunctionExpression("trim", named.cast("VARCHAR"))
    lower = duckdb.FunctionExpression("lower", value)
    return duckdb.CaseExpression(
        lower.isin(*(duckdb.ConstantExpression(word) for word in sorted(_NOTHING))),
        duckdb.ConstantExpression(None).cast("VARCHAR"),
    ).otherwise(value)
