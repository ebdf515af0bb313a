"""What a person search asks for. It is sent by POST: an NHS number has no business in an address bar or a log."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings

from commonweal.domain.identity import nhs_number as numbers

NHS_NUMBER = "nhs_number"
NAME = "name"
BIRTH_DATE = "birth_date"
POSTCODE = "postcode"


class PersonSearch(forms.Form):
    """An NHS number alone, or a name together with a birth date or a postcode.

    ``cleaned_data`` has ``nhs_number`` (ten digits or empty), ``name``, ``birth_date`` (date or None) and
    ``postcode``.
    """

    nhs_number = forms.CharField(required=False, max_length=20)
    name = forms.CharField(required=False, max_length=200)
    birth_date_day = forms.CharField(required=False, max_length=10)
    birth_date_month = forms.CharField(required=False, max_length=10)
    birth_date_year = forms.CharField(required=False, max_length=10)
    postcode = forms.CharField(required=False, max_length=12)

    def clean_nhs_number(self) -> str:
        """Ten digits with a right check digit, whatever spaces or dashes were typed."""
        digits = numbers.compact(self.cleaned_data[NHS_NUMBER])
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) == 10):
            raise forms.ValidationError("NHS number must be 10 digits, like 999 000 0018")
        if digits and not numbers.valid(digits):
            raise forms.ValidationError("Check the NHS number: one of its digits is wrong")
        return digits

    def clean(self) -> dict[str, Any]:
        """Put the birth date together and see that there is enough to search by."""
        data = super().clean() or {}
        parts = [(data.get(f"{BIRTH_DATE}_{part}") or "").strip() for part in ("day", "month", "year")]
        data[BIRTH_DATE] = None
        if any(parts):
            try:
                day, month, year = (int(part) for part in parts)
                data[BIRTH_DATE] = date(year, month, day)
            except (ValueError, OverflowError):
                self.add_error(None, _error(BIRTH_DATE, "Date of birth must be a real date, like 27 3 1958"))
            else:
                if year < 1880 or data[BIRTH_DATE] > settings.COMMONWEAL_NOW().date():
                    self.add_error(
                        None, _error(BIRTH_DATE, "Date of birth must be in the past, with all 4 digits of the year")
                    )
        if self.errors:
            return data
        if not data[NHS_NUMBER]:
            if not data[NAME]:
                self.add_error(NHS_NUMBER, "Enter an NHS number, or a name with a date of birth or postcode")
            elif not data[BIRTH_DATE] and not data[POSTCODE]:
                self.add_error(None, _error(BIRTH_DATE, "Enter a date of birth or a postcode as well as the name"))
        return data

    def problems(self) -> list[tuple[str, str]]:
        """(field to go to, message) in the order of the page, for the error summary."""
        found = []
        for name, errors in self.errors.as_data().items():
            for error in errors:
                field = error.code if name == "__all__" and error.code else name
                found.append((field, str(error.message)))
        order = [NHS_NUMBER, NAME, BIRTH_DATE, POSTCODE]
        return sorted(found, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))


def _error(field: str, message: str) -> forms.ValidationError:
    """An error of several boxes together; its code names the box to go to."""
    return forms.ValidationError(message, code=field)


class ReviewDecision(forms.Form):
    """What a reviewer says of two records: ``verdict`` same or different, and why."""

    verdict = forms.ChoiceField(
        choices=[("same", "same"), ("different", "different")],
        error_messages={
            "required": "Select whether the records are one person’s",
            "invalid_choice": "Select whether the records are one person’s",
        },
    )
    note = forms.CharField(max_length=1000, error_messages={"required": "Enter what you went by"})

    def problems(self) -> list[tuple[str, str]]:
        """(field to go to, message) in the order of the page, for the error summary."""
        found = [(name, str(error.message)) for name, errors in self.errors.as_data().items() for error in errors]
        return sorted(found, key=lambda pair: ["verdict", "note"].index(pair[0]))
