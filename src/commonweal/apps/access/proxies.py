"""Those who act for somebody: asked for, checked by two members of staff, ended at once by anybody concerned.

Called inside an access session in which the person's record is open, but for what a proxy does with their own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from commonweal.apps.access.copies import Step
from commonweal.apps.access.models import User
from commonweal.apps.access.rights import age_rules
from commonweal.apps.access.session import AccessSession
from commonweal.domain.access.proxies import (
    PROXY_STEPS,
    Assessment,
    Evidence,
    ProxyState,
    ProxyStep,
    Standing,
    after_proxy_step,
    parental_holds,
    standing_on,
)
from commonweal.domain.access.requests import RequestError
from commonweal.domain.access.scope import Actor
from commonweal.domain.access.vocabulary import Category, Role


@dataclass(frozen=True, slots=True)
class Proxy:
    """One who acts, or would. ``account``: the key they sign in by; ``categories``: what they may read."""

    id: int
    person_id: UUID
    about: str
    born: date | None
    account: str
    name: str
    evidence: Evidence
    categories: tuple[str, ...]
    starts_on: date
    ends_on: date | None
    review_on: date
    state: ProxyState
    asked_by: str
    evidence_by: str

    def holds(self, on: date, assessed: Assessment | None) -> bool:
        """Whether it opens anything on a day."""
        if self.state is not ProxyState.ACTIVE or not self.starts_on <= on <= (self.ends_on or on):
            return False
        return self.evidence is not Evidence.PARENTAL or parental_holds(self.born, on, age_rules(), assessed)

    @property
    def may(self) -> tuple[ProxyStep, ...]:
        """The steps its state allows."""
        return tuple(step for state, step in PROXY_STEPS if state is self.state)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: who, on what evidence, for which categories, from when to when, looked at again when."""

    username: str
    name: str
    evidence: Evidence
    categories: tuple[Category, ...]
    starts_on: date
    ends_on: date | None
    review_on: date


_PROXY = (
    "SELECT id, person_id, about, born, account, name, evidence, categories, starts_on, ends_on, review_on, state, "
    "asked_by, evidence_by FROM access_proxy"
)


def _proxy(row: tuple[Any, ...]) -> Proxy:
    values = list(row)
    values[6], values[7], values[11] = Evidence(row[6]), tuple(row[7]), ProxyState(row[11])
    return Proxy(*values)


def ask(
    actor: Actor,
    person_id: UUID,
    compartments: Collection[int],
    about: str,
    born: date | None,
    wanted: Asked,
    words: str,
) -> int:
    """Keep a request that somebody act for the open person; staff of the controller check it. Its number.

    Raises:
        RequestError: dates out of order, no category, a parent of nobody under 16, or a name that is no account's.
    """
    if not wanted.name.strip() or not wanted.username.strip():
        raise RequestError("Give their name and the user name they sign in with.", "name")
    if not wanted.categories:
        raise RequestError("Choose what they may see.", "category")
    if wanted.ends_on is not None and wanted.ends_on < wanted.starts_on:
        raise RequestError("It ends before it begins.", "ends")
    if not wanted.starts_on < wanted.review_on:
        raise RequestError("Say when it is to be looked at again: a day after it begins.", "review")
    if actor.role is Role.CITIZEN and wanted.evidence is not Evidence.CONSENT:
        raise RequestError("Papers are seen in person: ask the GP practice.", "evidence")
    if wanted.evidence is Evidence.PARENTAL and (
        born is None or standing_on(born, wanted.starts_on, age_rules()) is Standing.OWN
    ):
        raise RequestError("Parental responsibility gives no access to somebody of 16 or over.", "evidence")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_proxy (person_id, compartments, about, born, account, name, evidence, categories, "
            "starts_on, ends_on, review_on, asked_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "RETURNING id",
            [
                person_id,
                sorted(compartments),
                about[:200],
                born,
                f"user:{wanted.username.strip()[:150]}",
                " ".join(wanted.name.split())[:200],
                wanted.evidence,
                [category.value for category in wanted.categories],
                wanted.starts_on,
                wanted.ends_on,
                wanted.review_on,
                actor.key,
            ],
        )
        ident = int(cursor.fetchone()[0])
    _note(ident, actor, "ask", " ".join(words.split())[:1000])
    return ident


def take_step(actor: Actor, proxy_id: int, step: ProxyStep, words: str, born: date | None = None) -> ProxyState:
    """Check, refuse or end one who acts for the open person. ``born``: the person's birth date as it stands now.

    Raises:
        RequestError: no such request, a step not allowed, or an account that cannot act.
    """
    said = " ".join(words.split())[:1000]
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM access_proxy WHERE id = %s FOR UPDATE", [proxy_id])
        before = proxy_of(proxy_id)
        if before is None:
            raise RequestError("There is no such request.", "step")
        state = after_proxy_step(before.state, step, by=actor.key, evidence_by=before.evidence_by, words=said)
        if state is ProxyState.ACTIVE:
            _stands(before)
        cursor.execute(
            "UPDATE access_proxy SET state = %s, born = coalesce(%s, born), "
            "evidence_by = CASE WHEN %s THEN %s ELSE evidence_by END, "
            "alone_by = CASE WHEN %s THEN %s ELSE alone_by END, "
            "ended_at = CASE WHEN %s THEN clock_timestamp() END WHERE id = %s",
            [
                state,
                born,
                step is ProxyStep.EVIDENCE,
                actor.key,
                step is ProxyStep.ALONE,
                actor.key,
                state in (ProxyState.REFUSED, ProxyState.ENDED),
                proxy_id,
            ],
        )
    _note(proxy_id, actor, step, said)
    return state


def _stands(asked: Proxy) -> None:
    """That the account named is somebody's who may act: a citizen's, open, and not the person's own."""
    user = User.objects.filter(username=asked.account.removeprefix("user:"), is_active=True, role=Role.CITIZEN).first()
    if user is None:
        raise RequestError("No citizen signs in by that name. Ask them for it, or refuse this and begin again.", "step")
    if user.person_id == asked.person_id:
        raise RequestError("Nobody acts for themselves.", "step")


def end_own(actor: Actor, proxy_id: int, words: str) -> bool:
    """The proxy gives it up. False: it is not theirs, or over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_proxy_end(%s, %s, %s)", [proxy_id, actor.key, " ".join(words.split())[:1000]])
        return bool(cursor.fetchone()[0])


def proxy_of(proxy_id: int) -> Proxy | None:
    """One of the open person's, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_PROXY + " WHERE id = %s", [proxy_id])
        row = cursor.fetchone()
    return None if row is None else _proxy(row)


def proxies_about(compartments: Collection[int]) -> list[Proxy]:
    """Those of the open person, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PROXY + " WHERE compartments && %s::bigint[] ORDER BY id DESC", [list(compartments)])
        return [_proxy(row) for row in cursor.fetchall()]


def steps_of(proxy_id: int) -> list[Step]:
    """What has been done with one, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, actor, organisation, step, words FROM access_proxy_step WHERE proxy_id = %s ORDER BY id",
            [proxy_id],
        )
        return [Step(*row) for row in cursor.fetchall()]


def waiting(opened: AccessSession) -> dict[int, UUID]:
    """The requests to be checked about people the asker's organisation has a relationship with, and about whom."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, person_id FROM access_proxies_waiting(%s, %s)", [opened.actor.organisation, opened.now]
        )
        return dict(cursor.fetchall())


def _note(proxy_id: int, actor: Actor, step: str, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_proxy_step (proxy_id, actor, organisation, step, words) VALUES (%s, %s, %s, %s, %s)",
            [proxy_id, actor.key, actor.organisation, step, words],
        )
