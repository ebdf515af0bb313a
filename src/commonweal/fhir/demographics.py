"""What identifies a person, taken from a FHIR Patient in UK Core shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commonweal.fhir import systems
from commonweal.fhir.normalise import postcode as normal_postcode


@dataclass(frozen=True, slots=True)
class Demographics:
    """One source's view of a person. Absent text is '', an absent or partial date is ``None``.

    ``nhs_number`` is ten digits without spaces, unchecked (modulus 11 is identity's business), or ''.
    ``gender`` is a FHIR code, ``ethnicity`` a 2001-based category (A to Z, 99), ``practice`` an ODS code.
    """

    nhs_number: str
    nhs_number_status: str
    family: str
    given: tuple[str, ...]
    birth_date: date | None
    death_date: date | None
    gender: str
    ethnicity: str
    postcode: str
    address_line: str
    phone: str
    practice: str


def demographics(patient: Mapping[str, Any]) -> Demographics:
    """The demographics of ``patient``; official and current entries win over usual, temporary and old ones."""
    number, status = _nhs_number(patient.get("identifier", ()))
    name = _best(patient.get("name", ()), ("official", "usual", None, "temp", "nickname", "anonymous", "maiden"))
    address = _best(patient.get("address", ()), ("home", None, "temp", "work", "billing"))
    death = patient.get("deceasedDateTime")
    return Demographics(
        nhs_number=number,
        nhs_number_status=status,
        family=_text(name.get("family", "")),
        given=tuple(_text(g) for g in name.get("given", ()) if g),
        birth_date=_day(patient.get("birthDate")),
        death_date=_day(death[:10]) if isinstance(death, str) else None,
        gender=_text(patient.get("gender", "")),
        ethnicity=_ethnicity(patient.get("extension", ())),
        postcode=normal_postcode(_text(address.get("postalCode", ""))),
        address_line=_text(", ".join(line for line in address.get("line", ()) if line)),
        phone=_phone(patient.get("telecom", ())),
        practice=_practice(patient.get("generalPractitioner", ())),
    )


def _text(value: Any) -> str:
    """``value`` without U+0000, which JSON may hold and the columns that people are matched by may not."""
    return str(value).replace("\0", "")


def _nhs_number(identifiers: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    for identifier in identifiers:
        if identifier.get("system") == systems.NHS_NUMBER and identifier.get("use") != "old":
            digits = identifier.get("value", "").replace(" ", "").replace("-", "")
            if len(digits) == 10 and digits.isascii() and digits.isdigit():
                return digits, _verification(identifier.get("extension", ()))
    return "", ""


def _verification(extensions: Iterable[Mapping[str, Any]]) -> str:
    for extension in extensions:
        if "NHSNumberVerificationStatus" in extension.get("url", ""):
            for coding in extension.get("valueCodeableConcept", {}).get("coding", ()):
                return _text(coding.get("code", ""))
    return ""


def _best(entries: Iterable[Mapping[str, Any]], uses: tuple[str | None, ...]) -> Mapping[str, Any]:
    """The first entry of the most preferred use; among equals one without an end date."""
    listed = list(entries)
    if len(listed) == 1:
        return listed[0]
    ranked = [e for e in listed if e.get("use") in uses]
    ranked.sort(key=lambda e: (bool(e.get("period", {}).get("end")), uses.index(e.get("use"))))
    return ranked[0] if ranked else (listed[0] if listed else {})


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == 10 else None
    except ValueError:
        return None


def _ethnicity(extensions: Iterable[Mapping[str, Any]]) -> str:
    for extension in extensions:
        if extension.get("url") == systems.ETHNIC_CATEGORY_EXTENSION:
            for coding in extension.get("valueCodeableConcept", {}).get("coding", ()):
                return _text(coding.get("code", ""))
    return ""


def _phone(telecoms: Iterable[Mapping[str, Any]]) -> str:
    for telecom in telecoms:
        if telecom.get("system", "phone") in ("phone", "sms") and telecom.get("use") != "old":
            return _text(telecom.get("value", ""))
    return ""


def _practice(references: Iterable[Mapping[str, Any]]) -> str:
    for reference in references:
        identifier = reference.get("identifier", {})
        if identifier.get("system") == systems.ODS:
            return _text(identifier.get("value", ""))
    return ""
