"""Somebody who acts for the demonstration's citizen: two of staff have checked it."""

from datetime import date
from typing import Any
from uuid import UUID

USERNAME, NAME = "neighbour", "Robin Adeyemi"


def let_act(cases: dict[str, Any], password: str, today: date) -> dict[str, str]:
    """Make the account, and let it read some of the record of the person everybody knows, once. Its sign-in."""
    from commonweal.apps.access import api as access
    from commonweal.apps.identity import api as identity
    from commonweal.domain.access.proxies import Evidence, ProxyStep

    person: UUID = cases["person_id"]
    access.create_user(USERNAME, password, access.Role.CITIZEN, "", NAME, person_id=_somebody_else(cases))
    compartments = identity.compartments_of(person)
    known = list(identity.demographics_of(compartments).values())
    if not any(one.account == f"user:{USERNAME}" for one in access.proxies.proxies_about(compartments)):
        clinician = access.Actor("user:clinician", "Dr Amara Osei", access.Role.CLINICIAN, cases["gp"])
        worker = access.Actor("user:social.worker", "Jo Whitfield", access.Role.SOCIAL_WORKER, cases["cld"])
        wanted = access.proxies.Asked(
            USERNAME,
            NAME,
            Evidence.CONSENT,
            (access.Category.DEMOGRAPHICS, access.Category.CLINICAL, access.Category.MEDICATION),
            today,
            None,
            today.replace(year=today.year + 1, day=min(today.day, 28)),
        )
        about = next(f"{one.given} {one.family}" for one in known if one.family)
        with access.service_run("demonstration", "somebody acts for the citizen"):
            number = access.proxies.ask(clinician, person, compartments, about, known[0].birth_date, wanted, "")
            access.proxies.take_step(clinician, number, ProxyStep.EVIDENCE, "Passport and signed letter seen")
            access.proxies.take_step(worker, number, ProxyStep.ALONE, "Seen alone at home: she asked for this herself")
    return {"username": USERNAME, "password": password, "to": "You act for: read another's record, as far as let"}


def _somebody_else(cases: dict[str, Any]) -> UUID:
    """A grown-up of the same practice, whose own record the neighbour's is."""
    from commonweal.apps.identity import api as identity

    others = [person for source, _, person, _ in identity.crosswalk() if source == cases["gp"]]
    for person in dict.fromkeys(others):
        born = {one.birth_date for one in identity.demographics_of(identity.compartments_of(person)).values()}
        if person != cases["person_id"] and all(day is not None and 1945 < day.year < 1985 for day in born):
            return person
    raise LookupError("the demonstration's practice has nobody grown up but its citizen")
