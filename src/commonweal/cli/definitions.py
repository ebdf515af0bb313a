"""``commonweal definitions``: what each figure means, as files."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the ``definitions`` group to the command line."""
    group = typer.Typer(
        help="Definitions of indicators as YAML or CSV.\n\nExample: commonweal definitions write definitions.yaml",
        no_args_is_help=True,
        add_completion=False,
    )
    group.command("write")(write)
    group.command("read")(read)
    app.add_typer(group, name="definitions")


def write(
    out: Annotated[Path, typer.Argument(help="The file to write; its ending (.yaml or .csv) says the form.")],
    area: Annotated[str, typer.Option(help="Only the indicators of this service area.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Write every definition, newest form of each.

    Example: commonweal definitions write definitions.csv --area "Primary Care"
    """
    form = _form(out)
    if not out.parent.is_dir():
        runtime.fail(f"{out.parent} is not a folder; make it first or name another file")
    runtime.start("batch")
    from commonweal.apps.measurement import api as measurement

    found = measurement.indicators(area or None)
    out.write_text(measurement.write_definitions(found, form), "utf-8")
    runtime.emit({"file": str(out), "definitions": len(found)}, as_json)


def read(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A .yaml or .csv file of definitions.")],
    check: Annotated[bool, typer.Option("--check", help="Say what would change and change nothing.")] = False,
    as_json: bool = runtime.JSON,
) -> None:
    """Add or amend definitions from a file; definitions changed by review in the browser stay as reviewed.

    Example: commonweal definitions read definitions.yaml --check
    """
    form = _form(source)
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.measurement import api as measurement

    try:
        found = measurement.read_definitions(source.read_text("utf-8-sig"), form, source.name)
    except OSError as error:
        runtime.fail(f"{source}: {error.strerror or error}")
    except UnicodeDecodeError:
        runtime.fail(f"{source.name} is not UTF-8 text; save it as CSV UTF-8 or YAML")
    except measurement.BadDefinitionError as problem:
        runtime.fail(str(problem))
    changing = measurement.plan(found)
    result = {
        "read": len(found),
        "new": sum(standing is None for _, standing in changing),
        "changed": sum(standing is not None for _, standing in changing),
        "codes": [one.code for one, _ in changing],
    }
    if not check:
        with access.service_run("definitions", source.name):
            measurement.register_indicators(found)
    runtime.emit(result, as_json)


def _form(path: Path) -> str:
    form = {".yaml": "yaml", ".yml": "yaml", ".csv": "csv"}.get(path.suffix.lower())
    if form is None:
        runtime.fail(f"{path.name}: name a file that ends in .yaml or .csv")
    return form
