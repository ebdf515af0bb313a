"""ORU^R01 → FHIR DiagnosticReport and Observation: results, their units and ranges, and every correction of them.

Message: http://www.hl7.eu/HL7v2x/v24/std24/ch07.html#Heading3, segments OBR and OBX; statuses: HL7 tables 0085 and
0123. A result is known by its report (OBR-3, else OBR-2), its code (OBX-3) and sub-id (OBX-4): what a later message
says of it counts, what later messages leave out stays, and one reported as wrong (D, W) is marked so, never removed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from commonweal.feeds.adt_events import Head
from commonweal.feeds.hl7v2 import DELETE, Message, timestamp
from commonweal.feeds.people import Json, organisation, parsed, stable_id
from commonweal.feeds.types import Parsed, Problem
from commonweal.fhir.errors import Invalid, excerpt

_SYSTEMS = {"SCT": "http://snomed.info/sct", "SNM3": "http://snomed.info/sct", "LN": "http://loinc.org"}
_UCUM = "http://unitsofmeasure.org"
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_INTERPRETATIONS = frozenset(
    ["H", "L", "HH", "LL", "N", "A", "AA", "<", ">", "S", "R", "I", "MS", "VS", "U", "D", "B", "W"]
)
_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
_RESULT_STATUS = {
    "F": "final", "U": "final", "": "final", "P": "preliminary", "R": "preliminary", "S": "preliminary",
    "C": "corrected", "D": "entered-in-error", "W": "entered-in-error", "X": "cancelled", "I": "registered",
    "O": "registered", "N": "cancelled",
}  # fmt: skip
_REPORT_STATUS = {
    "F": "final", "": "final", "C": "corrected", "P": "preliminary", "R": "preliminary", "A": "partial",
    "S": "registered", "I": "registered", "O": "registered", "X": "cancelled",
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_RANGE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|to)\s*(-?\d+(?:\.\d+)?)\s*")
_LIMIT = re.compile(r"\s*(<=?|>=?)\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(slots=True)
class _Result:
    """The latest word on one result."""

    message: Message
    segment: int
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Report:
    """The latest word on one report, and its results in order of first mention."""

    message: Message
    segment: int
    results: dict[tuple[str, str], _Result] = field(default_factory=dict)


def results(source: str, mrn: str, heads: Sequence[Head], problems: list[Problem]) -> list[Parsed | Problem]:
    """The reports and results of one person from their ORU messages, sorted by order."""
    reports: dict[str, _Report] = {}
    for about in heads:
        _hear(about, reports)
    found: list[Parsed | Problem] = []
    for key, report in reports.items():
        observations = [
            _observation(source, mrn, f"{mrn}|{key}|{code}|{sub}", report, result, problems)
            for (code, sub), result in report.results.items()
            if result.message.first("OBX", 2, 1, result.segment) != "ED"
        ]
        found.append(parsed(0, _diagnostic(source, mrn, key, report, observations, problems), mrn, "adt", _raw(report)))
        found += [parsed(0, one, mrn, "adt", _raw(report)) for one in observations]
    return found


def _raw(report: _Report) -> bytes:
    return report.message.raw


def _hear(about: Head, reports: dict[str, _Report]) -> None:
    message = about.message
    report: _Report | None = None
    result: _Result | None = None
    for name, index in message.sequence:
        if name == "OBR":
            key = message.first("OBR", 3, 1, index) or message.first("OBR", 2, 1, index) or about.control_id
            report = reports.setdefault(f"{key}|{message.first('OBR', 4, 1, index)}", _Report(message, index))
            report.message, report.segment, result = message, index, None
        elif name == "OBX" and report is not None:
            code = message.first("OBX", 3, 1, index) or message.first("OBX", 3, 2, index)
            result = report.results[(code, message.first("OBX", 4, 1, index))] = _Result(message, index)
        elif name == "NTE" and result is not None:
            result.notes.append("\n".join(message.value(parts, 1) for parts in message.repetitions("NTE", 3, index)))


def _diagnostic(
    source: str, mrn: str, key: str, report: _Report, observations: list[Json], problems: list[Problem]
) -> Json:
    message, index = report.message, report.segment
    resource: Json = {"resourceType": "DiagnosticReport", "id": stable_id(source, "DiagnosticReport", f"{mrn}|{key}")}
    identifiers = [
        {"type": {"text": text}, "value": message.first("OBR", number, 1, index), "assigner": organisation(source)}
        for number, text in ((2, "placer order number"), (3, "filler order number"))
        if message.first("OBR", number, 1, index) not in ("", DELETE)
    ]
    if identifiers:
        resource["identifier"] = identifiers
    resource["status"] = _REPORT_STATUS.get(message.first("OBR", 25, 1, index), "unknown")
    section = message.first("OBR", 24, 1, index)
    if section and section != DELETE:
        resource["category"] = [{"coding": [{"system": _SECTION, "code": section}]}]
    resource["code"] = concept(message, "OBR", 4, index)
    resource["subject"] = {"reference": f"Patient/{stable_id(source, 'Patient', mrn)}"}
    effective = moment(message, "OBR", 7, index, problems)
    if effective:
        resource["effectiveDateTime"] = effective
    issued = moment(message, "OBR", 22, index, problems)
    if issued and "T" in issued:
        resource["issued"] = issued
    resource["performer"] = [organisation(source)]
    if observations:
        resource["result"] = [{"reference": f"Observation/{one['id']}"} for one in observations]
    forms = [
        attachment(one.message, one.segment)
        for one in report.results.values()
        if one.message.first("OBX", 2, 1, one.segment) == "ED"
    ]
    if forms:
        resource["presentedForm"] = forms
    return resource


def _observation(source: str, mrn: str, key: str, report: _Report, result: _Result, problems: list[Problem]) -> Json:
    message, index = result.message, result.segment
    resource: Json = {"resourceType": "Observation", "id": stable_id(source, "Observation", key)}
    resource["status"] = _RESULT_STATUS.get(message.first("OBX", 11, 1, index), "unknown")
    resource["code"] = concept(message, "OBX", 3, index)
    resource["subject"] = {"reference": f"Patient/{stable_id(source, 'Patient', mrn)}"}
    effective = moment(message, "OBX", 14, index, problems) or moment(
        report.message, "OBR", 7, report.segment, problems
    )
    if effective:
        resource["effectiveDateTime"] = effective
    resource["performer"] = [organisation(source)]
    resource |= _value(message, index, problems)
    flags = [message.value(parts, 1) for parts in message.repetitions("OBX", 8, index)]
    known = [{"coding": [{"system": _INTERPRETATION, "code": flag}]} for flag in flags if flag in _INTERPRETATIONS]
    other = [{"text": flag} for flag in flags if flag and flag != DELETE and flag not in _INTERPRETATIONS]
    if known or other:
        resource["interpretation"] = known + other
    if any(result.notes):
        resource["note"] = [{"text": note} for note in result.notes if note]
    limits = _reference_range(message.first("OBX", 7, 1, index), _unit(message, index))
    if limits:
        resource["referenceRange"] = [limits]
    return resource


def _value(message: Message, index: int, problems: list[Problem]) -> Json:
    """``value[x]`` as OBX-2 says; a number that is none is kept as text and reported."""
    kind = message.first("OBX", 2, 1, index)
    repeats = message.repetitions("OBX", 5, index)
    text = "\n".join(" ".join(filter(None, (message.value(p, n + 1) for n in range(len(p))))) for p in repeats).strip()
    if not text or text == DELETE:
        return {}
    first = repeats[0]
    if kind == "NM":
        if _NUMBER.fullmatch(text):
            return {"valueQuantity": {"value": _number(text), **_unit(message, index)}}
        advice = "not a number; send NM values as digits, or SN or ST"
        problems.append(Problem(0, "OBX-5", "format-decimal", excerpt(text), advice, message.raw))
        return {"valueString": text}
    if kind == "SN":
        sign, low, between = message.value(first, 1), message.value(first, 2), message.value(first, 3)
        high = message.value(first, 4)
        if _NUMBER.fullmatch(low) and not between and sign in ("", "<", ">", "<=", ">=", "="):
            comparator = {"comparator": sign} if sign not in ("", "=") else {}
            return {"valueQuantity": {"value": _number(low), **comparator, **_unit(message, index)}}
        if between == "-" and _NUMBER.fullmatch(low) and _NUMBER.fullmatch(high):
            unit = _unit(message, index)
            return {"valueRange": {"low": {"value": _number(low), **unit}, "high": {"value": _number(high), **unit}}}
        return {"valueString": f"{sign}{low}{between}{high}"}
    if kind in ("CE", "CWE", "CNE"):
        return {"valueCodeableConcept": concept(message, "OBX", 5, index)}
    if kind in ("DT", "TS", "DTM"):
        at = moment(message, "OBX", 5, index, problems)
        return {"valueDateTime": at} if at else {}
    return {"valueString": text}


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)


def _unit(message: Message, index: int) -> Json:
    code, name, system = (message.first("OBX", 6, part, index) for part in (1, 2, 3))
    if not code or code == DELETE:
        return {}
    unit: Json = {"unit": name or code}
    if system == "UCUM":
        unit |= {"system": _UCUM, "code": code}
    return unit


def _reference_range(text: str, unit: Json) -> Json:
    """OBX-7 as low and high where it says so, and always as it was printed."""
    if not text or text == DELETE:
        return {}
    limits: Json = {}
    both, one = _RANGE.fullmatch(text), _LIMIT.fullmatch(text)
    if both:
        limits = {"low": {"value": _number(both[1]), **unit}, "high": {"value": _number(both[2]), **unit}}
    elif one:
        limits["high" if one[1][0] == "<" else "low"] = {"value": _number(one[2]), **unit}
    return {**limits, "text": text}


def concept(message: Message, segment: str, number: int, index: int) -> Json:
    """A coded field (CE, CWE) as a CodeableConcept: code and alternate, each with its system if it is a known one."""
    parts = (message.repetitions(segment, number, index) or [[]])[0]
    codings = []
    for at in (1, 4):
        code, display, system = (message.value(parts, at + step) for step in range(3))
        if code and code != DELETE:
            coding: Json = {"system": _SYSTEMS[system]} if system in _SYSTEMS else {}
            coding["code"] = " ".join(code.split())
            if display and display != DELETE:
                coding["display"] = display
            codings.append(coding)
    text = next((t for t in (message.value(parts, n) for n in (9, 2, 5, 1)) if t and t != DELETE), "")
    found: Json = {"coding": codings} if codings else {}
    return {**found, "text": text or "not stated"}


def moment(message: Message, segment: str, number: int, index: int, problems: list[Problem]) -> str:
    """A time field as FHIR dateTime, a day where it has no hour, '' for none or one that does not exist (reported)."""
    text = message.first(segment, number, 1, index)
    try:
        at = timestamp(text, f"{segment}-{number}")
    except Invalid as bad:
        problems.append(Problem(0, bad.field, bad.rule, bad.value, bad.message, message.raw))
        return ""
    if at is None:
        return ""
    digits = text.strip()[:8]
    return at.isoformat() if len(text.strip()) > 8 else "-".join(p for p in (digits[:4], digits[4:6], digits[6:]) if p)


def attachment(message: Message, index: int) -> Any:
    """Encapsulated data (ED) of OBX-5 as an Attachment."""
    parts = (message.repetitions("OBX", 5, index) or [[]])[0]
    main, sub, encoding, data = (message.value(parts, at) for at in (2, 3, 4, 5))
    form: Json = {"contentType": f"{main or 'application'}/{sub or 'octet-stream'}".lower()}
    if encoding.casefold() == "base64" and data:
        form["data"] = "".join(data.split())
    return form
