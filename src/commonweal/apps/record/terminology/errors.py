"""Why a terminology question has no answer here."""

from commonweal.domain.errors import CommonwealError


class TerminologyFault(CommonwealError):
    """Base of the reasons; ``code`` is the OperationOutcome's issue type."""

    code = "invalid"


class NotLoaded(TerminologyFault):
    """A value set, code system or code that is not loaded here."""

    code = "not-found"


class Uncomposable(TerminologyFault):
    """A value set asks what this server cannot work out: an unknown filter, itself, or no content."""

    code = "not-supported"


class TooCostly(TerminologyFault):
    """More codes than one answer may hold."""

    code = "too-costly"
