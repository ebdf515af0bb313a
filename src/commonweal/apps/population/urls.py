"""Addresses of the register pages."""

from django.urls import path

from commonweal.apps.population import views

urlpatterns = [
    path("registers", views.registers, name="registers"),
    path("registers/<str:name>", views.register, name="register"),
]
