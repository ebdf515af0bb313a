"""Who may be told of something in a person's record: the gate's own answer for each organisation and role, as a batch.

Nothing is read here. An alert is told to the accounts to whom the gate would open, at that moment and for direct care,
the category and the compartment it is about; when they open it, the gate decides again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings

from commonweal.apps.access.gate import decide
from commonweal.apps.access.models import User
from commonweal.apps.access.prepared import prepared
from commonweal.apps.access.scopes import facts, scope_of
from commonweal.domain.access.scope import Actor, Refused
from commonweal.domain.access.vocabulary import Action, Category, Purpose, Role, default_purpose


@dataclass(frozen=True, slots=True)
class Worker:
    """An open account of an organisation. ``key`` is its actor's; ``registration`` its number in a register, or ''."""

    key: str
    name: str
    team: str
    registration: str = ""

    def is_called(self, name: str) -> bool:
        """Whether a list means this account by ``name``: its user name or its registration, in any case."""
        return name.casefold() in (self.key.removeprefix("user:").casefold(), self.registration.casefold() or None)


def related_organisations(compartments: Collection[int], now: datetime | None = None) -> set[str]:
    """The organisations that have a current relationship with any of the compartments; as the batch role."""
    moment = now or settings.COMMONWEAL_NOW()
    with prepared() as cursor:
        cursor.execute(
            "SELECT DISTINCT organisation FROM access_relationship WHERE compartment_id = ANY (%s::bigint[]) "
            "AND actor_key = '' AND starts_at <= %s AND (ends_at IS NULL OR ends_at > %s)",
            [list(compartments), moment, moment],
        )
        return {row[0] for row in cursor.fetchall()}


def may_be_told(
    person_id: UUID,
    compartments: Mapping[int, str],
    about: int,
    category: Category,
    organisation: str,
    roles: Collection[Role],
    now: datetime | None = None,
) -> set[Role]:
    """Those of ``roles`` at ``organisation`` to whom the gate opens ``category`` of the compartment ``about`` now.

    ``compartments``: all of the person's, id → source, verified links only.
    """
    moment = now or settings.COMMONWEAL_NOW()
    found = facts(organisation, "", compartments, Purpose.DIRECT_CARE, moment)
    told = set()
    for role in roles:
        asking = Actor("", "", role, organisation)
        scope = scope_of(asking, Purpose.DIRECT_CARE, moment.date(), person_id, compartments, found)
        if not isinstance(scope, Refused) and scope.opens(about, category.value):
            told.add(role)
    return told


def names_of(actor: Actor) -> tuple[str, ...]:
    """What lists of workers may call the actor, in lower case: the user name, and the registration if there is one."""
    username = actor.key.removeprefix("user:")
    number = User.objects.filter(username=username).values_list("registration", flat=True).first()
    return tuple(name.casefold() for name in (username, number) if name)


def roles_allowed(action: Action, on: date) -> set[Role]:
    """The roles to which the gate allows, for their own purpose, an action that names no person."""
    return {role for role in Role if decide(on, role, default_purpose(role), action)}


def administrators() -> list[tuple[str, Worker]]:
    """Every open account of an administrator, with its organisation, by name."""
    rows = User.objects.filter(role=Role.ADMINISTRATOR.value, is_active=True).order_by("name", "username")
    return [
        (organisation, Worker(f"user:{username}", *rest))
        for organisation, username, *rest in rows.values_list(
            "organisation", "username", "name", "team", "registration"
        )
    ]


def workers(organisation: str, roles: Collection[Role]) -> list[Worker]:
    """The open accounts of an organisation in these roles, by name."""
    rows = User.objects.filter(organisation=organisation, role__in=[role.value for role in roles], is_active=True)
    return [
        Worker(f"user:{username}", *rest)
        for username, *rest in rows.order_by("name", "username").values_list("username", "name", "team", "registration")
    ]
