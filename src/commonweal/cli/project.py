"""``commonweal project``: analysis projects, their extracts and pseudonyms, and lists on their way to care."""

import csv
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from commonweal.cli import runtime

BY = typer.Option("", "--by", metavar="ACCOUNT", help="The account that does it; its password is asked for.")
WORDS = typer.Option("", "--words", help="Why; it is kept.")
CODE = typer.Argument(help="The project's short name.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Analysis projects: approved uses of de-identified data. Example: commonweal project list",
    )
    app.add_typer(group, name="project")
    _of_projects(group)
    _of_extracts(group)
    _of_lists(group)


def _of_projects(group: typer.Typer) -> None:
    @group.command("propose", help="Propose a project. Example: commonweal project propose project.yaml --by ana")
    def propose(
        file: Path = typer.Argument(help="YAML with the fields of the page: code, title, question, purpose, ..."),
        by: str = BY,
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        import yaml

        from commonweal.apps.population.api import projects

        try:
            read = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            runtime.fail(f"{file} cannot be read: {type(error).__name__}")
        if not isinstance(read, dict):
            runtime.fail(f"{file} must hold one project: field: value")
        read["analysts"] = " ".join(read.get("analysts") or [])
        form = projects.ProposalForm(read)
        if not form.is_valid():
            field, messages = next(iter(form.errors.items()))
            runtime.fail(f"{field}: {messages[0]}")
        code = projects.propose(_account(by, "analyst"), form.proposal())
        runtime.emit({"project": code, "state": "proposed"}, as_json)

    @group.command(
        "decide", help="Approve, refuse or end one. Example: commonweal project decide frailty approve --by nadia"
    )
    def decide(
        code: str = CODE,
        step: str = typer.Argument(help="approve, refuse or end."),
        by: str = BY,
        words: str = WORDS,
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        if step not in list(projects.ProjectStep):
            runtime.fail("say approve, refuse or end")
        projects.decide(_account(by, "privacy_officer"), code, projects.ProjectStep(step), words)
        runtime.emit({"project": code, "done": step}, as_json)

    @group.command("list", help="Every project and where it stands. Example: commonweal project list --json")
    def listed(as_json: bool = runtime.JSON) -> None:
        runtime.start("batch")
        from django.conf import settings

        from commonweal.apps.population.api import projects

        today = settings.COMMONWEAL_NOW().date()
        runtime.emit([{**asdict(one), "standing": one.standing(today)} for one in projects.projects()], as_json)


def _of_extracts(group: typer.Typer) -> None:
    @group.command("extract", help="Make a project's next extract. Example: commonweal project extract frailty --by it")
    def extract(
        code: str = CODE,
        by: str = typer.Option("operator", "--by", metavar="WHO", help="Who has it made: the audit says so."),
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        with runtime.progress() as shown:
            shown.add_task("extract", total=None)
            projects.tidy()
            made = projects.make(code, f"operator:{by}")
        where = projects.folder(projects.project_by_id(made.project_id), made.number)
        runtime.emit({**projects.summary(made), "folder": str(where)}, as_json)

    @group.command(
        "rotate", help="Give a project new pseudonyms from now on. Example: commonweal project rotate frailty"
    )
    def rotate(
        code: str = CODE,
        by: str = typer.Option("operator", "--by", metavar="WHO", help="Who does it: the audit says so."),
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        runtime.emit({"project": code, "period": projects.rotate(code, f"operator:{by}")}, as_json)

    @group.command(
        "bridge",
        help="Write what joins two periods' pseudonyms, for the project's custodian alone. "
        "Example: commonweal project bridge frailty 1 2 --out bridge.csv --by nadia",
    )
    def bridge(
        code: str = CODE,
        first: int = typer.Argument(help="The former period."),
        second: int = typer.Argument(help="The later one."),
        out: Path = typer.Option(..., help="A new CSV file; only its owner may read it."),
        by: str = BY,
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        pairs = projects.bridge(code, first, second, _account(by, "privacy_officer"))
        try:
            handle = os.open(out, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        except OSError as error:
            runtime.fail(f"{out} cannot be written: {error.strerror}; name a new file")
        with open(handle, "w", encoding="ascii", newline="") as stream:
            lines = csv.writer(stream)
            lines.writerow((f"period_{first}", f"period_{second}"))
            lines.writerows(pairs)
        runtime.emit({"project": code, "pairs": len(pairs), "file": str(out)}, as_json)

    @group.command("trace", help="Whose a file found somewhere is. Example: commonweal project trace found.csv")
    def trace(file: Path = typer.Argument(help="CSV or Parquet."), as_json: bool = runtime.JSON) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        found = projects.trace(file)
        if not found and not as_json:
            runtime.say("no pseudonym in it is of any project here")
        runtime.emit(found, as_json)

    @group.command(
        "tidy",
        help="Delete extracts whose time is over; the worker does it by itself. Example: commonweal project tidy",
    )
    def tidy(as_json: bool = runtime.JSON) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        runtime.emit({"deleted": projects.tidy()}, as_json)


def _of_lists(group: typer.Typer) -> None:
    @group.command(
        "mark",
        help="Mark people of an extract for care. Example: commonweal project mark frailty 1 found.txt --by ana "
        "--title 'Frail and alone' --reason 'Three falls and nobody at home' --offer 'A visit by the falls team'",
    )
    def mark(
        code: str = CODE,
        number: int = typer.Argument(help="The extract."),
        file: Path = typer.Argument(help="Pseudonyms, one on each line."),
        title: str = typer.Option("", help="As care staff will read it."),
        reason: str = typer.Option("", help="What they have in common, and why it matters for their care."),
        offer: str = typer.Option("", help="What a care provider could offer them."),
        by: str = BY,
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        try:
            wanted = tuple(file.read_text(encoding="utf-8").split())
        except (OSError, UnicodeDecodeError) as error:
            runtime.fail(f"{file} cannot be read: {type(error).__name__}")
        asked = projects.Marking(number, title, reason, offer, wanted)
        ident = projects.mark(_account(by, "analyst"), code, asked)
        runtime.emit({"list": ident, "marked": len(wanted), "state": "marked"}, as_json)

    @group.command(
        "send",
        help="Decide about a list. Example: commonweal project send 3 allow --by nadia --words 'For their care'",
    )
    def send(
        number: int = typer.Argument(help="The list."),
        step: str = typer.Argument(help="allow, refuse or close."),
        by: str = BY,
        words: str = WORDS,
        as_json: bool = runtime.JSON,
    ) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        if step not in list(projects.ListStep):
            runtime.fail("say allow, refuse or close")
        projects.decide_list(_account(by, "privacy_officer"), number, projects.ListStep(step), words)
        runtime.emit({"list": number, "done": step}, as_json)

    @group.command(
        "resolve",
        help="Find the people of lists that are allowed and taken up; the worker does it by itself. It shows nobody: "
        "care providers open the list. Example: commonweal project resolve",
    )
    def resolve(as_json: bool = runtime.JSON) -> None:
        runtime.start("batch")
        from commonweal.apps.population.api import projects

        runtime.emit(
            [{"list": one, "found": projects.resolve(one)} for one in projects.waiting_to_be_resolved()], as_json
        )


def _account(name: str, role: str) -> Any:
    """The account that says so, by its password, which is asked for."""
    from commonweal.apps.access import api as access

    if not name:
        runtime.fail("say --by ACCOUNT: who does this")
    password = typer.prompt(f"Password of {name}", hide_input=True, err=True)
    try:
        return access.with_password(name, password, access.Role(role))
    except ValueError as error:
        runtime.fail(str(error))
