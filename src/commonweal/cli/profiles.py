"""``commonweal profiles``: implementation guides' definitions, and who is held to which profile."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from commonweal.cli import runtime


def register(app: typer.Typer) -> None:
    """Add the ``profiles`` group to the command line."""
    group = typer.Typer(
        help="Profiles and value sets of implementation guides.\n\nExample: commonweal profiles add uk.core.r4.tgz",
        no_args_is_help=True,
        add_completion=False,
    )
    for command in (add, remove, show, enforce, release):
        group.command(command.__name__)(command)
    group.command("list")(listed)
    app.add_typer(group, name="profiles")


def add(
    path: Annotated[Path, typer.Argument(metavar="PACKAGE", help="A package (.tgz), a folder, or one JSON file.")],
    as_json: bool = runtime.JSON,
) -> None:
    """Load the profiles, extensions, value sets and code systems of a package; again changes nothing.

    Example: commonweal profiles add uk.core.r4.tgz
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    with access.service_run("profiles", path.name), runtime.progress() as bar:
        bar.add_task(f"loading {path.name}", total=None)
        counts = record.add_package(path)
    for url, why in counts["unusable"]:
        runtime.say(f"{url} cannot be used yet: {why}")
    if as_json:
        runtime.emit(counts, as_json)
    else:
        runtime.emit({name: len(v) if isinstance(v, list) else v for name, v in counts.items()}, as_json)


def listed(
    former: Annotated[bool, typer.Option("--former", help="Also packages that were loaded once.")] = False,
    as_json: bool = runtime.JSON,
) -> None:
    """The packages loaded, by name, version and date, and the rules on who is held to which profile.

    Example: commonweal profiles list
    """
    runtime.start("batch")
    from commonweal.apps.record import api as record

    packages = [asdict(one) for one in record.packages(former=former)]
    rules = [asdict(one) for one in record.profile_rules()]
    if as_json:
        runtime.emit({"packages": packages, "rules": rules}, as_json)
        return
    lines: list[Any] = [
        f"{one['package']} {one['version']}: {one['profiles']} profiles, {one['extensions']} extensions, "
        f"{one['value_sets']} value sets, {one['code_systems']} code systems; added {one['added_at']:%Y-%m-%d %H:%M}"
        + (f", removed {one['removed_at']:%Y-%m-%d %H:%M}" if one["removed_at"] else "")
        for one in packages
    ]
    lines += [
        f"{one['source'] or 'every source'}{one['feed'] and ', feed ' + one['feed']}: "
        f"{one['verdict']} {one['profile']} from {one['valid_from']}"
        + (f" until {one['valid_to']}" if one["valid_to"] else "")
        for one in rules
    ]
    runtime.emit(lines or ["no package is loaded: commonweal profiles add PACKAGE"], as_json)


def remove(
    package: Annotated[str, typer.Argument(help="A package's name, as profiles list gives it.")],
    version: Annotated[str, typer.Option(help="Only this version.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Take a package's definitions and code systems out; that they were loaded stays on record.

    Example: commonweal profiles remove uk.core.r4 --version 2.0.1
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    with access.service_run("profiles", package):
        runtime.emit(record.remove_package(package, version), as_json)


def show(
    url: Annotated[str, typer.Argument(metavar="URL", help="A profile's address.")],
    as_json: bool = runtime.JSON,
) -> None:
    """A profile's elements as they stand with all it is based on, and those it marks as must support.

    Example: commonweal profiles show https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient
    """
    runtime.start("batch")
    from commonweal.apps.record import api as record

    shown = record.profile_snapshot(url)
    runtime.emit(
        shown
        if as_json
        else [
            f"{one['id']} {one['min']}..{one['max']}" + (" must support" if one.get("mustSupport") else "")
            for one in shown["element"]
        ],
        as_json,
    )


def enforce(
    profile: Annotated[str, typer.Argument(metavar="URL", help="A loaded profile's address.")],
    source: Annotated[str, typer.Option(help="ODS code of the source held to it; all when left out.")] = "",
    feed: Annotated[str, typer.Option(help="Only what comes by this feed (api: FHIR); all when left out.")] = "",
    refuse: Annotated[bool, typer.Option("--refuse/--report", help="Refuse what breaks it, or only say so.")] = False,
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD; today when left out.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """Hold what comes in, by FHIR or in a landed file, to a profile, from a day on.

    Example: commonweal profiles enforce http://hl7.org/fhir/StructureDefinition/bp --source RX1 --feed gp --refuse
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.record import api as record

    if feed and feed not in exchange.feeds_held():
        runtime.fail(f"{feed} is not held to profiles; the feeds that are: {', '.join(exchange.feeds_held())}")
    with access.service_run("profiles", profile):
        rule = record.enforce_profile(profile, source, "refuse" if refuse else "report", _day(start), feed)
    runtime.emit(asdict(rule), as_json)


def release(
    profile: Annotated[str, typer.Argument(metavar="URL", help="A profile's address.")],
    source: Annotated[str, typer.Option(help="ODS code of the source; the rule for all when left out.")] = "",
    feed: Annotated[str, typer.Option(help="The feed of the rule; the rule for all feeds when left out.")] = "",
    end: Annotated[str, typer.Option("--on", help="First day without it, YYYY-MM-DD; today when left out.")] = "",
    as_json: bool = runtime.JSON,
) -> None:
    """End a rule that holds sources to a profile.

    Example: commonweal profiles release https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient --source RX1
    """
    runtime.start("batch")
    from commonweal.apps.access import api as access
    from commonweal.apps.record import api as record

    with access.service_run("profiles", profile):
        ended = record.release_profile(profile, source, _day(end), feed)
    if not ended:
        runtime.fail(
            f"no rule for {profile}, {source or 'every source'} and {feed or 'every feed'} is in force; "
            "profiles list shows them"
        )
    runtime.emit({"ended": True}, as_json)


def _day(text: str) -> date:
    from django.conf import settings

    try:
        day: date = date.fromisoformat(text) if text else settings.COMMONWEAL_NOW().date()
    except ValueError:
        runtime.fail(f"{text} is not a date: write YYYY-MM-DD")
    return day
