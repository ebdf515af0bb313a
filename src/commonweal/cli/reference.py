"""``commonweal reference``: load organisations, small areas and postcodes."""

from pathlib import Path

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("reference")(reference)


def reference(
    folder: Path = typer.Argument(help="Folder with organisations.csv, small_areas.csv and postcodes.csv."),
    as_json: bool = runtime.JSON,
) -> None:
    """Load the reference data that footprints, names and deprivation come from, in place of what was there.

    Organisations and their sites can then be searched over FHIR, and, where the folder has practitioners.csv or
    services.csv, practitioners, their roles and services.

    Example: commonweal reference feeds/reference
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.places import api as places
    from commonweal.apps.record import api as record

    try:
        with access.service_run("reference", "places"):
            counts = places.load_reference(folder) | record.publish_directory()
            counts |= record.publish_professionals(folder)
    except places.BadReferenceError as error:
        runtime.fail(str(error))
    except OSError as error:
        runtime.fail(f"{error.filename or folder}: {error.strerror or error}; name the folder of the three files")
    runtime.emit(counts, as_json)
