"""A draft of a copy: which version of which entry is held of a person, across every source linked to them for certain.

Done once, by the worker, as the batch role: what the person may see of their own record, and no more, so that what is
kept for safeguarding is not in a draft that somebody might release by mistake.
"""

from dataclasses import replace

from django.conf import settings
from django.db import transaction
from orjson import loads

from commonweal.apps.access import api as access
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record
from commonweal.domain.access.copy_marks import marks_of, rules_for


def gather(copy_id: int) -> int:
    """Gather one request's items. How many; 0 if that has been done, or there is nothing of theirs to see."""
    now = settings.COMMONWEAL_NOW()
    with access.service_run("subject-access", f"request {copy_id}"), transaction.atomic():
        asked = access.copies.copy_of(copy_id)
        person = identity.current_person(asked.person_id) if asked is not None else None
        if asked is None or person is None or asked.gathered_at is not None:
            return 0
        scope = access.as_person(person, identity.compartments_of(person), now)
        found = [] if scope is None else list(_found(scope))
        return access.copies.gathered(copy_id, found, now)


def _found(scope: access.Scope) -> list[access.copies.Found]:
    on = settings.COMMONWEAL_NOW().date()
    rules = access.rights.mark_rules()
    found = []
    for compartment in sorted(scope.compartments):
        for one in record.everything(replace(scope, compartments=frozenset({compartment}))):
            marks = marks_of(loads(one.body), rules_for(rules, one.type, one.category, on))
            found.append(
                access.copies.Found(compartment, one.category, one.type, one.id, one.version, one.source, marks)
            )
    return found
