"""Addresses of the citizen's pages."""

from django.urls import path

from commonweal.apps.citizen import views

urlpatterns = [
    path("my-record", views.my_record, name="my_record"),
    path("my-record/documents/<str:ident>", views.my_document, name="my_document"),
    path("my-record/who-looked", views.who_looked, name="who_looked"),
    path("my-record/who-looked/<int:look_id>", views.question, name="question_look"),
]
