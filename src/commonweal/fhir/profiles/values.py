"""Checks of one value: fixed and pattern values, bounds, bindings, reference targets, invariants."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from commonweal.fhir import definitions
from commonweal.fhir.fhirpath.errors import EvaluationFault, NotChecked, SyntaxFault
from commonweal.fhir.fhirpath.rules import compile_rule
from commonweal.fhir.narrative import has_content, is_harmless
from commonweal.fhir.profiles.faults import Check, Faults, Run, fault
from commonweal.fhir.profiles.terms import Terms

Json = dict[str, Any]

# Invariants the structural check already holds data to (commonweal.fhir.invariants), under the same names.
BY_STRUCTURE = frozenset(("ele-1", "ext-1", "per-1", "con-5", "ait-1", "ait-2", "obs-6"))
# Required value sets that are grammars, not lists: https://hl7.org/fhir/R4/valueset-mimetypes.html with the short
# names of https://hl7.org/fhir/R4/http.html#mime-type, and BCP 47.
_GRAMMARS = {
    "http://hl7.org/fhir/ValueSet/mimetypes": re.compile(
        r"xml|json|ttl|[\w.+*-]+/[\w.+*-]+(\s*;\s*[\w.-]+=(\"[^\"]*\"|[\w.+:/-]+))*"
    ),
    "http://hl7.org/fhir/ValueSet/all-languages": re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"),
}


def valued(data: Mapping[str, Any], prefix: str) -> Any:
    """The value under ``fixed[x]`` (or ``pattern``, ``minValue``, ``maxValue``), ``None`` if there is none."""
    return next((value for key, value in data.items() if key.startswith(prefix)), None)


def holds_pattern(value: Any, pattern: Any) -> bool:
    """Whether ``value`` has everything of ``pattern``; each item of an array in it is found by some item.

    https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
    """
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(k in value and holds_pattern(value[k], p) for k, p in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(holds_pattern(one, p) for one in value) for p in pattern)
    return bool(value == pattern) and isinstance(value, bool) == isinstance(pattern, bool)


def fixed_checks(data: Mapping[str, Any]) -> list[Check]:
    """Checks of fixed[x], pattern[x], minValue[x], maxValue[x] and maxLength."""
    checks: list[Check] = []
    fixed, pattern = valued(data, "fixed"), valued(data, "pattern")
    if fixed is not None:
        advice = f"must be exactly {fixed!r}"[:200]
        checks.append(lambda value, run: None if value == fixed else fault("", "profile-fixed", value, advice))
    if pattern is not None:
        asked = f"must contain {pattern!r}"[:200]
        checks.append(
            lambda value, run: None if holds_pattern(value, pattern) else fault("", "profile-pattern", value, asked)
        )
    low, high, longest = valued(data, "minValue"), valued(data, "maxValue"), data.get("maxLength")
    if isinstance(low, int | float | str):
        checks.append(_bound(low, "profile-min-value", f"must be {low} or more", -1))
    if isinstance(high, int | float | str):
        checks.append(_bound(high, "profile-max-value", f"must be {high} or less", 1))
    if isinstance(longest, int):
        shorten = f"at most {longest} characters"
        checks.append(
            lambda value, run: (
                fault("", "profile-max-length", value, shorten)
                if isinstance(value, str) and len(value) > longest
                else None
            )
        )
    return checks


def _bound(limit: Any, rule: str, advice: str, side: int) -> Check:
    def check(value: Any, run: Run) -> Faults:
        if isinstance(value, str) != isinstance(limit, str) or not isinstance(value, int | float | str):
            return None
        beyond = (value > limit) - (value < limit)
        return fault("", rule, value, advice) if beyond == side else None

    return check


def codings(value: Any, kind: str) -> list[tuple[str | None, str]] | None:
    """The (system, code) pairs of a bound value, system None for a plain code; None: nothing here is coded."""
    if kind == "CodeableConcept":
        listed = value.get("coding", ()) if isinstance(value, dict) else ()
    elif kind in ("Coding", "Quantity"):
        listed = [value] if isinstance(value, dict) else ()
    elif isinstance(value, str):
        return [(None, value)]
    else:
        return None
    return [(c.get("system", ""), c["code"]) for c in listed if isinstance(c, dict) and isinstance(c.get("code"), str)]


def binding_check(binding: Mapping[str, Any], kind: str, terms: Terms, *, by_structure: bool) -> Check | None:
    """Required codes as errors, extensible as warnings, where the value set is known.

    https://hl7.org/fhir/R4/terminologies.html#strength. ``by_structure``: R4's own required value sets that can be
    listed are already checked. A value set that is not loaded is said to be unchecked.
    """
    strength, url = binding.get("strength"), str(binding.get("valueSet", "")).partition("|")[0]
    if strength not in ("required", "extensible") or not url:
        return None
    listed = definitions.listed(url)
    if by_structure and (strength == "required" and listed is not None):
        return None
    required = strength == "required"
    name = url.rpartition("/")[2]
    grammar = _GRAMMARS.get(url)
    advice = f"needs a code from {name} ({url})" if required else f"use a code from {name} ({url}) where one fits"

    def known(system: str | None, code: str) -> bool | None:
        if grammar is not None:
            return grammar.fullmatch(code) is not None
        verdict = terms.member(url, system, code)
        if verdict is None and listed is not None:
            return any(code in codes for own, codes in listed.items() if system in (None, own))
        return verdict

    def check(value: Any, run: Run) -> Faults:
        pairs = codings(value, kind)
        if pairs is None:
            return None
        doubt = False
        for system, code in pairs:
            verdict = known(system, code)
            if verdict:
                return None
            doubt = doubt or verdict is None
        if doubt:
            run.cannot("", f"codes of {url} are not checked: the value set or a code system of it is not loaded")
            return None
        if not pairs and (not required or kind == "Quantity"):
            return None  # text alone is what an extensible binding allows
        shown = ", ".join(code if system is None else f"{system}|{code}" for system, code in pairs)
        rule = "code-not-in-value-set" if required else "code-outside-extensible"
        return fault("", rule, shown, advice, "error" if required else "warning")

    return check


def constraint_checks(rules: Iterable[Mapping[str, Any]], kind: str, known: frozenset[str]) -> list[Check]:
    """Invariants not in ``known`` (keys), each as its severity says; one that cannot be judged is said so."""
    return [_constraint(rule, kind) for rule in rules if rule.get("key") not in known | BY_STRUCTURE]


def _constraint(rule: Mapping[str, Any], kind: str) -> Check:
    key, text = str(rule.get("key")), rule.get("expression")
    severity = "error" if rule.get("severity") == "error" else "warning"
    human, name = str(rule.get("human", ""))[:300], f"invariant-{key}"
    native = _NATIVE.get(key)
    if native is not None:
        return lambda value, run: None if native(value, run) else fault("", name, None, human, severity)
    try:
        if not isinstance(text, str):
            raise NotChecked("it has no FHIRPath expression")
        judge = compile_rule(text, kind)
    except (SyntaxFault, NotChecked) as why:
        said = f"invariant {key} is not checked: {why}"[:300]

        def unable(value: Any, run: Run) -> Faults:
            run.cannot("", said)
            return None

        return unable

    def check(value: Any, run: Run) -> Faults:
        try:
            verdict = judge(value, run.around)
        except NotChecked as why:
            run.cannot("", f"invariant {key} is not checked: {why}"[:300])
            return None
        except EvaluationFault as why:
            return fault("", name, None, f"{human} (it cannot be evaluated: {why})", severity)
        return fault("", name, None, human, severity) if verdict is False else None

    return check


def _ref_1(value: Any, run: Run) -> bool:
    """https://hl7.org/fhir/R4/references.html#contained: a local reference names what is contained."""
    literal = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(literal, str) or not literal.startswith("#") or literal == "#":
        return True
    return any(
        isinstance(one, dict) and one.get("id") == literal[1:] for one in (run.around.root.get("contained") or ())
    )


def _dom_3(value: Any, run: Run) -> bool:
    """https://hl7.org/fhir/R4/domainresource.html: what is contained is referred to, or refers to its container."""
    contained = value.get("contained")
    if not isinstance(contained, list):
        return True
    named = set(_local(value))
    return all(
        not isinstance(one, dict) or "#" + str(one.get("id")) in named or "#" in set(_local(one)) for one in contained
    )


def _local(value: Any) -> Iterable[str]:
    """Every text below that begins with #: a local reference, canonical, uri or url."""
    level = [value]
    while level:
        item = level.pop()
        if isinstance(item, str):
            if item.startswith("#"):
                yield item
        elif isinstance(item, dict):
            level += item.values()
        elif isinstance(item, list):
            level += item


# By hand: one stands on every Reference, the other's expression takes types that JSON does not tell.
_NATIVE: dict[str, Callable[[Any, Run], bool]] = {
    "ref-1": _ref_1,
    "dom-3": _dom_3,
    "txt-1": lambda value, run: is_harmless(value),  # both are written htmlChecks(), and say different things
    "txt-2": lambda value, run: has_content(value),
}


def type_of_target(url: str) -> str:
    """The type a core ``targetProfile`` names; '' for a profile that is not R4's own."""
    name = url.partition("|")[0].removeprefix("http://hl7.org/fhir/StructureDefinition/")
    return name if name in definitions.resource_types() or name == "Resource" else ""
