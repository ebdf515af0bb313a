"""What can go wrong in an expression, for its author and for the data."""

from commonweal.fhir.errors import FhirError


class FhirPathError(FhirError):
    """Base of both faults."""


class SyntaxFault(FhirPathError):
    """The text is not an expression of the subset; the message quotes it and names the position."""


class EvaluationFault(FhirPathError):
    """A resource breaks a rule of the expression, such as two values where one is required."""


class NotChecked(EvaluationFault):
    """The expression asks what this evaluator, or the data at hand, cannot tell: report it as not checked."""
