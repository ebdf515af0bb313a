"""Who looked at a record, in the words the person reads: a role and an organisation, what they did, why they could."""

from dataclasses import dataclass
from datetime import datetime

from commonweal.apps.access import api as access
from commonweal.apps.places import api as places

ROLES = {
    "clinician": "A doctor, nurse or other clinician",
    "social_worker": "A social worker",
    "administrator": "An administrator",
    "citizen": "You",
    "service": "The system itself",
}
PURPOSES = {
    "direct_care": "To care for you",
    "emergency": "In an emergency",
    "own_record": "To read your own record",
    "on_behalf": "Because they act for you",
    "operations": "To keep the service running",
}
# Why an organisation could look: what ties it to the person, most telling first.
BECAUSE = {
    "under_care": "you are, or were then, under their care",
    "registered": "you are on their list of registered patients",
    "referred": "you have been referred to them",
}
ACTIONS = {
    "emergency.grant": "asked for emergency access",
    "search people": "found you in a search",
    "open record": "opened your record",
    "open own record": "opened your record",
    "open document": "opened one of your letters or plans",
    "open own document": "opened one of your letters or plans",
    "who looked": "read this list",
    "question a look": "asked about a look",
    "ask for a copy": "asked for a copy of your record",
    "own requests": "looked at your own requests",
    "read copy": "read the copy of your record",
    "list requests": "saw that a request of yours waits",
    "review copy": "read the draft of the copy you asked for",
    "decide copy": "decided what goes into the copy you asked for",
    "requests of a person": "looked at requests of yours",
    "copy identify": "noted that it was you who asked for a copy",
    "copy clarify": "asked you about the copy you want",
    "copy answer": "noted your answer about the copy you want",
    "copy finish": "finished reviewing the copy you asked for",
    "copy withdraw": "took back a request for a copy",
    "proxy ask": "noted that somebody would act for you",
    "proxy evidence": "checked the papers of somebody who would act for you",
    "proxy alone": "saw you alone about somebody who would act for you",
    "proxy refuse": "refused somebody who would have acted for you",
    "proxy end": "ended that somebody acts for you",
    "assess competence": "noted whether you understand who may see your record",
    "own choices": "looked at your choices about sharing",
    "opt out": "opted out",
    "object to sharing": "objected to sharing",
    "opt in": "opted in again",
    "open record on behalf": "opened your record for you",
    "open list of people found": "found you on a list that analysis made for care to be offered",
    "list taken on": "noted what is offered to you",
    "list done": "noted what was offered to you",
    "list not suitable": "noted that what a list offers does not suit you",
    "list declined": "noted that you did not want what was offered",
}
MOST = 1000  # looks by others that the page shows; it says so when there may be more


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a record, in the words the person reads. ``at`` is real time, timezone-aware."""

    at: datetime
    who: str
    organisation: str
    what: str
    why: str
    reason: str
    refused: bool
    own: bool
    id: int
    question: str = ""
    state: str = ""
    answer: str = ""


def visits(scope: access.Scope) -> list[Visit]:
    """Who opened the record of the scope's person, newest first; inside the session that opened it."""
    looks = access.looked(scope.compartments, MOST)
    names = places.names_of({look.organisation for look in looks if look.organisation})
    return [_visit(look, names.get(look.organisation, "")) for look in looks]


def _visit(look: access.Look, organisation: str) -> Visit:
    own = look.purpose == access.Purpose.OWN_RECORD
    return Visit(
        at=look.at,
        who=_who(look),
        organisation=organisation,
        what=ACTIONS.get(look.action, look.action.replace(".", " ").replace("_", " ")),
        why=_why(look),
        reason=look.emergency_reason,
        refused=look.outcome == "refused",
        own=own,
        id=look.id,
        question=look.question,
        state=look.state,
        answer=look.answer,
    )


def _who(look: access.Look) -> str:
    if look.purpose == access.Purpose.ON_BEHALF:
        return f"{look.name or 'Somebody'}, who acts for you"
    who = ROLES.get(look.role, look.role.replace("_", " ").capitalize())
    return f"{who}, {look.team}" if look.team else who


def _why(look: access.Look) -> str:
    why = PURPOSES.get(look.purpose, look.purpose.replace("_", " ").capitalize())
    if look.purpose != access.Purpose.DIRECT_CARE:
        return why
    because = next((words for kind, words in BECAUSE.items() if kind in look.relationships), "")
    return f"{why}, because {because}" if because else why
