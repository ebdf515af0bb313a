"""What the engine concludes for all records at once is what the rules conclude one by one, and in the same order."""

import tempfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.domain.identity import clusters, verified
from commonweal.lake import groups, identifiers
from commonweal.lake.linkage import COLUMNS, load, standardise

NUMBERS = st.sampled_from(["9990000018", "9990000026", "9990000034", ""])
BIRTHS = st.sampled_from(["1950-02-11", "1950-11-02", "1900-01-01", ""])
RECORD = st.tuples(
    NUMBERS,
    st.sampled_from(["smith", "smyth", "jones", ""]),
    st.sampled_from(["anna", "ann", "harriet", ""]),
    BIRTHS,
    st.sampled_from(["male", "female", ""]),
)
NOBODY = date(1900, 1, 1)
GIVEN = """
CREATE OR REPLACE TABLE homes AS SELECT record::BIGINT AS record, home::BIGINT AS home FROM given_homes;
CREATE OR REPLACE TABLE before AS SELECT record::BIGINT AS record, person::UUID AS person FROM given_before;
CREATE OR REPLACE TABLE known AS SELECT person::UUID AS person, founder::BIGINT AS founder FROM given_known
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def receive(engine: duckdb.DuckDBPyConnection, scratch: Path, said: list[tuple[str, str, str, str, str]]) -> None:
    """Make ``records`` and ``linkage`` of what records say, numbered from 1, each with a local id of its own."""
    rows = [
        (
            at,
            number,
            family,
            given_name,
            family[:2].upper(),
            given_name[:2].upper(),
            born,
            sex,
            "",
            "",
            "SRC",
            f"id-{at}",
        )
        for at, (number, family, given_name, born, sex) in enumerate(said, 1)
    ]
    load(engine, scratch, "received", [(*COLUMNS, "source", "local_id"), *rows])
    engine.execute(
        "CREATE OR REPLACE TABLE records AS SELECT * REPLACE (record_id::BIGINT AS record_id,"
        " nullif(birth_date, '')::DATE AS birth_date) FROM received"
    )
    standardise(engine, scratch)


@given(st.lists(RECORD, min_size=2, max_size=9), st.data())
@settings(deadline=None, max_examples=25)
def test_groups_for_care_are_those_of_the_rule(
    engine: duckdb.DuckDBPyConnection, said: list[tuple[str, str, str, str, str]], data: st.DataObject
) -> None:
    pair = st.tuples(st.integers(1, len(said)), st.integers(1, len(said))).filter(lambda ends: ends[0] < ends[1])
    merges, confirmed, apart = (data.draw(st.lists(pair, max_size=3, unique=True)) for _ in range(3))
    rule = partial(verified.people, merges=merges, confirmed=confirmed, apart=frozenset(apart))
    traits = {
        at: verified.Traits(
            number or None,
            None if not born or date.fromisoformat(born) == NOBODY else date.fromisoformat(born),
            family,
            given_name,
            sex,
        )
        for at, (number, family, given_name, born, sex) in enumerate(said, 1)
    }
    wanted = rule(traits)
    with tempfile.TemporaryDirectory() as scratch:
        receive(engine, Path(scratch), said)
        spoken_of = {one for pairs in (merges, confirmed, apart) for ends in pairs for one in ends}
        found = groups.find(engine, Path(scratch), spoken_of, rule)
    rows = engine.execute("SELECT record, home, basis FROM homes ORDER BY 1").fetchall()

    assert {record: home for record, home, _ in rows} == {one: group[0] for group in wanted.groups for one in group}
    assert {record for record, _, basis in rows if basis == "verified"} == wanted.verified
    assert {record for record, _, basis in rows if basis == "merged"} == wanted.merged - wanted.verified
    assert sorted(found.doubts, key=repr) == sorted(wanted.doubts, key=repr)


def parts(labels: list[int]) -> list[list[int]]:
    """Records 1..n grouped by label."""
    grouped: dict[int, list[int]] = {}
    for record, label in enumerate(labels, 1):
        grouped.setdefault(label, []).append(record)
    return list(grouped.values())


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=8), min_size=1, max_size=4))
@settings(deadline=None, max_examples=15)
def test_identifiers_are_those_of_the_rule_through_any_history(
    engine: duckdb.DuckDBPyConnection, history: list[list[int]]
) -> None:
    before: dict[int, UUID] = {}
    founders: dict[UUID, int] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for labels in history:
            wanted = clusters.assign(
                parts(labels), before, founders, lambda record, again: clusters.identifier("SRC", f"id-{record}", again)
            )
            receive(engine, folder, [("", "", "", "", "")] * len(labels))
            homes = [(record, min(members)) for members in parts(labels) for record in members]
            load(engine, folder, "given_homes", [("record", "home"), *homes])
            load(engine, folder, "given_before", [("record", "person"), *before.items()])
            load(engine, folder, "given_known", [("person", "founder"), *founders.items()])
            engine.execute(GIVEN)
            found = identifiers.assign(engine, folder)
            rows = engine.execute(
                "SELECT h.record, p.person, p.home, p.created FROM homes h JOIN persons p USING (home)"
            ).fetchall()

            assert {record: person for record, person, _, _ in rows} == wanted.person
            assert {person: home for _, person, home, created in rows if created} == wanted.created
            assert sorted(found.moved, key=repr) == sorted(wanted.moved, key=repr)
            assert found.merged == wanted.merged
            founders |= wanted.created
            before = wanted.person
