"""``commonweal views run``: SQL on FHIR over an NDJSON file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from commonweal.cli import runtime

views = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add ``commonweal views``."""
    app.add_typer(views, name="views")


@views.callback()
def _group() -> None:
    """SQL on FHIR v2: FHIR resources as plain rows.

    Example: commonweal views run person.json patients.ndjson
    """


@views.command()
def run(
    view: Path = typer.Argument(..., metavar="VIEW.json", help="A ViewDefinition."),
    resources: Path = typer.Argument(..., metavar="RESOURCES.ndjson", help="FHIR resources, one a line."),
) -> None:
    """Print the rows of a view over FHIR resources as a JSON list, one row a line.

    Example: commonweal views run person.json patients.ndjson
    """
    import sys

    import orjson

    from commonweal.fhir.fhirpath import EvaluationFault
    from commonweal.fhir.views import ViewFault, read_view
    from commonweal.lake.views import run_view

    try:
        definition = orjson.loads(view.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        rows = run_view(read_view(definition), _lines(resources))
        separator = "[\n"
        for row in rows:
            sys.stdout.write(separator + orjson.dumps(_plain(row)).decode())
            separator = ",\n"
    except orjson.JSONDecodeError as fault:
        runtime.fail(f"{view}: line {fault.lineno}: not JSON ({fault.msg}); give a ViewDefinition")
    except ViewFault as fault:
        runtime.fail(f"{view}: {fault}; correct the view and run again")
    except EvaluationFault as fault:
        several = "values" in str(fault) or "items" in str(fault)
        what = "narrow the path with first() or where(), or set collection" if several else "correct the view"
        runtime.fail(f"{view}: {fault}; {what}")
    except OSError as fault:
        runtime.fail(f"{fault.filename}: {fault.strerror}")
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


def _plain(value: Any) -> Any:
    """``value`` with each number written the shortest way, 5 for 5.0: JSON has but one kind of number."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _lines(path: Path) -> Iterator[bytes]:
    """Non-blank lines, each checked to be one JSON object so that a fault has its line number."""
    import orjson

    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            try:
                resource = orjson.loads(text)
            except orjson.JSONDecodeError as fault:
                runtime.fail(f"{path}: line {number}: not JSON ({fault.msg}); correct or remove the line")
            if not isinstance(resource, dict) or "resourceType" not in resource:
                runtime.fail(f"{path}: line {number}: no resourceType; give FHIR resources, one a line")
            yield text
