"""``commonweal app``: the apps that may ask for tokens of the FHIR API."""

import json
from pathlib import Path
from typing import Any

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command(
        name="app",
        help="Register an app. A practice's own software, by its public keys: Example: commonweal app a81001-sync "
        "--name 'Sync of A81001' --for-system a81001.system --keys jwks.json --scope system/Observation.rs --by it. "
        "An app people sign in to: --back https://app.example/back --scope launch/patient --scope patient/*.rs",
    )
    def client_app(
        client: str = typer.Argument(help="Its client id."),
        name: str = typer.Option("", help="What people are shown."),
        scope: list[str] = typer.Option([], help="The most it may ask for; once for each."),
        for_system: str = typer.Option("", metavar="ACCOUNT", help="The system account it stands for."),
        keys: Path | None = typer.Option(None, help="Its public keys: a JSON Web Key Set."),
        keys_url: str = typer.Option("", help="Or where it publishes them (https)."),
        back: list[str] = typer.Option([], help="Where people are sent back to, exactly; once for each."),
        launch: str = typer.Option("", metavar="ADDRESS", help="Where it opens from a record (scope launch)."),
        close: bool = typer.Option(False, "--close", help="Close it: all it holds ends at once."),
        by: str = typer.Option("", metavar="WHO", help="Who does it: the audit says so."),
        as_json: bool = runtime.JSON,
    ) -> None:
        if not by:
            runtime.fail("say --by WHO: registering and closing an app are audited")
        runtime.start("batch")
        from commonweal.apps.access import api as access

        try:
            if close:
                access.close_app(client, by=f"operator:{by}")
                runtime.emit({"client": client, "closed": True}, as_json)
                return
            held: dict[str, Any] | None = json.loads(keys.read_text(encoding="utf-8")) if keys else None
            access.register_app(
                client,
                name or client,
                by=f"operator:{by}",
                scopes=scope,
                system=for_system,
                redirects=back,
                jwks=held,
                jwks_url=keys_url,
                launch_address=launch,
            )
        except (OSError, ValueError, AttributeError) as error:
            runtime.fail(str(error))
        runtime.emit({"client": client, "scopes": scope}, as_json)
