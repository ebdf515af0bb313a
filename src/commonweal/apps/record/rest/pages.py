"""What must be said of what an answer leaves out. https://hl7.org/fhir/R4/search.html#errors"""

from collections.abc import Sequence

from commonweal.apps.access import api as access
from commonweal.apps.record.rest.answers import Issue


def withheld(scopes: Sequence[access.Scope]) -> list[Issue]:
    """For care staff: that something is held and withheld, and how to see it. Nothing to anybody else."""
    issues = []
    for scope in scopes:
        for item in scope.withheld:
            what = f"Category {item.category}" if item.category else f"The record held by {item.source}"
            way = " In an emergency, give a reason to see it." if scope.may_emergency else ""
            issues.append(Issue("warning", "suppressed", f"{what} is withheld ({item.reason}).{way}"))
    return issues
