"""``commonweal demo``: the main job, end to end, on a synthetic ICS written as partners' raw feeds."""

import csv
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import demo_alerts, demo_bars, demo_project, demo_rights, demo_safeguards, runtime
from commonweal.cli.generate import PUBLISHED
from commonweal.cli.home import home_dir

PASSWORD = "commonweal-demo"  # noqa: S105  printed on purpose: the people are made up
PERIOD = "2020-10"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    people: int = typer.Option(5_000, min=100, help="How many people live in the synthetic ICS."),
    seed: int = typer.Option(1, help="The same seed gives the same ICS, byte for byte."),
    serve: bool = typer.Option(True, help="Serve the site at the end."),
    port: int = typer.Option(8000, help="Port of the site on 127.0.0.1."),
    as_json: bool = runtime.JSON,
) -> None:
    """Generate a synthetic ICS, land it, link it, build the lake and the board report, serve the site.

    Example: commonweal demo --people 1000 --no-serve --json
    """
    result = run(people, seed)
    runtime.emit(result, as_json, lambda console: show(console, result))
    if serve:
        from commonweal.cli.serve import serve_site

        serve_site(port=port)


def run(people: int, seed: int) -> dict[str, Any]:
    """Every stage in order; returns the one JSON object the command prints."""
    home = home_dir()
    feeds = home / "demo-feeds"
    seconds: dict[str, float] = {}

    _claim(home, people, seed)
    with _stage("generate", seconds):
        manifest = _generate(feeds, people, seed)
    _set_clock(home, manifest["as_at"])
    with _stage("prepare database", seconds):
        runtime.start("batch")
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.finance import api as finance
    from commonweal.apps.identity import api as identity
    from commonweal.apps.performance import api as performance
    from commonweal.apps.places import api as places
    from commonweal.apps.population import api as population
    from commonweal.apps.record import api as record

    with _stage("reference", seconds), access.service_run("reference", "places"):
        places.load_reference(feeds / "reference")
        record.publish_directory()
        record.publish_professionals(feeds / "reference")
    with _stage("land", seconds):
        landed = _land(exchange, feeds, manifest)
    with _stage("identify", seconds):
        linked = identity.identify()
        quality = identity.evaluate(feeds / "truth")
    with _stage("refresh", seconds):
        population.refresh()
        registers = population.compare_with_truth(feeds / "truth")
    with _stage("report", seconds):
        performance.load_published(settings.COMMONWEAL_PUBLISHED)
        finance.load_published(settings.COMMONWEAL_PUBLISHED)
        performance.load_tables(settings.COMMONWEAL_PUBLISHED, settings.COMMONWEAL_NOW())
        report = _report(home)
    cases = _people_to_show(identity, feeds)
    with _stage("accounts", seconds):
        morning = demo_alerts.choose(cases["cld"], cases["person_id"])
        accounts = _accounts(cases, morning.team)
        accounts.append(demo_rights.let_act(cases, PASSWORD, settings.COMMONWEAL_NOW().date()))
        places_known = sorted({one.ods_code for one in places.organisations()})
        agreed = demo_safeguards.agree(feeds, places.organisations("icb")[0].ods_code, places_known)
        opted_out = demo_safeguards.opt_out(feeds)
    with _stage("project", seconds):
        project = demo_project.run(places.organisations("icb")[0].ods_code, settings.COMMONWEAL_NOW().date())
    with _stage("alerts", seconds):
        demo_alerts.allocate(morning, "social.worker", "Jo Whitfield", feeds / "caseload")
        alerts = demo_alerts.tell(morning, feeds / "this-morning")
    with _stage("referrals", seconds):
        referred = demo_bars.refer(cases["gp"], cases["cld"], feeds / "referrals")
    return {
        "people": people,
        "seed": seed,
        "resources": record.counts().resources,
        "read": landed["read"],
        "quarantined": landed["quarantined"],
        "faults_planted": manifest.get("faults", 0),
        "verified": quality["verified"],
        "probable": quality["probable"],
        "linkage": linked,
        "registers": registers,
        "life_expectancy": _rows(feeds / "truth" / "life_expectancy.csv"),
        "report": str(report),
        "feeds": str(feeds),
        "truth": str(feeds / "truth"),
        "sign_in": accounts,
        "agreements": agreed,
        "opt_outs": opted_out,
        "project": project,
        "alerts": alerts,
        "referrals": referred,
        "show": {key: str(value) for key, value in cases.items()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }


def show(console: Console, result: dict[str, Any]) -> None:
    """The result as a person reads it: linkage, registers, where to sign in."""
    console.print(
        f"\n{result['people']:,} synthetic people, {result['resources']:,} resources, "
        f"{result['quarantined']:,} rows in quarantine ({result['faults_planted']:,} faults were planted in the feeds)"
    )
    links = Table("links", "precision", "recall", title="Linkage against truth")
    for kind in ("verified", "probable"):
        links.add_row(kind, f"{result[kind]['precision']:.5f}", f"{result[kind]['recall']:.5f}")
    console.print(links)
    cells = Table(
        "register", "cells", "equal", "largest difference", title="Registers against truth", title_justify="left"
    )
    for name, row in result["registers"].items():
        cells.add_row(name, str(row["cells"]), str(row["equal"]), str(row["largest_difference"]))
    console.print(cells)
    for row in result["life_expectancy"]:
        if row["imd_quintile"] == "all":
            console.print(
                f"Life expectancy of the simulated lives, {row['sex']}: {row['life_expectancy']} years from "
                f"{row['deaths']} deaths (published: {row['published']})",
                highlight=False,
            )
    stages = ", ".join(f"{name} {value:.1f} s" for name, value in result["seconds"].items())
    console.print(f"Took {sum(result['seconds'].values()):.0f} s: {stages}")
    console.print(f"Board report: {result['report']}")
    signs = Table("sign in as", "password", "to", title="Sign-ins")
    for account in result["sign_in"]:
        signs.add_row(account["username"], account["password"], account["to"])
    console.print(signs)
    if "nhs_number" in result["show"]:
        console.print(
            f"Try: as social.worker find NHS number {result['show']['nhs_number']}; the record shows the GP and the "
            "mental health team involved with this person."
        )
        if result["show"]["plans_nhs_number"]:
            console.print(
                f"And as clinician NHS number {result['show']['plans_nhs_number']}: a ReSPECT form, an advance care "
                "plan and a referral in progress."
            )
    if result["alerts"]:
        console.print(
            f"The hospital's messages today left {result['alerts']} alerts open: see Alerts as social.worker, "
            "or as duty.worker, who is told of what nobody takes on in time."
        )


@contextmanager
def _stage(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Say what is being done on stderr and time it."""
    started = time.monotonic()
    with runtime.err.status(f"{name} …"):
        yield
    seconds[name] = time.monotonic() - started
    runtime.err.print(f"  {name:<18} {seconds[name]:6.1f} s", highlight=False)


def _claim(home: Path, people: int, seed: int) -> None:
    """Mark ``home`` as this demonstration's; refuse one that holds anything else."""
    marker = home / "synthetic.json"
    wanted = {"people": people, "seed": seed}
    if marker.exists():
        held = json.loads(marker.read_text())
        if held != wanted:
            runtime.fail(
                f"{home} holds a demonstration of {held['people']} people, seed {held['seed']}; "
                "run `make clean`, or set COMMONWEAL_HOME to an empty folder"
            )
    elif (home / "postgres").exists():
        runtime.fail(f"{home} holds a real installation; set COMMONWEAL_HOME to an empty folder for a demonstration")
    elif _has_accounts(os.environ.get("DATABASE_URL", "")):
        runtime.fail("DATABASE_URL names an installation in use; a demonstration gives out passwords, so use another")
    else:
        marker.write_text(json.dumps(wanted))


def _has_accounts(url: str) -> bool:
    """Whether the database at ``url`` exists and people have accounts in it."""
    if not url:
        return False
    import psycopg

    try:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT to_regclass('public.access_user') IS NOT NULL").fetchone()
            if not row or not row[0]:
                return False
            return connection.execute("SELECT FROM access_user LIMIT 1").fetchone() is not None
    except psycopg.OperationalError:  # not there yet, or not to be reached, which the next step says better
        return False


def _generate(feeds: Path, people: int, seed: int) -> dict[str, Any]:
    """The raw feeds, made once; a run that was stopped half-way makes them again."""
    done = feeds / "manifest.json"
    if not done.exists():
        from commonweal import synthetic

        synthetic.generate(feeds, people, seed, published=PUBLISHED)
    manifest: dict[str, Any] = json.loads(done.read_text())
    return manifest


def _set_clock(home: Path, as_at: str) -> None:
    """Run the care clock behind, so that the day the synthetic records end is today (9 in the morning)."""
    path = home / "clock.json"
    if not path.exists():
        today = datetime.fromisoformat(f"{as_at}T09:00:00+00:00")
        path.write_text(json.dumps({"behind_seconds": int((datetime.now(UTC) - today).total_seconds())}))


def _land(exchange: Any, feeds: Path, manifest: dict[str, Any]) -> dict[str, int]:
    """Land every file the manifest names; returns rows read, and rows waiting in quarantine, also if landed before."""
    read = 0
    files = [entry for entry in manifest["files"] if entry.get("feed") not in {"", None, "reference", "truth"}]
    with runtime.progress() as bar:
        task = bar.add_task("landing files", total=len(files))
        for entry in files:
            # What a synthetic source sends by several feeds numbers people alike in all of them
            landed = exchange.land(entry["feed"], [feeds / entry["path"]], entry["source"], same_numbering=True)
            read += landed["read"]
            bar.advance(task)
    sent = {(entry["source"], entry["feed"], entry["sha256"]) for entry in files}
    kept = [one for one in exchange.receipts() if (one.source, one.feed, one.sha256) in sent]
    return {"read": read, "quarantined": sum(one.quarantined for one in kept)}


def _report(home: Path) -> Path:
    """The board report of the published period as a standalone page in ``reports/``."""
    from commonweal.apps.reporting import api as reporting

    path = home / "reports" / f"board-{PERIOD}.html"
    path.parent.mkdir(exist_ok=True)
    reporting.write_pack(reporting.draft(PERIOD, "board"), "html", path)
    return path


def _people_to_show(identity: Any, feeds: Path) -> dict[str, Any]:
    """The person every service knows ("Vicky"), found through the crosswalk from truth/cases.csv.

    ``plans_nhs_number`` is the number of somebody old with plans of every kind, '' where nobody is.
    """
    known = feeds / "truth"
    example = {row["case"]: row["person"] for row in reversed(_rows(known / "cases.csv"))}
    case, elder = example["vicky"], example.get("plans")
    numbers = {row["person"]: row for row in _rows(known / "people.csv") if row["person"] in (case, elder)}
    truth = numbers[case]
    held = {
        (row["source"], row["local_id"]): row["feed"]
        for row in _rows(known / "compartments.csv")
        if row["person"] == case
    }
    people: dict[str, UUID] = {}
    sources: dict[str, str] = {}
    for source, local_id, person_id, *_ in identity.crosswalk():
        feed = held.get((source, local_id))
        if feed:
            people[feed] = person_id
            sources[feed] = source
    return {
        "person_id": people["gp"],
        "nhs_number": truth["nhs_number"],
        "birth_date": truth["birth_date"],
        "plans_nhs_number": numbers[elder]["nhs_number"] if elder else "",
        **sources,
    }


def _accounts(cases: dict[str, Any], team: str) -> list[dict[str, str]]:
    """One sign-in for each kind of person, made if missing; the social worker belongs to ``team``."""
    from commonweal.apps.access import api as access
    from commonweal.apps.places import api as places

    system = places.organisations("icb")[0].ods_code
    # username, name, role, organisation, person id, what to try
    wanted: list[tuple[str, str, str, str, UUID | None, str]] = [
        (
            "clinician",
            "Dr Amara Osei",
            "clinician",
            cases["gp"],
            None,
            "find a person of the practice, read a record",
        ),
        ("social.worker", "Jo Whitfield", "social_worker", cases["cld"], None, "see who else is involved; alerts"),
        ("duty.worker", "Mina Patel", "social_worker", cases["cld"], None, "the duty desk: alerts that were escalated"),
        ("citizen", "Vicky (demonstration)", "citizen", "", cases["person_id"], "read the own record and who looked"),
        ("analyst", "Sam Iqbal", "analyst", system, None, "registers by network, deprivation, ethnicity"),
        ("performance.lead", "Priya Nair", "performance_lead", system, None, "board report, registers, feeds"),
        ("board.secretary", "Grace Mensah", "board_secretary", system, None, "packs: read, sign off a version"),
        ("reviewer", "Alex Morgan", "administrator", system, None, "compare records that may be one person's"),
        ("second.reviewer", "Ruth Bello", "administrator", system, None, "be the second pair of eyes"),
        ("privacy.officer", "Nadia Rahman", "privacy_officer", system, None, "who may see what and why; review access"),
        ("referral.clerk", "Lee Brennan", "referral_clerk", cases["cld"], None, "match referrals about nobody known"),
        ("second.officer", "Tom Adeyemi", "privacy_officer", system, None, "confirm what was not justified"),
    ]
    for username, name, role, organisation, person_id, _ in wanted:
        access.create_user(
            username=username,
            password=PASSWORD,
            role=access.Role(role),
            organisation=organisation,
            name=name,
            team=team if username == "social.worker" else "",
            person_id=person_id,
        )
    return [{"username": row[0], "password": PASSWORD, "to": row[5]} for row in wanted]


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
