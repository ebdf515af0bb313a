"""The forms of access: signing in, and a question put to the gate."""

from enum import StrEnum

from django import forms

from commonweal.domain.access.agreements import Standing
from commonweal.domain.access.vocabulary import Category, Purpose, RelationshipKind, RestrictionReason, Role


class SignInForm(forms.Form):
    """User name and password, with messages that say what to do."""

    username = forms.CharField(max_length=150, error_messages={"required": "Enter your user name"})
    password = forms.CharField(
        max_length=200, strip=False, widget=forms.PasswordInput, error_messages={"required": "Enter your password"}
    )


def _one_of(kind: type[StrEnum], message: str, required: bool = True) -> forms.ChoiceField:
    choices = [(item.value, item.value) for item in kind]
    return forms.ChoiceField(
        choices=choices if required else [("", ""), *choices],
        required=required,
        error_messages={"required": message, "invalid_choice": message},
    )


def _code() -> forms.RegexField:
    message = "Enter an ODS code, such as A81001, or leave it empty"
    return forms.RegexField(r"^[A-Z0-9]{2,12}$", required=False, error_messages={"invalid": message})


class TrialForm(forms.Form):
    """A supposed situation. ``restriction`` is ``reason:category``, ``reason:source`` or empty."""

    role = _one_of(Role, "Choose a role")
    organisation = _code()
    purpose = _one_of(Purpose, "Choose a purpose")
    relationship = _one_of(RelationshipKind, "Choose a relationship, or none", required=False)
    category = _one_of(Category, "Choose a category")
    source = _code()
    restriction = forms.ChoiceField(
        choices=[("", ""), *((f"{one}:{of}", "") for one in RestrictionReason for of in ("category", "source"))],
        required=False,
        error_messages={"invalid_choice": "Choose what is restricted, or nothing"},
    )
    agreement = _one_of(Standing, "Choose how the sharing agreement stands", required=False)
    on = forms.DateField(
        error_messages={"required": "Enter a day", "invalid": "Enter a day as year-month-day, such as 2020-10-31"}
    )
