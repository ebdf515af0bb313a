"""``commonweal bars``: referrals and bookings by the NHS standard; a simulator, and a test of peers."""

from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from commonweal.cli import runtime

HELP = "Referrals and bookings by the NHS standard. Example: commonweal bars check https://partner.example/bars"


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help=HELP, no_args_is_help=True)
    group.command("services")(services)
    group.command("endpoints")(endpoints)
    group.command("deliver")(deliver)
    group.command("simulate")(simulate)
    group.command("check")(check)
    group.callback()(_group)
    app.add_typer(group, name="bars")


def _group() -> None:
    """Referrals and bookings by the NHS Booking and Referral Standard.

    Example: commonweal bars check https://partner.example/bars
    """


def services(
    file: Path = typer.Argument(None, help="CSV: service_id, organisation, name, endpoint, valid_from, valid_to."),
    as_json: bool = runtime.JSON,
) -> None:
    """List the services that referrals go to and come for, or replace the list by a file's.

    Example: commonweal bars services services.csv
    """
    runtime.start("batch")
    from django.conf import settings

    from commonweal.apps.exchange import api as exchange
    from commonweal.domain.errors import CommonwealError

    try:
        found = exchange.bars.load(file) if file else exchange.bars.services(settings.COMMONWEAL_NOW().date())
    except CommonwealError as error:
        runtime.fail(str(error))
    told = [
        {
            "service": one.service_id,
            "organisation": one.organisation,
            "name": one.name,
            "endpoint": one.endpoint or "here",
        }
        for one in found
    ]
    runtime.emit(told, as_json, lambda out: _lines(out, [" ".join(one.values()) for one in told] or ["no service yet"]))


def endpoints(
    file: Path = typer.Argument(None, help="CSV: service_id, endpoint, valid_from, valid_to."),
    as_json: bool = runtime.JSON,
) -> None:
    """List the addresses of services marked *catalogue*, or replace the list by a file's.

    Example: commonweal bars endpoints endpoints.csv
    """
    runtime.start("batch")
    from django.conf import settings

    from commonweal.apps.exchange import api as exchange
    from commonweal.domain.errors import CommonwealError

    try:
        if file:
            found = exchange.bars.load_endpoints(file)
        else:
            found = exchange.bars.endpoints(settings.COMMONWEAL_NOW().date())
    except CommonwealError as error:
        runtime.fail(str(error))
    told = [{"service": one.service_id, "endpoint": one.endpoint} for one in found]
    runtime.emit(told, as_json, lambda out: _lines(out, [" ".join(one.values()) for one in told] or ["no address yet"]))


def deliver(as_json: bool = runtime.JSON) -> None:
    """Send the messages that are due now; the worker does so by itself each minute.

    Example: commonweal bars deliver
    """
    runtime.start("batch")
    from commonweal.apps.exchange import api as exchange

    told = exchange.bars.deliver_due()
    runtime.emit(told, as_json, lambda out: _lines(out, [f"{many} {name}" for name, many in told.items()]))
    if told["undelivered"] or told["refused"]:
        runtime.say("see the referrals' pages for what was refused or could not be delivered")
        raise typer.Exit(1)


def simulate(
    port: int = typer.Option(8078, help="Port on 127.0.0.1; 0 for any that is free."),
    service: list[str] = typer.Option([], help="A service id it answers for; none named: 2000099999."),
    trouble: str = typer.Option("", help="Be slow, unavailable, failing or lost at the first attempts."),
    times: int = typer.Option(1, min=1, help="How many attempts at each message meet the trouble."),
) -> None:
    """Be a receiver of the standard on this machine, with a memory and nobody's data. Stop it with Ctrl-C.

    Example: commonweal bars simulate --port 8078 --trouble unavailable
    """
    from datetime import UTC, datetime

    from commonweal.feeds.bars import simulator

    if trouble and trouble not in simulator.TROUBLES:
        runtime.fail(f"--trouble is one of {', '.join(simulator.TROUBLES)}")
    receiver = simulator.Receiver(lambda: datetime.now(UTC), frozenset(service or ["2000099999"]))
    try:
        serving = simulator.server(receiver, port, trouble, times)
    except OSError as error:
        runtime.fail(f"cannot listen on port {port} ({error.strerror}); give a free --port")
    runtime.say(f"simulating a receiver on http://127.0.0.1:{serving.server_port}")
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        serving.server_close()


def check(
    address: str = typer.Argument(..., help="The base address of the receiver to test, up to $process-message."),
    service: str = typer.Option("2000099999", help="The service of it that the test is for."),
    organisation: str = typer.Option("A1001", help="ODS code of the organisation that sends."),
    receiver: str = typer.Option("A9999", help="ODS code of the organisation that receives."),
    token: str = typer.Option("", envvar="COMMONWEAL_BARS_TOKEN", help="Bearer token to send."),
    patient: Path = typer.Option(None, help="A test patient the receiver knows, as FHIR; else a made-up one."),
    slot: Path = typer.Option(
        None, help="A free Slot of the receiver's, as FHIR, to book; else the soonest it offers."
    ),
    as_json: bool = runtime.JSON,
) -> None:
    """Test a receiver with scripted messages: new, changed, cancelled, twice, out of order, wrong. Use test data only.

    Exit status 1 when a step is not as the standard has it.

    Example: commonweal bars check http://127.0.0.1:8078
    """
    import json
    from datetime import UTC, datetime
    from uuid import uuid4

    from commonweal.domain.errors import CommonwealError
    from commonweal.feeds.bars import scenarios
    from commonweal.feeds.bars.transport import https_transport
    from commonweal.feeds.bars.writing import Party

    def resource(path: Path | None, otherwise: Any) -> Any:
        return json.loads(path.read_text("utf-8")) if path else otherwise

    try:
        peer = scenarios.Peer(
            https_transport(address, token, 30),
            Party(organisation, "Conformance test", organisation),
            Party(receiver, "Receiver under test", service),
            resource(patient, scenarios.MADE_UP),
            datetime.now(UTC),
            uuid4(),
            resource(slot, None),
        )
        steps = list(scenarios.run(peer))
    except (CommonwealError, OSError, ValueError) as error:
        runtime.fail(f"cannot test {address}: {error}")
    told = [
        {
            "scenario": one.scenario,
            "step": one.name,
            "page": one.page,
            "expected": one.expected,
            "found": one.found,
            "passed": one.passed,
        }
        for one in steps
    ]
    failed = sum(not one.passed for one in steps)
    lines = [
        f"{'as expected' if one.passed else 'NOT AS EXPECTED'}  {one.scenario}: {one.name}"
        + ("" if one.passed else f"\n    expected {one.expected}, found {one.found} ({one.page})")
        for one in steps
    ]
    runtime.emit(told, as_json, lambda out: _lines(out, [*lines, f"{len(steps) - failed} of {len(steps)} as expected"]))
    if failed:
        raise typer.Exit(1)


def _lines(out: Console, lines: list[str]) -> None:
    out.print("\n".join(lines), highlight=False, markup=False)
