"""Addresses of the feeds pages."""

from django.urls import path

from commonweal.apps.exchange import views

urlpatterns = [
    path("feeds", views.feeds, name="feeds"),
    path("feeds/<int:receipt_id>", views.receipt, name="receipt"),
]
