"""What can go wrong in an expression, for its author and for the data."""


class FhirPathError(Exception):
    """Base of both faults."""


class SyntaxFault(FhirPathError):
    """The text is not an expression of the subset; the message quotes it and names the position."""


class EvaluationFault(FhirPathError):
    """A resource breaks a rule of the expression, such as two values where one is required."""
