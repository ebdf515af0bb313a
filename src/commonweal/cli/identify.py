"""``commonweal identify``: decide which records are one person's."""

import csv
from pathlib import Path

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("identify")(identify)


def identify(
    crosswalk: Path | None = typer.Option(None, help="Write source, local id and person id to this CSV file."),
    as_json: bool = runtime.JSON,
) -> None:
    """Decide which records are one person's.

    Verified links (NHS number agreeing with birth date) are for direct care; probable ones only for analysis.
    Run again, it changes nothing unless the records did.

    Example: commonweal identify --crosswalk people.csv --json
    """
    runtime.start("batch")
    from commonweal.apps.identity import api

    with runtime.progress() as bar:
        task = bar.add_task("identify", total=4)

        def stage(name: str) -> None:
            bar.update(task, description=f"identify: {name}", advance=1)

        try:
            result = api.identify(stage)
        except api.IdentifyBusy as busy:
            runtime.fail(str(busy))
    if crosswalk is not None:
        _write_crosswalk(crosswalk)
    runtime.emit(result, as_json)


def _write_crosswalk(path: Path) -> None:
    """One row a compartment: source, local_id, person_id, probable_person_id."""
    from commonweal.apps.identity import api

    try:
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["source", "local_id", "person_id", "probable_person_id"])
            writer.writerows(api.crosswalk())
    except OSError as error:
        runtime.fail(f"cannot write {path}: {error.strerror}; name a file in a folder you can write to")
