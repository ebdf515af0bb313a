"""``commonweal verify``: that what must hold does. Each check yields sentences, one a fault."""

import time
from collections.abc import Callable
from typing import Any

import typer

from commonweal.cli import runtime

Check = Callable[[], list[str]]


def audit_chain() -> list[str]:
    """Every sealed audit row is as it was sealed, every seal follows the one before, every checkpoint is ours."""
    from commonweal.apps.access import api as access

    access.seal()
    return access.verify_chain()


def orphans() -> list[str]:
    """Nothing in the record or in identity points at something that does not exist."""
    from commonweal.apps.record import api as record

    return record.orphans()


def record_equals_lake() -> list[str]:
    """The lake holds each Patient resource of the record once, but for people whom it must forget.

    Said of a lake that has seen every change; whom its views hide is counted.
    """
    from commonweal.apps.population import api as population
    from commonweal.apps.record import api as record

    lake = population.open_lake()
    if not lake.manifest.version:
        return []
    alive, since = record.live("Patient", lake.manifest.watermark, population.forgotten_by(lake))
    if since:
        return []
    with lake.connect(left_out=()) as connection:
        row = connection.execute("SELECT count(*), count(DISTINCT row) FROM person").fetchone()
    rows, distinct = row or (0, 0)
    faults = [] if rows == distinct else [f"the lake holds {rows - distinct} Patient resources more than once"]
    if distinct != alive:
        faults.append(f"the record holds {alive} Patient resources and the lake {distinct}; run commonweal refresh")
    return faults


CHECKS: tuple[tuple[str, Check], ...] = (
    ("audit chain", audit_chain),
    ("orphans", orphans),
    ("record equals lake", record_equals_lake),
)
"""Every check by name, in the order run. A new invariant is a function here and a line in this table."""


def verify() -> dict[str, Any]:
    """Run every check: ``{ok, checks: [{name, ok, faults, seconds}]}``. A check that breaks is a fault too."""
    results = []
    for name, check in CHECKS:
        started = time.perf_counter()
        try:
            faults = check()
        except Exception as error:
            faults = [f"the check itself failed: {type(error).__name__}: {error}"]
        seconds = round(time.perf_counter() - started, 3)
        results.append({"name": name, "ok": not faults, "faults": faults, "seconds": seconds})
    return {"ok": all(result["ok"] for result in results), "checks": results}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("verify", help="Check the audit chain, links and counts. Example: commonweal verify --json")
    def command(as_json: bool = runtime.JSON) -> None:
        runtime.start("batch")
        result = verify()

        def text(out: Any) -> None:
            for check in result["checks"]:
                out.print(f"{check['name']}: {'holds' if check['ok'] else 'FAULT'} ({check['seconds']} s)")
                for fault in check["faults"]:
                    out.print(f"  {fault}", markup=False)

        runtime.emit(result, as_json, text)
        if not result["ok"]:
            broken = ", ".join(check["name"] for check in result["checks"] if not check["ok"])
            runtime.fail(f"verify found faults in: {broken}. Keep the database as it is and tell the people who run it")
