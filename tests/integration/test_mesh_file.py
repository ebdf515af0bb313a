"""MESH without MESH: the file of mailboxes and its faults, when a sending is due, unpacking however it was cut."""

import gzip
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("home")

GOOD = """mailboxes:
  - mailbox: x26abc2
    service: http://127.0.0.1:8700
    password: password
    shared_key: key
    receive:
      - {workflow: GP_RECORD, from: [X26ABC1, X26ABC3], feed: gp, source: A81001, valid_from: 2026-04-01}
      - {workflow: GP_RECORD, from: X26ABC1, feed: gp, source: A81002, valid_to: 2026-03-31}
    send:
      - {name: out, workflow: CARE, to: X26ABC1, organisation: E10000001, every: week, at: "07:30", types: [Patient]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("password", "key"):
        (tmp_path / name).write_text("Banana\n")
        (tmp_path / name).chmod(0o600)
    return tmp_path


def read(folder: Path, text: str) -> Any:
    from commonweal.apps.exchange.mesh import mailboxes

    (folder / "mesh.yaml").write_text(text)
    return mailboxes.read(folder / "mesh.yaml")


def test_a_mailbox_routes_by_workflow_sender_and_day(folder: Path) -> None:
    (box,) = read(folder, GOOD)
    assert (box.name, box.password, box.shared_key) == ("X26ABC2", "Banana", b"Banana")
    assert "Banana" not in repr(box)
    assert box.route("GP_RECORD", "X26ABC3", date(2026, 4, 1)).source == "A81001"
    assert box.route("GP_RECORD", "X26ABC1", date(2026, 3, 31)).source == "A81002"
    assert box.route("GP_RECORD", "X26ABC3", date(2026, 3, 31)) is None
    assert box.why_not("GP_RECORD", "X26ABC9")[0] == "unknown-sender"
    assert box.why_not("GP_RECORD", "X26ABC3")[0] == "route-not-in-force"


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("workflow: GP_RECORD, from: [", "workflw: GP_RECORD, from: [", "did you mean 'workflow'"),
        ("feed: gp, source: A81001", "feed: gpp, source: A81001", "did you mean 'gp'"),
        ("service: http://127.0.0.1:8700", "service: integraton", "did you mean 'integration'"),
        ("service: http://127.0.0.1:8700", "service: http://mesh.example.nhs.uk", "write https"),
        ("every: week", "every: weekly", "did you mean 'week'"),
        ("types: [Patient]", "types: [Patients]", "did you mean 'Patient'"),
        ("source: A81001", "source: a surgery", "ODS code"),
        ("valid_from: 2026-04-01", "valid_from: 1 April", "2026-04-01"),
        ("valid_to: 2026-03-31", "valid_to: 2026-04-01", "two routes"),
        ("password: password", "password: nowhere", "is not there"),
        ("    shared_key: key\n", "", "shared_key is missing"),
        ("shared_key: key", "shared_key: key\n    certificate: key", "belong together"),
        ("shared_key: key", "shared_key: key\n    most_bytes: -1", "above 0"),
        ('at: "07:30"', "at: morning", "06:00"),
        ("mailboxes:", "mailboxs:", "did you mean 'mailboxes'"),
        ("mailbox: x26abc2", "mailbox: [", "line"),
    ],
)
def test_what_cannot_be_followed_is_named_with_the_nearest_right_word(
    folder: Path, wrong: str, right: str, says: str
) -> None:
    from commonweal.apps.exchange.mesh.errors import BadMailboxes

    assert wrong in GOOD
    with pytest.raises(BadMailboxes, match=says) as bad:
        read(folder, GOOD.replace(wrong, right))
    assert "Banana" not in str(bad.value)


def test_a_secret_that_others_can_read_is_refused(folder: Path) -> None:
    from commonweal.apps.exchange.mesh.errors import BadMailboxes

    (folder / "key").chmod(0o644)
    with pytest.raises(BadMailboxes, match="chmod 600"):
        read(folder, GOOD)


@pytest.mark.parametrize(
    ("every", "now", "day"),
    [
        ("day", "2026-06-10T05:59:00+00:00", date(2026, 6, 10)),  # 06:59 in London, in summer
        ("day", "2026-06-10T04:59:00+00:00", date(2026, 6, 9)),
        ("day", "2026-01-10T05:59:00+00:00", date(2026, 1, 9)),
        ("week", "2026-06-10T12:00:00+00:00", date(2026, 6, 8)),
        ("week", "2026-06-08T04:00:00+00:00", date(2026, 6, 1)),
        ("month", "2026-07-01T04:00:00+00:00", date(2026, 6, 1)),
        ("day", "2025-06-10T12:00:00+00:00", None),
        ("day", "2027-06-10T12:00:00+00:00", None),
    ],
)
def test_when_a_sending_is_due(every: str, now: str, day: date | None) -> None:
    from commonweal.apps.exchange.mesh.mailboxes import Sending
    from commonweal.apps.exchange.mesh.sending import due

    one = Sending("out", "W", "X", "A", every, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    assert due(one, datetime.fromisoformat(now)) == day


def test_pauses_grow_while_mesh_is_away_and_end_at_a_quarter_of_an_hour() -> None:
    from commonweal.apps.exchange.mesh.face import pause

    pauses = [pause(60, failures, Random(1)) for failures in range(8)]
    assert pauses[0] == 60
    assert pauses == sorted(pauses)
    assert 700 <= pauses[-1] <= 900
    assert pause(3600, 3, Random(1)) <= 3600


@given(plain=st.binary(max_size=400), cuts=st.lists(st.integers(0, 500), max_size=5), whole=st.booleans())
def test_gzip_is_unpacked_however_it_was_packed_and_cut(plain: bytes, cuts: list[int], whole: bool) -> None:
    from commonweal.apps.exchange.mesh.errors import BrokenMessage
    from commonweal.apps.exchange.mesh.taking import Gunzip

    packed = gzip.compress(plain) if whole else b"".join(gzip.compress(part) for part in _cut(plain, cuts))
    gunzip = Gunzip()
    assert b"".join(block for part in _cut(packed, cuts) for block in gunzip.more(part)) == plain
    gunzip.end()
    short = Gunzip()
    with pytest.raises(BrokenMessage):
        _ = [*short.more(packed[:-1])], short.end()


def _cut(content: bytes, at: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(content), *(place for place in at if place < len(content))})
    if len(places) == 1:
        yield content
    for first, last in pairwise(places):
        yield content[first:last]
