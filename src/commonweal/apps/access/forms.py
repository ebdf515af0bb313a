"""The sign-in form."""

from django import forms


class SignInForm(forms.Form):
    """User name and password, with messages that say what to do."""

    username = forms.CharField(max_length=150, error_messages={"required": "Enter your user name"})
    password = forms.CharField(
        max_length=200, strip=False, widget=forms.PasswordInput, error_messages={"required": "Enter your password"}
    )
