"""Lists of pseudonyms: marked by an analyst for care that somebody should give, decided by a lead, never named here."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.population.projects import extracts, storing
from commonweal.apps.population.projects.actions import account, deciding, working
from commonweal.apps.population.projects.limits import limit
from commonweal.domain.population.projects import LEAST_WORDS, MOST_LISTED, ListStep, ProjectError, decide_list
from commonweal.lake.extracting import pseudonyms_in
from commonweal.lake.project_pseudonym import well_formed


@dataclass(frozen=True, slots=True)
class Marking:
    """What an analyst asks for: these people of this extract, for this reason, so that care can offer them this."""

    number: int
    title: str
    reason: str
    offer: str
    pseudonyms: tuple[str, ...]


def mark(
    actor: access.Actor, code: str, asked: Marking, read: tuple[storing.Project, storing.Extract, Path] | None = None
) -> int:
    """Mark people of an extract for care. The list's number.

    ``read``: what ``extracts.readable`` gave the actor of that extract in this request; else it is asked for.
    Pseudonyms that are not in that extract are refused by count, and none is said to be anybody's or nobody's beyond
    what the analyst can read in the extract anyway.

    Raises:
        Refused: the actor is not one of the project's analysts, or project or extract are over.
        ProjectError: words are missing, or what is marked is not of the extract.
    """
    project, extract, where = read or extracts.readable(actor, code, asked.number)
    wanted = {one.strip().upper() for one in asked.pseudonyms if one.strip()}
    title, reason, offer = (" ".join(text.split()) for text in (asked.title, asked.reason, asked.offer))
    if not 3 <= len(title) <= 120:
        raise ProjectError("Give the list a title that care staff will understand, in 120 characters at most.", "title")
    for field, text, message in (
        ("reason", reason, "Say what these people have in common and why it matters for their care."),
        ("offer", offer, "Say what a care provider could offer them."),
    ):
        if not LEAST_WORDS <= len(text) <= 1000:
            raise ProjectError(message, field)
    if not wanted:
        raise ProjectError("Give the pseudonyms, one on each line.", "pseudonyms")
    if len(wanted) > MOST_LISTED:
        raise ProjectError(
            f"A list holds at most {MOST_LISTED:,} people: it is for care that somebody will give.", "pseudonyms"
        )
    formed = {one for one in wanted if well_formed(one)}
    strange = len(wanted) - len(formed & pseudonyms_in(where, formed))
    if strange:
        raise ProjectError(f"{strange:,} of {len(wanted):,} are no pseudonyms of extract {asked.number}.", "pseudonyms")
    with working(actor, "mark list", f"project {code} extract {asked.number}") as opened:
        ends = opened.now.date() + timedelta(days=limit("list_days", opened.now.date()))
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO population_list (project_id, extract_id, title, reason, offer, marked, marked_by, "
                "marked_at, ends_on) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
                [project.id, extract.id, title, reason, offer, len(wanted), account(actor), opened.now, ends],
            )
            ident = int(cursor.fetchone()[0])
            cursor.execute(
                "INSERT INTO population_list_pseudonym (list_id, pseudonym) SELECT %s, unnest(%s::text[])",
                [ident, sorted(wanted)],
            )
    return ident


def decide(actor: access.Actor, list_id: int, step: ListStep, words: str) -> None:
    """Allow a list to go to care, refuse it, or close it, with the reason.

    Raises:
        Refused: the actor decides about no lists.
        ProjectError: no such list, it does not allow the step, the project is over, or no reason.
    """
    said = " ".join(words.split())[:1000]
    with deciding(actor, f"list {step}", f"list {list_id}") as opened:
        found = storing.marked_list(list_id, lock=True)
        if found is None:
            raise ProjectError("There is no such list.")
        project = storing.project_by_id(found.project_id)
        state = decide_list(found.state, step, by=account(actor), marked_by=found.marked_by, words=said)
        if step is ListStep.ALLOW:
            _still(project, found, opened.now.date(), account(actor))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE population_list SET state = %s, decided_by = %s, decided_at = %s, words = %s WHERE id = %s",
                [state.value, account(actor), opened.now, said, list_id],
            )


def _still(project: storing.Project, found: storing.MarkedList, today: date, by: str) -> None:
    """That a list may still be allowed, by this account."""
    if not project.stands(today) or today > found.ends_on:
        raise ProjectError("The project, its agreement or the list is over: nobody is found again by it.")
    if by in project.analysts:
        raise ProjectError("Somebody who does not work with the project's data decides about its lists.")
