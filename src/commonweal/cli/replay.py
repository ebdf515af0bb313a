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
    whole: bool = typer.Option(False, help="Read the whole file again, with the mapping it was landed with."),
    today: bool = typer.Option(False, help="Read the whole file again, with today's mapping, and show the difference."),
    do: bool = typer.Option(False, "--apply", help="With --whole or --today: do it, after showing the difference."),
    as_json: bool = runtime.JSON,
) -> None:
    """Read the quarantined lines of landed files again; what passes now is stored, the rest stays where it is.

    For a fix on our side. A file that its source has put right is landed as the new file that it is. With --whole or
    --today all of a file counts, and without --apply nothing is done.

    Example: commonweal replay 12 --today
    """
    runtime.start("batch")
    if whole or today or do:
        if not receipts or len(receipts) > 1 or not (whole or today):
            runtime.fail("name one receipt, and say --whole or --today")
        runtime.emit(_whole(receipts[0], today, do), as_json)
        return
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


def _whole(receipt: int, today: bool, do: bool) -> dict[str, Any]:
    """What reading a whole file again changes; done if asked."""
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange
    from commonweal.domain.errors import CommonwealError

    if receipt not in {one.id for one in exchange.receipts()}:
        runtime.fail(f"no receipt {receipt}; a receipt's page is /feeds/NUMBER on the site")
    try:
        with access.service_run("replay", f"receipt {receipt}"):
            found = exchange.again.difference(receipt, today=today)
            result: dict[str, Any] = {
                "mapping": found.mapping,
                "was": found.was,
                "same": found.same,
                "new": found.new,
                "changed": found.changed,
                "withdrawn": found.withdrawn,
                "elements": dict(found.elements.most_common()),
                "set_aside": found.aside,
                "passing": found.passing,
            }
            if do:
                result["applied"] = exchange.again.apply(receipt, today=today)
    except CommonwealError as error:
        runtime.fail(str(error))
    return result
