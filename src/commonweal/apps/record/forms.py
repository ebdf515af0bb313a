"""The reason that opens a record in an emergency, or for a safeguarding enquiry."""

from django import forms

SHORTEST = 10


class StatedReason(forms.Form):
    """``reason``: at least ten characters, because "x" cannot be reviewed."""

    reason = forms.CharField(
        max_length=1000,
        min_length=SHORTEST,
        error_messages={
            "required": "Enter why you need this record now",
            "min_length": f"The reason must be at least {SHORTEST} characters, so that it can be reviewed",
            "max_length": "The reason must be 1,000 characters or fewer",
        },
    )
