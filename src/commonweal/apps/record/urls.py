"""Addresses of the record pages."""

from django.urls import path

from commonweal.apps.record import claim_views, enquiry_views, launching, views, withholding_views
from commonweal.apps.record.rest.addresses import system

urlpatterns = [
    path("fhir/R4", system),  # the base as the standard writes it: POST [base], without a slash
    path("oauth/authorize", launching.authorize, name="authorize"),
    path("people/<uuid:person_id>", views.person, name="person"),
    path("people/<uuid:person_id>/relationships", claim_views.relationships, name="person_relationships"),
    path("people/<uuid:person_id>/apps", launching.open_in, name="open_in"),
    path("people/<uuid:person_id>/documents/<str:ident>", views.person_document, name="person_document"),
    path(
        "people/<uuid:person_id>/in-emergency/documents/<str:ident>",
        views.person_document_in_emergency,
        name="person_document_in_emergency",
    ),
    path("people/<uuid:person_id>/withheld", withholding_views.withheld, name="person_withheld"),
    path("people/<uuid:person_id>/safeguarding", enquiry_views.ask, name="safeguarding"),
    path("people/<uuid:person_id>/for-safeguarding", enquiry_views.person, name="person_for_safeguarding"),
    path(
        "people/<uuid:person_id>/for-safeguarding/documents/<str:ident>",
        enquiry_views.document,
        name="person_document_for_safeguarding",
    ),
    path("people/<uuid:person_id>/emergency", views.emergency, name="emergency"),
    path("people/<uuid:person_id>/in-emergency", views.person_in_emergency, name="person_in_emergency"),
]
