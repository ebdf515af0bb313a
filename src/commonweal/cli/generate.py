"""``commonweal generate``: a synthetic system as raw feeds, with the truth beside them."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonweal.cli import runtime

PUBLISHED = Path(__file__).resolve().parents[3] / "examples" / "published" / "003_population_life_expectancy.csv"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(generate)


def generate(
    directory: Annotated[Path, typer.Argument(help="Where to write; new, empty, or written by this command before.")],
    people: Annotated[int, typer.Option(help="How many people (100 or more).")] = 5_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    geography: Annotated[
        Path | None, typer.Option(help="Folder of real small areas: imd*.csv, population*.csv, gp_practice*.csv.")
    ] = None,
    as_json: bool = runtime.JSON,
) -> None:
    """Write the raw feeds and the truth of a synthetic Integrated Care System.

    Example: commonweal generate var/ics --people 5000 --seed 1
    """
    from commonweal.synthetic import GenerationError, GeographyError
    from commonweal.synthetic import generate as make

    began = time.perf_counter()
    try:
        with runtime.progress() as display:
            task = display.add_task("Generating", total=None)
            manifest = make(
                directory,
                people,
                seed,
                geography,
                lambda what, done, of: display.update(task, description=what, completed=done, total=of),
                PUBLISHED,
            )
    except (GenerationError, GeographyError) as error:
        runtime.fail(str(error))
    except OSError as error:
        runtime.fail(f"cannot write {directory}: {error.strerror or error}")
    seconds = time.perf_counter() - began
    published = _published(directory)
    result = {
        "directory": str(directory),
        "people": manifest.people,
        "seed": manifest.seed,
        "resources": manifest.resources,
        "organisations": manifest.organisations,
        "files": len(manifest.files),
        "bytes": sum((directory / f.path).stat().st_size for f in manifest.files),
        "seconds": round(seconds, 2),
        "vicky": manifest.cases.get("vicky"),
        "life_expectancy": [
            {
                "sex": e.sex,
                "imd_quintile": e.quintile,
                "deaths": e.deaths,
                "years": round(e.value, 2) if e.value == e.value else None,
                "published": published.get(e.sex, "") if e.quintile == "all" else "",
            }
            for e in manifest.life_expectancy
        ],
    }

    def text(console: Console) -> None:
        each = manifest.resources / manifest.people
        console.print(
            f"{manifest.people:,} synthetic people, {manifest.resources:,} resources ({each:.0f} a person), "
            f"{len(manifest.files)} files in {seconds:.1f} s: {directory}",
            highlight=False,
        )
        console.print("Life expectancy at birth in the simulated lives, beside the published figures:", highlight=False)
        for e in manifest.life_expectancy:
            group = "everybody" if e.quintile == "all" else f"deprivation quintile {e.quintile}"
            beside = f"   published: {published[e.sex]}" if e.quintile == "all" and e.sex in published else ""
            console.print(f"  {e.sex:<7} {group:<24} {e.value:5.1f} ({e.deaths} deaths){beside}", highlight=False)

    runtime.emit(result, as_json, text)


def _published(directory: Path) -> dict[str, str]:
    """The published figures the truth was written beside, by sex."""
    import csv

    with (directory / "truth" / "life_expectancy.csv").open(encoding="utf-8", newline="") as handle:
        return {row["sex"]: row["published"] for row in csv.DictReader(handle) if row["published"]}
