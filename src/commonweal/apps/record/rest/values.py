"""Values of parameters that shape an answer: instants and whole numbers. https://hl7.org/fhir/R4/http.html#parameters"""

from datetime import datetime

from django.utils.dateparse import parse_datetime

from commonweal.apps.record.searching import BadSearch


def instant(name: str, text: str) -> datetime | None:
    """The moment ``text`` names, None for an empty one. Raises ``BadSearch`` for what is no instant with a zone."""
    if not text:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1 < moment.year < 9999:
        raise BadSearch(f"{name}={text}: give an instant with its zone, such as 2020-10-31T00:00:00Z")
    return moment


def whole(name: str, text: str) -> int:
    """The whole number ``text`` is, below a thousand million. Raises ``BadSearch``."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadSearch(f"{name}={text}: give a whole number")
    return int(text)
