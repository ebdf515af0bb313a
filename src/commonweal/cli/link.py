"""``commonweal link``: who is who in any files of people, with weights learned from them."""

from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("link")(link)


def link(
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="CSV or Parquet files, one row a record."),
    truth: str | None = typer.Option(None, help="Column that says who is who; used for the score and nothing else."),
    map_file: Path | None = typer.Option(
        None, "--map", help="YAML file: role: column. See the how-to guide for roles."
    ),
    out: Path | None = typer.Option(None, help="Folder to write pairs.csv and clusters.csv to."),
    least: float = typer.Option(0.0, help="Log2 odds from which a pair is a link; 0 is likelier than not."),
    as_json: bool = runtime.JSON,
) -> None:
    """Find which records of one or more files are one person's, learning from the files themselves.

    Columns are recognised by name (given_name, surname, dob, address_1, postcode …). For analysis, not for care.

    Example: commonweal link hospital.csv council.csv --truth person --out linked
    """
    from commonweal.lake import linking

    with runtime.progress() as bar:
        task = bar.add_task("link", total=6 if out else 5)

        def stage(name: str) -> None:
            bar.update(task, description=f"link: {name}", advance=1)

        try:
            result = linking.link(files, columns=_map(map_file), truth=truth, out=out, least=least, progress=stage)
        except linking.LinkInput as wrong:
            runtime.fail(str(wrong))
        except OSError as error:
            runtime.fail(f"cannot write to {out}: {error.strerror}; name a folder you can write to")
    runtime.emit(result, as_json, lambda console: _show(console, result))


def _map(path: Path | None) -> dict[str, str]:
    """Role to column, of a YAML file."""
    if path is None:
        return {}
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        runtime.fail(f"cannot read {path}; it should be YAML like: given: first_name")
    if not isinstance(loaded, dict):
        runtime.fail(f"{path} should be YAML with one line a role, like: given: first_name")
    return {str(role): "" if column is None else str(column) for role, column in loaded.items()}


def _show(console: Console, result: dict[str, Any]) -> None:
    """The result in words."""
    for one in result["files"]:
        used = ", ".join(f"{role} = {column.strip()}" for role, column in one["columns"].items())
        console.print(f"{escape(one['file'])}: {one['records']} records; {escape(used)}", highlight=False)
    kind = "one to one" if result["one_to_one"] else "groups"
    console.print(f"{result['records']} records, {result['people']} people, {result['links']} links ({kind})")
    if score := result.get("score"):
        for name in ("precision", "recall", "f1"):
            low, high = score[f"{name}_interval"]
            console.print(f"{name}: {score[name]:.4f} (95% interval {low:.4f} to {high:.4f})", highlight=False)
