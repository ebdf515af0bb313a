"""The forms of projects: a proposal, and people of an extract marked for care."""

from typing import Any

from django import forms

from commonweal.apps.population.projects.marking import Marking
from commonweal.domain.population.projects import ProjectPurpose, Proposal
from commonweal.lake.extracting import CATALOGUE

PURPOSES = [
    (ProjectPurpose.POPULATION_HEALTH.value, "Population health"),
    (ProjectPurpose.SERVICE_PLANNING.value, "Planning services"),
    (ProjectPurpose.RESEARCH.value, "Research"),
]


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


class ProposalForm(forms.Form):
    """What a project is proposed as; ``analysts`` are account names, separated by spaces, commas or lines."""

    code = forms.SlugField(
        max_length=40, error_messages={"required": "Give a short name.", "invalid": "Use letters, digits and hyphens."}
    )
    title = forms.CharField(max_length=120, required=False)
    question = forms.CharField(max_length=2000, required=False)
    purpose = forms.ChoiceField(choices=PURPOSES, error_messages={"required": "Choose what the data is for."})
    lawful_basis = forms.CharField(max_length=300, required=False)
    confidentiality = forms.CharField(max_length=300, required=False)
    agreement = forms.CharField(max_length=120, required=False)
    controller = forms.CharField(max_length=12, required=False)
    dpia = forms.CharField(max_length=120, required=False)
    exemption = forms.CharField(max_length=40, required=False)
    starts = forms.DateField(error_messages={"required": "Enter the first day.", "invalid": "Enter a day."})
    ends = forms.DateField(error_messages={"required": "Enter the last day.", "invalid": "Enter a day."})
    custodian = forms.CharField(max_length=150, required=False)
    analysts = forms.CharField(max_length=1000, required=False)
    columns = forms.MultipleChoiceField(choices=[(one.key, one.says) for one in CATALOGUE], required=False)

    def proposal(self) -> Proposal:
        """What was proposed, of a valid form."""
        values: dict[str, Any] = dict(self.cleaned_data)
        values |= {
            "purpose": ProjectPurpose(values["purpose"]),
            "analysts": _names(values["analysts"]),
            "columns": tuple(values["columns"]),
        }
        return Proposal(**values)


class MarkingForm(forms.Form):
    """A list: words for care staff, and pseudonyms separated by spaces, commas or lines."""

    title = forms.CharField(max_length=200, required=False)
    reason = forms.CharField(max_length=1000, required=False)
    offer = forms.CharField(max_length=1000, required=False)
    pseudonyms = forms.CharField(max_length=200_000, required=False)

    def marking(self, number: int) -> Marking:
        """What was marked in extract ``number``, of a valid form."""
        values = self.cleaned_data
        return Marking(number, values["title"], values["reason"], values["offer"], _names(values["pseudonyms"]))
