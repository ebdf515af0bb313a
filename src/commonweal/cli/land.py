"""``commonweal land``: take partner files in."""

from pathlib import Path
from typing import Any

import typer

from commonweal.cli import runtime


def land(
    feed: str = typer.Argument(help="gp, adt, cld or mh"),
    paths: list[Path] = typer.Argument(help="Files, or folders of files of this feed"),
    source: str = typer.Option("", help="ODS code of the sender; without it, each file's name is the code"),
    same_numbering: bool = typer.Option(
        False, help="The source says that this feed numbers people as its other feed does"
    ),
    json: bool = runtime.JSON,
) -> None:
    """Land partner files: keep them, check them, store what is sound, quarantine the rest with the reason.

    Landing the same file again changes nothing, and a landing that was stopped is finished by the same command.

    Example: commonweal land gp feeds/gp --json
    """
    runtime.start("batch")
    from django.db import Error

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange

    try:
        with access.service_run("land", feed), runtime.progress() as display:
            result = _land_all(exchange, feed, paths, source, same_numbering, display)
    except exchange.ExchangeError as error:
        runtime.fail(str(error))
    except OSError as error:
        runtime.fail(
            f"{error.filename or feed}: {error.strerror or error}; nothing is lost, run the same command again"
        )
    except Error as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        runtime.fail(f"the database stopped the landing ({reason}); run the same command again to finish it")
    runtime.emit(result, json, lambda out: _print(result, out))


def _land_all(
    exchange: Any, feed: str, paths: list[Path], source: str, same_numbering: bool, display: Any
) -> dict[str, Any]:
    """Land each source's files together; the counts are added up."""
    total: dict[str, Any] = {}
    for ods, files in exchange.by_source(feed, paths, source).items():
        bars: dict[str, Any] = {}

        def tell(name: str, done: int, size: int, bars: dict[str, Any] = bars, ods: str = ods) -> None:
            if name not in bars:
                bars[name] = display.add_task(f"{feed} {ods} {name}", total=max(size, 1))
            display.update(bars[name], completed=done)

        one = exchange.land(feed, files, ods, progress=tell, same_numbering=same_numbering)
        for name, value in one.items():
            total[name] = total[name] + value if name in total else value
        for bar in bars.values():
            display.remove_task(bar)
    total["seconds"] = round(total["seconds"], 3)
    return total


def _print(result: dict[str, Any], out: Any) -> None:
    for item in result["files"]:
        out.print(
            f"{item['file']}: {item['read']} read, {item['accepted']} accepted, {item['duplicate']} already held, "
            f"{item['quarantined']} quarantined",
            markup=False,
            highlight=False,
        )
    out.print(f"{result['resources']} resources stored in {result['seconds']} seconds", markup=False, highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(land)
