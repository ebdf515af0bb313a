"""Where what care staff add is filed: in a compartment of their own organisation, linked to the open person."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from commonweal.apps.access.api import Scope, SourceScope
from commonweal.apps.identity import api as identity
from commonweal.apps.record import writing_statements as sql
from commonweal.domain.errors import CommonwealError


class NowhereToFile(CommonwealError):
    """The person's record changed hands while it was written to; try again."""


def compartment(own: SourceScope, scope: Scope, compartments: Mapping[int, str], patient: str) -> int:
    """The compartment of the actor's organisation for the person of ``scope``; made and linked if there is none.

    ``compartments``: all the person's, with their sources; ``patient``: the id of the Patient the entry names,
    which is one of this person's.

    Raises:
        NowhereToFile: the compartment is linked to another person.
    """
    mine = sorted(one for one, source in compartments.items() if source == own.source)
    if mine:
        return mine[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT compartment_id FROM record_whose('Patient', %s)", [[patient]])
        named = sorted(row[0] for row in cursor.fetchall() if row[0] in scope.compartments)
        anchor = named[0] if named else min(scope.compartments)
        # No id of FHIR holds a slash, so no feed's or system's own number is ever the same.
        local_id = f"added/{anchor}"
        bound: dict[str, Any] = {
            "source": own.source,
            "people": [local_id],
            "alone": [identity.identifier(own.source, local_id)],
        }
        cursor.execute(sql.COMPARTMENTS, bound)
        cursor.execute(sql.MADE, bound)
        made = int(cursor.fetchone()[1])
    if not identity.attach(made, anchor) and identity.person_of(made) != scope.person_id:
        raise NowhereToFile("the record that was open is another person's now; open it again")
    return made
