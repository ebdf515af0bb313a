"""Everything a trust has said about one person, in any order → one Patient and their Encounters."""

from collections.abc import Sequence

from commonweal.feeds.adt_events import (
    ADMIT,
    MERGE,
    PREADMIT,
    REGISTER,
    UPDATE,
    VISIT_EVENTS,
    Head,
    head,
    local_person,
)
from commonweal.feeds.adt_person import PersonState
from commonweal.feeds.adt_visit import Visit
from commonweal.feeds.hl7v2 import timestamp
from commonweal.feeds.people import parsed
from commonweal.feeds.types import Merge, Parsed, Problem
from commonweal.fhir.errors import Invalid

_NO_VISIT = frozenset(("N", ""))  # HL7 table 0004: not applicable


def fold(source: str, messages: Sequence[bytes]) -> list[Parsed | Problem | Merge]:
    """The Patient, Encounters, merges and problems that ``messages`` of one (``source``, MRN) amount to.

    The result is the same for any order and any repetition of ``messages``: they are sorted by when they happened
    (EVN-6, EVN-2, PV1-44 or PV1-45, MSH-7), then when they were entered, then control id. ``line`` is 0
    throughout; ``Problem.raw`` is the message at fault. Resources come first, Patient before Encounters.
    """
    heads: list[Head] = []
    problems: list[Problem] = []
    for raw in sorted(set(messages)):
        try:
            heads.append(head(raw))
        except Invalid as bad:
            problems.append(Problem(0, bad.field, bad.rule, bad.value, bad.message, raw))
    heads.sort(key=lambda about: about.order)
    items: list[Parsed | Problem | Merge] = []
    merges: list[Merge] = []
    for mrn in dict.fromkeys(about.mrn for about in heads):
        own = [about for about in heads if about.mrn == mrn]
        merges += _person(source, mrn, own, items, problems)
    return [*items, *merges, *dict.fromkeys(problems)]


def _person(
    source: str, mrn: str, heads: list[Head], items: list[Parsed | Problem | Merge], problems: list[Problem]
) -> list[Merge]:
    state = PersonState(source, mrn)
    merges: list[Merge] = []
    for about in heads:
        problems += state.hear(about)
        if about.event == MERGE:
            for merge in _merges(about):
                merges.append(merge)
                if merge.surviving == mrn:
                    state.replaces(merge.retired)
    raw = heads[-1].message.raw
    items.append(parsed(0, state.resource(), mrn, "adt", raw))
    for key, visit_heads in _visits(heads).items():
        visit = Visit(source, mrn, key, "" if key.startswith("@") else key)
        problems += visit.hear(visit_heads)
        raw = visit_heads[-1].message.raw
        items.append(parsed(0, visit.resource(problems, raw), mrn, "adt", raw))
    return merges


def _merges(about: Head) -> list[Merge]:
    """Each PID and MRG pair of a merge message."""
    message = about.message
    found: list[Merge] = []
    for index in range(message.count("MRG")):
        surviving = local_person(message, "PID", 3, min(index, message.count("PID") - 1))
        retired = local_person(message, "MRG", 1, index)
        if retired and surviving and retired != surviving:
            found.append(Merge(0, surviving, retired, about.happened, about.control_id))
    return found


def _visits(heads: list[Head]) -> dict[str, list[Head]]:
    """Messages by visit, in order: the visit number, or for trusts that send none the admission they belong to."""
    found: dict[str, list[Head]] = {}
    open_visit = ""
    for about in heads:
        message = about.message
        if about.event not in VISIT_EVENTS or not message.has("PV1") or message.first("PV1", 2) in _NO_VISIT:
            continue
        key = about.visit or _unnumbered(about, open_visit)
        if key:
            found.setdefault(key, []).append(about)
            if not about.visit:
                open_visit = key
    return found


def _unnumbered(about: Head, open_visit: str) -> str:
    """The key of a visit without a number: '@' and its admission time."""
    try:
        admitted = timestamp(about.message.first("PV1", 44), "PV1-44")
    except Invalid:
        admitted = None
    if admitted is not None:
        return f"@{admitted.isoformat()}"
    if about.event in (ADMIT, REGISTER, PREADMIT):
        return f"@{about.happened.isoformat()}"
    if open_visit or about.event == UPDATE:
        return open_visit
    return f"@{about.happened.isoformat()}"
