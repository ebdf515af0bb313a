"""One document of the record, to be read on the page or taken away.

https://hl7.org/fhir/R4/documentreference.html. Plain text is shown; anything else is handed over as a file, never
drawn inside the site, so that a document cannot act as part of it.
"""

import base64
import binascii
from dataclasses import dataclass

from orjson import loads

from commonweal.apps.access.api import Scope
from commonweal.apps.places import api as places
from commonweal.apps.record import entries, selectors
from commonweal.apps.record.entries import Entry

_TEXT = ("text/plain", "text/markdown")
_CHARSETS = {"utf-8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "iso-8859-1", "windows-1252": "windows-1252"}


@dataclass(frozen=True, slots=True)
class Document:
    """``text`` when it can be read on the page; ``data`` with ``content_type`` when it is handed over; ``held_at``
    is the address its source keeps it at when it sent no content; ``entry`` is its line in the record."""

    entry: Entry
    text: str | None
    data: bytes | None
    content_type: str
    held_at: str


def document(scope: Scope, ident: str) -> Document | None:
    """The document with this id of the scope's person; None if there is none to show."""
    stored = selectors.read(scope, "DocumentReference", ident)
    if stored is None:
        return None
    resource = loads(stored.body)
    name = places.names_of({stored.source}).get(stored.source, stored.source)
    line = entries.entry(resource, stored.source, name)
    sent = [one["attachment"] for one in resource.get("content", ()) if one.get("attachment")]
    attachment = sent[0] if sent else {}
    kind, _, rest = str(attachment.get("contentType", "")).partition(";")
    kind = kind.strip().lower() or "application/octet-stream"
    data = _decoded(attachment.get("data"))
    text = None
    if data is not None and kind in _TEXT:
        charset = rest.partition("charset=")[2].strip().strip('"').lower() or "utf-8"
        text = data.decode(_CHARSETS.get(charset, "utf-8"), "replace")
    return Document(line, text, data if text is None else None, kind, str(attachment.get("url") or ""))


def _decoded(data: object) -> bytes | None:
    if not isinstance(data, str):
        return None
    try:
        return base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return None
