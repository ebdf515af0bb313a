"""SMART scopes: what a person or an organisation lets an app ask for, over and above what the gate lets them see.

SMART App Launch 2.2.0, "Scopes for requesting FHIR Resources", version 2 syntax:
https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
A scope never opens anything: it only narrows what the account behind the token may do.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

LETTERS = "cruds"  # create, read, update, delete, search: in this order, as the standard has it
EVERY = "*"
_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?)")
_NAMED = ("openid", "fhirUser", "launch", "launch/patient", "online_access")


@dataclass(frozen=True, slots=True)
class App:
    """What the app behind a token was let do: ``scopes`` as granted; ``person_id``: only this person, if any."""

    client: str
    scopes: tuple[str, ...]
    person_id: UUID | None = None

    def allows(self, kind: str, letters: str) -> bool:
        """Whether each of ``letters`` (of ``cruds``) is granted for the resource type ``kind``; ``*`` is every type."""
        return all(any(_grants(scope, kind, letter) for scope in self.scopes) for letter in letters)


def _grants(scope: str, kind: str, letter: str) -> bool:
    match = _SCOPE.fullmatch(scope)
    return match is not None and match[2] in (EVERY, kind) and letter in match[3]


def known(scope: str) -> bool:
    """Whether ``scope`` is one we know: a resource scope of version 2 without a query, or a word of the launch."""
    match = _SCOPE.fullmatch(scope)
    return scope in _NAMED or (match is not None and bool(match[3]))


def granted(asked: Iterable[str], most: Iterable[str]) -> tuple[str, ...]:
    """Of the scopes ``asked`` for, in their order, those that lie within one of ``most``; never more than both say.

    ``system/*.rs`` asked by an app that may have ``system/Observation.rs`` is not narrowed but refused: an app that is
    told that it may read everything would show an empty list as *none known*.
    """
    allowed = tuple(most)
    return tuple(dict.fromkeys(scope for scope in asked if known(scope) and _within(scope, allowed)))


def _within(scope: str, allowed: tuple[str, ...]) -> bool:
    match = _SCOPE.fullmatch(scope)
    if match is None:
        return scope in allowed
    found = [one for one in map(_SCOPE.fullmatch, allowed) if one is not None and one[1] == match[1]]
    return all(any(one[2] in (EVERY, match[2]) and letter in one[3] for one in found) for letter in match[3])


_DOES = {"c": "add", "r": "read", "u": "change", "d": "remove", "s": "search"}


def in_words(scope: str) -> str:
    """A scope as the person who is asked reads it: "read and search observations"."""
    match = _SCOPE.fullmatch(scope)
    if match is None:
        return {
            "openid": "know who you are",
            "fhirUser": "know who you are",
            "launch": "know whose record you opened it from",
            "launch/patient": "know which person's record you choose",
            "online_access": "go on while you stay signed in",
        }.get(scope, scope)
    words = [_DOES[letter] for letter in match[3]]
    does = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", match[2]).lower()
    what = "everything in the record" if match[2] == EVERY else f"{spaced} entries"
    return f"{does} {what}"
