"""``commonweal account``: what to do when somebody leaves."""

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(
        help="Close an account: its sessions end and its tokens are revoked at once, for good. "
        "Example: commonweal account dr.ray --close --by registration.office"
    )
    def account(
        username: str = typer.Argument(help="The account."),
        close: bool = typer.Option(False, "--close", help="Close it."),
        by: str = typer.Option("", metavar="WHO", help="Who closes it: the audit says so."),
        as_json: bool = runtime.JSON,
    ) -> None:
        if not close or not by:
            runtime.fail("say --close and --by WHO: closing an account is audited")
        runtime.start("batch")
        from commonweal.apps.access import api as access

        try:
            access.close_account(username, by=f"operator:{by}")
        except ValueError as error:
            runtime.fail(str(error))
        runtime.emit({"username": username, "closed": True}, as_json)
