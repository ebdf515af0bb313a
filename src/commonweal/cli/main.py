"""The ``commonweal`` command: one module a subcommand, listed in the order the work is done."""

from importlib import import_module
from importlib.util import find_spec

import typer

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
    "land",
    "identify",
    "refresh",
    "report",
    "views",
    "serve",
    "bench",
    "verify",
    "token",
):
    if find_spec(f"commonweal.cli.{_name}"):
        import_module(f"commonweal.cli.{_name}").register(app)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
