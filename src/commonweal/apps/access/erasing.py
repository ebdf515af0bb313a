"""A lawful removal's part in access: who may confirm one, what of the person goes, and what is audited.

Relationships, restrictions, opt-outs, requests for a copy, those who act for the person, cases, what review raised,
the list to watch, what apps were let do about the person, and their own account go, with its second factors and
bindings. The audit stays: that somebody looked, and that something was removed, is not the content that was removed.
The keyed digest of an NHS number on a national list of opt-outs stays as well: it is what keeps a person left out who
asked to be.
"""

from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

from django.contrib.auth import authenticate
from django.db import connection, transaction

from commonweal.apps.access import audit
from commonweal.apps.access.models import Restriction, StoredRelationship, Token, User
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Purpose, Role

TABLES = (
    "access_relationship",
    "access_waiting",
    "access_restriction",
    "access_opt_out",
    "access_objection",
    "access_app_grant",
    "access_app_launch",
    "access_anomaly",
    "access_watched",
    "access_copy",
    "access_copy_item",
    "access_proxy",
    "access_competence",
)

_ANOMALIES_OF = "SELECT count(*) FROM access_anomaly WHERE person_id IS NOT NULL AND compartments <@ %s::bigint[]"
_FORGET_ANOMALIES = "DELETE FROM access_anomaly WHERE person_id IS NOT NULL AND compartments <@ %s::bigint[]"

# A request of which other compartments stay is still about somebody here; its items from these go.
_COUNT_REQUESTS = (
    "SELECT count(*) FROM access_waiting WHERE compartment_id = ANY (%s::bigint[])",
    "SELECT count(*) FROM access_copy_item WHERE compartment_id = ANY (%s::bigint[])",
    "SELECT count(*) FROM access_copy WHERE compartments <@ %s::bigint[]",
    "SELECT count(*) FROM access_proxy WHERE compartments <@ %s::bigint[]",
    "SELECT count(*) FROM access_competence WHERE compartments <@ %s::bigint[]",
)
_FORGET_REQUESTS = (
    "DELETE FROM access_waiting WHERE compartment_id = ANY (%s::bigint[])",
    "DELETE FROM access_copy_item WHERE compartment_id = ANY (%s::bigint[])",
    "DELETE FROM access_copy WHERE compartments <@ %s::bigint[]",
    "DELETE FROM access_proxy WHERE compartments <@ %s::bigint[]",
    "DELETE FROM access_competence WHERE compartments <@ %s::bigint[]",
)


def administrator(username: str, password: str) -> Actor:
    """The administrator with this name and password. Raises ``ValueError`` for anybody else."""
    user = authenticate(None, username=username, password=password)
    if not isinstance(user, User) or user.role != Role.ADMINISTRATOR:
        raise ValueError(f"{username!r} and this password are not an administrator's; ask one to do this")
    return Actor(f"user:{user.username}", user.name, Role(user.role), user.organisation, user.team, None)


def count_of(compartments: Collection[int]) -> int:
    """How many relationships, restrictions, cases and looks raised ``forget`` would remove."""
    wanted = list(compartments)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM access_case WHERE compartments <@ %s::bigint[]", [wanted])
        cases = int(cursor.fetchone()[0])
        cursor.execute(_ANOMALIES_OF, [wanted])
        cases += int(cursor.fetchone()[0])
        cursor.execute("SELECT count(*) FROM access_opt_out WHERE compartment_id = ANY (%s)", [wanted])
        cases += int(cursor.fetchone()[0])
        cursor.execute("SELECT count(*) FROM access_objection WHERE compartments <@ %s::bigint[]", [wanted])
        cases += int(cursor.fetchone()[0])
        for statement in _COUNT_REQUESTS:
            cursor.execute(statement, [wanted])
            cases += int(cursor.fetchone()[0])
    return (
        StoredRelationship.objects.filter(compartment_id__in=wanted).count()
        + Restriction.objects.filter(compartment_id__in=wanted).count()
        + cases
    )


def forget(compartments: Collection[int], people: Collection[UUID]) -> int:
    """Remove what access holds of compartments, and the accounts of people of whom nothing is left. How many rows."""
    with transaction.atomic():
        wanted = list(compartments)
        gone = StoredRelationship.objects.filter(compartment_id__in=wanted).delete()[0]
        gone += Restriction.objects.filter(compartment_id__in=wanted).delete()[0]
        with connection.cursor() as cursor:  # a case of which other compartments stay is still about somebody here
            cursor.execute("DELETE FROM access_case WHERE compartments <@ %s::bigint[]", [wanted])
            gone += int(cursor.rowcount)
            cursor.execute("DELETE FROM access_opt_out WHERE compartment_id = ANY (%s)", [wanted])
            gone += int(cursor.rowcount)
            cursor.execute("DELETE FROM access_objection WHERE compartments <@ %s::bigint[]", [wanted])
            gone += int(cursor.rowcount)
            for statement in _FORGET_REQUESTS:
                cursor.execute(statement, [wanted])
                gone += int(cursor.rowcount)
            cursor.execute("DELETE FROM access_app_grant WHERE person_id = ANY (%s::uuid[])", [list(people)])
            gone += int(cursor.rowcount)
            cursor.execute("DELETE FROM access_app_launch WHERE person_id = ANY (%s::uuid[])", [list(people)])
            cursor.execute(_FORGET_ANOMALIES, [wanted])
            gone += int(cursor.rowcount)
            cursor.execute("DELETE FROM access_watched WHERE person_id = ANY (%s::uuid[])", [list(people)])
            gone += int(cursor.rowcount)
        for user in User.objects.filter(person_id__in=list(people), role=Role.CITIZEN):
            Token.objects.filter(user=user).delete()
            _forget_ways_in(user.pk)
            user.set_unusable_password()
            user.username, user.name, user.person_id, user.is_active = f"removed-{user.pk}", "Removed", None, False
            user.save()
            gone += 1
    return gone


def _forget_ways_in(user_id: int) -> None:
    """What an account signs in with, and where: another service's subject names the person as well as a name does."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM access_factor WHERE user_id = %s", [user_id])
        cursor.execute("DELETE FROM access_lost_factor WHERE user_id = %s", [user_id])
        cursor.execute("DELETE FROM access_binding WHERE user_id = %s", [user_id])
        cursor.execute("DELETE FROM access_app_grant WHERE user_id = %s", [user_id])


def audit_removal(by: Actor, action: str, target: str, ground: str, people: Mapping[UUID, Collection[int]]) -> None:
    """Audit one step of a removal, with each person it concerns as a subject; in the caller's transaction.

    ``target`` and ``ground`` must hold nothing of what is removed: they stay.
    """
    subjects = [audit.Subject(person, tuple(compartments), "allowed") for person, compartments in people.items()]
    entry = audit.Entry(by.key, by.role, by.organisation, Purpose.OPERATIONS, action, target, ground, uuid4())
    audit.write(entry, "allowed", subjects)
