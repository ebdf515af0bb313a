"""Everything a trust has said about one person, in any order → their Patients, Encounters, reports and documents.

Numbers that a merge (A30, A40, A47) says are one person's are folded together: each number keeps its Patient, linked to
the one that survives, and every visit stands once, under the survivor. A45 moves one visit and leaves both people.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from commonweal.feeds.adt_events import (
    ADMIT,
    DOCUMENT,
    MERGES,
    MOVE_VISIT,
    PENDING_ADMIT,
    PREADMIT,
    REGISTER,
    RESULT,
    SWAP,
    UPDATE,
    VISIT_EVENTS,
    Head,
    ahead,
    head,
    local_person,
)
from commonweal.feeds.adt_person import PersonState
from commonweal.feeds.adt_visit import Visit
from commonweal.feeds.hl7v2 import DELETE, Message, timestamp
from commonweal.feeds.hl7v2_documents import documents
from commonweal.feeds.hl7v2_results import results
from commonweal.feeds.people import parsed
from commonweal.feeds.types import Merge, Parsed, Problem
from commonweal.fhir.errors import Invalid

_NO_VISIT = frozenset(("N", ""))  # HL7 table 0004: not applicable
Items = list[Parsed | Problem | Merge]


def fold(
    source: str,
    messages: Collection[bytes],
    people: Collection[str] | None = None,
    received: Mapping[bytes, datetime] | None = None,
    present: datetime | None = None,
) -> Items:
    """The Patients, Encounters, reports, documents, merges and problems that ``messages`` of one ``source`` amount to.

    The result is the same for any order and any repetition of ``messages``: they are sorted by when they happened
    (EVN-6, EVN-2, PV1-44 or PV1-45, MSH-7), then when they were entered, then control id. ``line`` is 0
    throughout; ``Problem.raw`` is the message at fault. Resources come first, Patient before the rest. ``people``:
    the numbers to fold, where the messages also speak of others. ``received``: when each came, by which
    those are ordered that are ahead of it (``Head.order``); ``present``: those ahead of that are problems too.
    """
    heads: list[Head] = []
    problems: list[Problem] = []
    for raw in sorted(set(messages)):
        try:
            about = replace(head(raw), received=received.get(raw)) if received else head(raw)
            skewed = ahead(about, present) if present else None
            problems += [skewed] if skewed else []
            heads += _each(about)
        except Invalid as bad:
            problems.append(Problem(0, bad.field, bad.rule, bad.value, bad.message, raw))
    heads.sort(key=lambda about: about.order)
    merges = [merge for about in heads for merge in _merges(about)]
    survivors = _survivors(merges)
    items: Items = []
    numbers = [about.mrn for about in heads if people is None or about.mrn in people]
    for mrn in dict.fromkeys(numbers):
        own = [about for about in heads if about.mrn == mrn]
        state = PersonState(source, mrn)
        for about in own:
            problems += state.hear(about)
        for merge in merges:
            if merge.surviving == mrn:
                state.replaces(merge.retired)
        if survivors.get(mrn, mrn) != mrn:
            state.retired(survivors[mrn])
        items.append(parsed(0, state.resource(), mrn, "adt", own[-1].message.raw))
    _happenings(source, [about for about in heads if about.mrn in set(numbers)], survivors, items, problems)
    said = [merge for merge in merges if people is None or merge.surviving in people]
    return [*items, *said, *dict.fromkeys(problems)]


def _each(about: Head) -> list[Head]:
    """A message, and for a bed swap (A17) the second person's half of it too."""
    if about.event != SWAP or not about.also:
        return [about]
    raw = about.message.raw
    halves = about.message.halves("PID")
    if len(halves) != 2:  # a swap is of two
        return [about]
    found = []
    for half, mrn in zip(halves, (about.mrn, about.also[0]), strict=True):
        message = Message(half)
        message.raw = raw
        visit = message.first("PV1", 19)
        number = "" if visit == DELETE else visit
        found.append(replace(about, message=message, event=SWAP, visit=number, mrn=mrn, also=()))
    return found


def _merges(about: Head) -> list[Merge]:
    """Each PID and MRG pair of a merge message."""
    if about.event not in MERGES:
        return []
    message = about.message
    found: list[Merge] = []
    for index in range(message.count("MRG")):
        surviving = local_person(message, "PID", 3, min(index, message.count("PID") - 1))
        retired = local_person(message, "MRG", 1, index)
        if retired and surviving and retired != surviving:
            found.append(Merge(0, surviving, retired, about.happened, about.control_id))
    return found


def _survivors(merges: Sequence[Merge]) -> dict[str, str]:
    """Each number that a merge names → the one that survives in the end; a later merge overrules an earlier."""
    into: dict[str, str] = {}
    for merge in merges:
        into.pop(merge.surviving, None)  # it survives from now on, whatever was said before
        into[merge.retired] = merge.surviving
    found: dict[str, str] = {}
    for number in {*into, *into.values()}:
        end = number
        while end in into:
            end = into[end]
        found[number] = end
    return found


def _moved(heads: Sequence[Head], survivors: dict[str, str]) -> dict[str, str]:
    """Visit number → whose it is since the latest A45 about it."""
    found: dict[str, str] = {}
    for about in heads:
        if about.event == MOVE_VISIT:
            for number in filter(None, (about.visit, about.message.first("MRG", 5))):
                found[number] = survivors.get(about.mrn, about.mrn)
    return found


def _happenings(
    source: str, heads: list[Head], survivors: dict[str, str], items: Items, problems: list[Problem]
) -> None:
    """The visits, reports and documents, each once and under the number that survives."""
    moved = _moved(heads, survivors)
    theirs: dict[str, list[Head]] = {}
    for about in heads:
        theirs.setdefault(survivors.get(about.mrn, about.mrn), []).append(about)
    visits: dict[tuple[str, str], list[Head]] = {}
    for mrn, own in theirs.items():
        for key, visit_heads in _visits(own).items():
            visits.setdefault((moved.get(key, mrn), key), []).extend(visit_heads)
    for (owner, key), visit_heads in visits.items():
        visit_heads.sort(key=lambda about: about.order)
        visit = Visit(source, owner, key, "" if key.startswith("@") else key)
        problems += visit.hear(visit_heads)
        raw = visit_heads[-1].message.raw
        items.append(parsed(0, visit.resource(problems, raw), owner, "adt", raw))
    for mrn, own in theirs.items():
        for make, event in ((results, RESULT), (documents, DOCUMENT)):
            told = [one for one in own if one.event == event]
            if told:
                items += make(source, mrn, told, problems)


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
    if about.event in (ADMIT, REGISTER, PREADMIT, PENDING_ADMIT):
        return f"@{about.happened.isoformat()}"
    if open_visit or about.event == UPDATE:
        return open_visit
    return f"@{about.happened.isoformat()}"
