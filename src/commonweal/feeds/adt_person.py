"""PID and PD1 → a FHIR Patient that grows message by message.

An empty field says nothing and changes nothing; ``""`` deletes: http://www.hl7.eu/HL7v2x/v24/std24/ch02.html
"""

import re
from typing import Any

from commonweal.feeds.adt_events import DELETE_PERSON, Head, is_nhs_number
from commonweal.feeds.hl7v2 import DELETE, Message, timestamp
from commonweal.feeds.people import Json, ethnicity, gender, local_identifier, nhs_digits, organisation, stable_id
from commonweal.feeds.types import Problem
from commonweal.fhir import systems
from commonweal.fhir.errors import Invalid, excerpt
from commonweal.fhir.normalise import postcode
from commonweal.fhir.primitives import is_date

_PRACTICE = re.compile(r"[A-Z][A-Z0-9]{4,5}")
_STATUS = re.compile(r"0[1-8]")  # NHS NUMBER STATUS INDICATOR CODE of the NHS Data Dictionary
_NAME_USES = {"L": "official", "D": "usual", "M": "maiden", "N": "nickname", "A": "usual", "B": "old"}
_ADDRESS_USES = {"H": "home", "C": "temp", "B": "work", "O": "work", "BA": "old", "P": "home"}


class PersonState:
    """Elements of one Patient, each as the latest message that mentions it left it."""

    def __init__(self, source: str, mrn: str) -> None:
        self.source = source
        self.mrn = mrn
        self._held: dict[str, Any] = {}
        self._replaces: list[str] = []
        self._replaced_by = ""
        self._deleted = False

    def hear(self, about: Head) -> list[Problem]:
        """Take what one message says of the person; problems are of single fields, the rest is taken.

        A29 (delete person information) deletes nothing: the person is marked as no longer active, until a later
        message speaks of them again.
        """
        self._deleted = about.event == DELETE_PERSON
        message = about.message
        problems: list[Problem] = []
        self._set("nhs_number", _nhs_number(message))
        status = message.first("PID", 32)
        self._set("status", status if _STATUS.fullmatch(status) else "")
        self._set("name", _names(message))
        self._set("gender", _gender(message, problems))
        self._set("birth_date", _birth_date(message, problems))
        self._set("address", _addresses(message))
        self._set("phone", message.first("PID", 13, 1) or message.first("PID", 13, 12))
        self._set("ethnicity", message.first("PID", 22))
        self._set("practice", _practice(message))
        self._set("death", _moment(message, 29, problems))
        indicator = message.first("PID", 30)
        if indicator == "N" and not message.first("PID", 29):
            self._held.pop("death", None)  # said to be alive: a date said before was a mistake
        self._set("died", {"Y": True, "N": False}.get(indicator, DELETE if indicator == DELETE else ""))
        return problems

    def replaces(self, retired: str) -> None:
        """This person's number survives ``retired``."""
        if retired not in self._replaces:
            self._replaces.append(retired)

    def retired(self, surviving: str) -> None:
        """This person's number was retired in favour of ``surviving``."""
        self._replaced_by = surviving

    def _set(self, name: str, value: Any) -> None:
        if value == DELETE:
            self._held.pop(name, None)
        elif value not in ("", None, []):
            self._held[name] = value

    def resource(self) -> Json:
        """The Patient, elements in a fixed order."""
        held = self._held
        resource: Json = {"resourceType": "Patient", "id": stable_id(self.source, "Patient", self.mrn)}
        if "ethnicity" in held:
            resource["extension"] = [ethnicity(held["ethnicity"])]
        resource["identifier"] = [*self._nhs_identifier(), local_identifier(self.source, self.mrn)]
        if self._deleted or self._replaced_by:
            resource["active"] = False
        if "name" in held:
            resource["name"] = held["name"]
        if "phone" in held:
            resource["telecom"] = [{"system": "phone", "value": held["phone"], "use": "home"}]
        if "gender" in held:
            resource["gender"] = held["gender"]
        if "birth_date" in held:
            resource["birthDate"] = held["birth_date"]
        if "death" in held:
            resource["deceasedDateTime"] = held["death"]
        elif "died" in held:
            resource["deceasedBoolean"] = held["died"]
        if "address" in held:
            resource["address"] = held["address"]
        if "practice" in held:
            resource["generalPractitioner"] = [organisation(held["practice"])]
        resource["managingOrganization"] = organisation(self.source)
        if self._replaces:
            resource["link"] = [
                {"other": {"reference": f"Patient/{stable_id(self.source, 'Patient', retired)}"}, "type": "replaces"}
                for retired in sorted(self._replaces)
            ]
        if self._replaced_by:
            other = {"reference": f"Patient/{stable_id(self.source, 'Patient', self._replaced_by)}"}
            resource["link"] = [*resource.get("link", ()), {"other": other, "type": "replaced-by"}]
        return resource

    def _nhs_identifier(self) -> list[Json]:
        if "nhs_number" not in self._held:
            return []
        identifier: Json = {"use": "official", "system": systems.NHS_NUMBER, "value": self._held["nhs_number"]}
        if "status" in self._held:
            coding = {
                "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus",
                "code": self._held["status"],
            }
            extension = {"url": systems.VERIFICATION_EXTENSION, "valueCodeableConcept": {"coding": [coding]}}
            identifier = {"extension": [extension], **identifier}
        return [identifier]


def _problem(message: Message, bad: Invalid) -> Problem:
    return Problem(0, bad.field, bad.rule, bad.value, bad.message, message.raw)


def _nhs_number(message: Message) -> str:
    for parts in message.repetitions("PID", 3):
        if is_nhs_number(message, parts):
            value = message.value(parts, 1)
            return value if value == DELETE else nhs_digits(value)
    return ""


def _names(message: Message) -> Any:
    """Every repetition of PID-5 that has a name; the legal (or only) one is official."""
    if message.field("PID", 5) == DELETE:
        return DELETE
    found: list[Json] = []
    for parts in message.repetitions("PID", 5):
        family = message.value(parts, 1)
        given = [*message.value(parts, 2).split(), *message.value(parts, 3).split()]
        use = _NAME_USES.get(message.value(parts, 7), "official")
        if not found:
            use = "official"
        elif use == "official":
            use = "usual"
        name: Json = {"use": use}
        if family not in ("", DELETE):
            name["family"] = family
        if any(g != DELETE for g in given):
            name["given"] = [g for g in given if g != DELETE]
        if message.value(parts, 5) not in ("", DELETE):
            name["prefix"] = [message.value(parts, 5)]
        if "family" in name or "given" in name:
            found.append(name)
    return found


def _addresses(message: Message) -> Any:
    if message.field("PID", 11) == DELETE:
        return DELETE
    found: list[Json] = []
    for parts in message.repetitions("PID", 11):
        texts = {number: message.value(parts, number) for number in (1, 2, 3, 4, 5, 6)}
        said = {number: text for number, text in texts.items() if text not in ("", DELETE)}
        if not said.keys() & {1, 2, 3, 5}:
            continue  # a country alone is no address
        address: Json = {"use": _ADDRESS_USES.get(message.value(parts, 7), "home")}
        lines = [said[number] for number in (1, 2) if number in said]
        if lines:
            address["line"] = lines
        for number, name in ((3, "city"), (4, "district"), (5, "postalCode"), (6, "country")):
            if number in said:
                address[name] = postcode(said[number]) if number == 5 else said[number]
        if address.get("postalCode") == "":
            del address["postalCode"]
        found.append(address)
    return found


def _gender(message: Message, problems: list[Problem]) -> str:
    text = message.first("PID", 8)
    if text == DELETE:
        return DELETE
    code = gender(text)
    if code is None:
        advice = "use F, M, O, U, A or N of HL7 table 0001, or 0, 1, 2, 9"
        problems.append(_problem(message, Invalid("PID-8", "code-not-in-value-set", excerpt(text), advice)))
    return code or ""


def _birth_date(message: Message, problems: list[Problem]) -> str:
    text = message.first("PID", 7)
    if text in ("", DELETE):
        return text
    digits = text[:8]
    shaped = "-".join(part for part in (digits[:4], digits[4:6], digits[6:8]) if part)
    if digits.isdecimal() and is_date(shaped):
        return shaped
    advice = "not a date that exists; send YYYYMMDD"
    problems.append(_problem(message, Invalid("PID-7", "format-date", excerpt(text), advice)))
    return ""


def _moment(message: Message, number: int, problems: list[Problem]) -> str:
    text = message.first("PID", number)
    if text == DELETE:
        return DELETE
    try:
        moment = timestamp(text, f"PID-{number}")
    except Invalid as bad:
        problems.append(_problem(message, bad))
        return ""
    if moment is None:
        return ""
    digits = text.strip()
    if len(digits) <= 8:
        return "-".join(part for part in (digits[:4], digits[4:6], digits[6:8]) if part)
    return moment.isoformat()


def _practice(message: Message) -> str:
    """ODS code of the GP practice: PD1-3 (organisation) as ITK sends it, or PD1-4 where it holds an ODS code."""
    if DELETE in (message.first("PD1", 3), message.first("PD1", 4)):
        return DELETE
    candidates = (("PD1", 3, 3), ("PD1", 3, 10), ("PD1", 4, 1), ("PD1", 4, 3))
    for segment, number, component in candidates:
        code = message.first(segment, number, component)
        if _PRACTICE.fullmatch(code) and any(c.isdigit() for c in code):
            return code
    return ""
