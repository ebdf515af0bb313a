"""``commonweal bench``: run the benchmarks of ``bench/`` and print ours, the limit or peer, and the ratio."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import runtime

FOLDER = Path(__file__).resolve().parents[3] / "bench"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    names: list[str] = typer.Argument(None, help="Benchmarks to run; all of them when none is named."),
    as_json: bool = runtime.JSON,
) -> None:
    """Run benchmarks; each prints ours, the limit or peer measured in the same run, and the ratio.

    Example: commonweal bench parse land
    """
    found = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}
    if not found:
        runtime.fail(f"no benchmarks in {FOLDER}; run from a source checkout")
    unknown = sorted(set(names or []) - set(found))
    if unknown:
        runtime.fail(f"no benchmark called {', '.join(unknown)}; there are {', '.join(found)}")
    rows: list[dict[str, object]] = []
    for name in names or found:
        runtime.err.print(f"bench {name} …", style="dim")
        rows += _load(name, found[name]).run()
    runtime.emit(rows, as_json, lambda console: _print(console, rows))


def _load(name: str, path: Path) -> ModuleType:
    """The benchmark module at ``path``; benchmarks are not part of the package."""
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    if spec is None or spec.loader is None:
        runtime.fail(f"{path} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _print(console: Console, rows: list[dict[str, object]]) -> None:
    table = Table("name", "ours", "limit", "ratio")
    for row in rows:
        table.add_row(*(_number(row.get(key, "")) for key in ("name", "ours", "limit", "ratio")))
    console.print(table)


def _number(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
