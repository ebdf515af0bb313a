"""``commonweal relationships``: which asserted relationships wait to be confirmed, and how many do."""

from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import runtime

HELP = (
    "Relationships that wait to be confirmed: load a policy, show the one in force and what waits. "
    "Example: commonweal relationships load strict --by privacy.officer --approved-by second.officer"
)


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help=HELP)
    group.command("load")(load)
    group.command("show")(show)
    app.add_typer(group, name="relationships")


def load(
    policy: str = typer.Argument(help="A JSON file, or one that comes with this: strict, as-shipped."),
    by: str = typer.Option(..., "--by", metavar="ACCOUNT", help="The privacy officer who proposes it."),
    approved_by: str = typer.Option(..., "--approved-by", metavar="ACCOUNT", help="The other one, who approves it."),
    starts: datetime = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="Its first day; else the file's own."),
    as_json: bool = runtime.JSON,
) -> None:
    """Load a policy of which relationships wait, from a day on. What was asserted before that day stands.

    Example: commonweal relationships load strict --from 2026-12-01 --by privacy.officer --approved-by second.officer
    """
    from commonweal.domain.access import confirmation
    from commonweal.domain.errors import CommonwealError

    path = confirmation.SHIPPED.get(policy, Path(policy))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        runtime.fail(f"{policy} cannot be read ({type(fault).__name__}): give a file, strict or as-shipped")
    runtime.start("batch")
    from commonweal.apps.access import api as access

    try:
        loaded = access.confirming.load(text, starts.date() if starts else None, by=by, approved_by=approved_by)
    except CommonwealError as fault:
        runtime.fail(f"{policy}: {fault}")
    runtime.emit({"policy": loaded.name, "from": loaded.starts.isoformat(), "rules": len(loaded.rules)}, as_json)


def show(as_json: bool = runtime.JSON) -> None:
    """The policy in force today and its rules, with how many relationships wait, were confirmed and were refused.

    Example: commonweal relationships show
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access

    policy = access.confirming.in_force(access.today())
    shown = {
        "policy": policy[1] if policy else "",
        "from": policy[0].isoformat() if policy else "",
        "rules": policy[2] if policy else [],
        **access.confirming.counts(),
    }

    def table(out: Console) -> None:
        out.print(f"{shown['policy'] or 'none'}, since {shown['from'] or 'never'}")
        rules = Table("when", "whose", "confirmed by", "days")
        for rule in policy[2] if policy else []:
            ways, days = rule["confirmed_by"], rule["days"]
            rules.add_row(
                str(rule["name"]), str(rule["whom"]), ", ".join(map(str, ways)) if isinstance(ways, list) else "",
                "never" if days is None else str(days),
            )  # fmt: skip
        out.print(rules)
        out.print(f"waiting {shown['waiting']}, confirmed {shown['confirmed']}, refused {shown['refused']}")

    runtime.emit(shown, as_json, table)
