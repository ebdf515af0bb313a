"""What a receiver answered, read without trust in its shape: what is not as it should be is left out."""

from collections.abc import Mapping
from typing import Any

import orjson


def as_json(answer: bytes) -> dict[str, Any]:
    """The JSON object of an answer, {} for anything else."""
    try:
        said = orjson.loads(answer)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, [] for anything else."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


def resources(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The resources of the entries of a Bundle."""
    return objects([entry.get("resource") for entry in objects(told.get("entry"))])


def in_short(status: int, told: Mapping[str, Any]) -> str:
    """``200``, or ``409 REC_CONFLICT duplicate``."""
    if told.get("resourceType") != "OperationOutcome":
        return str(status)
    for issue in objects(told.get("issue")):
        details = issue.get("details")
        codings = objects(details.get("coding")) if isinstance(details, Mapping) else []
        code = next((one.get("code", "") for one in codings), "")
        return f"{status} {code} {issue.get('code', '')}"
    return str(status)


def focus_of(told: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The resource of type ``kind`` in an answer, {} if there is none."""
    return next((dict(one) for one in resources(told) if one.get("resourceType") == kind), {})
