"""``commonweal replay``: read quarantined lines again, after a rule or a mapping was mended."""

from typing import Any

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("replay")(replay)


def replay(
    receipts: list[int] = typer.Argument(
        None, help="Receipt numbers: a receipt's page ends in its number. All if none."
    ),
    as_json: bool = runtime.JSON,
) -> None:
    """Read the quarantined lines of landed files again; what passes now is stored, the rest stays where it is.

    For a fix on our side. A file that its source has put right is landed as the new file that it is.

    Example: commonweal replay 12
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange

    known = {one.id for one in exchange.receipts()}
    unknown = sorted(set(receipts or ()) - known)
    if unknown:
        runtime.fail(f"no receipt {', '.join(map(str, unknown))}; a receipt's page is /feeds/NUMBER on the site")
    total: dict[str, Any] = dict.fromkeys(("read", "accepted", "duplicate", "quarantined", "resources"), 0)
    with access.service_run("replay", "quarantine"), runtime.progress() as bar:
        wanted = sorted(set(receipts or known))
        task = bar.add_task("replaying", total=len(wanted))
        for receipt in wanted:
            for name, count in exchange.replay(receipt).items():
                total[name] += count
            bar.advance(task)
    runtime.emit(total, as_json)
