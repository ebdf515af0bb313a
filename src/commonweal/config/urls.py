"""Every address the site answers, app by app."""

from importlib import import_module

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("commonweal.web.urls"))]
for _app in settings.INSTALLED_APPS:
    if _app.startswith("commonweal.apps.") and import_module(_app).__dict__.get("HAS_PAGES"):
        urlpatterns.append(path("", include(f"{_app}.urls")))
