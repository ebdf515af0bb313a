"""What to say when part of a record shows nothing: five messages that must never be mistaken for each other.

A clinician who reads *withheld* as *none known* does harm, so an empty list is never only empty.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Absence(StrEnum):
    """The five reasons for nothing, in the order in which they must be noticed."""

    WITHHELD = "withheld"
    NOT_HEARD = "source not heard from"
    NOT_SHARED = "not shared"
    NONE_KNOWN = "none known"
    NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Message:
    """One reason and the sentence to show for it."""

    absence: Absence
    text: str


def explain(
    subject: str,
    *,
    recorded: bool,
    none_known: bool,
    withheld: bool,
    may_emergency: bool,
    not_shared_by: tuple[str, ...] = (),
    silent: tuple[tuple[str, datetime], ...] = (),
    others_share: bool = True,
) -> tuple[Message, ...]:
    """Every message that applies to ``subject`` (such as "Allergies"), most urgent first.

    ``recorded``: there are entries to show. ``none_known``: a source asserts that there are none.
    ``not_shared_by``: names of sources that hold the subject and do not share it. ``silent``: names of
    sources overdue, and when each was last heard from. ``others_share``: some source other than those of
    ``not_shared_by`` shares the subject, so that its silence too must be said. With entries to show, only the
    warnings remain.
    """
    messages = []
    if withheld:
        text = f"{subject}: something is held and withheld from you."
        if may_emergency:
            text += " In an emergency, give a reason to see it."
        messages.append(Message(Absence.WITHHELD, text))
    messages += [
        Message(Absence.NOT_HEARD, f"{subject}: {name} not heard from since {last:%-d %B %Y %H:%M}.")
        for name, last in silent
    ]
    if not_shared_by:
        messages.append(Message(Absence.NOT_SHARED, f"{subject}: not shared by {_listed(not_shared_by)}."))
    if not recorded:
        if none_known:
            messages.append(Message(Absence.NONE_KNOWN, f"{subject}: none known."))
        elif not messages:
            messages.append(Message(Absence.NOT_RECORDED, f"{subject}: not recorded."))
        elif others_share and all(message.absence is Absence.NOT_SHARED for message in messages):
            text = f"{subject}: not recorded by the sources that share them."
            messages.append(Message(Absence.NOT_RECORDED, text))
    return tuple(messages)


def _listed(names: tuple[str, ...]) -> str:
    """``A``, ``A or B``, ``A, B or C``."""
    *before, last = names
    return f"{', '.join(before)} or {last}" if before else last
