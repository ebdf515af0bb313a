"""Who holds what about whom, as received: the direct-care store and its pages."""

HAS_PAGES = True
FHIR_URLS = "commonweal.apps.record.rest.urls"
