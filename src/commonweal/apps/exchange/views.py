"""The feeds pages: how each feed is, one feed, one file, and one line that was set aside."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.exchange import conforming, health, lines, presenting, selectors, tasks
from commonweal.apps.places import api as places

PAGE = 100
NEWEST = 50  # receipts of one page of all feeds


@require_safe
def feeds(request: HttpRequest) -> HttpResponse:
    """How every feed is, what is wrong with any, and receipts, a page at a time. Counts only: no row of anybody's."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read feeds") as session:
        session.require(access.Action.READ_FEEDS)
        receipts, older = _receipts(request, NEWEST)
        totals = selectors.totals()
        found = health.feeds_health()
        notices = health.notices(standing=True, limit=None)
    names = places.names_of({receipt.source for receipt in receipts} | {one.source for one in found})
    feed_names, owners = presenting.feed_names(), presenting.owners()
    page = {
        "receipts": receipts,
        "older": older,
        "before": _before(request),
        "totals": totals,
        "names": names,
        "feeds": feed_names,
        "health": [presenting.row(one, names, feed_names, owners) for one in found],
        "notices": [(one, names.get(one.source, one.source), feed_names.get(one.feed, one.feed)) for one in notices],
    }
    return render(request, "exchange/feeds.jinja", page)


@require_safe
def feed(request: HttpRequest, feed: str, source: str) -> HttpResponse:
    """One source's feed: volumes with control limits, completeness, what was set aside by rule, its files."""
    actor = access.actor_of(request)
    with access.session(actor, access.default_purpose(actor), "read feeds", f"{feed} {source}") as session:
        session.require(access.Action.READ_FEEDS)
        found = next((one for one in health.feeds_health() if (one.feed, one.source) == (feed, source)), None)
        receipts, older = _receipts(request, PAGE, source, feed)
        by_rule = selectors.quarantine_by_rule(source, feed)
        held = conforming.conformance(source, feed)
    if found is None:
        raise Http404
    names = places.names_of({source})
    page = {
        "row": presenting.row(found, names, presenting.feed_names(), presenting.owners()),
        "chart": presenting.chart(found),
        "completeness": presenting.completeness(found),
        "by_rule": by_rule,
        "conformance": held,
        "receipts": receipts,
        "older": older,
        "before": _before(request),
        "mapping": presenting.mapping_words(feed, source),
    }
    return render(request, "exchange/feed.jinja", page)


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
        "feed_name": presenting.feed_names().get(found.feed, found.feed),
        "rows": [_row(row, shown) for row in rows[:PAGE]],
        "by_rule": selectors.quarantine_by_rule(found.source, found.feed, receipt_id) if rows else [],
        "values_shown": shown,
        "number": number,
        "first": (number - 1) * PAGE + 1,
        "more": len(rows) > PAGE,
        "asked": "asked" in request.GET,
    }
    return render(request, "exchange/receipt.jinja", page)


@require_safe
def line(request: HttpRequest, receipt_id: int, line: int) -> HttpResponse:
    """One line that was set aside: as it came, what is wrong with it, and what it would become today.

    It is a person's data and opened by the gate alone, for those who mend feeds; the audit names receipt and line. A
    line that was accepted is not shown here: what it says is in the record, which the gate opens for care.
    """
    actor = access.actor_of(request)
    target = f"receipt {receipt_id} line {line}"
    with access.session(actor, access.Purpose.OPERATIONS, "read quarantined line", target) as session:
        session.require(access.Action.READ_QUARANTINE)
        found = lines.set_aside(receipt_id, line)
    if found is None:
        raise Http404
    page = {"found": found, "source_name": places.name_of(found.receipt.source), "line": line}
    return render(request, "exchange/line.jinja", page)


@require_POST
def replay(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """Ask the worker to read a file's quarantined lines again with today's rules and mapping."""
    actor = access.actor_of(request)
    with access.session(actor, access.Purpose.OPERATIONS, "replay quarantine", f"receipt {receipt_id}") as session:
        session.require(access.Action.READ_QUARANTINE)
        if not any(one.id == receipt_id for one in selectors.receipts()):
            raise Http404
        tasks.replay.defer(receipt=receipt_id)
    return HttpResponseRedirect(reverse("receipt", args=[receipt_id]) + "?asked=1")


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


def _receipts(
    request: HttpRequest, most: int, source: str | None = None, feed: str | None = None
) -> tuple[list[selectors.ReceiptView], int | None]:
    """A page of receipts, and the one that older ones are asked for by; None where there are none."""
    found = selectors.receipts(source, feed, most + 1, _before(request))
    return found[:most], found[most - 1].id if len(found) > most else None


def _before(request: HttpRequest) -> int | None:
    """The receipt that those asked for follow; anything that is no number means the newest."""
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _page_number(request: HttpRequest) -> int:
    """The page asked for, at least 1; anything that is no number means the first."""
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
