"""$expand, $validate-code, $lookup, $subsumes: https://hl7.org/fhir/R4/terminology-service.html

Whoever is signed in may ask: none of it is about a person. What is not loaded is answered as not found.
"""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import answers, parameters
from commonweal.apps.record.rest.handling import Problem, fhir, problem, session
from commonweal.apps.record.terminology import selectors
from commonweal.apps.record.terminology.errors import TerminologyFault

_STATUS = {"not-found": 404, "not-supported": 422, "too-costly": 422, "invalid": 400}


def _unanswered(fault: TerminologyFault) -> Problem:
    return problem(_STATUS[fault.code], fault.code, str(fault))


def _coding(asked: dict[str, Any], name: str) -> tuple[str, str]:
    value = asked.get(name)
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        raise problem(400, "invalid", f"{name} is to be a Coding with a code")
    return str(value.get("system") or ""), value["code"]


@fhir("GET", "POST")
def expand(request: HttpRequest) -> HttpResponse:
    """The codes of a value set. https://hl7.org/fhir/R4/valueset-operation-expand.html

    ``url`` (or a ValueSet sent), ``filter``: words that each begin a word of a term; ``count``, ``offset``,
    ``activeOnly``. More codes than one answer may hold: too-costly.
    """
    asked = parameters.arguments(request, ("url", "filter", "count", "offset", "activeOnly"), bare="valueSet")
    url, given = parameters.text(asked, "url"), asked.get("valueSet")
    words = parameters.text(asked, "filter")
    count, offset = parameters.number(asked, "count"), parameters.number(asked, "offset") or 0
    active = parameters.truth(asked, "activeOnly")
    if not url and not isinstance(given, dict):
        raise problem(400, "required", "Say which value set: url, or a ValueSet in the body")
    with session(request, "fhir.expand", "ValueSet"):
        try:
            if isinstance(given, dict):
                total, codes = selectors.expand_given(given, words, count, offset, active)
            else:
                total, codes = selectors.expand(url, words, count, offset, active)
        except TerminologyFault as fault:
            raise _unanswered(fault) from None
    now = settings.COMMONWEAL_NOW().isoformat(timespec="seconds")
    contains = [
        {"system": one.system, "code": one.code, "display": one.display, **({} if one.active else {"inactive": True})}
        for one in codes
    ]
    expansion: dict[str, Any] = {"timestamp": now, "total": total, "offset": offset}
    if contains:
        expansion["contains"] = contains
    body = {"resourceType": "ValueSet", **({"url": url} if url else {}), "status": "active", "expansion": expansion}
    return answers.answer(orjson.dumps(body))


@fhir("GET", "POST")
def validate_code(request: HttpRequest, kind: str) -> HttpResponse:
    """Whether a code is in a value set or code system.

    https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
    https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
    """
    names = ("url", "system", "code", "display", "coding", "codeableConcept")
    asked = parameters.arguments(request, names, bare="valueSet" if kind == "ValueSet" else "codeSystem")
    pairs = _asked_codes(asked, kind)
    display = parameters.text(asked, "display")
    url = parameters.text(asked, "url")
    if kind == "ValueSet" and not url:
        raise problem(400, "required", "Say which value set: url")
    with session(request, "fhir.validate-code", kind):
        try:
            return _verdict(kind, url, pairs, display)
        except TerminologyFault as fault:
            raise _unanswered(fault) from None


def _asked_codes(asked: dict[str, Any], kind: str) -> list[tuple[str, str]]:
    concept = asked.get("codeableConcept")
    if isinstance(concept, dict):
        return [_coding({"coding": one}, "coding") for one in concept.get("coding") or ()]
    if "coding" in asked:
        return [_coding(asked, "coding")]
    code = parameters.text(asked, "code")
    if not code:
        raise problem(400, "required", "Say which code: code with system, coding, or codeableConcept")
    return [(parameters.text(asked, "system") or (parameters.text(asked, "url") if kind == "CodeSystem" else ""), code)]


def _verdict(kind: str, url: str, pairs: list[tuple[str, str]], display: str) -> HttpResponse:
    doubtful = False
    for system, code in pairs:
        if kind == "ValueSet":
            found = selectors.member(url, system or None, code)
        else:
            found = selectors.display_of(url or system, code) is not None or None
            if found is None and any(one.url == (url or system) and one.complete for one in selectors.systems()):
                found = False
        if found:
            term = selectors.display_of(system or url, code)
            if not display or term is None or display.casefold() in _terms(system or url, code):
                return _said(True, "", term)
            return _said(False, f"{code} is in it, and its display is {term!r}, not {display[:80]!r}", term)
        doubtful = doubtful or found is None
    shown = ", ".join(f"{system}|{code}" for system, code in pairs)[:200]
    why = "a code system it draws on is not loaded, so this is not known" if doubtful else f"{shown} is not in it"
    return _said(False, why, None)


def _terms(system: str, code: str) -> set[str]:
    return {term.casefold() for term, _ in selectors.lookup(system, code).terms}


def _said(result: bool, message: str, term: str | None) -> HttpResponse:
    return parameters.answer(
        [
            ("result", "valueBoolean", result),
            ("message", "valueString", message or None),
            ("display", "valueString", term),
        ]
    )


@fhir("GET", "POST")
def lookup(request: HttpRequest) -> HttpResponse:
    """All that is known of a code. https://hl7.org/fhir/R4/codesystem-operation-lookup.html"""
    asked = parameters.arguments(request, ("system", "code", "coding", "property", "displayLanguage"))
    system, code = (
        _coding(asked, "coding")
        if "coding" in asked
        else (parameters.text(asked, "system"), parameters.text(asked, "code"))
    )
    if not system or not code:
        raise problem(400, "required", "Say which code: system and code, or coding")
    with session(request, "fhir.lookup", "CodeSystem"):
        try:
            found = selectors.lookup(system, code)
        except TerminologyFault as fault:
            raise _unanswered(fault) from None
    parts: list[tuple[str, str, Any]] = [
        ("name", "valueString", found.system.name),
        ("version", "valueString", found.system.version or None),
        ("display", "valueString", found.display),
    ]
    parts += [
        ("designation", "part", [{"name": "value", "valueString": term}])
        for term, use in found.terms
        if use != "display"
    ]
    properties: list[tuple[str, str, Any]] = [("inactive", "valueBoolean", not found.active)]
    properties += [("parent", "valueCode", code) for code, _ in found.parents]
    properties += [("child", "valueCode", code) for code, _ in found.children]
    properties += [(name, "valueString", value) for name, value in found.properties]
    parts += [
        ("property", "part", [{"name": "code", "valueCode": name}, {"name": "value", key: value}])
        for name, key, value in properties
    ]
    return parameters.answer(parts)


@fhir("GET", "POST")
def subsumes(request: HttpRequest) -> HttpResponse:
    """Which of two codes is broader. https://hl7.org/fhir/R4/codesystem-operation-subsumes.html"""
    asked = parameters.arguments(request, ("system", "codeA", "codeB", "codingA", "codingB"))
    system = parameters.text(asked, "system")
    codes = []
    for name in ("A", "B"):
        if f"coding{name}" in asked:
            own, code = _coding(asked, f"coding{name}")
            if system and own and own != system:
                raise problem(400, "invalid", "Both codes are to be of one system")
            system = system or own
        else:
            code = parameters.text(asked, f"code{name}")
        codes.append(code)
    if not system or not all(codes):
        raise problem(400, "required", "Say which codes: system, codeA and codeB, or codingA and codingB")
    with session(request, "fhir.subsumes", "CodeSystem"):
        try:
            verdict = selectors.subsumes(system, codes[0], codes[1])
        except TerminologyFault as fault:
            raise _unanswered(fault) from None
    return parameters.answer([("outcome", "valueCode", verdict)])
