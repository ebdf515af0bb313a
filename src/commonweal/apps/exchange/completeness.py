"""What of a person a feed fills in: counts a file, never a value."""

from collections.abc import Mapping
from typing import Any

from commonweal.domain.identity import nhs_number
from commonweal.fhir import systems


def filled(resource: Mapping[str, Any]) -> dict[str, int]:
    """What a Patient has filled in, as counts to add up: ``people``, ``nhs_number``, whether it is valid, and more."""
    numbers = [one for one in resource.get("identifier", ()) if one.get("system") == systems.NHS_NUMBER]
    number = numbers[0].get("value", "") if numbers else ""
    said = {
        "people": True,
        "nhs_number": bool(number),
        "nhs_number_valid": bool(number) and nhs_number.usable(str(number)) is not None,
        "family": any(name.get("family") for name in resource.get("name", ())),
        "birth_date": "birthDate" in resource,
        "gender": "gender" in resource,
        "ethnicity": any(one.get("url") == systems.ETHNIC_CATEGORY_EXTENSION for one in resource.get("extension", ())),
        "postcode": any(one.get("postalCode") for one in resource.get("address", ())),
        "practice": "generalPractitioner" in resource,
    }
    return {name: int(there) for name, there in said.items()}
