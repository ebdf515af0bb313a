"""This app's dated data: code lists, the installation's own before the package's."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from django.conf import settings

from commonweal.apps.measurement import api as measurement
from commonweal.domain.measurement.disclosure import Profile
from commonweal.domain.population.codelists import ListedCode, read_code_list


def code_lists() -> list[ListedCode]:
    """Every code of every list. A file in ``codelists`` of the home replaces the list of its name.

    Raises ``CodeListFault`` naming the list and line.
    """
    found: dict[str, Traversable | Path] = {
        one.name: one for one in files(__package__).joinpath("codelists").iterdir() if one.name.endswith(".csv")
    }
    found |= {path.name: path for path in Path(settings.COMMONWEAL_HOME, "codelists").glob("*.csv")}
    return [
        code
        for name in sorted(found)
        for code in read_code_list(name.removesuffix(".csv"), found[name].read_text("utf-8-sig").splitlines())
    ]


def disclosure_profiles() -> list[Profile]:
    """Every dated profile."""
    return measurement.disclosure_profiles()
