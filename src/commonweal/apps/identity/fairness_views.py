"""The page of the bias report: whom linkage serves worse. Numbers of groups, of nobody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.access import api as access
from commonweal.apps.identity.fairness import fairness

# What somebody may do who may read it: by what they work for, counts, rules or the review of identities.
_READERS = {
    access.Purpose.OPERATIONS: access.Action.REVIEW_IDENTITY,
    access.Purpose.INFORMATION_GOVERNANCE: access.Action.READ_POLICIES,
}


@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """Link rates and expected errors by group in the last run over everything."""
    actor = access.actor_of(request)
    purpose = access.default_purpose(actor)
    with access.session(actor, purpose, "read linkage report", "groups") as session:
        session.require(_READERS.get(purpose, access.Action.READ_AGGREGATE))
        shown = fairness()
    reviewer = purpose is access.Purpose.OPERATIONS
    return render(request, "identity/fairness.jinja", {"shown": shown, "reviewer": reviewer})
