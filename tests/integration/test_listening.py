"""The listener on a real socket and database: what is answered, what is held, what no sender can do."""

import asyncio
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import hl7.client
import pytest
from django.conf import settings

from tests.landing_files import adt_message, empty, state
from tests.mllp_senders import answers, connect, frame, said, stays

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.enable_socket,
    pytest.mark.allow_hosts(["127.0.0.1"]),
]
Listening = Callable[..., Any]


@contextmanager
def running(tls: ssl.SSLContext | None = None, **limits: float) -> Iterator[int]:
    """A listener in a thread of this process, for RXX and for facility EAST, which is RYY; its port."""
    from commonweal.apps.exchange.api import Limits, Listener
    from commonweal.apps.exchange.listening.senders import Sender, Senders

    senders = Senders([Sender("RXX", "RXX"), Sender("EAST", "RYY", None, date(2019, 1, 1), date(2019, 12, 31))])
    listener = Listener(senders, settings.COMMONWEAL_NOW, Limits(**limits))  # type: ignore[arg-type]  # counts and seconds
    ports: list[int] = []
    ready = threading.Event()
    end: list[Callable[[], object]] = []

    async def main() -> None:
        task = asyncio.ensure_future(
            listener.run("127.0.0.1", 0, tls, lambda port: (ports.append(port), ready.set()))  # type: ignore[arg-type]  # what it returns is not looked at
        )
        loop = asyncio.get_running_loop()
        end.append(lambda: loop.call_soon_threadsafe(task.cancel))
        await asyncio.wait([task])

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(30)
    try:
        yield ports[0]
    finally:
        end[0]()
        thread.join(30)


@pytest.fixture(autouse=True)
def clean(database: str) -> None:
    empty()


@pytest.fixture
def port(clean: None) -> Iterator[int]:
    with running() as taken:
        yield taken


def held() -> list[tuple[str, str]]:
    from commonweal.apps.exchange.models import Message

    return sorted(Message.objects.values_list("source", "control_id"))


def test_frames_split_and_joined_are_answered_in_order(port: int) -> None:
    stream = b"".join(map(frame, stays(30)))
    with connect(port) as sender:
        for at in range(0, len(stream), 701):
            sender.sendall(stream[at : at + 701])
        got = [said(answer) for answer in answers(sender, 30)]
    assert got == [("AA", f"RXX{n:06d}") for n in range(30)]
    assert held() == [("RXX", f"RXX{n:06d}") for n in range(30)]


def test_messages_and_a_file_of_them_give_the_same_record(port: int, tmp_path: Path) -> None:
    from commonweal.apps.exchange import api as exchange

    messages = stays(60)
    with connect(port) as sender:
        sender.sendall(b"".join(map(frame, [*reversed(messages), messages[3]])))
        assert {said(answer)[0] for answer in answers(sender, 61)} == {"AA"}
    by_listener = state(versions=False)
    empty()
    path = tmp_path / "RXX.hl7"
    path.write_text("\n".join(messages))
    exchange.land("adt", [path], "RXX")
    assert state(versions=False) == by_listener


GOOD = adt_message("RXX", "M1", 1, "A01", "202001010900", "V1")


@pytest.mark.parametrize(
    ("message", "code", "rule"),
    [
        (GOOD.encode(), "AA", ""),
        (GOOD.replace("19500311", "19501311").encode(), "AA", "format-date"),
        (GOOD.replace("202001010900", "209901010900").encode(), "AA", "clock-ahead"),
        (GOOD.replace("M1^^^RXX^MR", "").encode(), "AE", "required"),
        (GOOD.replace("High", "H\0gh").encode(), "AE", "nul-byte"),
        (GOOD.replace("Vicky", "Vick\udcff").encode("utf-8", "surrogateescape"), "AE", "encoding-not-utf-8"),
        (GOOD.replace("UNICODE UTF-8", "KLINGON").encode(), "AE", "character-set-unknown"),
        (GOOD.replace("UNICODE UTF-8", "8859/1").replace("Vicky", "Zoë").encode("latin-1"), "AA", ""),
        (GOOD.replace("^A01", "^A99").encode(), "AR", "unknown-event"),
        (GOOD.replace("|RXX|", "|RZZ|", 1).encode(), "AR", "source-not-allowed"),
        (GOOD.replace("|RXX|", "|EAST|", 1).encode(), "AR", "source-not-allowed"),
        ((GOOD + GOOD).encode(), "AR", "several-in-frame"),
        (GOOD.replace("M1^^^", "M" * 3_000 + "^^^").encode(), "AE", "too-long"),
        (b"hello", "AR", "message-header-missing"),
        (b"", "AR", "message-header-missing"),
    ],
)
def test_each_message_has_the_answer_that_says_what_to_do(port: int, message: bytes, code: str, rule: str) -> None:
    with connect(port) as sender:
        sender.sendall(frame(message))
        (answer,) = answers(sender, 1)
    assert said(answer)[0] == code
    assert (f"{rule}^^COMMONWEAL" in answer.decode("latin-1")) is bool(rule) or not rule
    assert (b"ERR|" in answer) is bool(rule)
    assert b"Ashworth" not in answer, "an answer repeats no value"


def test_what_the_database_will_never_take_is_not_waited_for(tmp_path: Path) -> None:
    from django.db import OperationalError, connection

    from commonweal.apps.exchange.listening.storing import Store

    waited: list[float] = []

    def beyond_its_limits() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT array_fill(0, ARRAY[1000000000])")

    with pytest.raises(OperationalError, match="array size"):
        Store(waited.append)._patiently(beyond_its_limits)
    assert waited == []


def test_a_control_id_used_again_for_other_content_is_set_aside(port: int) -> None:
    from commonweal.apps.exchange.models import Quarantine

    with connect(port) as sender:
        sender.sendall(frame(GOOD) + frame(GOOD) + frame(GOOD.replace("High", "Low")))
        assert [said(answer)[0] for answer in answers(sender, 3)] == ["AA", "AA", "AE"]
    assert held() == [("RXX", "RXX000001")]
    assert list(Quarantine.objects.values_list("rule", flat=True)) == ["control-id-reused"]


def test_a_merge_during_a_visit_leaves_one_visit_in_the_record(port: int) -> None:
    from django.db import connection

    def encounters() -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.local_id, r.deleted FROM record_resource r JOIN record_compartment c "
                "ON c.id = r.compartment_id WHERE r.type = 'Encounter' ORDER BY 1"
            )
            return cursor.fetchall()

    admitted = adt_message("RXX", "M0", 1, "A01", "202001010900", "V1")
    merged = adt_message("RXX", "M1", 2, "A40", "202001020900", "", merged="M0")
    left = adt_message("RXX", "M1", 3, "A03", "202001030900", "V1", admitted="", discharged="202001030900")
    with connect(port) as sender:
        for message in (admitted, left, merged):
            sender.sendall(frame(message))
            assert said(answers(sender, 1)[0])[0] == "AA"
    assert encounters() == [("M0", True), ("M1", False)]


def test_python_hl7s_client_is_answered(port: int) -> None:
    with hl7.client.MLLPClient("127.0.0.1", port) as client:
        answer = hl7.parse(client.send_message(GOOD).strip(b"\x0b\x1c\r").decode())
    assert str(answer.segment("MSA")[1]) == "AA"


def test_a_frame_without_an_end_or_without_measure_ends_its_connection_and_no_other() -> None:
    with running(frame=20_000, within=0.4, idle=5.0) as taken, connect(taken) as other:
        with connect(taken) as endless:
            endless.sendall(b"\x0b" + GOOD.encode())
            (answer,) = answers(endless, 2)
            assert said(answer) == ("AR", "RXX000001")
            assert b"frame-not-ended" in answer
        with connect(taken) as long:
            long.sendall(b"\x0bMSH|" + b"x" * 30_000)
            (answer,) = answers(long, 2)
            assert b"frame-too-long" in answer
        other.sendall(frame(GOOD))
        assert said(answers(other, 1)[0]) == ("AA", "RXX000001")


def test_a_silent_connection_is_closed_and_a_half_open_one_leaves_nothing() -> None:
    with running(idle=0.3) as taken:
        with connect(taken) as silent:
            assert silent.recv(1) == b""
        with connect(taken) as half:
            half.sendall(frame(GOOD))
            half.shutdown(socket.SHUT_WR)
            assert said(answers(half, 2)[0]) == ("AA", "RXX000001")


def test_a_thousand_idle_connections_keep_nobody_waiting(port: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 5_000)), hard))
    with ExitStack() as stack:
        for _ in range(1_000):
            stack.enter_context(connect(port))
        with connect(port) as sender:
            begun = time.monotonic()
            sender.sendall(frame(GOOD))
            assert said(answers(sender, 1)[0])[0] == "AA"
            assert time.monotonic() - begun < 5


def test_over_tls_and_never_in_the_clear(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with running(context) as taken:
        trusting = ssl.create_default_context(cafile=str(chain))
        with connect(taken) as plain, trusting.wrap_socket(plain, server_hostname="localhost") as sender:
            sender.sendall(frame(GOOD))
            assert said(answers(sender, 1)[0])[0] == "AA"
        with connect(taken) as clear:
            clear.sendall(frame(GOOD))
            try:
                data = clear.recv(100)
            except ConnectionResetError:
                data = b""
            assert b"MSA" not in data


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's own name, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=400))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return chain, secret


def test_a_journal_cut_by_a_crash_is_read_up_to_the_cut(tmp_path: Path) -> None:
    from commonweal.apps.exchange.listening import journal
    from commonweal.feeds import sealing

    keys = sealing.Keys(tmp_path / "keys", tmp_path / "master")
    written = journal.Journal(tmp_path, keys)
    assert written.append([b"MSH|one\rPID", b"MSH|two"]) == [1, 3]
    assert written.append([b"MSH|three"]) == [4]
    assert not journal.abandoned(written.path)
    written.close()
    assert journal.abandoned(written.path)
    assert b"MSH" not in written.path.read_bytes(), "messages are not on the disk in the clear"
    whole = written.path.read_bytes()
    for cut in range(1, 30, 7):
        written.path.write_bytes(whole[:-cut])
        assert b"".join(journal.blocks(written.path, keys)) == b"MSH|one\rPID\rMSH|two\r"
    written.path.write_bytes(whole)
    assert io.BytesIO(b"".join(journal.blocks(written.path, keys))).read().endswith(b"MSH|three\r")


def test_who_may_send_is_dated_and_by_network(tmp_path: Path) -> None:
    from commonweal.apps.exchange.errors import BadSenders
    from commonweal.apps.exchange.listening import senders

    path = tmp_path / "senders.csv"
    path.write_text("facility,source,address,valid_from,valid_to\nEAST,RYY,10.1.0.0/16,2020-01-01,2020-12-31\n")
    listed = senders.read(path)
    assert listed.source(["EAST", "x"], "10.1.2.3", date(2020, 6, 1)) == "RYY"
    assert listed.source(["EAST"], "10.2.2.3", date(2020, 6, 1)) is None
    assert listed.source(["EAST"], "10.1.2.3", date(2021, 1, 1)) is None
    path.write_text("facility,source,address,valid_from,valid_to\nEAST,RYY,ten,2020-01-01,\n")
    with pytest.raises(BadSenders, match="line 2"):
        senders.read(path)
