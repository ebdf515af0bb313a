"""The lake on disk: base, deltas and tombstones of Parquet, named by one manifest.

A refresh writes the rows of changed resources to new files (a delta) and their row numbers to a tombstone
file, then replaces the manifest; a crash before that leaves the former lake. A row counts if no tombstone of
a later version names it. When deltas have grown to a fifth of the base, everything live is written anew.
"""

import fcntl
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import duckdb
import pyarrow as pa

from commonweal.lake import forgetting
from commonweal.lake import manifest as manifests
from commonweal.lake.files import Run, load, one_row
from commonweal.lake.manifest import LakeFault, Manifest
from commonweal.lake.pseudonym import pseudonyms
from commonweal.lake.sql import Sql, joined, literal, name, sql, strings
from commonweal.lake.tables import LAKE_TABLES, LakeTable, type_of
from commonweal.lake.views import compile_view

COMPACT_AT = 0.2  # share of the base that deltas may reach
COMPACT_FILES = 30

_CHANGES: LiteralString = (
    "read_csv({path}, header = FALSE, auto_detect = FALSE, delim = ',', quote = '\"', escape = '\"', new_line = '\\n',"
    " max_line_size = 67108864, buffer_size = 134217728, null_padding = FALSE,"
    " columns = {{rid: 'BIGINT', compartment_id: 'BIGINT', type: 'VARCHAR', deleted: 'BOOLEAN', body: 'VARCHAR'}})"
)
_REFERENCE: dict[str, dict[str, pa.DataType]] = {
    "link": {"compartment": pa.uint64(), "person": pa.uint64()},
    "codelist": {"list": pa.string(), "code": pa.string()},
    "practice": {"practice": pa.string(), "network": pa.string(), "place": pa.string(), "system": pa.string()},
    "small_area": {"lsoa": pa.string(), "quintile": pa.int64()},
}
_LEFT_OUT = "left_out"
_HIDDEN = "hidden_compartments"  # of one connection
_OF_COMPARTMENTS = frozenset({"link", *(one.name for one in LAKE_TABLES)})


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh did: its version, changed resources, rows written a table, seconds a stage."""

    version: int
    changes: int
    rows: Mapping[str, int]
    compacted: bool
    seconds: Mapping[str, float]


@dataclass(slots=True)
class Reference:
    """What is joined to the lake and is small: who is who, code lists, footprints, areas.

    ``people`` maps a compartment id to the person of the analysis links. ``left_out``: compartments whose people opted
    out of what the lake is for: no view shows a row of theirs, until they are no longer named at a refresh.
    ``forgotten``: those of whom no use may have anything: no file holds a row of theirs. Who is no longer among them
    (``Lake.returning``) comes back by having all their rows among the changes.
    """

    people: Mapping[int, UUID]
    codelist: Sequence[tuple[str, str]] = ()
    practice: Sequence[tuple[str, str, str, str]] = ()
    small_area: Sequence[tuple[str, int]] = ()
    postcodes: Iterable[tuple[str, str]] = field(default_factory=tuple)
    left_out: Collection[int] = ()
    forgotten: Collection[int] = ()


class Lake:
    """The lake in folder ``root``; ``key`` is the secret of its pseudonyms."""

    def __init__(self, root: Path, key: str) -> None:
        self.root = root
        self.key = key

    @property
    def manifest(self) -> Manifest:
        """The state as of now."""
        return manifests.read(self.root)

    # -- reading ---------------------------------------------------------------------------------------

    @contextmanager
    def connect(
        self, threads: int | None = None, left_out: Collection[int] | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with every lake table as a view of its live rows, and ``admission``.

        ``left_out``: the compartments this use must leave out, in place of those the last refresh was told of.
        """
        manifest = self.manifest
        if not manifest.version:
            raise LakeFault(f"there is no lake in {self.root} yet; run: commonweal refresh")
        with duckdb.connect() as connection:
            if threads:
                connection.execute(str(sql("SET threads = {n}", n=literal(threads))))
            hidden = self._hidden(connection, manifest, left_out)
            self._define(connection, manifest, hidden)
            yield connection

    def _hidden(
        self, connection: duckdb.DuckDBPyConnection, manifest: Manifest, left_out: Collection[int] | None
    ) -> Sql | None:
        """The table of compartments that no view shows, if there are any."""
        if left_out is None:
            names = manifest.files.get(_LEFT_OUT)
            return self.parquet(names) if names else None
        if not left_out:
            return None
        out = list(pseudonyms(self.key, "compartment", left_out).values())
        load(connection, _HIDDEN, pa.table({"compartment": pa.array(out, pa.uint64())}))
        return name(_HIDDEN)

    def _define(self, connection: duckdb.DuckDBPyConnection, manifest: Manifest, hidden: Sql | None) -> None:
        views = {one.name: self.live(one, manifest) for one in LAKE_TABLES}
        views |= {
            which: sql("SELECT * FROM {files}", files=self.parquet(manifest.files[which])) for which in _REFERENCE
        }
        for which, rows in views.items():
            shown = rows
            if hidden is not None and which in _OF_COMPARTMENTS:
                shown = sql("SELECT * FROM ({rows}) ANTI JOIN {out} USING (compartment)", rows=rows, out=hidden)
            connection.execute(str(sql("CREATE VIEW {name} AS {shown}", name=name(which), shown=shown)))
        connection.execute(
            "CREATE VIEW admission AS SELECT compartment, method, start FROM encounter WHERE method IS NOT NULL"
        )

    def parquet(self, names: Sequence[str]) -> Sql:
        """The rows of some of the lake's files."""
        return sql("read_parquet({files})", files=strings(str(self.root / one) for one in names))

    def live(self, one: LakeTable, manifest: Manifest) -> Sql:
        """SELECT of a table's live rows."""
        columns = joined(", ", (sql("d.{c}", c=name(column)) for column in one.columns))
        data = self.parquet(manifest.files[one.name])
        tombstones = manifest.files.get("tombstone", [])
        if not tombstones:
            return sql("SELECT {columns} FROM {data} d", columns=columns, data=data)
        return sql(
            "SELECT {columns} FROM {data} d LEFT JOIN"
            " (SELECT row AS gone, max(version) AS since FROM {tombstones} GROUP BY row) t ON d.row = t.gone"
            " WHERE t.since IS NULL OR d.version >= t.since",
            columns=columns,
            data=data,
            tombstones=self.parquet(tombstones),
        )

    def returning(self, compartments: Iterable[int], forgotten: Collection[int]) -> set[int]:
        """Those of ``compartments`` that no file holds anything of, and that are no longer ``forgotten``."""
        return forgetting.missing(self, compartments) - set(forgotten)

    # -- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lake's write lock; a second refresh is refused, not queued."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as fault:
                raise LakeFault("another refresh is running; wait for it to end") from fault
            yield

    @contextmanager
    def private(self) -> Iterator[Path]:
        """A folder only this user can read, for the changes on their way in; emptied before and after."""
        path = self.root / "private"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def refresh(
        self,
        changes: Path,
        watermark: int,
        reference: Reference,
        progress: Callable[[str], None] = lambda stage: None,
    ) -> Refreshed:
        """Take in ``changes``: CSV without header of rid, compartment_id, type, deleted, body (``record.api``).

        Call inside ``locked()``. Raises ``LakeFault`` if a resource appears twice. Returns when the new state
        is on disk.
        """
        try:
            return self._refresh(changes, watermark, reference, progress)
        except duckdb.Error as fault:
            # DuckDB quotes the line it stumbles over, and the line is about a person: neither message nor cause leave.
            kind = type(fault).__name__
            raise LakeFault(f"the changes could not be read ({kind}); the lake is as it was before") from None

    def _refresh(
        self, changes: Path, watermark: int, reference: Reference, progress: Callable[[str], None]
    ) -> Refreshed:
        before = self.manifest
        self.sweep(before)
        version = before.version + 1
        run = Run(self.root, version)
        seconds: dict[str, float] = {}

        @contextmanager
        def timed(stage: str) -> Iterator[None]:
            progress(stage)
            began = time.perf_counter()
            yield
            seconds[stage] = round(time.perf_counter() - began, 3)

        with duckdb.connect() as connection:
            spill = sql("SET temp_directory = {path}", path=literal(str(changes.parent / "spill")))
            connection.execute(str(spill))
            with timed("read changes"):
                read = sql("CREATE TABLE changes AS SELECT * FROM {csv}", csv=sql(_CHANGES, path=literal(str(changes))))
                connection.execute(str(read))
                total, distinct, highest = one_row(
                    connection, "SELECT count(*), count(DISTINCT rid), coalesce(max(rid), 0) FROM changes"
                )
                if total != distinct:
                    raise LakeFault(f"{total - distinct} resources appear twice among the changes; refresh again")
            with timed("pseudonymise"):
                self._keys(connection, reference)
            after = replace(
                before,
                version=version,
                watermark=watermark,
                last_row=max(before.last_row, highest),
                files={which: list(names) for which, names in before.files.items()},
                rows=dict(before.rows),
            )
            written: dict[str, int] = {}
            for one in LAKE_TABLES:
                with timed(one.name):
                    written[one.name] = self._delta(connection, run, after, one)
            with timed("tombstones"):
                self._tombstones(connection, run, after, before)
            with timed("reference"):
                self._reference(connection, run, after, reference)
            with timed("forget"):
                forgetting.forget(self, connection, run, after, reference.forgotten)
        if not before.version:
            after.base_rows = sum(after.rows.values())
        compacted = self._is_due(after)
        if compacted:
            with timed("compact"):
                after = self._compact(after, Run(self.root, version))
        with timed("publish"):
            manifests.write(self.root, after)
        return Refreshed(version, total, written, compacted, seconds)

    def compact(self) -> None:
        """Write every table's live rows as a new base, without tombstones. Call inside ``locked()``."""
        manifest = self.manifest
        after = self._compact(manifest, Run(self.root, manifest.version + 1))
        after.version = manifest.version + 1
        manifests.write(self.root, after)

    def _keys(self, connection: duckdb.DuckDBPyConnection, reference: Reference) -> None:
        """Tables ``compartments`` (compartment_id, pseudonym) and ``area`` (postcode, lsoa), in memory only."""
        forgotten = frozenset(reference.forgotten)  # without a pseudonym no row of theirs is written
        ids = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT compartment_id FROM changes WHERE compartment_id IS NOT NULL AND NOT deleted"
            ).fetchall()
            if row[0] not in forgotten
        ]
        known = pseudonyms(self.key, "compartment", ids)
        load(
            connection,
            "compartments",
            pa.table(
                {
                    "compartment_id": pa.array(ids, pa.int64()),
                    "pseudonym": pa.array([known[one] for one in ids], pa.uint64()),
                }
            ),
        )
        postcodes = list(reference.postcodes)
        load(
            connection,
            "area",
            pa.table(
                {
                    "postcode": pa.array([code.replace(" ", "").upper() for code, _ in postcodes], pa.string()),
                    "lsoa": pa.array([lsoa for _, lsoa in postcodes], pa.string()),
                }
            ),
        )

    def _delta(self, connection: duckdb.DuckDBPyConnection, run: "Run", after: Manifest, one: LakeTable) -> int:
        """Write the rows of changed resources of one table; nothing if there are none (bar the first time)."""
        source = sql("(SELECT * FROM changes WHERE type = {type} AND NOT deleted)", type=type_of(one))
        found = compile_view(one.view, source, keep=("rid", "compartment_id"), trusted=True)
        query = sql(
            "SELECT *, {version} AS version FROM (WITH found AS ({found}) {kept}) ORDER BY compartment",
            version=literal(run.version),
            found=found,
            kept=one.kept,
        )
        path, count = run.write(connection, one.name, query)
        if count or one.name not in after.files:
            after.files.setdefault(one.name, []).append(path)
            after.rows[one.name] = after.rows.get(one.name, 0) + count
        return count

    def _tombstones(self, connection: duckdb.DuckDBPyConnection, run: "Run", after: Manifest, before: Manifest) -> None:
        """Say of each changed resource that was in the lake that its rows before this version are gone."""
        query = sql(
            "SELECT rid AS row, {version} AS version FROM changes WHERE rid <= {last}",
            version=literal(run.version),
            last=literal(before.last_row),
        )
        path, count = run.write(connection, "tombstone", query)
        if count:
            after.files.setdefault("tombstone", []).append(path)
            after.rows["tombstone"] = after.rows.get("tombstone", 0) + count

    def _reference(
        self, connection: duckdb.DuckDBPyConnection, run: "Run", after: Manifest, reference: Reference
    ) -> None:
        """Replace who is who, code lists, footprints and areas. A person joins late: rows never name one."""
        forgotten = frozenset(reference.forgotten)
        compartments = pseudonyms(self.key, "compartment", reference.people)
        people = pseudonyms(self.key, "person", set(reference.people.values()))
        rows: dict[str, Sequence[tuple[object, ...]]] = {
            "link": [
                (compartments[one], people[person]) for one, person in reference.people.items() if one not in forgotten
            ],
            "codelist": reference.codelist,
            "practice": reference.practice,
            "small_area": reference.small_area,
        }
        for which, schema in _REFERENCE.items():
            columns = {
                column: pa.array([row[n] for row in rows[which]], type_)
                for n, (column, type_) in enumerate(schema.items())
            }
            load(connection, which, pa.table(columns))
            path, _ = run.write(connection, which, sql("SELECT * FROM {t} ORDER BY ALL", t=name(which)))
            after.files[which] = [path]
        out = list(pseudonyms(self.key, "compartment", reference.left_out).values())
        after.files.pop(_LEFT_OUT, None)
        if out:
            load(connection, _LEFT_OUT, pa.table({"compartment": pa.array(out, pa.uint64())}))
            path, _ = run.write(connection, _LEFT_OUT, sql("SELECT * FROM {t} ORDER BY ALL", t=name(_LEFT_OUT)))
            after.files[_LEFT_OUT] = [path]

    def _is_due(self, manifest: Manifest) -> bool:
        data = sum(manifest.rows.values())
        files = max((len(names) for names in manifest.files.values()), default=0)
        return bool(manifest.files.get("tombstone")) and (
            data > manifest.base_rows * (1 + COMPACT_AT) or files > COMPACT_FILES
        )

    def _compact(self, manifest: Manifest, run: "Run") -> Manifest:
        after = replace(manifest, files=dict(manifest.files), rows={})
        with duckdb.connect() as connection:
            for one in LAKE_TABLES:
                live = self.live(one, manifest)
                query = sql(
                    "SELECT *, {version} AS version FROM ({live}) ORDER BY compartment",
                    version=literal(run.version),
                    live=live,
                )
                path, after.rows[one.name] = run.write(connection, one.name, query)
                after.files[one.name] = [path]
        after.files.pop("tombstone", None)
        after.base_rows = sum(after.rows.values())
        return after

    def sweep(self, manifest: Manifest) -> None:
        """Remove files that the manifest does not name: what a crash left, and what the last refresh replaced.

        Done before a refresh and not after it, so that whoever reads the former state can finish.
        """
        wanted = {self.root / one for names in manifest.files.values() for one in names}
        for path in (self.root / "data").glob("*/*.parquet"):
            if path not in wanted:
                path.unlink(missing_ok=True)


__all__ = ["Lake", "LakeFault", "Reference", "Refreshed"]
