"""How a record leaves: a page in two parts, what must be seen first as soon as it is drawn; a document as a file.

The access session is over by then: what is drawn was read, decided and audited before the first byte leaves.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.backends.utils import csrf_input_lazy, csrf_token_lazy
from django.template.loader import get_template

from commonweal.apps.record.page import Document

log = logging.getLogger(__name__)
# Templates write this where the first part ends; it is an HTML comment, so that the page is right without us.
FIRST_PART_ENDS = "<!-- first part ends -->"
_BROKEN = (
    '<div class="nhsuk-error-summary" role="alert"><p>The rest of this record could not be shown. '
    "Do not read what is above as the whole record: reload the page, and if it happens again tell support.</p></div>"
)


def stream(request: HttpRequest, name: str, context: dict[str, Any]) -> StreamingHttpResponse:
    """The template ``name`` drawn with ``context``, sent part by part."""
    template = get_template(name)
    backend: Any = template.backend  # type: ignore[attr-defined]  # Django's stubs leave it out of the protocol
    context = context | {
        "request": request,
        "csrf_input": csrf_input_lazy(request),
        "csrf_token": csrf_token_lazy(request),
    }
    for processor in backend.template_context_processors:
        context |= processor(request)
    pieces = template.template.generate(context)  # type: ignore[attr-defined]  # Jinja's own template, within Django's
    return StreamingHttpResponse(_parts(pieces), content_type="text/html; charset=utf-8")


def _parts(pieces: Iterator[str]) -> Iterator[bytes]:
    held: list[str] = []
    try:
        for piece in pieces:
            held.append(piece)
            if FIRST_PART_ENDS in piece:
                yield "".join(held).encode()
                held.clear()
    except Exception:
        # The status line has gone; what can still be done is to say so where it is read.
        log.exception("the rest of a record page could not be drawn")
        held.append(_BROKEN)
    yield "".join(held).encode()


def send_document(request: HttpRequest, found: Document | None, back_address: str) -> HttpResponse:
    """Plain text on a page of its own, which leads back to ``back_address``; anything else to be saved.

    Raises ``Http404`` for None.
    """
    if found is None:
        raise Http404
    if found.data is None:
        return render(request, "record/document.jinja", {"document": found, "back_address": back_address})
    response = HttpResponse(found.data, content_type=found.content_type)
    response["Content-Disposition"] = "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response
