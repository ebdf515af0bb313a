"""``commonweal mesh``: the NHS's post for files. Poll mailboxes into feeds, send files, send exports when due."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from commonweal.cli import runtime

HELP = "Take files from MESH mailboxes, and send files by MESH. Example: commonweal mesh poll --once"
BOX = typer.Option("", "--mailbox", help="Which mailbox of mesh.yaml, where there are several.")


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help=HELP)
    group.command("check")(check)
    group.command("poll")(poll)
    group.command("send")(send)
    group.command("scheduled")(scheduled)
    group.command("aside")(aside)
    group.callback()(_group)
    app.add_typer(group, name="mesh")


def _group() -> None:
    """Take files from MESH mailboxes, and send files by MESH. Example: commonweal mesh poll --once"""


def check(as_json: bool = runtime.JSON) -> None:
    """Check mesh.yaml, and ask MESH whether it lets each mailbox in.

    Example: commonweal mesh check
    """
    mesh, boxes = _begin("check")
    with _failing():
        for box in boxes:
            mesh.check(box)
    runtime.emit(
        [{"mailbox": box.name, "receives": len(box.routes), "sends": len(box.sendings)} for box in boxes],
        as_json,
        lambda out: _line(out, "\n".join(f"{box.name}: MESH lets it in, {len(box.routes)} routes" for box in boxes)),
    )


def poll(
    once: bool = typer.Option(False, "--once", help="Take what is there now, and end."),
    every: float = typer.Option(0.0, min=0, help="Seconds between polls; also sends scheduled exports. Stop: Ctrl-C."),
    mailbox: str = BOX,
    as_json: bool = runtime.JSON,
) -> None:
    """Take every message of each mailbox, land or set aside its file, and acknowledge it once it is durable.

    Example: commonweal mesh poll --every 60
    """
    if once == bool(every):
        runtime.fail("say either --once or --every SECONDS, such as --every 60")
    mesh, boxes = _begin("poll", mailbox)
    if every:
        _keep_polling(mesh, boxes, every, as_json)
        return
    found: list[dict[str, Any]] = []
    with _failing():
        found.extend(mesh.poll(box).told() for box in boxes)
    runtime.emit(found, as_json, lambda out: _print(found, out))
    troubles = [text for one in found for text in one["troubles"]]
    for text in troubles:
        runtime.say(text)
    if troubles:
        raise typer.Exit(1)


def send(
    file: Path = typer.Argument(help="The file to send, as one message."),
    to: str = typer.Option(..., help="The mailbox it goes to."),
    workflow: str = typer.Option(..., help="The workflow id its receiver knows it by."),
    mailbox: str = BOX,
    again: bool = typer.Option(False, "--again", help="Send it even if the same file was sent there before."),
    as_json: bool = runtime.JSON,
) -> None:
    """Send a file to a mailbox, packed and in chunks. The same file twice is refused without --again.

    Example: commonweal mesh send return.csv --to X26ABC2 --workflow TEST_WORKFLOW
    """
    mesh, boxes = _begin("send")
    with _failing():
        told = mesh.send(mesh.named(boxes, mailbox), file, to, workflow, again=again)
    runtime.emit(told, as_json)


def scheduled(mailbox: str = BOX, as_json: bool = runtime.JSON) -> None:
    """Make and send the exports of mesh.yaml that are due and not sent. What was sent is not sent again.

    Example: commonweal mesh scheduled
    """
    mesh, boxes = _begin("scheduled", mailbox)
    with _failing():
        sent = [one for box in boxes for one in mesh.send_due(box)]
    runtime.emit(sent, as_json, lambda out: _print_sent(sent, out))


def aside(
    again: list[str] = typer.Option([], help="Land this message by the route mesh.yaml has for it now."),
    discard: list[str] = typer.Option([], help="Destroy what this message held."),
    mailbox: str = BOX,
    as_json: bool = runtime.JSON,
) -> None:
    """List the messages that were set aside, with the reason; land or destroy them.

    Example: commonweal mesh aside --again 20261122101112123456_ABCDEF
    """
    mesh, boxes = _begin("aside", mailbox)
    if again or discard:
        with _failing():
            box = mesh.named(boxes, mailbox)
            done = [mesh.again(box, one) for one in again] + [mesh.discard(box, one) for one in discard]
    else:
        done = [{"mailbox": box.name, **one} for box in boxes for one in mesh.waiting(box)]
    runtime.emit(done, as_json, lambda out: _print_messages(done, out) if done else _line(out, "Nothing is set aside"))


def _begin(doing: str, mailbox: str = "") -> tuple[Any, tuple[Any, ...]]:
    """Start, check the file of mailboxes and audit the run; one mailbox if one is named."""
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange

    with _failing():
        boxes = exchange.mesh.read_mailboxes()
        if mailbox:
            boxes = (exchange.mesh.named(boxes, mailbox),)
    with access.service_run("mesh", f"{doing} {' '.join(box.name for box in boxes)}"):
        return exchange.mesh, boxes


@contextmanager
def _failing() -> Iterator[None]:
    """What is known to go wrong ends the command with one line."""
    from django.db import Error

    from commonweal.domain.errors import CommonwealError

    try:
        yield
    except CommonwealError as error:
        runtime.fail(str(error) or type(error).__doc__ or type(error).__name__)
    except Error:
        runtime.fail("the database stopped the work; nothing is lost, run the same command again")
    except OSError as error:
        runtime.fail(f"{error.filename or 'the disk'}: {error.strerror or error}; run the same command again")


def _keep_polling(mesh: Any, boxes: tuple[Any, ...], every: float, as_json: bool) -> None:
    """Poll until interrupted or told to end; a poll that is under way is finished first."""
    import signal
    from random import Random
    from threading import Event

    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def tell(one: dict[str, Any]) -> None:
        runtime.emit(one, as_json, lambda out: _print_round(one, out))

    runtime.err.print(f"Polling {', '.join(box.name for box in boxes)} (stop with Ctrl-C)", highlight=False)
    mesh.keep_polling(boxes, every, stop, tell, Random())  # noqa: S311 - scatters pauses, keeps no secret


def _print_round(one: dict[str, Any], out: Console) -> None:
    if "trouble" in one:
        runtime.say(f"{one['mailbox']}: {one['trouble']}")
    elif "sent" in one:
        _print_sent([one["sent"]], out)
    else:
        if one["messages"] or one["again"]:
            _print([one], out)
        for text in one["troubles"]:
            runtime.say(text)


def _print(found: list[dict[str, Any]], out: Console) -> None:
    for one in found:
        _line(
            out,
            f"{one['mailbox']}: {one['landed']} landed, {one['aside']} set aside, {one['report']} reports, "
            f"{one['again']} taken before, {one['left']} left in MESH",
        )
        _print_messages(one["messages"], out)


def _print_messages(messages: list[dict[str, Any]], out: Console) -> None:
    for one in messages:
        what = f"receipt {one['receipt']}" if one["receipt"] else f"{one['rule']}: {one['why']}".strip(": ")
        _line(out, f"  {one['message']} from {one['from'] or 'MESH'}, {one['workflow']}: {one['state']}, {what}")


def _print_sent(sent: list[dict[str, Any]], out: Console) -> None:
    if not sent:
        _line(out, "Nothing is due")
    for one in sent:
        if one["message"]:
            _line(out, f"{one['local_id']} sent to {one['to']} as {one['message']}, {one['bytes']} bytes")
        else:
            _line(out, f"{one['local_id']}: nobody to tell of, nothing sent")


def _line(out: Console, text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
