"""Landing, whatever the bytes: counts are never lost, twice is once, and messages have no order."""

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.landing_files import adt_message, empty, entry, patient, state

SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
pytestmark = pytest.mark.usefixtures("database")


@st.composite
def gp_line(draw: st.DrawFn) -> bytes:
    """A line a practice might send: sound, changed, broken, or no line at all."""
    ident = f"r{draw(st.integers(0, 6))}"
    person = f"p{draw(st.integers(0, 2))}"
    kind = draw(st.sampled_from(["patient", "entry", "broken", "blank", "noise"]))
    if kind == "patient":
        return json.dumps(patient(person, "A81001", family=draw(st.sampled_from(["Ash", "Birch"])))).encode()
    if kind == "entry":
        return json.dumps(entry(ident, person, "d", draw(st.integers(0, 3)))).encode()
    if kind == "broken":
        return json.dumps(entry(ident, person, "d", 0)).encode()[: draw(st.integers(1, 60))]
    return b"" if kind == "blank" else draw(st.binary(max_size=40)).replace(b"\n", b"")


def _land(feed: str, source: str, content: bytes) -> dict[str, int]:
    from commonweal.apps.exchange import api

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{hashlib.sha256(content).hexdigest()[:8]}.dat"
        path.write_bytes(content)
        return api.land(feed, [path], source)


@SLOW
@given(st.lists(gp_line(), max_size=25), st.integers(1, 7))
def test_no_line_is_lost_and_twice_is_once(lines: list[bytes], batch: int) -> None:
    from commonweal.apps.exchange import reading

    empty()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BATCH", batch)
        first = _land("gp", "A81001", b"\n".join(lines))
        told = state()
        second = _land("gp", "A81001", b"\n".join(lines))
    content = [line for line in b"\n".join(lines).split(b"\n") if line.strip()]
    if content and content[0].strip() != b"\xef\xbb\xbf":
        assert first["read"] == len(content)
    assert first["read"] == first["accepted"] + first["duplicate"] + first["quarantined"]
    assert (second["accepted"], second["quarantined"], second["duplicate"]) == (0, 0, first["read"])
    assert state() == told
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT line) FROM exchange_quarantine")
        assert cursor.fetchone()[0] == first["quarantined"]


@SLOW
@given(st.lists(gp_line(), max_size=20), st.integers(1, 30), st.integers(1, 30))
def test_where_a_batch_ends_makes_no_difference(lines: list[bytes], one: int, other: int) -> None:
    from commonweal.apps.exchange import reading

    ends = []
    for size in (one, other):
        empty()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reading, "BATCH", size)
            _land("gp", "A81001", b"\n".join(lines))
        ends.append(state())
    assert ends[0] == ends[1]


@st.composite
def adt_histories(draw: st.DrawFn) -> list[str]:
    """Messages of three people in order of time, with a merge now and then and a repeat."""
    made = []
    for n in range(draw(st.integers(1, 10))):
        mrn = f"M{draw(st.integers(1, 3))}"
        event = draw(st.sampled_from(["A01", "A08", "A03", "A40"]))
        at = f"2020{draw(st.integers(1, 9)):02d}{draw(st.integers(1, 28)):02d}1000"
        family = draw(st.sampled_from(["Ash", "Birch", ""]))
        visit = draw(st.sampled_from(["V1", "V2", ""]))
        extra = {"merged": "M7"} if event == "A40" else {"discharged": at if event == "A03" else ""}
        made.append(adt_message("RXX", mrn, n, event, at, f"{mrn}{visit}" if visit else "", family=family, **extra))
    return made


@SLOW
@given(st.data(), adt_histories())
def test_messages_in_any_order_and_any_split_end_the_same(data: st.DataObject, made: list[str]) -> None:
    from commonweal.apps.exchange import messages

    ends = []
    shuffled = data.draw(st.permutations(made))
    cut = data.draw(st.integers(0, len(made)))
    for parts, size in (([made], 100), ([shuffled[:cut], shuffled[cut:] + made[:2]], data.draw(st.integers(1, 4)))):
        empty()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(messages, "PILE", size)
            for part in parts:
                result = _land("adt", "RXX", "\n".join(part).encode())
                assert result["read"] == result["accepted"] + result["duplicate"] + result["quarantined"]
                assert result["read"] == len(part)
        ends.append(state(versions=False))
    assert ends[0] == ends[1]
