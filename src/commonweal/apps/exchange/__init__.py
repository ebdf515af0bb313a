"""Landing partners' files: what arrived, what was accepted, what was set aside and why."""

HAS_PAGES = True
FHIR_URLS = "commonweal.apps.exchange.bulk.urls"
