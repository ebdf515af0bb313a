"""Addresses of access."""

from django.urls import path

from commonweal.apps.access import case_views, governance_views, views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
    path("account/devices", views.places_signed_in, name="devices"),
    path("information-governance/rules", governance_views.rules, name="access-rules"),
    path("information-governance/trial", governance_views.trial, name="access-trial"),
    path("information-governance/cases", case_views.queue, name="access-cases"),
    path("information-governance/cases/<int:case_id>", case_views.case, name="access-case"),
]
