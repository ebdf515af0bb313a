"""``commonweal token``: a bearer token for the FHIR API."""

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(help="Make a bearer token for an account. Example: commonweal token dr.ray --days 7")
    def token(
        username: str = typer.Argument(help="The account the token stands for."),
        days: int = typer.Option(30, min=1, max=365, help="How long it lives."),
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.access import api as access

        try:
            secret = access.create_token(username, days)
        except ValueError as error:
            runtime.fail(str(error))
        runtime.emit({"username": username, "days": days, "token": secret}, as_json)
