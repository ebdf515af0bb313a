"""The Groups a bulk export may name: the people an organisation now has one kind of relationship with.

https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---group-of-patients. They are not lists anybody keeps: who
belongs is what the relationships say on the day, so a Group cannot be out of date.
"""

from datetime import datetime

from commonweal.apps.access import api as access

GROUPS = {
    "registered": (access.RelationshipKind.REGISTERED, "People registered with this organisation"),
    "under-care": (access.RelationshipKind.UNDER_CARE, "People under the care of this organisation"),
    "referred": (access.RelationshipKind.REFERRED, "People referred to this organisation"),
}


def members(scope: access.SourceScope, group: str, now: datetime) -> set[int]:
    """The compartments of a Group's people at ``now``. Raises ``KeyError`` for a Group there is not."""
    return access.organisation_relationships(scope.source, now, [GROUPS[group][0]])
