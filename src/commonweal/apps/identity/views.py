"""The person search page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from commonweal.apps.access import api as access
from commonweal.apps.identity import selectors
from commonweal.apps.identity.forms import PersonSearch

LIMIT = 20


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Ask for a person; list those the actor may open, and say that others exist without saying who."""
    actor = access.actor_of(request)
    form = PersonSearch(request.POST) if request.method == "POST" else PersonSearch()
    page: dict[str, Any] = {"form": form, "limit": LIMIT, "problems": [], "errors": {}, "searched": False}
    with access.session(actor, access.default_purpose(actor), "search people") as session:
        session.require(access.Action.SEARCH_PEOPLE)
        if form.is_bound and form.is_valid():
            page |= _results(session, form)
        elif form.is_bound:
            page["problems"] = form.problems()
            page["errors"] = dict(reversed(page["problems"]))
    return render(request, "identity/people.jinja", page, status=400 if page["problems"] else 200)


def _results(session: access.AccessSession, form: PersonSearch) -> dict[str, Any]:
    """``people`` to show in full, ``closed`` person ids that exist and are not the actor's to see, ``more``."""
    asked = form.cleaned_data
    if asked["nhs_number"]:
        found = selectors.search_people(nhs_number=asked["nhs_number"], limit=LIMIT + 1)
    else:
        found = selectors.search_people(
            name=asked["name"], birth_date=asked["birth_date"], postcode=asked["postcode"], limit=LIMIT + 1
        )
    shown = found[:LIMIT]
    scopes = session.open_many({one.person_id: one.compartments for one in shown}, telling=True)
    known = selectors.demographics_of(one for scope in scopes.values() for one in sorted(scope.compartments))
    people = []
    for candidate in shown:
        if candidate.person_id not in scopes:
            continue
        rows = [known[one] for one in candidate.compartments if one in known]
        withheld = not rows and selectors.name_withheld(scopes[candidate.person_id])
        # Who gives a postcode would learn where somebody lives whose address is withheld from them.
        if not (withheld and asked["postcode"] and not asked["nhs_number"]):
            people.append(_row(candidate.person_id, rows, withheld))
    closed = [candidate.person_id for candidate in shown if candidate.person_id not in scopes]
    return {
        "searched": True,
        "people": people,
        "closed": closed,
        "more": len(found) > LIMIT,
        "found_text": _found_text(len(people), len(closed)),
    }


def _row(person_id: UUID, rows: Sequence[selectors.Known], withheld: bool) -> dict[str, Any]:
    """What the list shows of one person: the newest word on each, whichever source it comes from."""
    newest = sorted(rows, key=lambda row: row.updated, reverse=True)
    family = next((row.family for row in newest if row.family), "")
    given = next((row.given for row in newest if row.given), "")
    return {
        "person_id": person_id,
        "name": ", ".join(part for part in (family.upper(), given) if part)
        or (selectors.WITHHELD if withheld else selectors.NOT_RECORDED),
        "withheld": withheld,
        "birth_date": next((row.birth_date for row in newest if row.birth_date), None),
        "nhs_number": next((row.nhs_number for row in newest if row.number_usable), ""),
        "postcode": next((row.postcode for row in newest if row.postcode), ""),
    }


def _found_text(people: int, closed: int) -> str:
    """The heading of the results, read out first by a screen reader."""
    if not people and not closed:
        return "No one found"
    if not people:
        return "1 record you cannot open" if closed == 1 else f"{closed} records you cannot open"
    return f"{people} {'person' if people == 1 else 'people'} found"
