"""Addresses of the alert pages."""

from django.urls import path

from commonweal.apps.coordination import caseload_views, views

urlpatterns = [
    path("alerts", views.alerts, name="alerts"),
    path("alerts/waiting", views.waiting, name="alerts_waiting"),
    path("alerts/figures", views.figures, name="alert_figures"),
    path("alerts/<int:alert_id>", views.alert, name="alert"),
    path("alerts/<int:alert_id>/referrals/<int:referral_id>", views.referral, name="alert_referral"),
    path("alerts/feeds/<int:alert_id>", views.feed_alert, name="feed_alert"),
    path("caseload", caseload_views.caseload, name="caseload"),
    path("caseload/absences", caseload_views.absence, name="absence"),
    path("caseload/<int:allocation>/end", caseload_views.ended, name="caseload_ended"),
    path("people/<uuid:person_id>/workers", caseload_views.person, name="who_works"),
]
