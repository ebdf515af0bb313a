"""``commonweal mllp``: the HL7 v2 listener, a process of its own."""

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any

import typer

from commonweal.cli import runtime

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(mllp)


def mllp(
    allow: list[str] = typer.Option([], help="ODS code that may send, and is its own sending facility (MSH-4)"),
    senders: Path = typer.Option(None, help="CSV of facility, source, address, valid_from, valid_to"),
    host: str = typer.Option("127.0.0.1", help="Address to listen on; another than this machine's own needs TLS"),
    port: int = typer.Option(2575, help="Port to listen on; 0 for any that is free"),
    certificate: Path = typer.Option(None, help="TLS certificate chain, a PEM file"),
    key: Path = typer.Option(None, help="Private key of the certificate, a PEM file"),
    client_ca: Path = typer.Option(
        None, help="PEM file of authorities; senders must then show a certificate of theirs"
    ),
    same_numbering: bool = typer.Option(False, help="The sources say that messages number people as their files do"),
) -> None:
    """Listen for HL7 v2 messages over MLLP and acknowledge each once it is durable and in the record.

    Messages a killed listener had not applied are applied first. Stop it with Ctrl-C.

    Example: commonweal mllp --allow RXX --port 2575
    """
    tls = _tls(host, certificate, key, client_ca)
    runtime.start("batch")
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange

    try:
        allowed = exchange.may_send(allow, senders, same_numbering=same_numbering)
    except exchange.ExchangeError as error:
        runtime.fail(str(error))
    with access.service_run("mllp", "adt"):
        from django.db import connection

        connection.close()  # the listener's thread has its own
    listener = exchange.Listener(allowed, settings.COMMONWEAL_NOW)
    try:
        asyncio.run(_listen(listener, host, port, tls))
    except OSError as error:
        runtime.fail(f"cannot listen on {host}:{port} ({error.strerror or error}); choose another --port")


async def _listen(listener: Any, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    """Listen until interrupted or told to end, then finish what is under way."""
    import signal

    def ready(taken: int) -> None:
        runtime.err.print(f"Listening for HL7 v2 on {host}:{taken} (stop with Ctrl-C)", highlight=False)

    running = asyncio.create_task(listener.run(host, port, tls, ready))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _tls(host: str, certificate: Path | None, key: Path | None, client_ca: Path | None) -> ssl.SSLContext | None:
    """The TLS context of the files named, or none on this machine alone."""
    if certificate is None:
        if host not in LOOPBACK:
            runtime.fail(
                f"{host} can be reached from elsewhere: name --certificate and --key, messages are about people"
            )
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        runtime.fail(f"the TLS files cannot be used ({error}); name PEM files that belong together")
    return context
