"""``commonweal feeds``: connect a supplier's file, check every mapping, see how feeds are."""

from datetime import date
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from commonweal.cli import runtime

SHOWN = 10


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Connect a supplier's CSV file by a mapping. Example: commonweal feeds new sample.csv")
    group.command("new")(new)
    group.command("try")(try_)
    group.command("check")(check)
    group.command("health")(health)
    group.command("owners")(owners)
    group.callback()(_group)
    app.add_typer(group, name="feeds")


def _group() -> None:
    """Connect a supplier's CSV file by a mapping, and check mappings. Example: commonweal feeds new sample.csv"""


def new(
    sample: Path = typer.Argument(help="A file of the supplier, as it will come."),
    feed: str = typer.Option("", help="Kind of feed: community or ambulance. Asked for if not given."),
    supplier: str = typer.Option("", help="A short name of the supplier or system. Asked for if not given."),
    source: list[str] = typer.Option([], help="ODS code of an organisation that sends it; may be given again."),
    valid_from: str = typer.Option("", help="First day of receipt it is for, as 2026-04-01; today if not given."),
    resource: str = typer.Option("Encounter", help="What a row is: Encounter (contact) or EpisodeOfCare (referral)."),
    local_id: str = typer.Option("", help="Column with the supplier's own number of a person."),
    reference: str = typer.Option("", help="Column that tells one row's event from any other."),
    event_date: str = typer.Option("", "--date", help="Column with the day or time of the event."),
    column: list[str] = typer.Option([], help="What else a column is for, as team=Ward; may be given again."),
    folder: Path | None = typer.Option(None, help="Where mappings are kept; feeds in the home folder if not given."),
    ask: bool = typer.Option(True, help="Ask for what is missing; with --no-ask it is an error."),
    as_json: bool = runtime.JSON,
) -> None:
    """Profile a sample, propose its mapping, show ten rows as they will land, write mapping, test and documentation.

    Example: commonweal feeds new sample.csv --feed community --supplier acme --source RY9 --no-ask
    """
    from commonweal.feeds.mapped import examples, proposing
    from commonweal.feeds.mapped.describing import page
    from commonweal.feeds.mapped.language import MappingFault, parse
    from commonweal.feeds.mapped.profiling import profile
    from commonweal.feeds.mapped.reading import plan

    try:
        with sample.open("rb") as stream:
            found = profile(stream)
        if not as_json:
            _show_profile(found)
        said = dict(one.split("=", 1) for one in column if "=" in one)
        if len(said) < len(column):
            runtime.fail("--column is given as purpose=Column, such as team=Ward")
        said |= {n: v for n, v in (("local_id", local_id), ("reference", reference), ("start", event_date)) if v}
        if ask and not as_json:
            guessed = proposing.roles(found, said)
            names = [one.name for one in found.columns]
            feed = feed or typer.prompt("Kind of feed (community, ambulance)", default="community")
            supplier = supplier or typer.prompt("Short name of the supplier")
            source = source or typer.prompt("ODS code of the organisation that sends it").split()
            for purpose, words in (
                ("local_id", "Which column is the supplier's own number of a person"),
                ("reference", "Which column tells one event from any other"),
                ("start", "Which column is the day of the event"),
            ):
                if purpose not in said:
                    said[purpose] = _prompt(words, names, guessed.get(purpose, ""))
        if not feed or not supplier:
            runtime.fail("say --feed and --supplier")
        day = date.fromisoformat(valid_from) if valid_from else _today()
        wanted = proposing.Wanted(feed, supplier, day, tuple(source), resource, said)
        proposal = proposing.propose(found, wanted)
        name = f"{feed}/{supplier}-{day.isoformat()}"
        mapping = parse(proposal.text, f"{name}.yaml")
        ready = plan(mapping)
        shown = _rows(sample, ready)
    except MappingFault as fault:
        runtime.fail(str(fault))
    except ValueError:
        runtime.fail("--valid-from must be a day as 2026-04-01")
    except OSError as error:
        runtime.fail(f"{sample}: {error.strerror or error}; name a file of the supplier")
    place = (folder or _own_folder()) / name
    if place.with_name(place.name + ".yaml").exists():
        runtime.fail(f"{place}.yaml is there already; edit it, or say another --valid-from")
    place.parent.mkdir(parents=True, exist_ok=True)
    example = examples.invented(mapping, found)
    files = {
        ".yaml": proposal.text.encode(),
        ".example.csv": example,
        ".example.ndjson": examples.written(examples.expected(ready, example)),
        ".md": page(mapping).encode(),
    }
    for ending, data in files.items():
        place.with_name(place.name + ending).write_bytes(data)
    result = {
        "mapping": f"{place}.yaml",
        "rows": found.rows,
        "columns": len(found.columns),
        "for": proposal.roles,
        "look_at": list(proposal.doubts),
        "ten_rows": shown,
        "files": [f"{place}{ending}" for ending in files],
    }
    runtime.emit(result, as_json, lambda out: _show_new(out, result))


def try_(
    mapping: Path = typer.Argument(help="A mapping file."),
    file: Path = typer.Argument(help="A file of the supplier."),
    source: str = typer.Option("EXAMPLE", help="ODS code of the sender."),
    as_json: bool = runtime.JSON,
) -> None:
    """Read a file with a mapping and store nothing: ten rows as they will land, and what would be set aside.

    Example: commonweal feeds try var/feeds/community/acme-2026-04-01.yaml sample.csv
    """
    from commonweal.feeds.mapped.language import MappingFault, parse
    from commonweal.feeds.mapped.reading import plan

    try:
        ready = plan(parse(mapping.read_text("utf-8"), mapping.name))
        result = _rows(file, ready, source)
    except MappingFault as fault:
        runtime.fail(str(fault))
    except (OSError, UnicodeDecodeError) as error:
        runtime.fail(f"{error}; name a mapping and a file of the supplier")
    runtime.emit(result, as_json, lambda out: _show_rows(out, result))
    if result["set_aside"]:
        raise typer.Exit(1)


def check(
    folder: Path | None = typer.Option(None, help="Another folder of mappings than feeds in the home folder."),
    write: bool = typer.Option(False, help="Write example results and pages anew, after a mapping was edited."),
    as_json: bool = runtime.JSON,
) -> None:
    """Check every mapping against its target and its example; exit status 1 if one fails.

    Example: commonweal feeds check
    """
    from commonweal.feeds.mapped.describing import page
    from commonweal.feeds.mapped.examples import differs, expected, written
    from commonweal.feeds.mapped.language import MappingFault
    from commonweal.feeds.mapped.library import SHIPPED, Library

    try:
        library = Library((SHIPPED, folder or _own_folder()), _today())
        found = []
        for mapping, path in library.mappings():
            version = library.version(path, max(_today(), mapping.valid_from))
            example, kept = path.with_suffix(".example.csv"), path.with_suffix(".example.ndjson")
            if write and example.exists() and not path.is_relative_to(SHIPPED):
                kept.write_bytes(written(expected(version.plan, example.read_bytes())))
                path.with_suffix(".md").write_text(page(version.mapping), "utf-8")
            if not example.exists() or not kept.exists():
                said = "has no example"
            else:
                said = differs(version.plan, example.read_bytes(), kept.read_bytes())
            found.append({"mapping": mapping.label, "valid_from": mapping.valid_from.isoformat(), "fault": said})
    except MappingFault as fault:
        runtime.fail(str(fault))

    def text(out: Console) -> None:
        for one in found:
            out.print(f"{one['mapping']}: {one['fault'] or 'sound'}", markup=False, highlight=False)

    runtime.emit({"mappings": found}, as_json, text)
    if any(one["fault"] for one in found):
        raise typer.Exit(1)


def health(as_json: bool = runtime.JSON) -> None:
    """Say how every feed is and raise notices about those that are not well; exit status 1 while a notice stands.

    Late against its schedule, a volume beyond its control limits, too few valid NHS numbers, too many rows set aside.
    And how what came conforms to the profiles it is held to (commonweal profiles enforce).

    Example: commonweal feeds health --json
    """
    runtime.start("batch")
    from dataclasses import asdict

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange

    try:
        with access.service_run("feeds", "health"):
            notices = exchange.watch()
            found = exchange.feeds_health()
            held = exchange.conformance()
    except exchange.ExchangeError as error:
        runtime.fail(str(error))
    result = {
        "feeds": [
            {
                "source": one.source,
                "feed": one.feed,
                "last": one.last,
                "due": one.due,
                "late_seconds": int(one.late.total_seconds()),
                "nhs_number_valid": one.nhs_number_valid,
                "completeness": dict(one.completeness),
                "quarantined": one.quarantined,
                "troubles": {trouble.value: text for trouble, text in one.troubles},
            }
            for one in found
        ],
        "profiles": [asdict(one) for one in held],
        "notices": [asdict(one) for one in notices],
    }

    def text(out: Console) -> None:
        table = Table("feed", "source", "last came", "valid NHS numbers", "set aside", "trouble")
        for one in found:
            shares = [f"{share:.1%}" if share is not None else "" for share in (one.nhs_number_valid, one.quarantined)]
            last = f"{one.last:%d %b %Y %H:%M}" if one.last else "never"
            table.add_row(one.feed, one.source, last, *shares, "; ".join(text for _, text in one.troubles) or "none")
        out.print(table)
        for kept in held:
            first = "; ".join(f"{place}: {count:,}" for place, count in kept.where[:3])
            said = f"{kept.feed} {kept.source}: {kept.broken:,} of {kept.checked:,} do not conform to {kept.profile}"
            out.print(f"{said} ({first})" if first else said, markup=False, highlight=False)

    runtime.emit(result, as_json, text)
    if notices:
        raise typer.Exit(1)


def owners(
    file: Path = typer.Argument(None, help="CSV: feed, source, organisation, team, account, valid_from, valid_to."),
    as_json: bool = runtime.JSON,
) -> None:
    """List who is told when a feed stops, or replace the list by a file's. Feeds of nobody are the administrators'.

    Example: commonweal feeds owners owners.csv
    """
    runtime.start("batch")
    from dataclasses import asdict

    from commonweal.apps.exchange import api as exchange

    try:
        found = exchange.load_owners(file) if file else exchange.owners()
    except exchange.ExchangeError as error:
        runtime.fail(str(error))
    told = [{name: str(value) for name, value in asdict(one).items()} for one in found]
    lines = [f"{one.feed or 'any feed'} of {one.source or 'any source'}: {one.words}" for one in found]

    def text(out: Console) -> None:
        out.print("\n".join(lines or ["no feed has an owner: administrators are told"]), markup=False, highlight=False)

    runtime.emit(told, as_json, text)


def _own_folder() -> Path:
    from commonweal.cli.home import home_dir

    return home_dir() / "feeds"


def _today() -> date:
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def _prompt(words: str, names: list[str], default: str) -> str:
    """Ask until the answer is a column."""
    while True:
        answer: str = typer.prompt(words, default=default or None)
        if answer in names:
            return answer
        runtime.say(f"no column {answer!r}; the columns are: {', '.join(names)}")


def _rows(sample: Path, ready: Any, source: str = "EXAMPLE") -> dict[str, Any]:
    """The first rows of a file as they will land, and counts of what lands and what would be set aside, and why."""
    from collections import Counter

    from commonweal.feeds.mapped.reading import read
    from commonweal.feeds.types import Problem

    rows: list[dict[str, Any]] = []
    rules: Counter[str] = Counter()
    landed: Counter[str] = Counter()
    first: dict[str, str] = {}
    with sample.open("rb") as stream:
        for item in read(stream, source, ready):
            if isinstance(item, Problem):
                rule = f"{item.field}: {item.rule}" if item.field else item.rule
                rules[rule] += 1
                first.setdefault(rule, f"line {item.line}: {item.message}")
                continue
            landed[item.type] += 1
            if item.line not in [row["line"] for row in rows]:
                if len(rows) == SHOWN:
                    continue
                rows.append({"line": item.line, "resources": []})
            if rows[-1]["line"] == item.line:
                rows[-1]["resources"].append(item.resource)
    aside = [{"rule": rule, "rows": count, "first": first[rule]} for rule, count in rules.most_common()]
    return {"rows": rows, "landed": dict(landed), "set_aside": aside}


def _show_profile(found: Any) -> None:
    table = Table("column", "looks like", "missing", "different", "range or codes")
    for one in found.columns:
        codes = ", ".join(f"{cell} ({count})" for cell, count in one.codes[:6])
        ranged = f"{one.low} to {one.high}" if one.low else codes + (" …" if len(one.codes) > 6 else "")
        written = f" {one.form}" if one.form else ""
        missing = f"{1 - one.filled / found.rows:.0%}"
        table.add_row(one.name, one.kind.replace("_", " ") + written, missing, str(one.distinct), ranged)
    runtime.out.print(f"{found.rows} rows, {found.encoding}, separated by {found.delimiter!r}", highlight=False)
    runtime.out.print(table)


def _show_rows(out: Console, result: dict[str, Any]) -> None:
    import json

    for row in result["rows"]:
        out.print(f"line {row['line']}", highlight=False)
        for resource in row["resources"]:
            out.print(f"  {json.dumps(resource, ensure_ascii=False)}", markup=False, highlight=False, soft_wrap=True)
    landed = ", ".join(f"{count} {kind}" for kind, count in result["landed"].items()) or "nothing"
    out.print(f"would land: {landed}", highlight=False)
    for one in result["set_aside"]:
        text = f"would be set aside: {one['rows']} rows, {one['rule']} ({one['first']})"
        out.print(text, markup=False, highlight=False, soft_wrap=True)


def _show_new(out: Console, result: dict[str, Any]) -> None:
    _show_rows(out, result["ten_rows"])
    for doubt in result["look_at"]:
        out.print(f"look at: {doubt}", markup=False, highlight=False, soft_wrap=True)
    for file in result["files"]:
        out.print(f"wrote {file}", markup=False, highlight=False, soft_wrap=True)
    out.print("Edit the mapping, then: commonweal feeds try MAPPING FILE, and commonweal feeds check --write")
