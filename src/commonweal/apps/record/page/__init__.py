"""The record page: everything a scope opens of one person, arranged for reading.

``reading`` asks the database, all of it inside the access session; ``summary`` makes what must be on screen first;
``details`` the rest, later and without the database. The headings are those of the PRSB Core Information Standard
(https://theprsb.org/standards/core-information-standard/).
"""

from commonweal.apps.record.page.document import Document, document
from commonweal.apps.record.page.model import (
    Banner,
    Completeness,
    Details,
    Difference,
    PersonPage,
    Said,
    Section,
    SourceHeard,
    Trend,
)
from commonweal.apps.record.page.person import person_page
from commonweal.apps.record.page.reading import PERSON_ROWS
from commonweal.apps.record.page.timeline import Choices, choices, chosen

__all__ = [
    "PERSON_ROWS",
    "Banner",
    "Choices",
    "Completeness",
    "Details",
    "Difference",
    "Document",
    "PersonPage",
    "Said",
    "Section",
    "SourceHeard",
    "Trend",
    "choices",
    "chosen",
    "document",
    "person_page",
]
