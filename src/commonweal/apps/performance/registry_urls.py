"""Addresses of definitions, import, outcomes and oversight."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
