"""Addresses of the citizen's pages, of who acts for them, and of staff who deal with their requests."""

from django.urls import path

from commonweal.apps.citizen import choice_views, copy_views, proxy_views, request_views, views

urlpatterns = [
    path("my-record", views.my_record, name="my_record"),
    path("my-record/documents/<str:ident>", views.my_document, name="my_document"),
    path("my-record/who-looked", views.who_looked, name="who_looked"),
    path("my-record/who-looked/<int:look_id>", views.question, name="question_look"),
    path("my-record/copy", copy_views.own, name="own_copies"),
    path("my-record/copy/<int:copy_id>", copy_views.one, name="own_copy"),
    path("my-record/copy/<int:copy_id>/read", copy_views.read, name="read_copy"),
    path("my-record/copy/<int:copy_id>/pdf", copy_views.download, {"form": "pdf"}, name="copy_pdf"),
    path("my-record/copy/<int:copy_id>/fhir", copy_views.download, {"form": "fhir"}, name="copy_fhir"),
    path("my-record/acting-for-me", proxy_views.own, name="own_proxies"),
    path("my-record/acting-for-me/<int:proxy_id>/end", proxy_views.end, name="end_proxy"),
    path("my-record/choices", choice_views.own, name="own_choices"),
    path("information-governance/choices", choice_views.officers, name="officer_choices"),
    path("acting-for", proxy_views.acting, name="acting_for"),
    path("acting-for/<int:proxy_id>", proxy_views.whom, name="record_on_behalf"),
    path("acting-for/<int:proxy_id>/documents/<str:ident>", proxy_views.document, name="document_on_behalf"),
    path("requests", request_views.waiting, name="requests"),
    path("requests/copies/<int:copy_id>", request_views.draft, name="draft_copy"),
    path("people/<uuid:person_id>/requests", request_views.person, name="requests_of"),
    path("information-governance/copies", request_views.copies, name="copies_to_release"),
    path("information-governance/copies/<int:copy_id>", request_views.sign_off, name="release_copy"),
]
