"""Addresses of access."""

from django.urls import path

from commonweal.apps.access import views

urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-out", views.sign_out, name="sign_out"),
]
