"""``commonweal remove`` and ``commonweal hold``: lawful removal by two administrators, and what stops it."""

from typing import Any
from uuid import UUID

import typer

from commonweal.cli import runtime

BY = typer.Option("", "--by", help="The administrator's account that asks, confirms or holds.")
PERSON = typer.Option("", help="A person's identifier: every record linked to them.")
COMPARTMENT = typer.Option([], help="SOURCE/LOCAL-ID: everything one organisation holds of one person. Repeatable.")
GROUND = typer.Option("", help="The legal ground or the schedule's rule, without the person's name. It is kept.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""

    @app.command(
        "remove",
        help="Remove lawfully; a second administrator confirms. Example: commonweal remove "
        "--reason retention --person 5f0e… --ground 'GP record, 10 years after death' --by ann; "
        "then: commonweal remove --confirm 1 --by bob",
    )
    def remove(
        reason: str = typer.Option("", help="rectification, wrong-person or retention."),
        person: str = PERSON,
        compartment: list[str] = COMPARTMENT,
        resource: list[str] = typer.Option([], help="TYPE/ID, such as Condition/7b2c…. Repeatable."),
        ground: str = GROUND,
        by: str = BY,
        dry_run: bool = typer.Option(False, "--dry-run", help="Show what it would reach, and ask for nothing."),
        confirm: int = typer.Option(0, help="The number of a removal another administrator asked for: does it."),
        refuse: int = typer.Option(0, help="The number of a removal to say no to."),
        resume: bool = typer.Option(False, "--resume", help="Finish what a crash interrupted."),
        listed: bool = typer.Option(False, "--list", help="Show the removals there are."),
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("owner")
        from commonweal.apps.exchange import api as exchange

        removal = exchange.removal
        if listed:
            runtime.emit(removal.listed(), as_json)
        elif resume:
            runtime.emit([_done(number) for number in removal.unfinished()], as_json)
        elif confirm:
            removal.confirm(confirm, _administrator(by))
            runtime.emit(_done(confirm), as_json)
        elif refuse:
            removal.refuse(refuse, _administrator(by))
            runtime.emit({"removal": refuse, "state": "refused"}, as_json)
        else:
            asked = _asked(person, compartment, resource)
            if dry_run:
                runtime.emit(removal.reach(removal.targets_of(asked)), as_json)
                return
            if reason not in list(removal.Reason):
                runtime.fail(f"say --reason {', '.join(removal.Reason)}")
            made = removal.ask(removal.Reason(reason), ground, asked, _administrator(by))
            runtime.emit(removal.result(made), as_json)
            runtime.say(f"another administrator confirms it: commonweal remove --confirm {made.pk} --by NAME")

    @app.command(
        "hold",
        help="Put a legal hold on records, or lift one; nothing held is removed. Example: commonweal hold "
        "--person 5f0e… --ground 'Coroner, case 12' --by ann",
    )
    def hold(
        person: str = PERSON,
        compartment: list[str] = COMPARTMENT,
        ground: str = GROUND,
        lift: int = typer.Option(0, help="The number of a hold to end."),
        by: str = BY,
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("owner")
        from commonweal.apps.exchange import api as exchange

        if lift:
            exchange.removal.lift(lift, _administrator(by))
            runtime.emit({"lifted": lift}, as_json)
            return
        if not ground.strip():
            runtime.fail("say why with --ground; it is kept with the hold")
        found = exchange.removal.targets_of(_asked(person, compartment, []))
        wholes = [ident for ident, _, _ in found.wholes]
        runtime.emit({"holds": exchange.removal.hold(wholes, ground, _administrator(by))}, as_json)


def _asked(person: str, compartments: list[str], resources: list[str]) -> Any:
    from commonweal.apps.exchange import api as exchange

    try:
        who = UUID(person) if person else None
    except ValueError:
        runtime.fail("--person takes a person's identifier: 32 digits and four dashes, as in the address of the record")
    if not (person or compartments or resources):
        runtime.fail("say what: --person ID, --compartment SOURCE/LOCAL-ID or --resource TYPE/ID")
    return exchange.removal.Asked(who, _pairs(compartments), _pairs(resources))


def _pairs(words: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = tuple((first, second) for first, _, second in (word.partition("/") for word in words))
    if any(not first or not second for first, second in pairs):
        runtime.fail("--compartment takes SOURCE/LOCAL-ID, and --resource TYPE/ID")
    return pairs


def _administrator(name: str) -> Any:
    """The administrator who says so, by password, which is asked for."""
    from commonweal.apps.access import api as access

    if not name:
        runtime.fail("say --by NAME: the administrator's account that does this")
    password = typer.prompt(f"Password of {name}", hide_input=True, err=True)
    try:
        return access.erasing.administrator(name, password)
    except ValueError as error:
        runtime.fail(str(error))


def _done(number: int) -> dict[str, Any]:
    from commonweal.apps.exchange import api as exchange

    with runtime.progress() as shown:
        task = shown.add_task("removing", total=None)
        done = exchange.removal.carry_out(number, lambda step: shown.update(task, description=step))
    result: dict[str, Any] = exchange.removal.result(done)
    return result
