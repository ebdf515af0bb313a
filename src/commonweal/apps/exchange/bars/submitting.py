"""A message handed over within this platform, in the name of its sender's system: the same receiver, no network."""

from collections.abc import Mapping

from commonweal.apps.access import api as access
from commonweal.apps.exchange.bars import receiving
from commonweal.apps.exchange.bars.refusing import refusal
from commonweal.feeds.bars import headers, writing

ACTOR = "service:bars"


def submit(source: str, given: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Take a message of ``source``'s (ODS code) with the headers ``given``: status and answer, as over HTTP."""
    actor = access.Actor(ACTOR, "Referral desk", access.Role.SERVICE, source)
    try:
        asked = headers.read(given)
        with access.session(actor, access.Purpose.OPERATIONS, "bars.receive", f"message {asked.request}") as opened:
            return 200, receiving.receive(opened, asked, body)
    except Exception as error:  # whatever it is, it is this message's answer and keeps no other from being sent
        refused = refusal(error)
        return refused.fault.status, writing.outcome(refused)
