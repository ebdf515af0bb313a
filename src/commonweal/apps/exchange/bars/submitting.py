"""A message handed over within this platform, in the name of its sender's system: the same receiver, no network."""

from collections.abc import Mapping

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import receiving
from commonweal.feeds.bars import headers, writing
from commonweal.feeds.bars.tables import BarsRefused

ACTOR = "service:bars"


def submit(source: str, given: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Take a message of ``source``'s (ODS code) with the headers ``given``: status and answer, as over HTTP."""
    actor = access.Actor(ACTOR, "Referral desk", access.Role.SERVICE, source)
    try:
        asked = headers.read(given)
        with access.session(actor, access.Purpose.OPERATIONS, "bars.receive", f"message {asked.request}") as opened:
            return 200, receiving.receive(opened, asked, body)
    except BarsRefused as refused:
        return refused.fault.status, writing.outcome(refused)
