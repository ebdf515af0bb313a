"""The Personal Demographics Service (PDS) FHIR API: asking who somebody is, and reading the answer.

https://digital.nhs.uk/developer/api-catalogue/personal-demographics-service-fhir — *Search for a patient* and *Get
patient details*. ``asking`` says what is sent and what an answer means and opens no connection itself; ``transport``
opens one; ``simulator`` answers in the same shapes from made-up people.
"""

from commonweal.feeds.pds.asking import Answer, Asked, Kind, Pds, PdsRefused, PdsUnavailable
from commonweal.feeds.pds.transport import https_transport

__all__ = ["Answer", "Asked", "Kind", "Pds", "PdsRefused", "PdsUnavailable", "https_transport"]
