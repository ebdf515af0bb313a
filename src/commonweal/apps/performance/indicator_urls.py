"""Addresses of the indicator pages."""

from django.urls import URLPattern, path

from commonweal.apps.performance import indicator_views

urlpatterns: list[URLPattern] = [
    path("performance/indicators", indicator_views.indicators, name="indicators"),
    path(
        "performance/indicators/<str:code>/recalibrations",
        indicator_views.recalibrations,
        name="indicator_recalibrations",
    ),
    path(
        "performance/indicators/<str:code>/recalibrations/<int:number>",
        indicator_views.recalibration,
        name="indicator_recalibration",
    ),
    path("performance/indicators/<str:code>", indicator_views.indicator, name="indicator"),
]
