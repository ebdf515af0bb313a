"""``commonweal agreements``: sharing agreements from a file, and what wants attention."""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import runtime

HELP = (
    "Sharing agreements: load a file of them, list what stands. "
    "Example: commonweal agreements load agreements.yaml --by privacy.officer --approved-by second.officer"
)


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help=HELP)
    group.command("load")(load)
    group.command("list")(show)
    app.add_typer(group, name="agreements")


def load(
    file: Path = typer.Argument(help="YAML or JSON; docs/how-to/keep-agreements.md shows one."),
    by: str = typer.Option(..., "--by", metavar="ACCOUNT", help="The privacy officer who proposes them."),
    approved_by: str = typer.Option(..., "--approved-by", metavar="ACCOUNT", help="The other one, who approves them."),
    as_json: bool = runtime.JSON,
) -> None:
    """Load sharing agreements: each that is new or changed becomes a version in force; the same again changes nothing.

    Example: commonweal agreements load agreements.yaml --by privacy.officer --approved-by second.officer
    """
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        runtime.fail(f"{file} cannot be read as YAML ({type(fault).__name__}): check the path and the file")
    runtime.start("batch")
    from commonweal.apps.access import api as access

    try:
        new, same = access.load_agreements(document, by=by, approved_by=approved_by)
    except access.AgreementError as fault:
        runtime.fail(f"{file}: {fault}")
    runtime.emit({"new_versions": new, "unchanged": same}, as_json)


def show(as_json: bool = runtime.JSON) -> None:
    """The agreements in force and proposed, with what each wants: what is due first.

    Example: commonweal agreements list
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access

    rows = [
        {
            "reference": one.terms.reference,
            "version": one.version,
            "title": one.terms.title,
            "state": one.state.value,
            "from": one.terms.starts.isoformat(),
            "to": one.terms.ends.isoformat(),
            "review": one.terms.review.isoformat(),
            "wants": one.wants(access.today()),
        }
        for one in access.standing_agreements()
    ]

    def table(out: Console) -> None:
        shown = Table("reference", "version", "title", "state", "from", "to", "review", "wants")
        for row in rows:
            shown.add_row(*map(str, row.values()))
        out.print(shown)

    runtime.emit(rows, as_json, table)
