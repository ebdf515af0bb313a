"""One identify run: read demographics out, link, and write the links back in one transaction.

Names leave the database only into a private temporary folder, which is removed at the end of the run; what
a killed run left there is removed by the next.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import analysis_links, bias, care_links, changes, claims, reviewing, storage
from commonweal.apps.identity.conclusions import Analysis
from commonweal.domain.errors import CommonwealError
from commonweal.domain.identity import bias as domain_bias
from commonweal.domain.identity import probable
from commonweal.lake import linkage

_LOCK = 62064  # one run at a time: pg_advisory_lock key
Progress = Callable[[str], None]


class IdentifyBusy(CommonwealError):
    """Another identify run is under way; wait for it to end and try again."""


def identify(
    progress: Progress | None = None, *, changed: bool = False, keep_frequencies: bool = False
) -> dict[str, Any]:
    """Link every compartment to a person; return counts and seconds.

    ``records`` compartments read, ``people`` they make for direct care, ``verified`` compartments linked by NHS
    number and birth date or by their source, ``probable`` compartments joined to a person for analysis only,
    ``review`` pairs for a person to look at, ``uneven`` groups whose link rate lies beyond the 99.8% limits of their
    kind (``bias_report`` names them). Run again on the same demographics it changes nothing.

    ``changed``: read only what has changed since the last run and what that touches. It ends where a run over
    everything with ``keep_frequencies`` would: names and postcodes weigh as they did at the last run over everything,
    which a run without it counts anew. It leaves out ``uneven``, which takes a look at everybody. The first run of all
    reads everything.

    A relationship that waits and that PDS has borne out is confirmed at the end.

    Raises IdentifyBusy when another run holds the lock.
    """
    say = progress or (lambda _stage: None)
    began = time.perf_counter()
    with _alone(), access.service_run("identify"), _private_folder() as folder, _engine(folder) as engine:
        kept = changes.last_records()
        if changed and kept is not None:
            run = _changed(engine, folder, kept, say)
        else:
            run = _everything(engine, folder, kept if keep_frequencies else None, say)
        claims.confirm_traced()
    return run | {"seconds": round(time.perf_counter() - began, 2)}


def _everything(engine: duckdb.DuckDBPyConnection, folder: Path, kept: int | None, say: Progress) -> dict[str, Any]:
    """A run over every record; with the frequencies of the last one, which read ``kept`` records, if told."""
    now = settings.COMMONWEAL_NOW()
    say("reading demographics")
    newest = changes.until()
    storage.read(engine, folder)
    records = linkage.standardise(engine, folder)
    if kept is not None:
        linkage.keep_frequencies(engine, folder, changes.all_frequencies(), [])
    decided = reviewing.settled()
    say("verified links")
    care = care_links.find(engine, folder, decided)
    say("probable links")
    analysis = analysis_links.find(engine, folder, care.doubts, decided, kept)
    say("writing links")
    rates = linkage.frequencies(engine) if kept is None else None
    judged = bias.count(engine, folder, analysis, now.date())
    with transaction.atomic():
        storage.write(engine, folder, care, analysis, now)
        changes.begin_anew(records, engine, folder, rates)
        bias.store(judged, now)
        changes.done(newest)
    uneven = sum(abs(one.place) == 2 for one in domain_bias.judge(judged))
    return {**_counts(engine, analysis), "uneven": uneven}


def _changed(engine: duckdb.DuckDBPyConnection, folder: Path, kept: int, say: Progress) -> dict[str, Any]:
    """A run over what has changed, and all records whose person could depend on that."""
    with transaction.atomic():
        say("reading what changed")
        newest = changes.until()
        fresh = changes.find_candidates(newest)
        if fresh:
            with _engine(folder) as near:
                storage.read(near, folder, "wanted")
                linkage.standardise(near, folder)
                linkage.keep_frequencies(near, folder, changes.frequencies("identity_wanted"), fresh)
                linkage.predict(near, probable.REVIEW, records=kept, fresh=True)
                changes.find_touched(newest, near, folder, fresh)
        else:
            changes.find_touched(newest, engine, folder, fresh)
        storage.read(engine, folder, "touched")
        linkage.standardise(engine, folder)
        linkage.keep_frequencies(engine, folder, changes.frequencies("identity_touched"), [])
        decided = reviewing.settled()
        say("verified links")
        care = care_links.find(engine, folder, decided)
        say("probable links")
        analysis = analysis_links.find(engine, folder, care.doubts, decided, kept, sampled=0)
        say("writing links")
        storage.write(engine, folder, care, analysis, settings.COMMONWEAL_NOW(), whole=False)
        changes.replace_touched(engine, folder)
        changes.done(newest)
    return {"changed": len(fresh), **_counts(engine, analysis)}


def _counts(engine: duckdb.DuckDBPyConnection, analysis: Analysis) -> dict[str, int]:
    """Of the records a run read."""
    ((records, linked, people),) = engine.execute(
        "SELECT count(*), count(*) FILTER (WHERE basis <> 'alone'), (SELECT count(*) FROM persons) FROM homes"
    ).fetchall()
    return {
        "records": records,
        "people": people,
        "verified": linked,
        "probable": len(analysis.weights),
        "review": len(analysis.review),
    }


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the run's lock, which ends with the connection if the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise IdentifyBusy("another identify run is under way; run this again when it has ended")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder only this user can enter, gone at the end; what an earlier killed run left goes first."""
    parent = Path(settings.COMMONWEAL_HOME) / "private" / "identify"
    shutil.rmtree(parent, ignore_errors=True)
    parent.mkdir(parents=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def _engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory engine that spills into ``folder`` only."""
    return duckdb.connect(config={"temp_directory": str(folder)})
