"""Invariants of FHIR R4 that structure alone cannot say: key, where it is stated, and the rule.

Only those with severity *error* that a partner's feed has been seen to break. A rule sees an element that has
already passed its structural check and returns one fault or ``None``.
"""

from collections.abc import Callable, Mapping
from typing import Any

Fault = tuple[str, str, str, str, str]
Rule = Callable[[dict[str, Any]], Fault | None]


def _has_code(concept: Any, code: str) -> bool:
    return isinstance(concept, dict) and any(c.get("code") == code for c in concept.get("coding", ()))


def _ext_1(value: dict[str, Any]) -> Fault | None:
    """https://hl7.org/fhir/R4/extensibility.html#Extension: an extension has a value or extensions, not both."""
    nested = "extension" in value
    valued = any(key.startswith(("value", "_value")) for key in value)
    if nested != valued:
        return None
    return ("", "invariant-ext-1", str(value.get("url", "")), "send either value[x] or nested extensions", "error")


def _per_1(value: dict[str, Any]) -> Fault | None:
    """https://hl7.org/fhir/R4/datatypes.html#Period: start no later than end (same precision and zone compared)."""
    start, end = value.get("start"), value.get("end")
    if not start or not end:
        return None
    shorter = min(len(start), len(end), 10)
    if len(start) == len(end) and start[19:] == end[19:]:
        shorter = len(start)
    elif shorter == 10 and max(len(start), len(end)) > 10:
        # Different zones can put the same moment on neighbouring days; a month apart is wrong in any zone.
        shorter = 7
    if start[:shorter] <= end[:shorter]:
        return None
    return ("", "invariant-per-1", f"{start} > {end}", "start is after end; correct one of them", "error")


def _con_5(value: dict[str, Any]) -> Fault | None:
    """https://hl7.org/fhir/R4/condition.html: no clinicalStatus when entered in error."""
    if "clinicalStatus" in value and _has_code(value.get("verificationStatus"), "entered-in-error"):
        return ("clinicalStatus", "invariant-con-5", "", "leave clinicalStatus out when entered in error", "error")
    return None


def _ait_2(value: dict[str, Any]) -> Fault | None:
    """https://hl7.org/fhir/R4/allergyintolerance.html: no clinicalStatus when entered in error."""
    if "clinicalStatus" in value and _has_code(value.get("verificationStatus"), "entered-in-error"):
        return ("clinicalStatus", "invariant-ait-2", "", "leave clinicalStatus out when entered in error", "error")
    return None


def _ait_1(value: dict[str, Any]) -> Fault | None:
    """https://hl7.org/fhir/R4/allergyintolerance.html: clinicalStatus unless entered in error."""
    if "clinicalStatus" not in value and not _has_code(value.get("verificationStatus"), "entered-in-error"):
        return ("clinicalStatus", "invariant-ait-1", "", "send clinicalStatus (active, inactive, resolved)", "error")
    return None


def _obs_6(value: dict[str, Any]) -> Fault | None:
    """https://hl7.org/fhir/R4/observation.html: a reason for absence only where there is no value."""
    if "dataAbsentReason" in value and any(key.startswith("value") for key in value):
        return ("dataAbsentReason", "invariant-obs-6", "", "send a value or a dataAbsentReason, not both", "error")
    return None


# Rules that the names of an object's elements decide (values are not looked at), and rules that need values.
KEY_RULES: Mapping[str, tuple[Rule, ...]] = {
    "Extension": (_ext_1,),
    "Observation": (_obs_6,),
    "Observation.component": (_obs_6,),
}
VALUE_RULES: Mapping[str, tuple[Rule, ...]] = {
    "Period": (_per_1,),
    "Condition": (_con_5,),
    "AllergyIntolerance": (_ait_1, _ait_2),
}
INVARIANTS: Mapping[str, tuple[Rule, ...]] = {
    path: (*KEY_RULES.get(path, ()), *VALUE_RULES.get(path, ())) for path in (*KEY_RULES, *VALUE_RULES)
}
