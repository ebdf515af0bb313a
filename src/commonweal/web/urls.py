"""Addresses of the pages that belong to no one app."""

from django.urls import path

from commonweal.web import views

urlpatterns = [
    path("", views.home, name="home"),
    path("accessibility", views.accessibility, name="accessibility"),
    path("styles/nhsuk.css", views.nhsuk_styles, name="nhsuk_styles"),
    path("privacy", views.privacy, name="privacy"),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
]
