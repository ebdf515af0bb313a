"""Addresses of the Booking and Referral Standard, included at ``fhir/bars/``, and of the referral pages."""

from django.urls import path, re_path

from commonweal.apps.exchange.bars import rest, views

_KIND = r"(?P<kind>ServiceRequest|Appointment)"

api = [
    path("$process-message", rest.process_message),
    path("metadata", rest.metadata),
    path("MessageDefinition", rest.message_definitions),
    path("Slot", rest.free_slots),
    re_path(rf"^{_KIND}$", rest.search),
    re_path(rf"^{_KIND}/(?P<ident>[A-Za-z0-9\-.]{{1,64}})$", rest.read),
]

pages = [
    path("referrals", views.referrals, name="referrals"),
    path("referrals/send", views.send, name="referral-send"),
    path("referrals/waiting", views.waiting, name="referrals-waiting"),
    path("referrals/waiting/<uuid:ident>", views.unmatched, name="referral-unmatched"),
    path("referrals/<uuid:ident>/book", views.book, name="referral-book"),
    path("referrals/<uuid:ident>", views.referral, name="referral"),
]
