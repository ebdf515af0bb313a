"""The feeds pages: what arrived, and the rows set aside."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from commonweal.apps.access import api as access
from commonweal.apps.exchange import selectors
from commonweal.apps.places import api as places
from commonweal.apps.record import api as record

PAGE = 100
COUNTS = ("read", "accepted", "duplicate", "quarantined")


@require_safe
def feeds(request: HttpRequest) -> HttpResponse:
    """Every receipt, newest first. Counts only: no row of anybody's."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read feeds") as session:
        session.require(access.Action.READ_FEEDS)
        receipts = selectors.receipts()
    page = {
        "receipts": receipts,
        "totals": {name: sum(getattr(receipt, name) for receipt in receipts) for name in COUNTS},
        "names": places.names_of({receipt.source for receipt in receipts}),
        "feeds": _feed_names(),
    }
    return render(request, "exchange/feeds.jinja", page)


@require_safe
def receipt(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """One file and its quarantine. Values are about people: shown to those the gate lets mend them, and audited."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read feeds", f"receipt {receipt_id}") as session:
        session.require(access.Action.READ_FEEDS)
        found = next((one for one in selectors.receipts() if one.id == receipt_id), None)
    if found is None:
        raise Http404
    number = _page_number(request)
    rows = selectors.quarantine(receipt_id, PAGE + 1, (number - 1) * PAGE)
    shown = _may_read_values(actor, receipt_id)
    page: dict[str, Any] = {
        "receipt": found,
        "source_name": places.name_of(found.source),
        "feed_name": _feed_names().get(found.feed, found.feed),
        "rows": [_row(row, shown) for row in rows[:PAGE]],
        "values_shown": shown,
        "number": number,
        "first": (number - 1) * PAGE + 1,
        "more": len(rows) > PAGE,
    }
    return render(request, "exchange/receipt.jinja", page)


def _feed_names() -> dict[str, str]:
    """What today's feeds are called."""
    return {one.feed: one.name for one in record.feed_facts(settings.COMMONWEAL_NOW().date()).values()}


def _may_read_values(actor: access.Actor, receipt_id: int) -> bool:
    """Ask the gate for the values of a file's quarantine. Not asked, so not refused, for roles that only count."""
    if actor.role is not access.Role.ADMINISTRATOR:
        return False
    try:
        with access.session(actor, access.Purpose.OPERATIONS, "read quarantine", f"receipt {receipt_id}") as session:
            session.require(access.Action.READ_QUARANTINE)
    except access.Refused:
        return False
    return True


def _row(row: selectors.QuarantinedView, shown: bool) -> dict[str, Any]:
    """A row for the table; where values are hidden the message must not repeat them."""
    hide = not shown and len(row.value) > 3  # a shorter value says nothing, and would blot out words
    message = row.message.replace(row.value, "…") if hide else row.message
    return {
        "line": row.line,
        "field": row.field,
        "rule": row.rule,
        "value": row.value if shown else "",
        "message": message,
    }


def _page_number(request: HttpRequest) -> int:
    """The page asked for, at least 1; anything that is no number means the first."""
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
