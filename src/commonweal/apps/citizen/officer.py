"""What the privacy officer does with requests for a copy: signs off, sends back, extends. No entry is read here."""

from dataclasses import dataclass

from commonweal.apps.access import api as access
from commonweal.apps.citizen.copy_document import counts
from commonweal.domain.access.requests import CopyState, CopyStep, Decision, Party

Copy = access.copies.Copy


@dataclass(frozen=True, slots=True)
class SignOff:
    """A request as the officer sees it: what was marked and decided, by whom and why; nothing of what it says."""

    copy: Copy
    counts: tuple[tuple[str, str, int], ...]
    left_out: tuple[access.copies.Item, ...]
    waiting: int
    steps: tuple[access.copies.Step, ...]
    may: tuple[CopyStep, ...]


def requests(actor: access.Actor) -> list[Copy]:
    """Every request, those not ended first. Raises ``Refused``."""
    with access.session(actor, access.Purpose.INFORMATION_GOVERNANCE, "review requests") as session:
        session.review()
        return access.copies.copies_to_review()


def request(actor: access.Actor, number: int) -> SignOff | None:
    """One request. Raises ``Refused``."""
    with access.session(
        actor, access.Purpose.INFORMATION_GOVERNANCE, "review requests", f"request {number}"
    ) as session:
        session.review()
        asked = access.copies.copy_of(number)
        if asked is None:
            return None
        items = access.copies.items_of(number)
        return SignOff(
            asked,
            tuple(counts(items)),
            tuple(one for one in items if one.decision in (Decision.PART, Decision.NONE)),
            sum(access.copies.left(number).values()),
            tuple(access.copies.steps_of(number)),
            asked.may(Party.OFFICER),
        )


def take_step(actor: access.Actor, number: int, step: CopyStep, words: str) -> CopyState:
    """Move a request on as the officer. Raises ``Refused``, ``RequestError``."""
    with access.session(actor, access.Purpose.INFORMATION_GOVERNANCE, f"copy {step}", f"request {number}") as session:
        session.review()
        return access.copies.take_step(session, number, step, Party.OFFICER, words)
