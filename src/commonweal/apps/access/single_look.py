"""What an SQL function needs to confirm who asks and to audit the look itself, so that a look is one statement.

A look through an access session is several statements: begin, fence, read, audit, commit. A function of the database
does the same in one, under the same second lock and with the same audit row, and its transaction is committed before
its answer is here. The gate has decided before: only what the policies let a partner's system do is opened this way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import orjson
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from commonweal.apps.access import audit
from commonweal.apps.access.actors import NotAsPresumed, Presumed, refuted
from commonweal.apps.access.gate import decide
from commonweal.apps.access.straight import Row, Straight
from commonweal.domain.access.vocabulary import Action, Purpose


@dataclass(frozen=True, slots=True)
class SingleLook:
    """A look at the own entries of the asker's organisation, decided and not yet made. Made by :func:`single_look`."""

    asker: Presumed
    entry: audit.Entry
    at: datetime  # of the care clock, when it was decided

    def __call__(self, statement: Straight, values: Iterable[bytes | None]) -> Row:
        """The row of ``statement``, a call of a function whose first argument is what opens it; by now committed.

        Raises:
            NotAsPresumed: nothing was read, and the account is looked up anew by who asks again.
        """
        entry = self.entry
        opening = self.asker.account() | {
            "actor": entry.actor,
            "purpose": entry.purpose,
            "action": entry.action,
            "target": entry.target,
            "request_id": entry.request_id,
        }
        try:
            return statement([orjson.dumps(opening), *values])
        except DatabaseError as error:
            if refuted(self.asker, error):
                raise NotAsPresumed("The token is unknown, expired or revoked.") from None
            with transaction.atomic():
                audit.write(entry, "failed")
            raise


def single_look(asker: Presumed, purpose: Purpose, action: str, target: str) -> SingleLook | None:
    """A look that may be made at once, or None where an access session is to be opened.

    That is, where the policies do not let the asker maintain its organisation's entries (the session refuses, and
    audits that), where there is no token to confirm, and inside a transaction, which would commit later.
    """
    actor = asker.actor
    if not asker.token or not actor.organisation or connection.in_atomic_block:
        return None
    now = settings.COMMONWEAL_NOW()
    if not decide(now.date(), actor.role, purpose, Action.MAINTAIN_SOURCE):
        return None
    entry = audit.Entry(actor.key, actor.role, actor.organisation, purpose, action, target, "", uuid4())
    return SingleLook(asker, entry, now)
