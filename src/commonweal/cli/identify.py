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
    changed: bool = typer.Option(False, help="Read only what changed since the last run, and what that touches."),
    bias: Path | None = typer.Option(None, help="Write link rates by age, sex, ethnicity, deprivation, source to CSV."),
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
            result = api.identify(stage, changed=changed)
        except (api.IdentifyBusy, api.SparkMissing) as stopped:
            runtime.fail(str(stopped))
    if crosswalk is not None:
        _write_crosswalk(crosswalk)
    if bias is not None:
        _write_bias(bias)
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


def _write_bias(path: Path) -> None:
    """One row a group: its link rate, the 99.8% limits of its kind, and errors expected. No person's data."""
    from dataclasses import asdict

    from commonweal.apps.identity import api

    rows = [asdict(one) for one in api.bias_report()]
    try:
        with path.open("w", encoding="utf-8", newline="") as out:
            names = ["kind", "group", "records", "rate", "low", "high", "place", "wrong", "doubted"]
            writer = csv.DictWriter(out, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(
                {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}
                for row in rows
            )
    except OSError as error:
        runtime.fail(f"cannot write {path}: {error.strerror}; name a file in a folder you can write to")
