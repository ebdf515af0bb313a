"""Lawful removal reaches every copy, needs two people, gives way to a legal hold, and is finished after a crash."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection

from tests.conftest import _point_at
from tests.landing_files import adt_message, entry, patient, write_lines

PRACTICE, TRUST = "A81001", "RXX"
PERSON = "7d1c1111-0000-4000-8000-00000000aaaa"
OTHER = "7d1c2222-0000-4000-8000-00000000bbbb"
PLANTED = ("Zephyrine", "Quillfeather", "9990000042", PERSON, "ZQ7 7QZ", "MRN-ZQ42")


class Crash(Exception):
    """The process dies here."""


@pytest.fixture
def owner(database: str) -> Iterator[None]:
    """As the tables' owner, as the command is; everything empty, and two administrators."""
    from tests.landing_files import empty

    empty()
    _point_at(database, "commonweal_owner")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE record_removed, exchange_removal, exchange_hold")
    for name in ("landing", "lake", "removals"):
        shutil.rmtree(Path(settings.COMMONWEAL_HOME) / name, ignore_errors=True)
    from commonweal.apps.access import api as access

    for name in ("ann", "bob"):
        access.create_user(name, "a long password", access.Role.ADMINISTRATOR, "QOX", name.title())
    yield
    connection.close()
    _point_at(database, "commonweal_batch")


def planted(ident: str = PERSON) -> dict[str, Any]:
    said: Any = patient(ident, PRACTICE, 42, family="Quillfeather")
    said["name"][0]["given"] = ["Zephyrine"]
    said["identifier"][0]["value"] = "9990000042"
    said["address"][0]["postalCode"] = "ZQ7 7QZ"
    return dict(said)


def lines() -> list[str]:
    """Two people's resources, and a line of the person's that is refused."""
    found = [json.dumps(patient(OTHER, PRACTICE, 1)), json.dumps(planted())]
    for n in range(6):
        for who in (OTHER, PERSON):
            found.append(json.dumps(entry(f"{who[:-4]}{n:04x}", who, "d0c70000-0000-4000-8000-000000000001", n)))
    bad = {**planted("bad-of-them"), "birthDate": "2020-13-45"}
    return [*found, json.dumps(bad)]


def land(tmp_path: Path) -> None:
    """A practice's file, a later one that changes the person, and a trust's messages."""
    from commonweal.apps.exchange import api

    api.land("gp", [write_lines(tmp_path / "one.ndjson", lines())], PRACTICE)
    later = planted()
    later["address"][0]["city"] = "Elsewhere"
    api.land("gp", [write_lines(tmp_path / "two.ndjson", [json.dumps(later), lines()[0]])], PRACTICE)
    messages = [
        adt_message(TRUST, "MRN-ZQ42", 1, "A01", "202001011000", "V1", family="Quillfeather"),
        adt_message(TRUST, "MRN-OTHER", 2, "A01", "202001011100", "V2"),
        adt_message(TRUST, "MRN-ZQ42", 3, "A08", "202001021000", "V1", family="Quillfeather"),
    ]
    path = tmp_path / "RXX.hl7"
    path.write_text("\n".join(messages))
    api.land("adt", [path], TRUST)


def build_lake() -> None:
    from commonweal.apps.population.lake import open_lake, refresh_lake

    refresh_lake(open_lake(), datetime(2021, 1, 1, tzinfo=UTC).date(), lambda stage: None)


def actor(name: str) -> Any:
    from commonweal.apps.access import api as access

    return access.erasing.administrator(name, "a long password")


def remove(asked: Any, reason: str = "retention", step: Any = lambda name: None, **more: Any) -> Any:
    from commonweal.apps.exchange import api

    made = api.removal.ask(api.removal.Reason(reason), "Retention schedule, line 12", asked, actor("ann"))
    api.removal.confirm(made.pk, actor("bob"))
    return api.removal.carry_out(made.pk, step, **more)


def both() -> Any:
    """The person's compartment at the practice and at the trust."""
    from commonweal.apps.exchange import api

    return api.removal.Asked(compartments=((PRACTICE, PERSON), (TRUST, "MRN-ZQ42")))


def everywhere() -> list[str]:
    """Where a planted word stands: any row of any table, any file of the home, sealed ones opened."""
    from commonweal.apps.exchange import landing
    from commonweal.feeds import sealing

    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            # bytea prints as hex, so each word is looked for as text and as hex
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text ~ %s",
                ["|".join([*PLANTED, *(word.encode().hex() for word in PLANTED)])],
            )
            if cursor.fetchone()[0]:
                found.append(f"table {table}")
    home = Path(settings.COMMONWEAL_HOME)
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if data.startswith(b"CWSEAL1"):
                data += landing.opened(home / "landing", path.name).read()
            found += [f"file {path.relative_to(home)}" for word in PLANTED if word.encode() in data]
    assert sealing.CHUNK
    return sorted(set(found))


@pytest.mark.usefixtures("owner")
def test_after_a_removal_nothing_of_the_person_is_left_anywhere(tmp_path: Path) -> None:
    """Given a person in two feeds, the lake, quarantine and landed files; when removed; then no byte is left."""
    from commonweal.apps.exchange import api, changes
    from commonweal.apps.population.lake import open_lake

    land(tmp_path)
    changes.note(TRUST, "adt", [(["MRN-ZQ42"], settings.COMMONWEAL_NOW())])  # nobody has been told yet
    build_lake()
    before = everywhere()
    assert "table exchange_change" in before
    assert {"table record_resource", "table record_history", "table exchange_message", "table exchange_quarantine",
            "table identity_demographics", "table record_string"} <= set(before)  # fmt: skip
    assert any(where.startswith("file landing/") for where in before)
    reached = api.removal.reach(api.removal.targets_of(both()))
    assert (reached["compartments"], reached["messages"], reached["landed files"]) == (2, 2, 3)
    done = remove(both())
    assert (done.state, done.targets) == ("done", {})
    assert {name: done.reached[name] for name in ("resources", "messages", "landed rows", "quarantined rows")} == {
        name: reached[name] for name in ("resources", "messages", "landed rows", "quarantined rows")
    }
    assert done.reached["lake rows"] > 0
    assert everywhere() == []
    # the other person is as before, in the record, the landed files and the lake
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource r JOIN record_compartment c ON c.id = r.compartment_id "
                       "WHERE c.local_id = %s", [OTHER])  # fmt: skip
        assert cursor.fetchone() == (7,)
    with open_lake().connect() as lake:
        assert lake.execute("SELECT count(*) FROM person").fetchone() == (2,)
    assert api.replay(1)["read"] == 0


def set_aside(path: Path, name: str, content: bytes, rule: str = "unknown-workflow") -> Any:
    """A MESH message that waits on the landing floor."""
    from commonweal.apps.exchange import landing
    from commonweal.apps.exchange.models import MeshReceived

    path.write_bytes(content)
    kept = landing.keep(path, Path(settings.COMMONWEAL_HOME) / "landing")
    said = {"mailbox": "box", "sender": "X99", "workflow": "W", "state": "aside", "rule": rule, "sha256": kept.sha256}
    return MeshReceived.objects.create(message_id=name, received_at=settings.COMMONWEAL_NOW(), **said)


@pytest.mark.usefixtures("owner")
def test_messages_set_aside_lose_the_persons_records_or_go_whole(tmp_path: Path) -> None:
    """Given what nobody has a route for, in every shape; when removed, a crash included; then others' records stay."""
    from commonweal.apps.exchange import api, landing
    from commonweal.apps.exchange.models import MeshReceived

    land(tmp_path)
    other = json.dumps(patient(OTHER, PRACTICE, 1))
    messages = [adt_message(TRUST, mrn, n, "A01", "202001011000", "V1") for n, mrn in enumerate(("MRN-ZQ42", "MRN-B"))]
    row = b'ref,number,note\n1,9990000018,well\n2,999 000 0042,"of\nZephyrine"\n3,9990000018,so\n'
    contents = {
        "lines": "\n".join([other, json.dumps(planted()), other]).encode(),
        "messages": "\r".join(messages).encode(),
        "table": row,
        "long row": row.replace(b"999 000 0042", b"y" * (1 << 20) + b" 9990000042 "),
        "xml": b"<p>" + b"x" * 300_000 + b" 9990000042</p>",
        "wide": "n;9990000042".encode("utf-16"),
        "other": b"<p>9990000018</p>",
        "packed": b"PK\x03\x04 who knows",
    }
    rows = {name: set_aside(tmp_path / "m", name, said) for name, said in contents.items()}
    floor = Path(settings.COMMONWEAL_HOME) / "landing"
    left = Path(settings.COMMONWEAL_HOME) / "mesh" / "under-way" / "dead"
    left.mkdir(parents=True)
    (left / "m.dat").write_bytes(contents["table"])
    reached = api.removal.reach(api.removal.targets_of(both()))
    assert (reached["MESH messages set aside"], reached["MESH messages that cannot be searched"]) == (6, 1)

    def die(name: str) -> None:
        if name == "their keys":
            raise Crash

    with pytest.raises(Crash):
        remove(both(), step=die)
    done = api.removal.carry_out(api.removal.unfinished()[0]).reached
    assert (done["MESH messages set aside"], done["MESH messages that cannot be searched"]) == (6, 1)
    assert everywhere() == []
    held = {row.message_id: row for row in MeshReceived.objects.all()}
    assert {name for name, one in held.items() if one.state == "discarded"} == {"long row", "xml", "wide"}

    def content(name: str) -> bytes:
        return landing.opened(floor, held[name].sha256).read()

    assert content("lines") == f"{other}\n\n{other}".encode()
    assert content("table") == b"ref,number,note\n1,9990000018,well\n\n\n3,9990000018,so\n"
    assert (content("messages").count(b"MSH"), b"MRN-B" in content("messages")) == (1, True)
    assert all(held[name].sha256 == rows[name].sha256 for name in ("other", "packed"))


@pytest.mark.usefixtures("owner")
def test_a_local_number_in_what_others_sent_destroys_nothing_of_theirs(tmp_path: Path) -> None:
    """Given a number of the trust's that is a year elsewhere; when removed; then what holds it is left to be seen."""
    from commonweal.apps.exchange import api, landing
    from commonweal.apps.exchange.models import MeshReceived, Quarantine

    path = tmp_path / "RXX.hl7"
    path.write_text(adt_message(TRUST, "2024", 1, "A01", "202001011000", "V1"))
    api.land("adt", [path], TRUST)
    refused = [json.dumps({**patient(OTHER, PRACTICE, 1), "birthDate": "2024-13-45"})]
    api.land("gp", [write_lines(tmp_path / "one.ndjson", refused)], PRACTICE)
    table = b"ref,day,note\n1,2024-01-05,well\n2,2023-01-05,so\n"
    merged = adt_message("RYY", "M1", 2, "A40", "202001021000", "", merged="2024^^^RXX^MR~OTHER").encode()
    rows = {name: set_aside(tmp_path / "m", name, said) for name, said in (("table", table), ("merge", merged))}
    asked = api.removal.Asked(compartments=((TRUST, "2024"),))
    reached = api.removal.reach(api.removal.targets_of(asked))
    doubtful = "MESH messages to look at: a local number stands in them"
    assert (reached["MESH messages set aside"], reached[doubtful], reached["quarantined rows"]) == (1, 1, 0)
    done = remove(asked)
    assert (done.reached["MESH messages set aside"], done.reached[doubtful], done.reached["landed rows"]) == (1, 1, 1)
    held = MeshReceived.objects.get(pk=rows["table"].pk)
    assert landing.opened(Path(settings.COMMONWEAL_HOME) / "landing", held.sha256).read() == table
    assert MeshReceived.objects.get(pk=rows["merge"].pk).sha256 != rows["merge"].sha256
    assert Quarantine.objects.count() == 1


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("feed", ["adt", "gp"])
def test_what_is_too_long_to_be_read_is_searched_to_its_end(
    tmp_path: Path, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a message and a line of which a reader gives the beginning; when a person named later is removed."""
    from commonweal.apps.exchange import api
    from commonweal.feeds import gp, hl7v2

    monkeypatch.setattr(hl7v2, "MAX_BYTES", 9_000)
    monkeypatch.setattr(hl7v2, "_BLOCK", 4_096)
    monkeypatch.setattr(gp, "MAX_BYTES", 9_000)
    land(tmp_path)
    if feed == "adt":
        first, other = (adt_message(TRUST, mrn, 7, "A01", "202001031000", "V9") for mrn in ("MRN-X", "MRN-Y"))
        path = tmp_path / "long.hl7"
        path.write_text(first + "NTE|1||x\r" * 2_000 + "NTE|2||9990000042\r" + other)
        source = TRUST
    else:
        long, other = '{"x": "' + "y" * 30_000 + ' 9990000042"}', json.dumps(patient(OTHER, PRACTICE, 2))
        path = write_lines(tmp_path / "long.ndjson", [long, other])
        source = PRACTICE
    before = api.land(feed, [path], source)
    assert (before["read"], before["quarantined"]) == (2, 1)
    remove(both())
    assert everywhere() == []


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("died_at", ["", "lake"])
def test_rows_of_commissioning_files_go_whoever_sent_them(tmp_path: Path, died_at: str) -> None:
    """By NHS number however it is written, from the file as it came, from quarantine and from the analysis zone."""
    from commonweal.apps.exchange import api
    from commonweal.lake import commissioning
    from tests.integration.test_mapped_feeds import APC, SPELL

    land(tmp_path)
    hers = [SPELL.replace("9990000018", number).replace("S123", spell) for number, spell in
            (("9990000042", "S1"), ("999 000 0042", "S2"))]  # fmt: skip
    refused = SPELL.replace("9990000018", "9990000042").replace("2020-09-01", "2020-09-31").replace("S123", "S3")
    path = tmp_path / "apc.csv"
    path.write_text("\n".join([APC, hers[0], SPELL, hers[1], refused, SPELL.replace("S123", "S4")]) + "\n")
    assert api.land("apc", [path], "X99")["accepted"] == 4

    def die(name: str) -> None:
        if name == died_at:
            raise Crash

    if died_at:
        with pytest.raises(Crash):
            remove(both(), step=die)
        (number,) = api.removal.unfinished()
        assert api.removal.carry_out(number).state == "done"
    else:
        remove(both())
    assert everywhere() == []
    with commissioning.connected(Path(settings.COMMONWEAL_HOME) / "lake", "apc") as rows:
        assert rows.execute("SELECT count(*), count(DISTINCT person) FROM rows").fetchall() == [(2, 1)]


def listened(short: str = "") -> Any:
    """A listener's store that has taken messages of two people and still has its journal open."""
    from commonweal.apps.exchange.listening.storing import Arrived, Store

    store = Store(lambda seconds: None)
    said = [
        adt_message(TRUST, "MRN-ZQ42", 1, "A01", "202001011000", "V1", family="Quillfeather"),
        adt_message(TRUST, "MRN-OTHER", 2, "A01", "202001011100", "V2"),
        adt_message(TRUST, "MRN-ZQ42", 3, "A40", "202001021000", "", family="Quillfeather", merged=short or "MRN-ZQ41"),
    ]
    if short:
        said.insert(2, adt_message(TRUST, short, 4, "A01", "202001011200", "V4"))
    assert store.take([Arrived(one.encode(), TRUST) for one in said]) == [[] for _ in said]
    return store


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("alive", [True, False])
def test_what_a_listener_is_writing_is_closed_and_reached(alive: bool) -> None:
    """Given an open journal, its listener alive or dead; when the person is removed; then no journal holds them."""
    from commonweal.apps.exchange import api

    store = listened()
    journals = Path(settings.COMMONWEAL_HOME) / "landing" / "journal"
    assert len(list(journals.glob("journal-*"))) == 1
    if not alive:
        for opened in store._open.values():
            opened.journal.close()
    waited: list[float] = []

    def pause(seconds: float) -> None:
        waited.append(seconds)
        if alive:
            store.rotate()

    done = remove(api.removal.Asked(compartments=((TRUST, "MRN-ZQ42"),)), pause=pause)
    assert list(journals.iterdir()) == []
    assert waited
    assert (done.state, done.reached["messages"], done.reached["landed rows"]) == ("done", 2, 2)
    assert [where for where in everywhere() if "MRN-ZQ41" not in where] == []


@pytest.mark.usefixtures("owner")
def test_a_listener_that_does_not_close_leaves_the_removal_to_be_resumed() -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.errors import RemovalRefused

    store = listened()
    with pytest.raises(RemovalRefused, match="--resume"):
        remove(api.removal.Asked(compartments=((TRUST, "MRN-ZQ42"),)), pause=lambda seconds: None)
    (number,) = api.removal.unfinished()
    store.rotate()
    assert api.removal.carry_out(number).state == "done"


@pytest.mark.usefixtures("owner")
def test_a_message_that_names_the_person_by_a_short_number_goes_too() -> None:
    """``Message.also`` says whom a merge retires; a number of two figures is no word to search lines for."""
    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.models import Message

    store = listened("77")
    store.rotate(everything=True)
    done = remove(api.removal.Asked(compartments=((TRUST, "77"),)))
    assert (done.reached["messages"], done.reached["landed rows"]) == (2, 2)
    assert not Message.objects.filter(also__contains=["77"]).exists()


@pytest.mark.usefixtures("owner")
def test_what_was_removed_does_not_come_back_and_a_correction_does(tmp_path: Path) -> None:
    """Given a removal; when the same file, and the same lines in another, come; then nothing; a correction is taken."""
    from commonweal.apps.exchange import api

    land(tmp_path)
    remove(both(), "rectification")
    again = api.land("gp", [tmp_path / "one.ndjson"], PRACTICE)
    assert (again["read"], again["duplicate"]) == (15, 15)
    assert api.land("adt", [tmp_path / "RXX.hl7"], TRUST)["accepted"] == 0
    extract = api.land("gp", [write_lines(tmp_path / "three.ndjson", list(reversed(lines()[:-1])))], PRACTICE)
    assert (extract["accepted"], extract["duplicate"], extract["quarantined"]) == (0, 7, 7)
    assert everywhere() == []
    corrected = {**planted(), "gender": "other"}
    path = write_lines(tmp_path / "four.ndjson", [json.dumps(corrected)])
    assert api.land("gp", [path], PRACTICE)["accepted"] == 1


@pytest.mark.usefixtures("owner")
def test_a_single_resource_goes_with_its_versions_and_its_line(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    land(tmp_path)
    ident = f"{PERSON[:-4]}0000"
    done = remove(api.removal.Asked(resources=(("Condition", ident),)), "wrong-person")
    assert (done.reached["resources"], done.reached["landed rows"]) == (1, 1)
    PLACES = [where for where in everywhere() if not where.startswith("table exchange_removal")]
    assert PLACES  # the person stays
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_resource WHERE id = %s", [ident])
        assert cursor.fetchone() == (0,)


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(
    "died_at", ["list", "database", "landed files", "landed file", "keys", "other files", "lake", "vacuum", "end"]
)
def test_killed_at_any_step_a_removal_is_finished_by_the_same_command(tmp_path: Path, died_at: str) -> None:
    from commonweal.apps.exchange import api

    land(tmp_path)
    seen: list[str] = []

    def die(name: str) -> None:
        seen.append(name)
        if name == died_at and seen.count(name) == (2 if name in ("landed file", "keys") else 1):
            raise Crash

    with pytest.raises(Crash):
        remove(both(), step=die)
    assert api.removal.unfinished()
    for number in api.removal.unfinished():
        assert api.removal.carry_out(number).state == "done"
    assert everywhere() == []
    assert api.removal.unfinished() == []


@pytest.mark.usefixtures("owner")
def test_nobody_removes_alone_and_a_legal_hold_stops_two(tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    land(tmp_path)
    made = api.removal.ask(api.removal.Reason.RETENTION, "Retention schedule, line 12", both(), actor("ann"))
    with pytest.raises(api.RemovalRefused, match="another administrator"):
        api.removal.confirm(made.pk, actor("ann"))
    with pytest.raises(ValueError, match="not an administrator's"):
        actor("nobody")
    wholes = [ident for ident, _, _ in api.removal.targets_of(both()).wholes]
    (first, *_rest) = api.removal.hold(wholes, "Coroner's inquest", actor("ann"))
    with pytest.raises(api.RemovalRefused, match="legal hold"):
        api.removal.confirm(made.pk, actor("bob"))
    for number in (first, *_rest):
        api.removal.lift(number, actor("ann"))
    api.removal.confirm(made.pk, actor("bob"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT action FROM access_audit WHERE action ~ '^(removal|hold)' ORDER BY id DESC LIMIT 5")
        actions = [row[0] for row in cursor.fetchall()][::-1]
    assert actions == ["removal.ask", "hold.set", "hold.lift", "hold.lift", "removal.confirm"]


@pytest.mark.usefixtures("owner")
def test_a_restored_backup_does_not_bring_a_removed_person_back(tmp_path: Path) -> None:
    """Given a removal after a backup; when the backup's rows are there again; then the list removes them again."""
    from commonweal.apps.exchange import api

    taken = datetime.now(UTC) - timedelta(hours=1)
    land(tmp_path)
    remove(both())
    lists = api.removal.lines([api.removal.list_path()])
    with connection.cursor() as cursor:  # the database as the backup has it: before the removal
        cursor.execute("DELETE FROM record_removed")
        cursor.execute("DELETE FROM exchange_removal")
        cursor.execute("DELETE FROM exchange_message")
        cursor.execute("DELETE FROM exchange_receipt")
    land(tmp_path)
    assert everywhere() != []
    made = api.removal.apply_again(lists, taken)
    assert made is not None
    assert api.removal.carry_out(made.pk).state == "done"
    assert everywhere() == []
    assert api.removal.apply_again(lists, datetime.now(UTC) + timedelta(days=1)) is None


@pytest.mark.usefixtures("owner")
def test_every_table_that_names_a_person_is_reached_or_kept_on_purpose() -> None:
    """A new table of a compartment or person fails here until removal reaches it or a reason to keep it is written."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.apps.record import api as record

    kept = {
        "access_user": "a citizen's own account is made anonymous, because the audit names accounts",
        "access_case": "a question asked about somebody's look is part of the audit",
        "exchange_meshsent": "its local_id is the name of a sending, nobody's number",
        "exchange_hold": "a hold names a compartment by number; none that stands lets anything be removed",
    }
    reached = {*record.erasing.TABLES, *identity.erasing.TABLES, *access.erasing.TABLES}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT table_name FROM information_schema.columns JOIN information_schema.tables "
            "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND "
            "(column_name ~ '(compartment_id|person_id|local_id|rid)$' AND column_name !~ 'grid') "
            "AND table_name NOT LIKE 'access_audit%'"
        )
        named = {row[0] for row in cursor.fetchall()}
        cursor.execute(  # what goes with a compartment's own row, or with a row that does
            "WITH RECURSIVE gone(id) AS (SELECT 'record_compartment'::regclass::oid UNION "
            "SELECT conrelid FROM pg_constraint JOIN gone ON confrelid = gone.id WHERE confdeltype = 'c') "
            "SELECT relname FROM gone JOIN pg_class ON pg_class.oid = gone.id"
        )
        reached |= {row[0] for row in cursor.fetchall()}
    assert named - reached - set(kept) == set()
    assert UUID(PERSON)
