"""Asking for a lawful removal, seeing what it would reach, and a second person's word.

Nothing is removed on one person's say, nor while a legal hold stands. ``Reason`` names the three grounds there are:
https://www.legislation.gov.uk/eur/2016/679/article/16 (rectification) and article 17(1)(d) and (3) (unlawful, such as
the wrong person's; kept where the law demands), and the retention schedule,
https://transform.england.nhs.uk/information-governance/guidance/records-management-code/
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from commonweal.apps.access import api as access
from commonweal.apps.exchange import mappings
from commonweal.apps.exchange.errors import RemovalRefused
from commonweal.apps.exchange.models import Hold, Message, Quarantine, Receipt, Removal
from commonweal.apps.exchange.reading import MESSAGES
from commonweal.apps.exchange.removal import cutting, set_aside
from commonweal.apps.exchange.removal.wanted import Wanted, Words
from commonweal.apps.identity import api as identity
from commonweal.apps.record import api as record

_SHORTEST_GROUND = 10  # characters


class Reason(StrEnum):
    """Why something may lawfully be removed."""

    RECTIFICATION = "rectification"
    WRONG_PERSON = "wrong-person"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to go: a person with every record linked to them, compartments (source, local id), or resources."""

    person: UUID | None = None
    compartments: tuple[tuple[str, str], ...] = ()
    resources: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Targets:
    """What goes, found out: kept with the removal until it is done, so that it can be finished after a crash."""

    rids: list[int] = field(default_factory=list)
    keys: list[list[str]] = field(default_factory=list)  # type, id
    wholes: list[list[Any]] = field(default_factory=list)  # compartments that go whole: id, source, local id
    sources: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)  # compartments that stay and lose their Patient resource
    doomed: list[str] = field(default_factory=list)  # landed copies to be destroyed

    def wanted(self) -> Wanted:
        """The same, as files are searched for it."""
        people: dict[str, set[str]] = {}
        for _, source, local in self.wholes:
            people.setdefault(source, set()).add(local)
        return Wanted(
            {source: frozenset(locals_) for source, locals_ in people.items()},
            frozenset((kind, ident) for kind, ident in self.keys),
            frozenset(self.words),
            frozenset(self.sources),
        )


def targets_of(asked: Asked) -> Targets:
    """Find out what ``asked`` comes to now.

    Raises:
        RemovalRefused: it names nothing that is held, or single resources that messages told of.
    """
    wholes = set(identity.compartments_of(asked.person)) if asked.person is not None else set()
    wholes |= set(record.compartments(asked.compartments).values())
    single = record.erasing.of_resources(asked.resources)
    if not wholes and not single.rids:
        raise RemovalRefused("nothing that is held has this number; check it, or it may have been removed before")
    if single.feeds & set(MESSAGES):
        raise RemovalRefused(
            "this was put together from messages, each of which says more; ask its source for a correction, or remove "
            "the whole compartment with --compartment SOURCE/LOCAL-ID"
        )
    return targets_of_rows(single, sorted(wholes))


def targets_of_rows(single: record.erasing.Held, compartments: Sequence[int]) -> Targets:
    """Everything in ``compartments``, and the ``single`` resources of others."""
    held = record.erasing.of_compartments(compartments)
    keys = sorted({*held.keys, *single.keys})
    named = {source for source, _ in (*held.compartments.values(), *single.compartments.values())}
    words = {ident for _, ident in keys} | {local for _, local in held.compartments.values()}
    return Targets(
        rids=sorted({*held.rids, *single.rids}),
        keys=[list(key) for key in keys],
        wholes=[[ident, *whose] for ident, whose in sorted(held.compartments.items())],
        sources=sorted(named),
        words=sorted(words | identity.erasing.numbers_of(list(held.compartments))),
        parts=sorted(single.compartments) if any(kind == "Patient" for kind, _ in single.keys) else [],
    )


def reach(targets: Targets) -> dict[str, int]:
    """How much of each sort a removal would take now. Reads every landed file of the sources concerned."""
    wanted = targets.wanted()
    wholes = [ident for ident, _, _ in targets.wholes]
    landed = {receipt.pk: len(cutting.lines(receipt, wanted)) for receipt in receipts(targets)}
    return {
        **record.erasing.count(targets.rids),
        "compartments": len(wholes),
        "landed files": sum(1 for count in landed.values() if count),
        "landed rows": sum(landed.values()),
        "messages": messages(targets).count(),
        "quarantined rows": len(quarantined(targets)),
        **set_aside.told(set_aside.count(wanted)),
        "identity rows": identity.erasing.count_of([(i, s, local) for i, s, local in targets.wholes]),
        "relationships": access.erasing.count_of(wholes),
    }


def receipts(targets: Targets) -> list[Receipt]:
    """The receipts whose files may hold what is to go.

    All of its sources', those with a refused row of it, and every commissioning file: any sender's may name anybody.
    """
    also = Q(pk__in=[row.receipt_id for row in quarantined(targets)]) | Q(feed__in=mappings.analysis_feeds())
    return [one for one in Receipt.objects.filter(Q(source__in=targets.sources) | also).order_by("pk") if one.size]


def quarantined(targets: Targets) -> list[Quarantine]:
    """Refused rows that hold a word of what is to go."""
    wanted = targets.wanted()
    names: dict[tuple[str, str], Words] = {}

    def theirs(row: Quarantine) -> bool:
        whose = (row.receipt.source, row.receipt.feed)
        if whose not in names:
            names[whose] = cutting.names_in(*whose, wanted)
        return names[whose].named(bytes(row.raw)) or names[whose].named(f"{row.value}\n{row.message}".encode())

    said = ("pk", "receipt__source", "receipt__feed", "raw", "value", "message")
    rows = Quarantine.objects.select_related("receipt").only(*said).iterator(1000)
    return [row for row in rows if theirs(row)]


def messages(targets: Targets) -> Any:
    """The messages about the compartments that go whole, and those that name one of them, such as merged away."""
    wanted = targets.wanted()
    found: set[int] = set()
    for _, source, local in targets.wholes:
        theirs = Message.objects.filter(Q(mrn=local) | Q(also__contains=[local]), source=source)
        found.update(theirs.values_list("pk", flat=True))
        near = Message.objects.filter(source=source).extra(where=["position(%s in raw) > 0"], params=[local.encode()])
        names = wanted.search(source)
        found.update(row.pk for row in near.only("pk", "raw").iterator(1000) if names.named(bytes(row.raw)))
    return Message.objects.filter(pk__in=found)


def ask(reason: Reason, ground: str, asked: Asked, by: access.Actor) -> Removal:
    """Ask for a removal; another administrator confirms it. Audited, without what is to be removed.

    Raises:
        RemovalRefused: no ground stated, nothing held, or a legal hold stands.
    """
    stated = " ".join(ground.split())[:500]
    if len(stated) < _SHORTEST_GROUND:
        raise RemovalRefused("state the legal ground or the schedule's rule, in a sentence without the person's name")
    targets = targets_of(asked)
    _held_back(targets)
    with transaction.atomic():
        said = {**asdict(asked), "person": str(asked.person) if asked.person else None}
        removal = Removal.objects.create(reason=reason, ground=stated, asked_by=by.key, targets={"asked": said})
        _audit(by, "removal.ask", removal, targets)
    return removal


def confirm(number: int, by: access.Actor) -> Removal:
    """A second administrator's word: what is to go is found out anew and kept. ``carry_out`` then removes it.

    Raises:
        RemovalRefused: no such removal waits, the same person asked, or a legal hold stands.
    """
    with transaction.atomic():
        removal = Removal.objects.select_for_update().filter(pk=number, state=Removal.State.ASKED).first()
        if removal is None:
            raise RemovalRefused(f"no removal {number} waits for a second person; see commonweal remove --list")
        if removal.asked_by == by.key:
            raise RemovalRefused("you asked for this removal; another administrator must confirm it")
        targets = targets_of(asked_of(removal))
        _held_back(targets)
        removal.targets = {"asked": removal.targets["asked"], "found": asdict(targets)}
        removal.confirmed_by, removal.confirmed_at = by.key, settings.COMMONWEAL_NOW()
        removal.state = Removal.State.CONFIRMED
        removal.save()
        _audit(by, "removal.confirm", removal, targets)
    return removal


def refuse(number: int, by: access.Actor) -> None:
    """Say no to a removal somebody asked for; what it named is forgotten. Raises ``RemovalRefused``."""
    with transaction.atomic():
        changed = Removal.objects.filter(pk=number, state=Removal.State.ASKED).update(
            state=Removal.State.REFUSED, targets={}, confirmed_by=by.key, done_at=settings.COMMONWEAL_NOW()
        )
        if not changed:
            raise RemovalRefused(f"no removal {number} waits for a second person; see commonweal remove --list")
        access.erasing.audit_removal(by, "removal.refuse", f"removal {number}", "", {})


def asked_of(removal: Removal) -> Asked:
    """What a removal was asked for."""
    said = removal.targets["asked"]
    return Asked(
        UUID(said["person"]) if said["person"] else None,
        tuple((source, local) for source, local in said["compartments"]),
        tuple((kind, ident) for kind, ident in said["resources"]),
    )


def hold(compartments: Sequence[int], ground: str, by: access.Actor) -> list[int]:
    """Put a legal hold on compartments, such as for an inquiry or a claim; the holds' numbers. Audited."""
    if not compartments:
        raise RemovalRefused("nothing that is held has this number; check it")
    with transaction.atomic():
        made = [Hold.objects.create(compartment_id=one, ground=ground, set_by=by.key).pk for one in compartments]
        access.erasing.audit_removal(by, "hold.set", f"hold {', '.join(map(str, made))}", ground, {})
    return made


def lift(number: int, by: access.Actor) -> None:
    """End a legal hold. Audited. Raises ``RemovalRefused`` if none of that number stands."""
    with transaction.atomic():
        if not Hold.objects.filter(pk=number, lifted_at=None).update(
            lifted_at=settings.COMMONWEAL_NOW(), lifted_by=by.key
        ):
            raise RemovalRefused(f"no legal hold {number} stands")
        access.erasing.audit_removal(by, "hold.lift", f"hold {number}", "", {})


def _held_back(targets: Targets) -> None:
    concerned = {ident for ident, _, _ in targets.wholes}
    concerned |= set(record.erasing.compartments_of(targets.rids))
    found = Hold.objects.filter(compartment_id__in=concerned, lifted_at=None).values_list("pk", flat=True)
    if found:
        raise RemovalRefused(
            f"legal hold {', '.join(map(str, found))} stands; nothing of it may be removed until lifted"
        )


def _audit(by: access.Actor, action: str, removal: Removal, targets: Targets) -> None:
    people: dict[UUID, list[int]] = {}
    concerned = {ident for ident, _, _ in targets.wholes} | set(record.erasing.compartments_of(targets.rids))
    for compartment, person in identity.people_of(concerned).items():
        people.setdefault(person, []).append(compartment)
    access.erasing.audit_removal(by, action, f"removal {removal.pk}", f"{removal.reason}: {removal.ground}", people)
