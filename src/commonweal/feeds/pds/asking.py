"""What is asked of PDS about one record, and what each answer means.

Shapes: the service's published specification, https://github.com/NHSDigital/personal-demographics-service-api
(``specification/``): a Patient by NHS number; a searchset Bundle of at most ``_max-results`` entries with a score each;
an OperationOutcome with TOO_MANY_MATCHES. A number that was superseded is answered with the number in force as the
Patient's ``id``. One that was withdrawn is answered 404, INVALIDATED_RESOURCE; why it was is never said, and a record
under it is never looked for by its name: that could tie the person to a number from before an adoption or a gender
recognition. ``meta.security`` R marks somebody whose location is withheld. A death is registered
where ``deceasedDateTime`` stands beside the status of a formal notice; one told informally is nobody's news from here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import uuid4

from commonweal.domain.errors import CommonwealError
from commonweal.domain.identity import nhs_number
from commonweal.domain.identity.names import family_agree, given_agree
from commonweal.fhir.deaths import formally_registered
from commonweal.fhir.demographics import Demographics, demographics
from commonweal.fhir.normalise import name_key

# (path, parameters, headers) → (HTTP status, body). Raises PdsUnavailable where no answer came.
Transport = Callable[[str, Mapping[str, str], Mapping[str, str]], tuple[int, bytes]]
_RESTRICTED = frozenset(("R", "V"))  # location withheld; V is answered to few systems, and never with more than R


class PdsUnavailable(CommonwealError):
    """PDS did not answer, or asked for fewer requests; run the trace again later, it goes on where it stopped."""


class PdsRefused(CommonwealError):
    """PDS does not accept the token or the request; check COMMONWEAL_PDS_URL and COMMONWEAL_PDS_TOKEN."""


class Kind(StrEnum):
    """What a trace came to."""

    FOUND = "found"  # one person, and what the record says agrees
    SEVERAL = "several"  # more than one, or one that agrees only in part: for people to look at
    NONE = "none"  # nobody PDS can give


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record says of its person: ``number`` usable or None, names as written, ``postcode`` or ''."""

    number: str | None
    family: str
    given: str
    born: date | None
    gender: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """``number``: the NHS number in force, where ``kind`` is FOUND; ``candidates``: numbers to look at otherwise.

    ``restricted``: the person's location must not be shown. ``practice``: the ODS code of the practice PDS names, or
    empty, as of a restricted person. ``died``: the day, where the death is formally registered.
    """

    kind: Kind
    number: str | None = None
    restricted: bool = False
    candidates: tuple[str, ...] = ()
    practice: str = ""
    died: date | None = None


class Pds:
    """Traces one record at a time. ``least_score``: the search score from which a single answer is believed."""

    def __init__(self, transport: Transport, least_score: float) -> None:
        self._transport = transport
        self._least = least_score

    def trace(self, asked: Asked) -> Answer:
        """Who the record's person is, by number if it has one, else by name, birth date and postcode.

        Raises PdsUnavailable, PdsRefused.
        """
        if asked.number:
            found = self._patient(f"/Patient/{asked.number}", {})
            if found is None:
                return Answer(Kind.NONE)
            number, patient = _number(found), demographics(found)
            if number and _agrees(asked, patient):
                return _found(number, found, patient)
        return self._searched(asked)

    def _searched(self, asked: Asked) -> Answer:
        """By particulars. A family name and a birth date are the least PDS searches by."""
        if not asked.family or asked.born is None:
            return Answer(Kind.NONE)
        query = {"family": asked.family, "birthdate": f"eq{asked.born.isoformat()}", "_max-results": "2"}
        query |= {"given": asked.given.split()[0]} if asked.given else {}
        query |= {"gender": asked.gender} if asked.gender in ("male", "female") else {}
        query |= {"address-postalcode": asked.postcode} if asked.postcode else {}
        bundle = self._patient("/Patient", query)
        if bundle is None:
            return Answer(Kind.NONE)
        if bundle.get("resourceType") == "OperationOutcome":  # TOO_MANY_MATCHES: whom, PDS does not say
            return Answer(Kind.SEVERAL)
        entries = [entry for entry in bundle.get("entry", ()) if entry.get("resource", {}).get("resourceType")]
        numbers = tuple(sorted({number for entry in entries if (number := _number(entry["resource"]))}))
        if not numbers:
            return Answer(Kind.NONE)
        only = entries[0]
        score = float(only.get("search", {}).get("score", 0))
        said = demographics(only["resource"])
        if len(entries) == 1 and score >= self._least and _agrees(asked, said):
            return _found(numbers[0], only["resource"], said)
        return Answer(Kind.SEVERAL, candidates=numbers)

    def _patient(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """The resource answered; None where PDS has nothing to give (404)."""
        status, body = self._transport(path, query, {"X-Request-ID": str(uuid4())})
        if status == 404:
            return None
        if status == 429 or status >= 500:
            raise PdsUnavailable(f"PDS answered {status}; run the trace again later, it goes on where it stopped")
        if status != 200:
            raise PdsRefused(f"PDS answered {status}; check COMMONWEAL_PDS_URL and COMMONWEAL_PDS_TOKEN")
        try:
            read = json.loads(body)
        except ValueError:
            raise PdsUnavailable("PDS answered something that is not JSON; try again later") from None
        if not isinstance(read, dict):
            raise PdsUnavailable("PDS answered something that is not a resource; try again later")
        return read


def _number(patient: Mapping[str, Any]) -> str | None:
    """The number in force: the Patient's id."""
    return nhs_number.usable(str(patient.get("id", "")))


def _found(number: str, patient: Mapping[str, Any], said: Demographics) -> Answer:
    died = said.death_date if formally_registered(patient) else None
    return Answer(Kind.FOUND, number, _restricted(patient), practice=said.practice or "", died=died)


def _agrees(asked: Asked, said: Demographics) -> bool:
    """Whether a record is of the person PDS answers: same birth date, and names that do not deny it."""
    if asked.born is None or asked.born != said.birth_date:
        return False
    known_sex = {asked.gender, said.gender} <= {"male", "female"}
    given, family = (name_key(asked.given.split()[0]) if asked.given else ""), name_key(asked.family)
    theirs = name_key(said.given[0]) if said.given else ""
    same_given = bool(given and theirs) and given_agree(given, theirs)
    same_family = bool(family) and family_agree(family, name_key(said.family))
    if known_sex and asked.gender != said.gender:
        return same_given and same_family and given == theirs
    return same_given and same_family


def _restricted(patient: Mapping[str, Any]) -> bool:
    """Whether a security label withholds the person's location."""
    labels = patient.get("meta", {}).get("security", ())
    return any(label.get("code") in _RESTRICTED for label in labels)
