"""``commonweal pds``: trace records with the Personal Demographics Service, or with a simulator of it."""

from pathlib import Path

import typer

from commonweal.cli import runtime

pds = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add ``commonweal pds``."""
    app.add_typer(pds, name="pds")


@pds.callback()
def _group() -> None:
    """The Personal Demographics Service: who somebody is, nationally. Off until COMMONWEAL_PDS_URL is set.

    Example: commonweal pds trace --limit 1000
    """


@pds.command()
def trace(
    limit: int = typer.Option(1000, min=1, help="Ask about at most this many records; run again for the rest."),
    everybody: bool = typer.Option(False, help="Records with a usable number too: whose location must not be shown."),
    again: int = typer.Option(0, min=0, metavar="DAYS", help="Also those whose answer is older than so many days."),
    as_json: bool = runtime.JSON,
) -> None:
    """Ask PDS about records without a usable NHS number or in doubt; the next identify uses the answers.

    Goes on where the last run stopped. A record is asked about again when what it says of its person has changed,
    or with --again: a death PDS tells of as formally registered is an alert to who works with the person.

    Example: commonweal pds trace --limit 1000 && commonweal identify --changed
    """
    runtime.start("batch")
    from datetime import timedelta

    from commonweal.apps.identity import api
    from commonweal.domain.errors import CommonwealError

    with runtime.progress() as bar:
        task = bar.add_task("trace", total=None)
        try:
            result = api.trace(
                limit,
                everybody=everybody,
                again=timedelta(days=again) if again else None,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
        except CommonwealError as error:
            runtime.fail(str(error))
    runtime.emit(result, as_json)


@pds.command()
def simulator(
    people: Path = typer.Argument(..., metavar="PATIENTS.ndjson", help="Made-up people: FHIR Patients, one a line."),
    port: int = typer.Option(8077, help="Port on 127.0.0.1; 0 for any that is free"),
    token: str = typer.Option("", help="Refuse whoever does not send this token"),
) -> None:
    """Answer as PDS would, from made-up people, on this machine only. Stop it with Ctrl-C.

    Example: commonweal pds simulator patients.ndjson --port 8077
    """
    import json

    from commonweal.feeds.pds import simulator as simulating

    try:
        with people.open(encoding="utf-8") as lines:
            known = simulating.People(json.loads(line) for line in lines if line.strip())
        serving = simulating.server(known, port, token)
    except (OSError, ValueError, AttributeError) as error:
        runtime.fail(f"cannot simulate from {people}: {error}; give FHIR Patients, one a line, and a free --port")
    runtime.say(f"simulating PDS on http://127.0.0.1:{serving.server_port}")
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        serving.server_close()
