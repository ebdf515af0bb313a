"""Every write of access: relationships, emergencies, accounts, tokens, service runs."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from commonweal.apps.access import audit
from commonweal.apps.access.accounts import end_account
from commonweal.apps.access.actors import token_digest
from commonweal.apps.access.cases import open_emergency
from commonweal.apps.access.gate import decide
from commonweal.apps.access.limits import limit
from commonweal.apps.access.models import Token, User
from commonweal.apps.access.prepared import prepared
from commonweal.apps.access.session import session
from commonweal.domain.access.relationship import Relationship
from commonweal.domain.access.scope import Actor, Refused, RefusedKind
from commonweal.domain.access.vocabulary import CARE_ROLES, Action, Category, Purpose, RelationshipKind, Role

_STORABLE = {RelationshipKind.REGISTERED, RelationshipKind.UNDER_CARE, RelationshipKind.REFERRED}


def add_relationships(rows: Iterable[Relationship], source: str) -> int:
    """Add or update relationships in bulk; the same row again changes nothing. Rows added or changed.

    A row is one (organisation, compartment, kind, source, start); a later row with the same key moves its end. Whether
    what is new opens anything before it is confirmed, the database decides by the policy in force (``confirming``).

    Raises:
        ValueError: a kind that is not registered, under_care or referred.
    """
    listed = list(rows)
    for row in listed:
        if row.kind not in _STORABLE:
            raise ValueError(f"relationship kind {row.kind!r}: use registered, under_care or referred")
    with transaction.atomic(savepoint=False), prepared() as cursor:
        cursor.execute(
            """
            INSERT INTO access_relationship
                (organisation, compartment_id, kind, source, actor_key, starts_at, ends_at, feed, asserted_at)
            SELECT DISTINCT ON (compartment_id, organisation, kind, start)
                organisation, compartment_id, kind, %s, '',
                start::timestamp AT TIME ZONE %s::text, (stop + 1)::timestamp AT TIME ZONE %s::text, feed, %s
            FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::date[], %s::date[], %s::text[]) WITH ORDINALITY
                AS arriving (organisation, compartment_id, kind, start, stop, feed, n)
            ORDER BY compartment_id, organisation, kind, start, n DESC
            ON CONFLICT (compartment_id, organisation, kind, source, actor_key, starts_at)
            DO UPDATE SET ends_at = EXCLUDED.ends_at
            WHERE access_relationship.ends_at IS DISTINCT FROM EXCLUDED.ends_at
            """,
            [
                source, settings.TIME_ZONE, settings.TIME_ZONE, settings.COMMONWEAL_NOW(),
                [row.organisation for row in listed], [row.compartment_id for row in listed],
                [row.kind for row in listed], [row.start for row in listed], [row.end for row in listed],
                [row.feed for row in listed],
            ],
        )  # fmt: skip
        changed: int = cursor.rowcount
    return changed


def grant_emergency(actor: Actor, person_id: UUID, compartments: Mapping[int, str], reason: str) -> datetime:
    """Open a person's record to one member of care staff for a short time, for a stated reason. When it ends.

    How long: ``limits.csv``. The reason is audited and put before the privacy officer at once; the person is told
    when the officer says so, or after the time the limits give. Afterwards open a session with ``Purpose.EMERGENCY``.

    Raises:
        Refused: the actor is not care staff, or gave no reason. Audited.
    """
    stated = " ".join(reason.split())[:500]
    with session(actor, Purpose.EMERGENCY, "emergency.grant", reason=stated) as opened:
        if actor.role not in CARE_ROLES or not compartments:
            raise Refused(RefusedKind.ABSENT, "No such person or item.")
        if len(stated) < 10:
            raise Refused(RefusedKind.NOT_PERMITTED, "Say why you need to see this record now.", may_emergency=True)
        lasts = limit("emergency_open", opened.now.date())
        ends = opened.now + lasts
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO access_relationship (organisation, compartment_id, kind, source, actor_key, starts_at, "
                "ends_at) VALUES (%s, %s, 'emergency', 'emergency', %s, %s, %s)",
                [(actor.organisation, compartment, actor.key, opened.now, ends) for compartment in compartments],
            )
        open_emergency(actor, person_id, compartments, stated, lasts)
        opened.open_person(person_id, compartments)
    return ends


def may_enquire(actor: Actor) -> bool:
    """Whether the policies let the actor's role open anybody's record for a safeguarding enquiry."""
    on = settings.COMMONWEAL_NOW().date()
    return any(
        decide(on, actor.role, Purpose.SAFEGUARDING, Action.READ, category, [kind.value])
        for category in Category
        for kind in RelationshipKind
    )


def open_for_safeguarding(actor: Actor, person_id: UUID, compartments: Mapping[int, str], reason: str) -> datetime:
    """State why a person's record is opened for a safeguarding enquiry; until when that holds (``limits.csv``).

    The reason is audited with the person as its subject, and the person is never told. It opens nothing by itself: each
    look that follows is decided and audited for the same purpose.

    Raises:
        Refused: the actor's role makes no enquiries, no relationship is recorded, or no reason is given. Audited.
    """
    stated = " ".join(reason.split())[:500]
    with session(actor, Purpose.SAFEGUARDING, "safeguarding.open", reason=stated) as opened:
        if len(stated) < 10:
            raise Refused(RefusedKind.NOT_PERMITTED, "Say what you are enquiring into.")
        opened.open_person(person_id, compartments)
        return opened.now + limit("safeguarding_open", opened.now.date())


def create_user(
    username: str,
    password: str,
    role: Role,
    organisation: str,
    name: str,
    team: str = "",
    person_id: UUID | None = None,
) -> Actor:
    """Make an account, or bring an existing one to these particulars.

    Raises:
        ValueError: a citizen without a person id, or anybody else with one.
    """
    role = Role(role)
    if (role is Role.CITIZEN) != (person_id is not None):
        raise ValueError("a citizen's account carries a person id, and no other account does")
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username=username, defaults={"name": name, "role": role.value})
        user.name, user.role, user.organisation, user.team = name, role.value, organisation, team
        user.person_id, user.is_active = person_id, True
        user.set_password(password)
        user.save()
        _changed("account.set", f"user:{username}", "service:accounts")
    return Actor(f"user:{username}", name, role, organisation, team, person_id)


def register_worker(username: str, registration: str, by: str) -> None:
    """Note under which number a professional register knows an account's owner; empty takes it away.

    Raises:
        ValueError: no such open account of care staff, or another open account of the organisation has the number.
    """
    number = "".join(registration.split())
    if len(number) > 20 or (number and not number.isalnum()):  # as long as the column
        raise ValueError("a registration number is up to 20 letters and digits, such as SW123456")
    with transaction.atomic():
        held = User.objects.select_for_update().filter(username=username, is_active=True).first()
        if held is None or held.role not in CARE_ROLES:
            raise ValueError(f"there is no open account of care staff {username!r}")
        others = User.objects.filter(organisation=held.organisation, is_active=True).exclude(pk=held.pk)
        if number and others.filter(registration__iexact=number).exists():
            raise ValueError(f"another account of {held.organisation} has the registration {number}")
        User.objects.filter(pk=held.pk).update(registration=number)
        _changed("account.registration", f"user:{username}", by)


def create_system(username: str, organisation: str) -> None:
    """Make the account of an organisation's computer system, unless it has it. Nobody signs in with it.

    Raises:
        ValueError: the name is somebody's, or another organisation's, or no ODS code was given.
    """
    if not organisation.isalnum() or organisation != organisation.upper():
        raise ValueError(f"{organisation!r} is not an organisation's code; give its ODS code, such as A81001")
    held = User.objects.filter(username=username).first()
    if held is None:
        create_user(username, secrets.token_urlsafe(32), Role.SERVICE, organisation, username)
    elif (held.role, held.organisation) != (Role.SERVICE.value, organisation):
        raise ValueError(f"the account {username!r} is not a system of {organisation}; choose another name")


def create_token(username: str, days: int = 30) -> str:
    """A new bearer token for an account; shown once, kept only as a hash.

    Raises:
        ValueError: no such active account, or days not between 1 and 365.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise ValueError(f"there is no active account {username!r}")
    if not 1 <= days <= 365:
        raise ValueError("a token lives between 1 and 365 days")
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        Token.objects.create(
            user=user, digest=token_digest(token), created_at=now, expires_at=now + timedelta(days=days)
        )
        _changed("account.token", f"user:{username}", "service:accounts")
    return token


def close_account(username: str, *, by: str) -> None:
    """Close an account, end its sessions, and revoke its tokens for good, even should it be opened again. Audited.

    For an operator at a terminal, as the batch role; administrators have a page (``accounts.close``). ``by``: the key
    of the actor who closes it.

    Raises:
        ValueError: no such active account.
    """
    with transaction.atomic():
        if end_account(username) is None:
            raise ValueError(f"there is no active account {username!r}")
        _changed("account.close", f"user:{username}", by)


def _changed(action: str, target: str, by: str) -> None:
    """Audit a change to who may see what."""
    audit.write(audit.Entry(by, "", "", Purpose.OPERATIONS, action, target, "", uuid4()), "allowed")


@contextmanager
def service_run(name: str, target: str = "") -> Iterator[Actor]:
    """Run a batch job as the service actor ``service:NAME``: one audit row, committed before the work begins.

    Written first, so that a run that is killed has still been recorded.
    """
    actor = Actor(f"service:{name}", name, Role.SERVICE, "")
    with transaction.atomic():
        audit.write(
            audit.Entry(actor.key, actor.role, "", Purpose.OPERATIONS, f"run.{name}", target, "", uuid4()), "allowed"
        )
    yield actor
