"""``commonweal terminology``: code systems from the deployer's own licensed releases."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from commonweal.cli import runtime


class Kind(StrEnum):
    """What a release is of."""

    SNOMED = "snomed"
    DMD = "dmd"
    ICD10 = "icd10"
    OPCS4 = "opcs4"
    CODESYSTEM = "codesystem"


def register(app: typer.Typer) -> None:
    """Add the ``terminology`` group to the command line."""
    group = typer.Typer(
        help="Code systems: SNOMED CT, dm+d, ICD-10, OPCS-4 and others.\n\n"
        "Example: commonweal terminology add snomed uk_sct2cl.zip",
        no_args_is_help=True,
        add_completion=False,
    )
    group.command("add")(add)
    group.command("list")(listed)
    group.command("remove")(remove)
    group.command("unmapped")(unmapped)
    app.add_typer(group, name="terminology")


def add(
    kind: Annotated[Kind, typer.Argument(help="What it is a release of.")],
    path: Annotated[Path, typer.Argument(help="The release: its zip, its folder, or one file.")],
    system: Annotated[str, typer.Option(help="The code system's address; needed for codesystem as CSV.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Load a release of a code system in place of the one before. The licence is yours; no release is supplied.

    Example: commonweal terminology add dmd nhsbsa_dmd_10.4.0.zip
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    with access.service_run("terminology", kind.value), runtime.progress() as bar:
        bar.add_task(f"loading {path.name}", total=None)
        counts = record.add_terminology(kind.value, path, system)
    runtime.emit(counts, as_json)


def listed(
    former: Annotated[bool, typer.Option("--former", help="Also releases that were loaded once.")] = False,
    as_json: bool = runtime.JSON,
) -> None:
    """The code systems loaded, by address, release and date.

    Example: commonweal terminology list
    """
    runtime.start("batch")
    from commonweal.apps.record import api as record

    found = record.code_systems(former=former)
    if as_json:
        runtime.emit([asdict(one) for one in found], as_json)
        return
    lines = [
        f"{one.url} {one.version or '(no version)'}: {one.name}, {one.concepts} codes"
        + ("" if one.complete else ", not all of it")
        + f"; added {one.added_at:%Y-%m-%d %H:%M}"
        + (f", until {one.removed_at:%Y-%m-%d %H:%M}" if one.removed_at else "")
        for one in found
    ]
    runtime.emit(lines or ["no code system is loaded: commonweal terminology add KIND PATH"], as_json)


def remove(
    system: Annotated[str, typer.Argument(metavar="URL", help="A code system's address.")],
    as_json: bool = runtime.JSON,
) -> None:
    """Take a code system out, as when a licence ends. Codes in the record stay as they are.

    Example: commonweal terminology remove http://snomed.info/sct
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    with access.service_run("terminology", system):
        record.remove_terminology(system)
    runtime.emit({"removed": system}, as_json)


def unmapped(
    limit: Annotated[int, typer.Option(help="The most rows to print.", min=1, max=1_000_000)] = 100,
    as_json: bool = runtime.JSON,
) -> None:
    """Codes in the record that no loaded code system has, by source, the most frequent first. No person's data.

    Example: commonweal terminology unmapped --limit 50
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    with access.service_run("terminology", "unmapped"):
        rows = record.unmapped_codes(limit)
    if as_json:
        runtime.emit([asdict(one) for one in rows], as_json)
        return
    runtime.emit(
        [f"{one.rows} × {one.system or '(no system)'} | {one.code} from {one.source}: {one.reason}" for one in rows]
        or ["every code is in a loaded code system"],
        as_json,
    )
