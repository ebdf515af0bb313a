"""The reason that opens a record in an emergency, or for a safeguarding enquiry."""

from django import forms

SHORTEST = 10


def _reason(required: str) -> forms.CharField:
    """At least ten characters, because "x" cannot be reviewed; ``required``: what is said where there are none."""
    return forms.CharField(
        max_length=500,  # as many as the audit keeps
        min_length=SHORTEST,
        error_messages={
            "required": required,
            "min_length": f"The reason must be at least {SHORTEST} characters, so that it can be reviewed",
            "max_length": "The reason must be 500 characters or fewer",
        },
    )


class EmergencyReason(forms.Form):
    """``reason``: why the record is needed now."""

    reason = _reason("Enter why you need this record now")


class EnquiryReason(forms.Form):
    """``reason``: what the enquiry is into."""

    reason = _reason("Enter what you are enquiring into")
