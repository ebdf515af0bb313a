"""What is done with a project: proposed by an analyst, decided by an information-governance lead; never both by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import IntegrityError, connection, transaction

from commonweal.apps.access import api as access
from commonweal.apps.population.projects import storing
from commonweal.apps.population.projects.storing import Extract, MarkedList, Project, TakenUp
from commonweal.domain.population.projects import (
    ProjectError,
    ProjectStep,
    Proposal,
    check,
    decide_project,
)
from commonweal.lake.extracting import KEYS


@contextmanager
def working(actor: access.Actor, action: str, target: str = "") -> Iterator[access.AccessSession]:
    """A session in which an analyst works with projects. Raises ``Refused`` for anybody else."""
    with access.session(actor, access.Purpose.POPULATION_HEALTH, action, target) as opened:
        opened.require(access.Action.WORK_ON_PROJECT)
        yield opened


@contextmanager
def deciding(actor: access.Actor, action: str, target: str = "") -> Iterator[access.AccessSession]:
    """A session in which an information-governance lead decides. Raises ``Refused`` for anybody else."""
    with access.session(actor, access.Purpose.INFORMATION_GOVERNANCE, action, target) as opened:
        opened.require(access.Action.DECIDE_PROJECT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('commonweal.deciding', 'on', true)")
        yield opened


def account(actor: access.Actor) -> str:
    """The account name behind an actor."""
    return actor.key.removeprefix("user:")


def propose(actor: access.Actor, proposal: Proposal) -> str:
    """Propose a project; its short name. The proposer need not be one of its analysts.

    Raises:
        Refused: the actor is no analyst.
        ProjectError: it cannot stand, an account named is no open one of the right role, or the name is taken.
    """
    with working(actor, "propose project", f"project {proposal.code}") as opened:
        check(proposal, KEYS)
        _accounts(proposal)
        values = [
            *(proposal.code, proposal.title, proposal.question, proposal.purpose.value, proposal.lawful_basis),
            *(proposal.confidentiality, proposal.agreement, proposal.controller, proposal.dpia, proposal.starts),
            *(proposal.ends, proposal.custodian, list(proposal.analysts), list(proposal.columns), proposal.exemption),
            *(account(actor), opened.now),
        ]
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO population_project (code, title, question, purpose, lawful_basis, confidentiality, "
                    "agreement, controller, dpia, starts, ends, custodian, analysts, columns, exemption, proposed_by, "
                    "proposed_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    values,
                )
        except IntegrityError:
            raise ProjectError("There is a project of this short name: choose another.", "code") from None
    return proposal.code


def _accounts(proposal: Proposal) -> None:
    """That the accounts named are open, and of the roles that may do what they are named for."""
    analysts = access.open_accounts(access.Role.ANALYST)
    strangers = sorted(set(proposal.analysts) - analysts)
    if strangers:
        raise ProjectError(f"{strangers[0]} is no open account of an analyst.", "analysts")
    if proposal.custodian not in access.open_accounts(access.Role.PRIVACY_OFFICER):
        raise ProjectError(
            "The custodian is an information-governance lead: name the open account of one.", "custodian"
        )


def decide(actor: access.Actor, code: str, step: ProjectStep, words: str) -> None:
    """Approve, refuse or end a project, with the reason.

    Raises:
        Refused: the actor decides about no projects.
        ProjectError: no such project, it does not allow the step, one's own project, or no reason.
    """
    said = " ".join(words.split())[:1000]
    with deciding(actor, f"project {step}", f"project {code}") as opened:
        found = storing.project(code, lock=True)
        if found is None:
            raise ProjectError("There is no such project.")
        involved = (found.proposed_by, *found.analysts)
        state = decide_project(found.state, step, by=account(actor), involved=involved, words=said)
        if step is ProjectStep.APPROVE and not found.agreed():
            raise ProjectError(f"No agreement {found.agreement} is in force for what this project is for.")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE population_project SET state = %s, decided_by = %s, decided_at = %s, words = %s WHERE id = %s",
                [state.value, account(actor), opened.now, said, found.id],
            )


def seen(actor: access.Actor) -> tuple[list[Project], date]:
    """Every project, and today by the care clock: for analysts, and for who decides. Raises ``Refused``."""
    manager = deciding if actor.role is access.Role.PRIVACY_OFFICER else working
    with manager(actor, "read projects") as opened:
        return storing.projects(), opened.now.date()


def page(actor: access.Actor, code: str) -> "tuple[Project, list[Extract], list[MarkedList], date] | None":
    """One project with its extracts and lists; None if there is none. Raises ``Refused``."""
    manager = deciding if actor.role is access.Role.PRIVACY_OFFICER else working
    with manager(actor, "read project", f"project {code}") as opened:
        found = storing.project(code)
        if found is None:
            return None
        return found, storing.extracts(found.id), storing.lists(found.id), opened.now.date()


def list_page(actor: access.Actor, list_id: int) -> tuple[MarkedList, Project, list[TakenUp], date] | None:
    """A list as those who decide about it see it: what it is for, how many, who took it up. Raises ``Refused``."""
    with deciding(actor, "read list", f"list {list_id}") as opened:
        found = storing.marked_list(list_id)
        if found is None:
            return None
        return found, storing.project_by_id(found.project_id), storing.taken_up(list_id), opened.now.date()
