"""What workers say of their caseload: that they work with a person, that they no longer do, and that somebody is away.

Each is one access session of a member of care staff, and audited; row security lets workers speak for themselves alone.
"""

from datetime import date, timedelta
from uuid import UUID

from django.db import connection

from commonweal.apps.access import api as access
from commonweal.apps.coordination import working_with
from commonweal.apps.coordination.caseload import WORKER
from commonweal.apps.coordination.rules import day, rules
from commonweal.apps.coordination.selectors import as_worker
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.domain.errors import CommonwealError
from commonweal.fhir.compartment import category

_LONGEST_AWAY = timedelta(days=400)


class CaseloadError(CommonwealError):
    """What a worker said of a caseload or an absence cannot be; the message says what to do."""


def begin(actor: access.Actor, person_id: UUID, until: date | None = None) -> None:
    """Say that the actor works with a person, until a day or for as long as the rules let a word count.

    Raises:
        Refused: the person is not open to the actor.
        CaseloadError: they say so already, the person is another team's, or the day will not do.
    """
    with as_worker(actor, "begin working with a person") as session:
        compartments = identity.compartments_of(person_id)
        scope = session.open_person(person_id, compartments)
        today = day(session.now)
        last = today + rules(today).own_word
        if until is not None and not today <= until <= last:
            raise CaseloadError(f"Enter a last day from today to {last:%-d %B %Y}, or leave it empty.")
        if not working_with.of_team(actor, scope):
            raise CaseloadError("Another team of your organisation looks after this person. Ask them to pass them on.")
        names = access.names_of(actor)
        # That a mental health team works with somebody is shared as what that team writes is.
        shared_as = category({"resourceType": "CareTeam"}, record.nature(actor.organisation, (), today))
        if shared_as not in scope.may_write:
            raise access.Refused(access.RefusedKind.NOT_PERMITTED, "Your role does not allow this for this person.")
        own = sorted(one for one in scope.compartments if compartments[one] == actor.organisation)
        about = own[0] if own else min(scope.compartments)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM coordination_allocation WHERE compartment_id = ANY (%s::bigint[]) AND organisation = %s "
                "AND worker = ANY (%s::text[]) AND (ends IS NULL OR ends >= %s) AND ended_at IS NULL",
                [sorted(scope.compartments), actor.organisation, list(names), today],
            )
            if cursor.fetchone():
                raise CaseloadError("You are already down as working with this person.")
            cursor.execute(
                "INSERT INTO coordination_allocation (compartment_id, category, organisation, worker, name, team, "
                "starts, ends, origin, set_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    about, shared_as, actor.organisation, names[0], actor.name, actor.team,
                    today, until or last, WORKER, session.now,
                ],
            )  # fmt: skip


def end(actor: access.Actor, allocation: int) -> None:
    """Say that the actor no longer works with somebody: from today on. Only of what they said here themselves.

    Raises:
        CaseloadError: no such word of theirs stands.
    """
    target = f"allocation {allocation}"
    with as_worker(actor, "end working with a person", target) as session, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE coordination_allocation SET ends = %s, ended_at = %s "
            "WHERE id = %s AND origin = %s AND ended_at IS NULL",
            [day(session.now) - timedelta(days=1), session.now, allocation, WORKER],
        )
        if not cursor.rowcount:
            raise CaseloadError("You are not down as working with them; a list of your system may say so.")


def away(actor: access.Actor, account: str, starts: date, ends: date, cover: str = "") -> None:
    """Say that an account is away from one day to another, and who stands in (``cover``, empty for the team).

    ``account`` and ``cover`` are keys (``user:NAME``). Of oneself or of a colleague in the team; who belongs to no team
    may say it of anybody of the organisation. Why somebody is away is not kept.

    Raises:
        CaseloadError: not a colleague, the days are no period that can be, or who covers is away as well.
    """
    with as_worker(actor, "say who is away", account) as session:
        today = day(session.now)
        staff = {one.key for one in access.workers(actor.organisation, access.CARE_ROLES)}
        if account not in {one.key for one in working_with.colleagues(actor)}:
            raise CaseloadError("Choose who is away: you, or a colleague of your team.")
        if cover and (cover not in staff or cover == account):
            raise CaseloadError("Choose a colleague who covers, or leave it to the team.")
        if ends < starts:
            raise CaseloadError("The last day away must not be before the first.")
        if ends < today or ends - starts > _LONGEST_AWAY:
            raise CaseloadError("Enter days that are not over, and no more than 400 of them.")
        for one in working_with.away_now(actor.organisation, today):
            if one.account == account and one.starts <= ends and starts <= one.ends:
                raise CaseloadError("They are down as away on some of these days; cancel that first.")
            if cover and one.account == cover and one.starts <= ends and starts <= one.ends:
                raise CaseloadError("Who covers is away on some of these days; choose somebody else.")
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO coordination_absence (organisation, account, starts, ends, cover, set_by, set_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [actor.organisation, account, starts, ends, cover, actor.key, session.now],
            )


def back(actor: access.Actor, absence: int) -> None:
    """Cancel an absence: somebody is there after all.

    Raises:
        CaseloadError: there is no such absence of a colleague.
    """
    with as_worker(actor, "cancel an absence", f"absence {absence}") as session:
        mine = {one.key for one in working_with.colleagues(actor)}
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE coordination_absence SET cancelled_at = %s WHERE id = %s AND cancelled_at IS NULL "
                "AND organisation = %s AND account = ANY (%s::text[])",
                [session.now, absence, actor.organisation, sorted(mine)],
            )
            if not cursor.rowcount:
                raise CaseloadError("There is no such absence of a colleague of your team.")
