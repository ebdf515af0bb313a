"""A large first load: copied straight in while all of it is new, else staged; its indexes are made at the end."""

import json
from pathlib import Path

import pytest
from django.db import connection

from tests.landing_files import empty, gp_lines, state, write_lines


@pytest.fixture(autouse=True)
def clean(database: str) -> None:
    empty()


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import actions
    from commonweal.apps.record import loading

    monkeypatch.setattr(loading, "WORTH", 1)
    monkeypatch.setattr(actions, "DEFERRED", 1)


def indexes() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'record\\_%' ORDER BY 1")
        return list(cursor.fetchall())


def named_for_the_audit() -> bool:
    """Whether each compartment says which person it is on its own, until it is linked."""
    from commonweal.apps.identity import api as identity

    with connection.cursor() as cursor:
        cursor.execute("SELECT source, local_id, alone FROM record_compartment")
        rows = cursor.fetchall()
    return bool(rows) and all(alone == identity.identifier(source, local) for source, local, alone in rows)


def test_a_first_load_ends_as_any_other_with_every_index_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import actions, api
    from commonweal.apps.record import api as record
    from commonweal.apps.record import loading

    path = write_lines(tmp_path / "A81001.ndjson", gp_lines("A81001", 5))
    before = indexes()
    aside: list[int] = []
    write = record.write

    def watched(*args: object, **named: object) -> record.Counts:
        aside.append(len(before) - len(indexes()))
        return write(*args, **named)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(record, "write", watched)
    assert api.land("gp", [path], "A81001")["accepted"] == 51
    assert set(aside) == {10}  # two of each kind of search row
    assert indexes() == before
    straight = state()
    assert named_for_the_audit()
    empty()
    monkeypatch.setattr(actions, "DEFERRED", 1 << 40)
    monkeypatch.setattr(loading, "WORTH", 1 << 40)
    api.land("gp", [path], "A81001")
    assert state() == straight
    assert named_for_the_audit()
    assert record.orphans() == []


def test_what_is_held_already_is_found_by_the_unique_index_and_staged(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.record import loading

    lines = gp_lines("A81001", 5)
    api.land("gp", [write_lines(tmp_path / "first.ndjson", lines[30:31])], "A81001")
    changed = json.dumps(json.loads(lines[30]) | {"language": "en-GB"})
    loading.SAMPLE, sample = 1, loading.SAMPLE  # the one key looked up is not the one held
    try:
        again = api.land("gp", [write_lines(tmp_path / "all.ndjson", [*lines[:30], changed, *lines[31:]])], "A81001")
    finally:
        loading.SAMPLE = sample
    assert (again["accepted"], again["quarantined"], again["resources"]) == (51, 0, 51)
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM record_resource WHERE body = %s", [changed])
        assert cursor.fetchall() == [(2,)]
        cursor.execute("SELECT current_user, count(*) FROM record_history")
        assert cursor.fetchall() == [("commonweal_batch", 1)]


def test_indexes_a_killed_load_left_aside_are_told_of_and_come_back_with_the_next(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.record import api as record
    from commonweal.apps.record import deferring

    before = indexes()
    assert deferring.set_aside()
    assert len(before) - len(indexes()) == 10
    assert [fault[:10] for fault in record.orphans()] == ["10 indexes"]
    api.land("gp", [write_lines(tmp_path / "A81001.ndjson", gp_lines("A81001", 1))], "A81001")
    assert indexes() == before
    assert deferring.bring_back() == 0


def test_a_load_that_is_stopped_leaves_every_index_there(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    def stopped(name: str, done: int, size: int) -> None:
        raise KeyboardInterrupt

    before = indexes()
    path = write_lines(tmp_path / "A81001.ndjson", gp_lines("A81001", 1))
    with pytest.raises(KeyboardInterrupt):
        api.land("gp", [path], "A81001", stopped)
    assert indexes() == before


def test_a_store_that_holds_much_keeps_its_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.record import deferring

    monkeypatch.setattr(deferring, "SMALL", 10)
    api.land("gp", [write_lines(tmp_path / "A81001.ndjson", gp_lines("A81001", 1))], "A81001")
    assert not deferring.set_aside()


def test_where_another_drew_numbers_in_between_each_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.record import api as record
    from commonweal.apps.record import loading

    lines = gp_lines("A81001", 2)
    monkeypatch.setattr(loading, "_FROM_TO", loading._FROM_TO.replace("generate_series(1,", "generate_series(0,"))
    assert api.land("gp", [write_lines(tmp_path / "A81001.ndjson", lines)], "A81001")["accepted"] == len(lines)
    assert record.orphans() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT rid) FROM record_resource")
        assert cursor.fetchall() == [(len(lines), len(lines))]
