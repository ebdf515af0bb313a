"""Addresses of the citizen's pages."""

from django.urls import path

from commonweal.apps.citizen import views

urlpatterns = [
    path("my-record", views.my_record, name="my_record"),
    path("my-record/who-looked", views.who_looked, name="who_looked"),
]
