"""Every address the site answers, app by app."""

from importlib import import_module

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("commonweal.web.urls"))]
# The highest app first: what a higher app adds under a lower one's address ($export under the FHIR base) is found
# before the lower one says that there is no such thing.
for _app in reversed(settings.INSTALLED_APPS):
    if _app.startswith("commonweal.apps.") and import_module(_app).__dict__.get("HAS_PAGES"):
        urlpatterns.append(path("", include(f"{_app}.urls")))
