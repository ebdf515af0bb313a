"""A project's extract: one row a person under the project's own pseudonym, and what happened to them, coarse.

No name, number, address, postcode, small area or practice, no day of anything: age in bands, months, deprivation in
fifths, place and network. What together could single somebody out (``CATALOGUE``, ``identifying``) is blanked, rarest
first, for people whom fewer than ``smallest`` others share it with; what few of them have had (``lake.rare``) is
withheld from their rows. It stays personal data in the project's hands:
pseudonymisation is a safeguard and no anonymisation (UK GDPR, Article 4(5) and Recital 26).
"""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import LiteralString

import duckdb
import pyarrow as pa

from commonweal.domain.population.calendar import first_day
from commonweal.domain.population.declarations import DECLARATIONS, Register
from commonweal.lake import registers
from commonweal.lake.files import load, one_row
from commonweal.lake.manifest import LakeFault
from commonweal.lake.project_pseudonym import project_pseudonyms
from commonweal.lake.rare import EVERY, WITHHELD, Rare, rule_of, withhold
from commonweal.lake.sql import Sql, joined, literal, name, sql, strings


@dataclass(frozen=True, slots=True)
class Column:
    """One column a project may ask for. ``says`` is its line of the data dictionary.

    ``identifying``: one of those that together could single somebody out; blanked in the order they are listed here.
    """

    table: str
    name: str
    sql: LiteralString
    says: str
    identifying: bool = False

    @property
    def key(self) -> str:
        """What a project calls it."""
        return f"{self.table}.{self.name}"


_FLAGS = [one for one in DECLARATIONS if isinstance(one, Register) and one.having is not None]
CATALOGUE: tuple[Column, ...] = (
    Column("person", "ethnicity", "p.ethnicity", "Ethnic category, NHS Data Dictionary code", identifying=True),
    Column("person", "network", "p.network", "Primary care network of registration, ODS code", identifying=True),
    Column(
        "person",
        "deprivation_quintile",
        "p.deprivation_quintile",
        "Fifth of small areas by deprivation where the person lives, 1 the most deprived",
        identifying=True,
    ),
    Column("person", "place", "p.place", "Place of registration", identifying=True),
    Column("person", "age_band", "p.age_band", "Age on the as-at day, in bands of years", identifying=True),
    Column("person", "sex", "p.sex", "Sex or gender as recorded", identifying=True),
    Column(
        "person",
        "emergency_admissions",
        "(SELECT count(*) FROM admission a JOIN link l USING (compartment)"
        " JOIN codelist m ON m.list = 'emergency_admission_method' AND m.code = a.method"
        " WHERE l.person = p.person AND a.start BETWEEN {since} AND {day})",
        "Hospital admissions as an emergency begun in the twelve months to the as-at day",
    ),
    *(
        Column("person", one.name, "p.person IN (SELECT person FROM {members} WHERE register = {register})",
               f"Whether on the {one.title.lower()} on the as-at day")
        for one in _FLAGS
    ),
    Column("condition", "code", "e.code", "SNOMED CT code of a problem or diagnosis"),
    Column("condition", "month", "strftime(e.date, '%Y-%m')", "Month it began or was recorded"),
    Column("condition", "ended", "strftime(e.ended, '%Y-%m')", "Month it was over, if it is"),
    Column("observation", "code", "e.code", "SNOMED CT code of a finding"),
    Column("observation", "month", "strftime(e.date, '%Y-%m')", "Month of the finding"),
    Column("observation", "value", "e.value", "The number found, in the unit the source used"),
    Column("encounter", "class", 'e."class"', "Kind of contact or visit"),
    Column("encounter", "method", "e.method", "Admission method, NHS Data Dictionary code"),
    Column("encounter", "month", 'strftime(e.start, \'%Y-%m\')', "Month it began"),
    Column("encounter", "days", 'date_diff(\'day\', e.start, e."end")', "Days from first to last"),
)  # fmt: skip
KEYS = tuple(one.key for one in CATALOGUE)
EVENTS = ("condition", "observation", "encounter")


@dataclass(frozen=True, slots=True)
class Made:
    """What an extract holds. ``left_out``: how many opted out, alive and registered or not; ``withheld``: of how many
    rows a rare value, by ``table.column``; ``digest``: SHA-256 over the files, by name.
    """

    people: int
    left_out: int
    blanked: int
    dropped: int
    rows: Mapping[str, int]
    withheld: Mapping[str, int]
    digest: str


def make(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    key: bytes,
    columns: Collection[str],
    as_at: date,
    *,
    smallest: int,
    rare: Sequence[Rare],
    leave_out: Collection[int],
    notice: Mapping[str, str],
) -> Made:
    """Write the extract's files to ``folder``, all or none.

    ``connection`` is the lake's; ``leave_out`` people of the lake who are in no extract of this purpose; ``smallest``
    how many must share the identifying columns; ``rare``: the rules for other values; ``notice`` what every file says
    of itself: project, number, expiry.

    Raises:
        LakeFault: the folder is there already, a column is none of the catalogue, or a rule cannot be followed.
    """
    wanted = [one for one in CATALOGUE if one.key in set(columns)]
    if len(wanted) != len(set(columns)):
        raise LakeFault("a project asks for a column that the catalogue does not have; propose it again")
    if folder.exists():
        raise LakeFault("an extract of this number is there already; make another")
    known = {(one.table, one.name) for one in CATALOGUE} | {("person", EVERY)}
    for rule in rare:
        if (rule.table, rule.column) not in known:
            raise LakeFault(
                f"the rule for rare values of {rule.table}.{rule.column} is of no column an extract has, and would "
                "protect nobody; mend its table or column in the file of rules and try again"
            )
    building = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700, parents=True)
    try:
        _people(connection, key, as_at, leave_out)
        blanked, dropped = _person(connection, [one for one in wanted if one.table == "person"], as_at, smallest)
        rows: dict[str, int] = {}
        withheld: dict[str, int] = {}
        for table in ("person", *EVENTS):
            asked = [one.name for one in wanted if one.table == table]
            if table != "person" and not asked:
                continue
            if table != "person":
                _events(connection, table, as_at)
            held = [one.name for one in CATALOGUE if one.table == table] if table != "person" else asked
            gone = withhold(connection, table, "extract_" + table, held, rare)
            withheld |= {f"{table}.{column}": gone[column] for column in asked if column in gone}
            rows[table] = _write(connection, building, table, _asked(table, asked), notice)
        _say(building, wanted, rows, withheld, rare, notice)
        made = Made(rows["person"], len(leave_out), blanked, dropped, rows, withheld, digest(building))
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return made


def _people(connection: duckdb.DuckDBPyConnection, key: bytes, as_at: date, leave_out: Collection[int]) -> None:
    """Table ``chosen``: who is alive and registered, with pseudonym, but for those left out."""
    for step in registers.membership_steps(as_at):
        connection.execute(str(sql("CREATE TEMP TABLE {t} AS {q}", t=name(step.name), q=Sql(step.sql))))
    load(connection, "left_out", pa.table({"person": pa.array(sorted(leave_out), pa.uint64())}))
    found = connection.execute(
        "SELECT person FROM registered_people WHERE counts AND person NOT IN (SELECT person FROM left_out)"
    ).fetchall()
    known = project_pseudonyms(key, (row[0] for row in found))
    table = pa.table(
        {"person": pa.array(list(known), pa.uint64()), "pseudonym": pa.array(list(known.values()), pa.string())}
    )
    load(connection, "chosen", table)


def _person(connection: duckdb.DuckDBPyConnection, wanted: list[Column], as_at: date, smallest: int) -> tuple[int, int]:
    """Table ``extract_person``: how many people had something blanked, and how many were dropped as still too few."""
    fields = joined("", (sql(", {e} AS {n}", e=_expression(one, as_at), n=name(one.name)) for one in wanted))
    connection.execute(
        str(
            sql(
                "CREATE TEMP TABLE extract_person AS SELECT c.pseudonym, p.person{fields}"
                " FROM registered_people p JOIN chosen c USING (person)",
                fields=fields,
            )
        )
    )
    identifying = [name(one.name) for one in wanted if one.identifying]
    if not identifying:
        return 0, 0
    groups = joined(", ", identifying)
    few = sql(
        "SELECT person FROM (SELECT person, count(*) OVER (PARTITION BY {g}) AS n FROM extract_person) WHERE n < {k}",
        g=groups,
        k=literal(smallest),
    )
    blanked: set[int] = set()
    for one in identifying:
        alone = [row[0] for row in connection.execute(str(few)).fetchall()]
        if not alone:
            break
        blanked.update(alone)
        connection.execute(
            str(sql("UPDATE extract_person SET {c} = {w} WHERE person IN ({few})", c=one, w=literal(WITHHELD), few=few))
        )
    dropped = len(connection.execute(str(few)).fetchall())
    connection.execute(str(sql("DELETE FROM extract_person WHERE person IN ({few})", few=few)))
    return len(blanked) - dropped, dropped


def _expression(column: Column, as_at: date) -> Sql:
    return sql(
        column.sql,
        since=literal(first_day(as_at, 12)),
        day=literal(as_at),
        members=name("register_members"),
        register=literal(column.name),
    )


def _events(connection: duckdb.DuckDBPyConnection, table: str, as_at: date) -> None:
    """Table ``extract_TABLE``: what happened to the people of the extract up to the as-at day, every column of it."""
    day = {"encounter": sql("e.start")}.get(table, sql("e.date"))
    fields = joined(
        ", ", (sql("{e} AS {n}", e=sql(one.sql), n=name(one.name)) for one in CATALOGUE if one.table == table)
    )
    connection.execute(
        str(
            sql(
                "CREATE TEMP TABLE {made} AS SELECT x.pseudonym, person, {fields} FROM {table} e"
                " JOIN link l USING (compartment) JOIN extract_person x USING (person)"
                " WHERE {day} IS NULL OR {day} <= {as_at}",
                made=name("extract_" + table),
                fields=fields,
                table=name(table),
                day=day,
                as_at=literal(as_at),
            )
        )
    )


def _asked(table: str, columns: Collection[str]) -> Sql:
    """The rows of a table of the extract as they leave: pseudonym and the columns asked for, and nothing else."""
    fields = joined(", ", (name(one) for one in ("pseudonym", *columns)))
    return sql("SELECT {fields} FROM {table} ORDER BY ALL", fields=fields, table=name("extract_" + table))


def _write(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, query: Sql, notice: Mapping[str, str]
) -> int:
    """A table as Parquet, which carries the notice in its footer, and as CSV. How many rows."""
    said = joined(", ", (sql("{k}: {v}", k=name(k), v=literal(v)) for k, v in notice.items()))
    ordered = sql("SELECT * FROM ({q}) ORDER BY pseudonym", q=query)
    for ending, options in (
        ("parquet", sql("FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{said}}}", said=said)),
        ("csv", sql("FORMAT csv, HEADER TRUE")),
    ):
        path = literal(str(folder / f"{table}.{ending}"))
        (count,) = one_row(connection, str(sql("COPY ({q}) TO {p} ({o})", q=ordered, p=path, o=options)))
    return count


def _say(
    folder: Path,
    wanted: list[Column],
    rows: Mapping[str, int],
    withheld: Mapping[str, int],
    rare: Sequence[Rare],
    notice: Mapping[str, str],
) -> None:
    """``dictionary.csv`` of every column with what is withheld of it, and ``notice.json``."""
    with (folder / "dictionary.csv").open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(["table", "column", "identifying", "meaning", "withheld"])
        lines.writerow(["person", "pseudonym", "no", "The project's pseudonym of a person in this period", ""])
        for one in wanted:
            rule = rule_of(rare, one.table, one.name, one.name in {flag.name for flag in _FLAGS})
            said = "what few share with the other identifying columns" if one.identifying else ""
            lines.writerow(
                [one.table, one.name, "yes" if one.identifying else "no", one.says, rule.says() if rule else said]
            )
    told = {**notice, "rows": dict(rows), "withheld": dict(withheld)}
    (folder / "notice.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of an extract's files."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def pseudonyms_in(folder: Path, asked: Collection[str]) -> set[str]:
    """Those of ``asked`` that are people of the extract in ``folder``."""
    with duckdb.connect() as connection:
        query = sql(
            "SELECT pseudonym FROM read_parquet({f}) WHERE pseudonym IN (SELECT unnest({asked}))",
            f=literal(str(folder / "person.parquet")),
            asked=strings(asked),
        )
        return {row[0] for row in connection.execute(str(query)).fetchall()}


def pseudonyms_of_file(path: Path) -> Iterator[str]:
    """Every value of the column ``pseudonym`` of a Parquet or CSV file. Raises ``LakeFault`` if it has none."""
    reader = sql(
        "read_parquet({p})" if path.suffix == ".parquet" else "read_csv({p}, all_varchar = TRUE)", p=literal(str(path))
    )
    with duckdb.connect() as connection:
        try:
            rows = connection.execute(str(sql("SELECT DISTINCT pseudonym FROM {r}", r=reader))).fetchall()
        except duckdb.Error:
            raise LakeFault("this file has no column pseudonym; give a CSV or Parquet file of an extract") from None
    return (str(row[0]) for row in rows)
