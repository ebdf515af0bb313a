"""Whether a Patient's death is formally registered, or only told of.

https://simplifier.net/hl7fhirukcorer4/extension-ukcore-deathnotificationstatus: 1 informal, 2 formal (a notice from the
Registrar of Deaths). The Personal Demographics Service answers with it, and a practice's system passes it on.
"""

from collections.abc import Mapping
from typing import Any

STATUS = "Extension-UKCore-DeathNotificationStatus"
_FORMAL = "2"


def formally_registered(patient: Mapping[str, Any]) -> bool:
    """Whether a Patient carries the status of a formally notified death."""
    for extension in patient.get("extension", ()):
        if str(extension.get("url", "")).endswith(STATUS):
            for part in extension.get("extension", ()):
                codings = part.get("valueCodeableConcept", {}).get("coding", ())
                if any(coding.get("code") == _FORMAL for coding in codings):
                    return True
    return False
