"""The demonstration's referrals: a practice's system refers people to the council, and one whom nobody agrees with.

The messages are made as a partner's system makes them, and handed to the same receiver as those that come over HTTP.
Their ids come from the story, so a second run is told that each was taken already, and changes nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from commonweal.feeds.bars import answers, scenarios, writing
from commonweal.feeds.bars.headers import Headers
from commonweal.feeds.bars.writing import Envelope, Party

_IDS = UUID("6f1f3a52-2c0e-5c6a-9a0e-0a6f7a4f0c11")
_NUMBERED = "https://fhir.nhs.uk/Id/nhs-number"


@dataclass(frozen=True, slots=True)
class _Told:
    """One referral of the story: what for, how urgent, and what its sender said next (a status, '' for nothing)."""

    title: str
    reason: str
    priority: str
    hours: int  # before now
    then: str = ""


# In the order of the people they are about; the last is about somebody with the wrong birth date.
STORY = (
    _Told("Assessment of care needs", "Finds washing and dressing hard since a fall", "urgent", 3),
    _Told("Occupational therapy: equipment at home", "Rails and a raised seat asked for", "routine", 20),
    _Told("Carer's assessment", "Wife cares day and night and is exhausted", "routine", 27, "on-hold"),
    _Told("Reablement after a hospital stay", "Not needed: daughter has moved in", "routine", 50, "revoked"),
    _Told("Falls prevention", "Two falls in a month", "routine", 6),
)


def refer(practice: str, council: str, folder: Path) -> dict[str, int]:
    """Name the services, send the story; {referrals, waiting}. As the batch role."""
    from django.conf import settings

    from commonweal.apps.access import api as access
    from commonweal.apps.exchange import api as exchange
    from commonweal.apps.identity import api as identity
    from commonweal.apps.places import api as places

    sender = Party(practice, places.name_of(practice), "1000000001")
    receiver = Party(council, f"{places.name_of(council)}: adult social care", "2000099999")
    path = folder / "services.csv"
    path.parent.mkdir(exist_ok=True)
    lines = [f'{one.service},{one.organisation},"{one.name}",,,' for one in (sender, receiver)]
    path.write_text("service_id,organisation,name,endpoint,valid_from,valid_to\n" + "\n".join(lines) + "\n", "utf-8")
    exchange.bars.load(path)
    now = settings.COMMONWEAL_NOW()
    registered = access.organisation_relationships(practice, kinds=[access.RelationshipKind.REGISTERED])
    known = [
        one
        for one in identity.demographics_of(sorted(registered)[:400]).values()
        if one.source == practice and one.number_usable and one.birth_date and not one.death_date
    ]
    oldest = sorted(known, key=lambda one: (one.birth_date or date.max, one.local_id))[: len(STORY)]
    done = {"referrals": 0, "waiting": 0}
    for n, (told, one) in enumerate(zip(STORY, oldest, strict=False)):
        born = one.birth_date or now.date()
        last = n == len(STORY) - 1
        if last:
            born = born.replace(year=born.year - 1, day=1)
            done["waiting"] += 1
        patient = {
            "resourceType": "Patient",
            "identifier": [{"system": _NUMBERED, "value": one.nhs_number}],
            "name": [{"use": "official", "family": one.family, "given": one.given.split()}],
            "birthDate": born.isoformat(),
            **({"gender": one.gender} if one.gender else {}),
        }
        done["referrals"] += _send(exchange, sender, receiver, patient, told, n, now)
    return done


def _send(
    exchange: Any, sender: Party, receiver: Party, patient: dict[str, Any], told: _Told, n: int, now: datetime
) -> int:
    at = now - timedelta(hours=told.hours)
    request = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "plan",
        "priority": told.priority,
        "category": scenarios.REQUEST["category"],
        "code": {"text": told.title},
        "reasonCode": [{"text": told.reason}],
        "authoredOn": at.isoformat(timespec="seconds"),
    }
    envelope = Envelope(uuid5(_IDS, f"bundle {n}"), sender, receiver, at, "Dr Amara Osei")
    status, answer = _give(exchange, sender, receiver, f"new {n}", n, writing.referral(envelope, request, patient))
    if status != 200 or not told.then:
        return int(status == 200)
    ident = answers.focus_of(answers.as_json(answer), "ServiceRequest")["id"]
    later = Envelope(uuid5(_IDS, f"later {n}"), sender, receiver, at + timedelta(hours=1), "Dr Amara Osei")
    if told.then == "revoked":
        body = writing.referral_ended(later, ident, told.then, patient, told.reason)
    else:
        body = writing.referral(later, {**request, "id": ident, "status": told.then}, patient, (), "update")
    _give(exchange, sender, receiver, f"then {n}", n, body)
    return 1


def _give(exchange: Any, sender: Party, receiver: Party, name: str, n: int, body: bytes) -> tuple[int, bytes]:
    asked = Headers(uuid5(_IDS, name), uuid5(_IDS, f"about {n}"), receiver.service, sender.organisation)
    status, answer = exchange.bars.submit(sender.organisation, asked.made(sender.name), body)
    return int(status), answer
