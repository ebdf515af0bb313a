"""``commonweal token``: a bearer token for the FHIR API."""

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(
        help="Make a bearer token for an account. Example: commonweal token dr.ray --days 7; for a practice's own "
        "computer system: commonweal token a81001.system --system-of A81001"
    )
    def token(
        username: str = typer.Argument(help="The account the token stands for."),
        days: int = typer.Option(30, min=1, max=365, help="How long it lives."),
        system_of: str = typer.Option(
            "",
            metavar="ODS",
            help="The account is this organisation's computer system, and is made if there is none: "
            "it sends, reads back and exports the organisation's own entries.",
        ),
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.access import api as access

        try:
            if system_of:
                access.create_system(username, system_of)
            secret = access.create_token(username, days)
        except ValueError as error:
            runtime.fail(str(error))
        runtime.emit({"username": username, "days": days, "token": secret}, as_json)
