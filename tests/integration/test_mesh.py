"""MESH against NHS Digital's own sandbox: what is taken, set aside, sent, and what goes wrong by name."""

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from tests.landing_files import empty, gp_lines
from tests.mesh_sandbox_running import KEY, Sandbox, mesh_sandbox

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
]

FILE = """mailboxes:
  - mailbox: X26ABC2
    service: {url}
    password: {password}
    shared_key: mesh/shared-key
    most_bytes: {most}
    chunk_bytes: 2000
    tries: {tries}
    receive:
      - {{workflow: GP_RECORD, from: X26ABC1, feed: gp, source: A81001, valid_from: 2020-01-01}}
    send:
      - {{name: care-to-health, workflow: SOCIAL_CARE, to: X26ABC1, organisation: A81001, every: day, at: "06:00"}}
"""


@pytest.fixture(scope="module")
def sockets() -> None:
    import pytest_socket

    pytest_socket.enable_socket()


@pytest.fixture(scope="module")
def sandbox(sockets: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with mesh_sandbox(tmp_path_factory.mktemp("mesh")) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(database: str, sandbox: Sandbox) -> None:
    empty()
    for messages in sandbox.store.glob("*/in"):
        shutil.rmtree(messages)
    sandbox.admin("DELETE", "/admin/reset")


def boxes(sandbox: Sandbox, password: str = "password", most: int = 1_000_000, tries: int = 1, **more: str) -> Any:
    """The mailbox of this installation as its file declares it."""
    from django.conf import settings

    from commonweal.apps.exchange import api

    secrets = settings.COMMONWEAL_HOME / "mesh"
    secrets.mkdir(exist_ok=True)
    for name, text in (("password", password), ("shared-key", more.get("key", KEY))):
        (secrets / name).write_text(text + "\n")
        (secrets / name).chmod(0o600)
    url = more.get("url", sandbox.url)
    text = FILE.format(url=url, password="mesh/password", most=most, tries=tries)
    (settings.COMMONWEAL_HOME / "mesh.yaml").write_text(text)
    return api.mesh.read_mailboxes()


def rows(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def stored() -> int:
    return int(rows("SELECT count(*) FROM record_resource")[0][0])


def content(people: int = 2, seed: int = 0) -> bytes:
    return "".join(line + "\n" for line in gp_lines("A81001", people, seed)).encode()


def kept(sha256: str) -> bytes:
    from django.conf import settings

    from commonweal.apps.exchange import landing

    with landing.opened(settings.COMMONWEAL_HOME / "landing", sha256) as opened:
        return opened.read()


def test_a_message_in_packed_chunks_lands_and_is_acknowledged(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox)
    whole = content()
    sandbox.put(whole, "GP_RECORD", compress=True, max_chunk_size=3000)  # each chunk packed by itself
    sandbox.put(content(1, 7), "GP_RECORD")
    found = api.mesh.poll(box).told()
    assert (found["landed"], found["aside"], found["left"]) == (2, 0, 0)
    assert stored() == len(whole.splitlines()) + len(content(1, 7).splitlines())
    receipt = api.receipts()[-1]
    assert {kept(one.sha256) for one in api.receipts()} == {whole, content(1, 7)}
    assert receipt.source == "A81001"
    assert sandbox.waiting() == []
    assert api.mesh.poll(box).told()["messages"] == []


def test_a_whole_that_was_packed_and_then_cut_is_read_as_well(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox)
    whole, packed = content(), gzip.compress(content())
    sandbox.put(packed, "GP_RECORD", compressed=True, max_chunk_size=1500)
    assert api.mesh.poll(box).told()["landed"] == 1
    assert [kept(one.sha256) for one in api.receipts()] == [whole]


def test_stopped_between_store_and_acknowledge_it_is_not_applied_twice(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mesh_client import MeshClient

    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.models import MeshReceived

    (box,) = boxes(sandbox)
    ident = sandbox.put(content(), "GP_RECORD")

    class Killed(BaseException):
        """As a kill: nothing of ours handles it."""

    def stop(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:  # everything is stored, its row too, and MESH not told
        patched.setattr(MeshClient, "acknowledge_message", stop)
        with pytest.raises(Killed):
            api.mesh.poll(box)
    before = stored()
    assert sandbox.waiting() == [ident]
    with monkeypatch.context() as patched:  # landed, and its row not written: as if killed a moment before
        patched.setattr(MeshReceived, "save", stop)
        other = sandbox.put(content(1, 9), "GP_RECORD")
        with pytest.raises(Killed):
            api.mesh.poll(box)
    landed = stored()
    assert landed == before + len(content(1, 9).splitlines())
    assert sandbox.waiting() == [other]
    found = api.mesh.poll(box).told()
    assert (found["landed"], found["again"]) == (1, 0)
    assert (stored(), sandbox.waiting()) == (landed, [])
    assert [one.read == one.accepted for one in api.receipts()] == [True, True]
    assert MeshReceived.objects.filter(acknowledged_at=None).count() == 0


def test_nothing_is_acknowledged_while_the_database_is_away(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from commonweal.apps.exchange import actions, api

    (box,) = boxes(sandbox)
    ident = sandbox.put(content(), "GP_RECORD")

    def away(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(actions, "land", away)
        with pytest.raises(OperationalError):
            api.mesh.poll(box)
    assert sandbox.waiting() == [ident]
    assert api.mesh.poll(box).told()["landed"] == 1


def test_what_has_no_route_or_cannot_be_read_is_kept_aside_and_acknowledged(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox)
    sandbox.put(content(1), "GP_RECROD")
    sandbox.put(b"\x00\xff\x01 not a record \xfe", "GP_RECORD")
    with sandbox.partner("X26ABC3") as stranger:
        stranger.send_message("X26ABC2", content(1, 3), workflow_id="GP_RECORD")
    sandbox.put(content(1, 4), "GP_RECORD", encrypted=True)
    sandbox.put(content(1, 5), "GP_RECORD", checksum="sha256:" + "0" * 64)
    found = api.mesh.poll(box).told()
    assert {one["rule"] for one in found["messages"] if one["state"] == "aside"} == {
        "unknown-workflow", "unknown-sender", "encrypted", "other-checksum",
    }  # fmt: skip
    assert found["aside"] == 4
    assert found["landed"] == 1  # line by line in quarantine, as any file that is no record
    assert [one.quarantined for one in api.receipts()] == [1]
    assert sandbox.waiting() == []
    assert len(api.mesh.waiting(box)) == 4


def test_a_message_that_is_not_packed_as_it_says_is_kept_as_it_came(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.models import MeshReceived

    (box,) = boxes(sandbox)
    whole = content()
    ident = sandbox.put(whole, "GP_RECORD", compress=True)
    chunk = sandbox.store / "X26ABC2" / "in" / ident / "1"
    cut = chunk.read_bytes()[:-9]
    chunk.write_bytes(cut)
    (told,) = api.mesh.poll(box).told()["messages"]
    assert (told["state"], told["rule"]) == ("aside", "not-as-packed")
    assert kept(MeshReceived.objects.get().sha256) == cut
    with pytest.raises(api.mesh.MeshFault, match="ask its sender for another"):
        api.mesh.again(box, ident)
    api.mesh.discard(box, ident)
    with pytest.raises(FileNotFoundError):
        kept(_sha(cut))
    assert api.mesh.waiting(box) == []


def _sha(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_a_message_set_aside_lands_once_its_workflow_has_a_route(sandbox: Sandbox) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox)
    ident = sandbox.put(content(1), "GP_RECORD_2")
    api.mesh.poll(box)
    with pytest.raises(api.mesh.MeshFault, match="unknown-workflow"):
        api.mesh.again(box, ident)
    path = settings.COMMONWEAL_HOME / "mesh.yaml"
    path.write_text(path.read_text().replace("GP_RECORD,", "GP_RECORD_2,"))
    told = api.mesh.again(api.mesh.read_mailboxes()[0], ident)
    assert (told["state"], told["rule"]) == ("landed", "")
    assert stored() == len(content(1).splitlines())
    assert not list((settings.COMMONWEAL_HOME / "mesh" / "under-way").rglob("*.dat"))


def test_a_missing_chunk_leaves_the_message_and_takes_the_others(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox)
    broken = sandbox.put(content(2, 1), "GP_RECORD", max_chunk_size=2000)
    sandbox.put(content(1), "GP_RECORD")
    (sandbox.store / "X26ABC2" / "in" / broken / "2").unlink()
    found = api.mesh.poll(box).told()
    assert (found["landed"], found["left"]) == (1, 1)
    assert "chunk" in found["troubles"][0]
    assert sandbox.waiting() == [broken]
    assert stored() == len(content(1).splitlines())


def test_a_bomb_stays_in_mesh_under_its_limit(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox, most=100_000)
    ident = sandbox.put(b"0" * 5_000_000, "GP_RECORD", compress=True)
    found = api.mesh.poll(box).told()
    assert (found["left"], sandbox.waiting()) == (1, [ident])
    assert "most_bytes" in found["troubles"][0]


def test_a_wrong_password_key_or_name_is_told_apart_and_no_secret_is_repeated(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    from dataclasses import replace

    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.mesh.errors import MeshRefused, NoSuchMailbox

    for more in ({"password": "wr0ng-pass"}, {"key": "wr0ng-key"}):
        (box,) = boxes(sandbox, **more)  # type: ignore[arg-type]  # of one of the names
        with pytest.raises(MeshRefused, match="password, the shared key") as refused:
            api.mesh.check(box)
        assert "wr0ng" not in str(refused.value) + repr(box) + caplog.text
    (box,) = boxes(sandbox)
    with pytest.raises(NoSuchMailbox, match="NOBODY"):
        api.mesh.check(replace(box, name="NOBODY"))


def test_mesh_that_is_away_is_tried_again_and_then_named(sandbox: Sandbox, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox, url="http://127.0.0.1:9", tries=2)
    with pytest.raises(api.mesh.MeshUnreachable, match="nothing is lost"):
        api.mesh.poll(box)


def test_a_file_is_sent_in_packed_chunks_once(sandbox: Sandbox, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.mesh.errors import AlreadySent, NoSuchMailbox

    (box,) = boxes(sandbox)
    path = tmp_path / "Return of Mrs Ashworth.csv"
    path.write_bytes(content())
    told = api.mesh.send(box, path, "X26ABC1", "TEST_WORKFLOW")
    with sandbox.partner() as partner:
        message = partner.retrieve_message(told["message"])
        assert message.read() == content()
        assert message.mex_header("content-checksum") == f"sha256:{_sha(content())}"
        assert int(message.mex_header("chunk-range").split(":")[1]) > 1
        message.close()
    with pytest.raises(AlreadySent, match="--again"):
        api.mesh.send(box, path, "X26ABC1", "TEST_WORKFLOW")
    assert api.mesh.send(box, path, "X26ABC1", "TEST_WORKFLOW", again=True)["message"] != told["message"]
    with pytest.raises(NoSuchMailbox, match="NOBODY"):
        api.mesh.send(box, path, "nobody", "TEST_WORKFLOW")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(api.mesh.MeshFault, match="empty"):
        api.mesh.send(box, tmp_path / "empty.csv", "X26ABC1", "TEST_WORKFLOW")


def test_a_report_says_that_a_message_was_not_delivered(sandbox: Sandbox, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.models import MeshSent

    (box,) = boxes(sandbox)
    (tmp_path / "a.csv").write_text("a\n1\n")
    sent = api.mesh.send(box, tmp_path / "a.csv", "X26ABC1", "TEST_WORKFLOW")["message"]
    report = {
        "mailbox_id": "X26ABC2", "code": "14", "description": "not collected", "workflow_id": "TEST_WORKFLOW",
        "linked_message_id": sent,
    }  # fmt: skip
    sandbox.admin("POST", "/messageexchange/admin/report", report)
    (told,) = api.mesh.poll(box).told()["messages"]
    assert told["state"] == "report"
    assert sent in told["why"]
    assert MeshSent.objects.get().state == "undelivered"
    assert sandbox.waiting() == []


def test_a_scheduled_export_goes_out_once_a_period_and_lands_at_the_other_end(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from django.conf import settings

    from commonweal.apps.exchange import api

    (box,) = boxes(sandbox)
    (tmp_path / "A81001.ndjson").write_bytes(content())
    api.land("gp", [tmp_path / "A81001.ndjson"], "A81001")
    now = datetime.fromisoformat("2026-03-02T05:30:00+00:00")
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: now)
    (sent,) = api.mesh.send_due(box)
    assert sent["local_id"] == "care-to-health.2026-03-01"  # before six: the day before is the latest that was due
    assert api.mesh.send_due(box) == []
    with sandbox.partner() as partner:
        (ident,) = partner.list_messages()
        lines = [json.loads(line) for line in partner.retrieve_message(ident).read().splitlines()]
    assert sorted(one["id"] for one in lines) == sorted(json.loads(line)["id"] for line in content().splitlines())
    assert [one["resourceType"] for one in lines[:2]] == ["Patient", "Patient"]
    audited = rows("SELECT actor, organisation, outcome FROM access_audit WHERE action = 'bulk.export'")
    assert audited == [("service:mesh", "A81001", "allowed")]
    bulk = settings.COMMONWEAL_HOME / "bulk"
    assert not list(bulk.iterdir())
    monkeypatch.setattr(settings, "COMMONWEAL_NOW", lambda: now.replace(hour=7))
    assert [one["local_id"] for one in api.mesh.send_due(box)] == ["care-to-health.2026-03-02"]


def test_a_sending_that_broke_off_is_done_again_under_the_same_id(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import requests
    from mesh_client import MeshClient

    from commonweal.apps.exchange import api
    from commonweal.apps.exchange.models import BulkRequest, MeshSent

    (tmp_path / "A81001.ndjson").write_bytes(content())
    api.land("gp", [tmp_path / "A81001.ndjson"], "A81001")
    (away,) = boxes(sandbox, url="http://127.0.0.1:9")
    with pytest.raises(api.mesh.MeshUnreachable):
        api.mesh.send_due(away)
    assert not BulkRequest.objects.filter(address__startswith="mesh:care-to-health", state="queued").exists()
    (box,) = boxes(sandbox)
    whole = MeshClient.send_chunk

    def breaks(self: MeshClient, *said: Any, **more: Any) -> Any:
        if more["chunk_num"] == 2:
            raise requests.ConnectionError("gone")
        return whole(self, *said, **more)

    with monkeypatch.context() as patched:
        patched.setattr(MeshClient, "send_chunk", breaks)
        with pytest.raises(api.mesh.MeshUnreachable):
            api.mesh.send_due(box)
    before = MeshSent.objects.get()
    assert (before.state, sandbox.waiting("X26ABC1")) == ("sending", [])
    (sent,) = api.mesh.send_due(box)
    assert sent["local_id"] == before.local_id
    assert sandbox.waiting("X26ABC1") == [sent["message"]]


def test_polling_goes_on_when_mesh_comes_back(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from random import Random
    from threading import Event

    from commonweal.apps.exchange.mesh import face, polling
    from commonweal.apps.exchange.mesh.errors import MeshUnreachable

    sandbox.put(content(), "GP_RECORD")
    told: list[dict[str, Any]] = []
    stop = Event()
    polls = iter([MeshUnreachable("away"), MeshUnreachable("away")])

    def poll(box: Any) -> Any:
        for trouble in polls:
            raise trouble
        return polling.poll(box)

    def tell(one: dict[str, Any]) -> None:
        told.append(one)
        if one.get("landed") or len(told) > 8:
            stop.set()

    monkeypatch.setattr(face, "poll", poll)
    monkeypatch.setattr(face, "send_due", lambda box: [{"local_id": "x"}])
    face.keep_polling(boxes(sandbox), 0.01, stop, tell, Random(1))
    assert [one["trouble"] for one in told if "trouble" in one] == ["away", "away"]
    assert told[-1]["landed"] == 1
    assert {"mailbox": "X26ABC2", "sent": {"local_id": "x"}} in told  # meanwhile


def test_the_command_polls_lists_what_is_aside_and_names_what_is_wrong(sandbox: Sandbox, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from commonweal.cli.main import app

    boxes(sandbox)
    sandbox.put(content(), "GP_RECORD")
    other = sandbox.put(content(1, 3), "OTHER")

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["mesh", *words])

    (polled,) = json.loads(run("poll", "--once", "--json").stdout)
    assert (polled["landed"], polled["aside"]) == (1, 1)
    assert other in run("aside").stdout
    assert run("aside", "--discard", other).exit_code == 0
    assert "Nothing is set aside" in run("aside").stdout
    assert run("check").exit_code == 0
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    sent = json.loads(run("send", str(path), "--to", "X26ABC1", "--workflow", "W", "--json").stdout)
    assert sandbox.waiting("X26ABC1") == [sent["message"]]
    for words, says in (
        (("send", str(path), "--to", "X26ABC1", "--workflow", "W"), "--again"),
        (("send", str(path), "--to", "X", "--workflow", "W", "--mailbox", "X26ABC"), "did you mean 'X26ABC2'"),
        (("send", "nowhere.csv", "--to", "X", "--workflow", "W"), "nowhere.csv"),
        (("poll",), "--once"),
    ):
        wrong = run(*words)
        assert (wrong.exit_code, says in wrong.stderr.replace("\n", " ")) == (1, True), wrong.output
    boxes(sandbox, password="other")
    assert "password" in run("poll", "--once").stderr


def test_the_page_shows_polls_what_is_aside_and_what_stands_in_the_way(sandbox: Sandbox) -> None:
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.exchange.mesh.seen import seen

    (mailbox,) = boxes(sandbox)
    sandbox.put(content(1), "NOBODY_KNOWS")
    exchange.mesh.poll(mailbox)
    (wrong,) = boxes(sandbox, password="wrong")
    with pytest.raises(exchange.mesh.MeshFault):
        exchange.mesh.poll(wrong)
    held = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = "commonweal_app"
    try:
        (box,) = seen()
    finally:
        connection.close()
        connection.settings_dict["USER"] = held
    assert (box.counts["aside"], [one.workflow for one in box.aside]) == (1, ["NOBODY_KNOWS"])
    assert box.polled_at is not None
    assert "password" in box.trouble
    exchange.mesh.poll(mailbox)
    assert seen()[0].trouble == ""
