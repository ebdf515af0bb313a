"""A message for a reader: its segments in order, each field that says something under its name.

Names: HL7 v2.4, chapters 2, 3, 4, 6, 7 and 9, http://www.hl7.eu/HL7v2x/v24/std24/hl7v24.htm (``hl7v2_fields.csv``). The
delimiters are those the message declares.
"""

import csv
from functools import lru_cache
from pathlib import Path

from commonweal.feeds.hl7v2 import Message
from commonweal.fhir.errors import Invalid

Segment = tuple[str, tuple[tuple[str, str], ...]]
"""A segment's name, and (label, value) of its fields; a value's repeats and components as they came."""


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    with (Path(__file__).parent / "hl7v2_fields.csv").open(encoding="utf-8", newline="") as file:
        return {row["field"]: row["name"] for row in csv.DictReader(file)}


def shown(raw: bytes) -> list[Segment]:
    """The segments of ``raw``; none of what is no HL7 v2."""
    try:
        encoding = Message(raw).encoding
    except Invalid:
        return []
    text = raw.decode(encoding, "replace").strip("\x0b\x1c\r\n \t\ufeff")
    separator = text[3]
    found: list[Segment] = []
    for line in text.replace("\r\n", "\r").replace("\n", "\r").split("\r"):
        name, *fields = line.split(separator)
        if not name.strip():
            continue
        first = 2 if name == "MSH" else 1  # MSH-1 is the separator itself
        said = (
            (f"{name}-{number}", value)
            for number, value in enumerate(fields, first)
            if value and f"{name}-{number}" != "MSH-2"
        )
        found.append((name, tuple((f"{place} {_names().get(place, '')}".strip(), value) for place, value in said)))
    return found
