"""Extracts: made by the batch role with the project's key, read by its analysts, gone when their time is over."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.population.lake import open_lake
from commonweal.apps.population.projects import keys, storing
from commonweal.apps.population.projects.actions import account, working
from commonweal.apps.population.projects.limits import limit, rare_values
from commonweal.apps.population.projects.storing import Extract, Project
from commonweal.domain.population.projects import ProjectError
from commonweal.lake import extracting
from commonweal.lake.project_pseudonym import project_pseudonyms, well_formed
from commonweal.lake.pseudonym import pseudonyms

LOCK = 62_068  # the class of this package's advisory locks; the key is the project's number
NOTICE = (
    "De-identified personal data of one project, for its analysts and its question alone. Pseudonyms are the project's "
    "own and cannot be joined to any other data. Do not try to find out who anybody is: mark pseudonyms in a list "
    "instead. Destroy every copy when it expires."
)


def folder(project: Project, number: int) -> Path:
    """Where an extract's files are."""
    return Path(settings.COMMONWEAL_HOME) / "extracts" / f"{project.id:05d}" / f"{number:04d}"


def _fresh(where: Path) -> Path:
    """The folder of an extract that is not noted, without what a kill left of it."""
    for left in (where, *where.parent.glob(f".{where.name}.*")):
        shutil.rmtree(left, ignore_errors=True)
    return where


def make(code: str, by: str) -> Extract:
    """Make the next extract of an approved project from the lake as it is, as the batch role. Audited.

    One at a time for a project, and what a killed one left is removed first. The opt-outs that bind the purpose are
    honoured and counted; ``by``: the key of whoever has it made.

    Raises:
        ProjectError: no such project, or it is not approved for today.
        LakeFault: there is no lake yet, or a rule for rare values cannot be followed.
    """
    today: date = settings.COMMONWEAL_NOW().date()
    project = _in_force(code, today)
    with access.service_run("extract", f"project {code}, by {by}"), access.alone(LOCK, project.id):
        periods = keys.periods(project.id)
        period = periods[-1] if periods else _first(project)
        lake, number = open_lake(), _next_number(project)
        expires = min(project.ends, today + timedelta(days=limit("extract_days", today)))
        notice = {
            "project": project.code,
            "extract": str(number),
            "period": str(period),
            "as_at": today.isoformat(),
            "expires": expires.isoformat(),
            "controller": project.controller,
            "agreement": project.agreement,
            "notice": NOTICE,
        }
        where = _fresh(folder(project, number))
        people, compartments = _left_out(project)
        with lake.connect(left_out=compartments) as opened:
            made = extracting.make(
                opened,
                where,
                keys.key(project.id, period),
                project.columns,
                today,
                smallest=limit("smallest_group", today),
                rare=rare_values(today),
                leave_out=people,
                notice=notice,
            )
        try:
            _note(project, number, period, today, lake.manifest.version, expires, made)
        except BaseException:  # an extract that is not noted is not there
            shutil.rmtree(where, ignore_errors=True)
            raise
    found = storing.extract(project.id, number)
    if found is None:
        raise ProjectError("The extract could not be noted; make it again.")
    return found


def rotate(code: str, by: str) -> int:
    """Give a project a new period: its next extracts have other pseudonyms for everybody. The period. Audited."""
    project = _in_force(code, settings.COMMONWEAL_NOW().date())
    with access.service_run("rotate pseudonyms", f"project {code}, by {by}"), transaction.atomic():
        return keys.new_period(project.id)


def bridge(code: str, first: int, second: int, custodian: access.Actor) -> list[tuple[str, str]]:
    """(former, later) pseudonym of everybody in two periods of a project, for its custodian alone. Audited.

    Raises:
        ProjectError: no such project or period.
        Refused: the actor is not the project's custodian.
    """
    with access.session(
        custodian, access.Purpose.INFORMATION_GOVERNANCE, "bridge periods", f"project {code}"
    ) as opened:
        opened.require(access.Action.DECIDE_PROJECT)
        project = _known(code)
        if account(custodian) != project.custodian:
            raise access.Refused(access.RefusedKind.NOT_PERMITTED, "Only the project's custodian holds its bridges.")
        people = sorted(people_of_lake())
        former = project_pseudonyms(keys.key(project.id, first), people)
        later = project_pseudonyms(keys.key(project.id, second), people)
        return sorted((former[one], later[one]) for one in people)


def people_of_lake() -> dict[int, list[int]]:
    """Person of the lake → their compartments in the record, by the links that analysis uses."""
    links = identity.probable_people()
    numbers = pseudonyms(open_lake().key, "person", set(links.values()))
    found: dict[int, list[int]] = {}
    for compartment, person in links.items():
        found.setdefault(numbers[person], []).append(compartment)
    return found


def trace(path: Path) -> list[dict[str, Any]]:
    """Which project and period the pseudonyms of a file found somewhere are of, and how many of them. Audited.

    Raises:
        LakeFault: the file has no column ``pseudonym``.
    """
    with access.service_run("trace extract"):
        found = {one for one in extracting.pseudonyms_of_file(path) if well_formed(one)}
        people = list(people_of_lake())
        told = []
        for project in storing.projects():
            for period in keys.periods(project.id):
                ours = found & set(project_pseudonyms(keys.key(project.id, period), people).values())
                if ours:
                    told.append({"project": project.code, "period": period, "pseudonyms": len(ours), "of": len(found)})
        return told


def tidy() -> int:
    """Delete the files of extracts that are over or withdrawn. How many extracts."""
    today: date = settings.COMMONWEAL_NOW().date()
    gone = 0
    for one in storing.past_extracts(today):
        where = folder(storing.project_by_id(one.project_id), one.number)
        if where.exists():
            shutil.rmtree(where)
            gone += 1
    for project in storing.projects():  # an ended project's, though their own time is not over
        if project.state.value == "ended" or project.ends < today:
            where = folder(project, 0).parent
            if where.exists():
                shutil.rmtree(where)
                gone += 1
    return gone


def readable(actor: access.Actor, code: str, number: int) -> tuple[Project, Extract, Path]:
    """An extract's folder, for one of the project's analysts, while project and extract last. Audited.

    Raises:
        Refused: anybody else, or after its time; whoever it is hears no more than that it cannot be had.
    """
    with working(actor, "read extract", f"project {code} extract {number}") as opened:
        project = storing.project(code)
        found = storing.extract(project.id, number) if project else None
        today = opened.now.date()
        if (
            project is None
            or found is None
            or account(actor) not in project.analysts
            or not project.stands(today)
            or not found.readable(today)
        ):
            raise access.Refused(access.RefusedKind.ABSENT, "No such extract, or its time is over.")
        return project, found, folder(project, number)


def summary(found: Extract) -> Mapping[str, Any]:
    """An extract for the command line."""
    return {name: value for name, value in asdict(found).items() if name not in ("id", "project_id", "state", "why")}


def must_stand(project: Project, today: date) -> None:
    """Raise ``ProjectError`` for a project that gives no data on a day."""
    if not project.usable(today):
        raise ProjectError(f"Project {project.code} is {project.standing(today)} today: it gives no data.", "extracts")
    if not project.agreed():
        raise ProjectError(
            f"No agreement {project.agreement} is in force for this purpose: have it renewed first.", "extracts"
        )


def _known(code: str) -> Project:
    project = storing.project(code)
    if project is None:
        raise ProjectError(f"There is no project {code!r}; list them with: commonweal project list")
    return project


def _in_force(code: str, today: date) -> Project:
    project = _known(code)
    must_stand(project, today)
    return project


def _first(project: Project) -> int:
    with transaction.atomic():
        return keys.new_period(project.id)


def _next_number(project: Project) -> int:
    known = storing.extracts(project.id)
    return known[0].number + 1 if known else 1


def _left_out(project: Project) -> tuple[set[int], frozenset[int]]:
    """Whose opt-out binds such a use: people of the lake, and compartments of the record.

    Whole people, since every row of theirs rests on the GP's. What the lake leaves out of counts is not asked: the
    project's own purpose and exemption say whom the extract misses.
    """
    out = identity.people_opted_out(access.Purpose(project.purpose.value), exemption=project.exemption)
    links = identity.probable_people()
    people = set(out.people) | {links[one] for one in out.compartments if one in links}
    return set(pseudonyms(open_lake().key, "person", people).values()), out.compartments


def _note(
    project: Project, number: int, period: int, as_at: date, version: int, expires: date, made: extracting.Made
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO population_extract (project_id, number, period, made_at, as_at, lake_version, expires_on, "
            "people, left_out, blanked, dropped, rows, withheld, digest) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s)",
            [
                *(project.id, number, period, settings.COMMONWEAL_NOW(), as_at, version, expires, made.people),
                *(made.left_out, made.blanked, made.dropped, orjson.dumps(made.rows).decode()),
                *(orjson.dumps(made.withheld).decode(), made.digest),
            ],
        )
