"""Disclosure profiles, dated, and figures as they may be shown under them."""

from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from pathlib import Path

from django.conf import settings

from commonweal.domain.measurement.disclosure import Profile, read_profiles
from commonweal.domain.measurement.figures import Indicator, Measurement
from commonweal.domain.measurement.releasing import released


def disclosure_profiles() -> list[Profile]:
    """Every dated profile; ``disclosure_profiles.csv`` of the home folder adds the installation's own."""
    found = read_profiles(files(__package__).joinpath("disclosure_profiles.csv").read_text("utf-8").splitlines())
    own = Path(settings.COMMONWEAL_HOME, "disclosure_profiles.csv")
    return [*found, *read_profiles(own.read_text("utf-8-sig").splitlines())] if own.exists() else found


def as_released(indicator: Indicator, figures: Sequence[Measurement], on: date) -> tuple[list[Measurement], str]:
    """An indicator's figures as its disclosure profile lets them be shown on a day, and the rule in English.

    An indicator that names no profile is shown whole (""); where it names one that is not in force, no breakdown is.
    """
    if not indicator.disclosure:
        return list(figures), ""
    named = [one for one in disclosure_profiles() if one.name == indicator.disclosure]
    held = [one for one in named if one.valid_from <= on and (one.valid_to is None or on <= one.valid_to)]
    if not held:
        return released(figures, None), (
            f"Breakdowns are hidden: no disclosure profile “{indicator.disclosure}” is in force."
        )
    return released(figures, held[0]), held[0].sentence
