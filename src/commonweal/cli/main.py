"""The ``commonweal`` command: one module a subcommand, listed in the order the work is done."""

from importlib import import_module

import typer

from commonweal.cli import runtime
from commonweal.domain.errors import CommonwealError

app = typer.Typer(
    name="commonweal",
    help="The open platform an Integrated Care System runs on.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)

for _name in (
    "demo",
    "generate",
    "reference",
    "profiles",
    "terminology",
    "check",
    "feeds",
    "land",
    "replay",
    "reindex",
    "remove",
    "backup",
    "identify",
    "pds",
    "link",
    "refresh",
    "project",
    "report",
    "reconcile",
    "definitions",
    "import_",
    "indicator",
    "oversight",
    "views",
    "serve",
    "worker",
    "alerter",
    "mllp",
    "mesh",
    "bars",
    "bench",
    "verify",
    "audit",
    "token",
    "account",
    "agreements",
    "opt_outs",
    "relationships",
    "app",
):
    import_module(f"commonweal.cli.{_name}").register(app)


def main() -> None:
    """Entry point of the console script. What a command did not handle itself still ends in one line."""
    try:
        app()
    except CommonwealError as error:
        runtime.say(str(error) or type(error).__doc__ or type(error).__name__)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
