"""``commonweal audit``: have the audit judged by the rules of review."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Review the audit. Example: commonweal audit review")
    group.callback()(_group)
    group.command()(review)
    app.add_typer(group, name="audit")


def _group() -> None:
    """The audit: who looked at whose record, and which looks somebody should ask about."""


def review(
    until: str = typer.Option("", metavar="DAY", help="Looks before this day (YYYY-MM-DD). None: before today."),
    days: int = typer.Option(14, min=1, max=366, help="Of how many days; whole weeks in them are compared with peers."),
    as_json: bool = runtime.JSON,
) -> None:
    """Put looks that the rules raise before the privacy officer. Run it each night; nothing is raised twice.

    Example: commonweal audit review --days 14
    """
    try:
        before = date.fromisoformat(until) if until else datetime.now(UTC).date()
    except ValueError:
        runtime.fail(f"--until {until}: give a day as YYYY-MM-DD")
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.fhir.normalise import name_key

    def known(compartments: Collection[int]) -> Mapping[int, tuple[str, str]]:
        found = identity.demographics_of(compartments)
        return {
            one: (name_key(said.family), name_key(f"{said.address_line} {said.postcode}") if said.address_line else "")
            for one, said in found.items()
        }

    raised = access.review_audit(known, before, days)
    runtime.emit({"until": before.isoformat(), "days": days, "raised": raised}, as_json)
