"""Addresses of the identity pages."""

from django.urls import path

from commonweal.apps.identity import fairness_views, review_views, views

urlpatterns = [
    path("people", views.people, name="people"),
    path("identity/review", review_views.queue, name="identity-review"),
    path("identity/review/<int:first>-<int:second>", review_views.pair, name="identity-pair"),
    path("identity/fairness", fairness_views.report, name="identity-fairness"),
    path("identity/decisions/<int:decision_id>/undo", review_views.undo, name="identity-undo"),
]
