"""What an operation is asked: from the address, or a Parameters resource in the body; and its answer as one.

https://hl7.org/fhir/R4/operations.html#executing
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from commonweal.apps.record.rest import answers, bodies
from commonweal.apps.record.rest.handling import problem

Json = Mapping[str, Any]
_BODY = "resource"


def arguments(request: HttpRequest, known: Iterable[str], *, bare: str = _BODY) -> dict[str, Any]:
    """The operation's parameters by name, each once; a body that is no Parameters is the one called ``bare``.

    Raises ``Problem`` 400 for a parameter the operation does not have or that is given twice.
    """
    allowed = {*known, bare}
    found: dict[str, Any] = {}
    for name, values in request.GET.lists():
        if name.startswith("_"):
            continue
        _take(found, name, values[0] if len(values) == 1 else None, allowed)
    if request.method != "POST":
        return found
    body = bodies.parsed(bodies.read(request, most=bodies.MAX_BUNDLE), bodies.MAX_BUNDLE)
    if body.get("resourceType") != "Parameters":
        found[bare] = body
        return found
    for part in body.get("parameter") or ():
        if not isinstance(part, dict):
            raise problem(400, "structure", "Parameters.parameter holds something that is no object")
        value = next((v for key, v in part.items() if key.startswith("value")), part.get("resource"))
        _take(found, str(part.get("name")), value, allowed)
    return found


def parts(request: HttpRequest) -> list[tuple[str, str]]:
    """The simple parameters of a Parameters resource in the body as text, each as often as it is there; none without.

    Raises ``Problem`` 400 for another body or a parameter that is no text or number.
    """
    if request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        return []
    body = bodies.parsed(bodies.read(request))
    listed = body.get("parameter", [])
    if body.get("resourceType") != "Parameters" or not isinstance(listed, list):
        raise problem(400, "invalid", "Send a Parameters resource", "Parameters")
    found = []
    for n, part in enumerate(listed):
        one = part if isinstance(part, dict) else {}
        value = next((v for key, v in one.items() if key.startswith("value")), None)
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise problem(400, "invalid", "A parameter here is text or a number", f"Parameters.parameter[{n}]")
        found.append((str(one.get("name")), str(value)))
    return found


def _take(found: dict[str, Any], name: str, value: Any, allowed: set[str]) -> None:
    if name not in allowed:
        raise problem(400, "not-supported", f"This operation has no parameter {name[:60]}; it has {_shown(allowed)}")
    if name in found or value is None:
        raise problem(400, "invalid", f"Give {name} once, with a value")
    found[name] = value


def _shown(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def text(found: Mapping[str, Any], name: str, default: str = "") -> str:
    """A parameter as text. Raises ``Problem`` 400 for anything else."""
    value = found.get(name, default)
    if not isinstance(value, str):
        raise problem(400, "invalid", f"{name} is to be text")
    return value


def number(found: Mapping[str, Any], name: str) -> int | None:
    """A parameter as a whole number from 0, ``None`` when it is not given. Raises ``Problem`` 400."""
    value = found.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    raise problem(400, "invalid", f"{name} is to be a whole number from 0")


def truth(found: Mapping[str, Any], name: str) -> bool:
    """A parameter as true or false, false when it is not given. Raises ``Problem`` 400."""
    value = found.get(name, False)
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise problem(400, "invalid", f"{name} is to be true or false")


def answer(parts: Iterable[tuple[str, str, Any]]) -> HttpResponse:
    """A Parameters resource: (name, value[x] element or ``part``, value); values that are ``None`` are left out."""
    listed = [{"name": name, key: value} for name, key, value in parts if value is not None]
    return answers.answer(orjson.dumps({"resourceType": "Parameters", "parameter": listed}))
