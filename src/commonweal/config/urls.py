"""Every address the site answers: FHIR first, which is asked for most, then the pages app by app."""

from importlib import import_module
from types import ModuleType

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path


def _apps(told: str) -> list[ModuleType]:
    """The apps whose package says ``told``, the highest first.

    What a higher app adds under a lower one's address ($export under the FHIR base) is found before the lower one
    says that there is no such thing.
    """
    ours = (name for name in reversed(settings.INSTALLED_APPS) if name.startswith("commonweal.apps."))
    return [app for app in map(import_module, ours) if hasattr(app, told)]


_FHIR = [path("", include(app.FHIR_URLS)) for app in _apps("FHIR_URLS")]

urlpatterns: list[URLPattern | URLResolver] = [
    path("fhir/R4/", include(_FHIR)),
    path("", include("commonweal.web.urls")),
]
urlpatterns += [path("", include(f"{app.__name__}.urls")) for app in _apps("HAS_PAGES")]
