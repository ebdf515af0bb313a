"""What is wrong with what was sent, by the field it is about: for the error summary and beside the field.

Templates ask (``form | by_field``, ``problem | by_field``), so that a view hands over what it caught and no more.
"""

from typing import Protocol

from django.forms import BaseForm


class Fault(Protocol):
    """An error that says which field of a form it is about, and what is wrong with it when written as text."""

    field: str


def by_field(wrong: BaseForm | Fault | None) -> dict[str, str]:
    """Field → what is wrong with it, in the order of the form; of a form's own errors the first of each field."""
    if wrong is None:
        return {}
    if isinstance(wrong, BaseForm):
        return {name: str(messages[0]) for name, messages in wrong.errors.items()}
    return {wrong.field: str(wrong)}
