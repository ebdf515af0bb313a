"""Addresses of the indicator pages."""

from django.urls import URLPattern, path

from commonweal.apps.performance import indicator_views

urlpatterns: list[URLPattern] = [
    path("performance/indicators", indicator_views.indicators, name="indicators"),
    path("performance/indicators/<str:code>", indicator_views.indicator, name="indicator"),
]
