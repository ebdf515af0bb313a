"""``commonweal opt-outs``: lists of who opted out of uses beyond care, and what follows from them."""

from collections.abc import Iterator
from pathlib import Path

import typer

from commonweal.cli import runtime

HELP = (
    "Opt-outs from uses beyond care: load a list, count whom each use leaves out. "
    "Example: commonweal opt-outs load opted-out.csv --by data.officer"
)


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help=HELP)
    group.command("load")(load)
    group.command("count")(count)
    app.add_typer(group, name="opt-outs")


def load(
    file: Path = typer.Argument(help="One NHS number a line, or a CSV file with a column nhs_number."),
    kind: str = typer.Option("national_data", "--kind", help="national_data; or type_1, of one practice."),
    source: str = typer.Option("mesh", "--source", help="Whose list it is: the practice's ODS code for type_1."),
    by: str = typer.Option(..., "--by", metavar="WHO", help="Who does it: the audit says so."),
    as_json: bool = runtime.JSON,
) -> None:
    """Make a source's list say exactly what the file says: whoever is no longer on it has opted in again.

    The file is the whole list. A line that holds no valid NHS number stops the load, and nothing is changed.

    Example: commonweal opt-outs load opted-out.csv --by data.officer
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        runtime.fail(f"{file} cannot be read ({type(fault).__name__}): check the path; it is a text file in UTF-8")
    numbers = list(_numbers(file, text))
    runtime.start("batch")
    from commonweal.apps.access import api as access

    if kind not in set(access.OptOut):
        runtime.fail(f"there is no opt-out {kind!r}: say national_data or type_1")
    with access.service_run("opt-outs", source):
        listed, gone = access.replace_list(access.OptOut(kind), numbers, source=source, by=f"operator:{by}")
    runtime.emit({"listed": listed, "withdrawn": gone}, as_json)


def _numbers(file: Path, text: str) -> Iterator[str]:
    """The numbers of a list, ten digits each. Ends the command at the first line that is none, never quoting it."""
    import csv

    from commonweal.domain.identity import nhs_number

    rows = list(csv.reader(text.splitlines()))
    column, first = 0, 0
    if rows and "nhs_number" in rows[0]:
        column, first = rows[0].index("nhs_number"), 1
    for n, row in enumerate(rows[first:], first + 1):
        if not row or not any(row):
            continue
        number = nhs_number.usable(row[column]) if column < len(row) else None
        if number is None:
            runtime.fail(f"{file}, line {n}: no valid NHS number; mend the file and load it again, nothing was changed")
        yield number


def count(as_json: bool = runtime.JSON) -> None:
    """For each purpose and form of use, how many people must be left out today.

    Example: commonweal opt-outs count
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity

    with access.service_run("opt-outs", "count"):
        rows = [
            {
                "purpose": purpose.value,
                "form": form.value,
                **identity.people_opted_out(purpose, form=form).counts,
            }
            for purpose in sorted(access.BEYOND_CARE)
            for form in access.Form
        ]
    runtime.emit(rows, as_json)
