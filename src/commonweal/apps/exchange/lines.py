"""One line that was set aside: the bytes as they came, what is wrong, and what they would become today.

The caller has asked the gate for ``read_quarantine``: everything here is a person's data.
"""

import json
from dataclasses import dataclass

from commonweal.apps.exchange import mappings, selectors
from commonweal.apps.exchange.floor import opened
from commonweal.apps.exchange.models import Quarantine, Receipt
from commonweal.apps.exchange.reading import MESSAGES, reader
from commonweal.feeds import hl7v2
from commonweal.feeds.sealing import SealBroken
from commonweal.feeds.types import Problem

SHOWN = 20_000  # characters of a line


@dataclass(frozen=True, slots=True)
class Line:
    """A line for its page. ``raw`` '' where the landed file is gone; ``cut``: there is more than is shown.

    ``becomes``: the resources it makes today, as indented JSON; ``problems``: what is wrong with it, then and today.
    """

    receipt: selectors.ReceiptView
    raw: str
    cut: bool
    problems: tuple[selectors.QuarantinedView, ...]
    today: tuple[tuple[str, str, str], ...]
    becomes: tuple[tuple[str, str], ...]


def set_aside(receipt_id: int, line: int) -> Line | None:
    """The line of a receipt, ``None`` if it does not wait in quarantine."""
    waiting = Quarantine.objects.filter(receipt_id=receipt_id, line=line, replayed_at=None).exists()
    if not waiting:
        return None
    receipt = Receipt.objects.defer("filled").get(pk=receipt_id)
    problems = tuple(one for one in selectors.quarantine(receipt_id, 10_000) if one.line == line)
    try:
        raw, today, becomes = _read(receipt, line)
    except (FileNotFoundError, SealBroken):
        raw, today, becomes = b"", (), ()
    text = raw.decode("utf-8", "backslashreplace").replace("\r", "\n")
    return Line(selectors.receipt(receipt_id), text[:SHOWN], len(text) > SHOWN, problems, today, becomes)


def _read(receipt: Receipt, line: int) -> tuple[bytes, tuple[tuple[str, str, str], ...], tuple[tuple[str, str], ...]]:
    """(bytes, what is wrong today as field, rule and message, resources as type and JSON) of one line."""
    if receipt.feed in MESSAGES:
        with opened(receipt) as stream:
            raw = next((raw for at, raw in hl7v2.messages(stream) if at == line), b"")
        return raw, (), ()
    plan = mappings.plan_today(receipt)
    if mappings.for_analysis(receipt.feed):
        return physical(receipt, line)[1], (), ()
    today: list[tuple[str, str, str]] = []
    becomes: list[tuple[str, str]] = []
    raw = b""
    with opened(receipt) as stream:
        for item in reader(receipt.feed, plan=plan)(stream, receipt.source, 1):
            if item.line > line and (raw or becomes):
                break
            if item.line != line:
                continue
            if isinstance(item, Problem):
                raw = item.raw
                today.append((item.field, item.rule, item.message))
            else:
                becomes.append((item.type, json.dumps(item.resource, indent=2, ensure_ascii=False)))
    return raw or physical(receipt, line)[1], tuple(today), tuple(becomes)


def physical(receipt: Receipt, line: int) -> tuple[bytes, bytes]:
    """The first line of a receipt's file, which may name columns, and this one: b"" where there is none."""
    head = b""
    with opened(receipt) as stream:
        for number, raw in enumerate(stream, 1):
            if number == 1:
                head = raw.rstrip(b"\r\n")
            if number == line:
                return head, raw.rstrip(b"\r\n")
    return head, b""
