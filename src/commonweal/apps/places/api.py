"""The public face of the places app."""

from commonweal.apps.places.actions import BadReferenceError, load_reference
from commonweal.apps.places.selectors import (
    Footprint,
    Organisation,
    SmallArea,
    footprints,
    forms_of,
    name_of,
    names_of,
    organisation,
    organisations,
    postcode_table,
    practice_footprints,
    small_area_of,
    small_areas,
)

__all__ = [
    "BadReferenceError",
    "Footprint",
    "Organisation",
    "SmallArea",
    "footprints",
    "forms_of",
    "load_reference",
    "name_of",
    "names_of",
    "organisation",
    "organisations",
    "postcode_table",
    "practice_footprints",
    "small_area_of",
    "small_areas",
]
