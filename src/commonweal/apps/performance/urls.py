"""Addresses of the performance pages: one list a subject, put together here."""

from django.urls import URLPattern

from commonweal.apps.performance import indicator_urls, registry_urls

urlpatterns: list[URLPattern] = [*indicator_urls.urlpatterns, *registry_urls.urlpatterns]
