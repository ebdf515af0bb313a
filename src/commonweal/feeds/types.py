"""What a feed yields: resources, problems, merges. Shared by every wire format."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple


class Parsed(NamedTuple):
    """One FHIR resource, valid R4; a tuple, because making a frozen dataclass costs six times as much.

    ``line`` is where it starts in its file (1-based; 0 when a fold of many messages made it). ``local_person`` is
    the source's own identifier of the person, or ``None`` for a resource about nobody. ``body`` is the JSON text
    as received, or as mapped; ``resource`` the same, parsed. ``category`` is a sharing category.
    """

    line: int
    type: str
    id: str
    local_person: str | None
    body: bytes
    resource: dict[str, Any]
    category: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be landed as it is: where, which rule, the offending value, and what to do.

    ``raw`` holds the bytes of the whole line, row or message, so that it can be replayed after a fix. A problem
    with one field of an otherwise readable row stands beside the resources of that row.
    """

    line: int
    field: str
    rule: str
    value: str
    message: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Merge:
    """The source says that ``retired`` and ``surviving`` are one person (HL7 v2 A40)."""

    line: int
    surviving: str
    retired: str
    at: datetime
    control_id: str
