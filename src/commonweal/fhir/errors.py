"""What can be wrong with FHIR data, as one exception and one value. The whole tree: :mod:`commonweal.domain.errors`."""

from dataclasses import dataclass
from typing import Any

from commonweal.domain.errors import CommonwealError

EXCERPT = 120  # characters of an offending value that are kept for display


class FhirError(CommonwealError):
    """Anything the ``fhir`` room refuses."""


class Invalid(FhirError):
    """The data breaks ``rule`` at ``field``; ``message`` says what to do about it."""

    def __init__(self, field: str, rule: str, value: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.rule = rule
        self.value = value
        self.message = message


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of validation.

    ``field`` is a FHIRPath-like expression (``Patient.name[0].family``), ``rule`` a kebab-case name listed in
    docs/reference/feeds.md, ``severity`` is ``error`` (the resource is refused) or ``warning`` (it is kept).
    """

    field: str
    rule: str
    value: str
    message: str
    severity: str = "error"


def excerpt(value: Any) -> str:
    """``value`` as at most :data:`EXCERPT` printable characters, for a quarantine row."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: EXCERPT + 1])
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
