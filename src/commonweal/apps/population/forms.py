"""How a register is asked for."""

from django import forms

from commonweal.apps.population.breakdown import LENSES, NETWORK, footprints


class Ask(forms.Form):
    """``by``: a lens; ``footprint``: a code. Anything missing or unknown means networks of the whole system."""

    by = forms.ChoiceField(choices=list(LENSES.items()), required=False)
    footprint = forms.CharField(required=False, max_length=12)

    def chosen(self) -> tuple[str, str]:
        """(lens, footprint code); the footprint is empty where there are none yet."""
        self.is_valid()
        codes = [code for code, _ in footprints()]
        wanted = self.cleaned_data.get("footprint", "")
        return self.cleaned_data.get("by") or NETWORK, wanted if wanted in codes else next(iter(codes), "")
