"""The pages of accepted lines and messages: find one by its control id, look at one."""

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from commonweal.apps.access import api as access
from commonweal.apps.exchange import accepted
from commonweal.apps.places import api as places


@require_safe
def line(request: HttpRequest, receipt_id: int, line: int) -> HttpResponse:
    """One line or message that was accepted: opened by the gate for those who mend feeds, audited by its people."""
    actor = access.actor_of(request)
    target = f"receipt {receipt_id} line {line}"
    with access.session(actor, access.Purpose.OPERATIONS, "read accepted line", target) as session:
        _mending(session)
        found = accepted.read(receipt_id, line)
        if found is None:
            raise Http404
        session.open_landed(accepted.whose(found))
        accepted.changes(found)
    page = {"found": found, "line": line, "source_name": places.name_of(found.receipt.source)}
    return render(request, "exchange/accepted.jinja", page)


@require_safe
def line_of(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """From the number of a line (``?line=``) to its page."""
    text = request.GET.get("line", "").strip()
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        return HttpResponseRedirect(reverse("receipt", args=[receipt_id]))
    return HttpResponseRedirect(reverse("accepted", args=[receipt_id, int(text)]))


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Messages by control id, or a line by its number. Sent by POST, so that no address names a message."""
    actor = access.actor_of(request)
    control = " ".join(request.POST.get("control", "").split())[:200]
    with access.session(actor, access.Purpose.OPERATIONS, "find message", "by control id") as session:
        _mending(session)
        found = accepted.by_control_id(control) if control else []
    names = places.names_of({one.source for one in found})
    page = {"control": control, "found": found, "names": names, "asked": request.method == "POST"}
    return render(request, "exchange/find_message.jinja", page)


def _mending(session: access.AccessSession) -> None:
    session.require(access.Action.READ_QUARANTINE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('commonweal.settling', 'yes', true)")
