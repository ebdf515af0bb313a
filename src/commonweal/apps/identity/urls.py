"""Addresses of the identity pages."""

from django.urls import path

from commonweal.apps.identity import views

urlpatterns = [path("people", views.people, name="people")]
