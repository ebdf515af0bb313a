"""Addresses of the performance pages: one list a subject, put together here."""

from django.urls import URLPattern

from commonweal.apps.performance import registry_urls

urlpatterns: list[URLPattern] = [*registry_urls.urlpatterns]
