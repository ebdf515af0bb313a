"""Organisations of the loaded reference data as FHIR, by their ODS code. https://hl7.org/fhir/R4/organization.html

What a source sent under the same id comes first; this answers where nobody sent one. Each dated form is a version,
the latest the highest; succession is an extension that names the successor by its code.
"""

from datetime import UTC, datetime

import orjson

from commonweal.apps.places import api as places
from commonweal.apps.record.directory import organisation
from commonweal.apps.record.stored import Stored


def organisations(ods: str) -> list[Stored]:
    """The forms an organisation has had, latest first; empty for a code that is not loaded."""
    forms = places.forms_of(ods)
    return [_stored(version, form) for version, form in reversed(list(enumerate(forms, 1)))]


def _stored(version: int, form: places.Organisation) -> Stored:
    began = datetime.combine(form.valid_from, datetime.min.time(), UTC)
    return Stored(
        "Organization",
        form.ods_code,
        version,
        began,
        orjson.dumps(organisation(form, form.ods_code)),
        "",
        "reference",
        "",
        None,
    )
