"""Addresses of the feeds pages."""

from django.urls import include, path

from commonweal.apps.exchange import accepted_views, views
from commonweal.apps.exchange.bars import urls as bars
from commonweal.apps.exchange.mesh.pages import mesh

urlpatterns = [
    path("fhir/bars/", include(bars.api)),
    *bars.pages,
    path("feeds", views.feeds, name="feeds"),
    path("feeds/of/<slug:feed>/<slug:source>", views.feed, name="feed"),
    path("feeds/<int:receipt_id>", views.receipt, name="receipt"),
    path("feeds/<int:receipt_id>/replay", views.replay, name="replay"),
    path("feeds/mesh", mesh, name="mesh"),
    path("feeds/messages", accepted_views.find, name="find-message"),
    path("feeds/<int:receipt_id>/accepted", accepted_views.line_of, name="accepted-line"),
    path("feeds/<int:receipt_id>/accepted/<int:line>", accepted_views.line, name="accepted"),
    path("feeds/<int:receipt_id>/lines/<int:line>", views.line, name="line"),
]
