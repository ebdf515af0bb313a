"""WSGI entry point: ``granian --interface wsgi commonweal.config.wsgi:application``."""

import os
from importlib import import_module

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")

from django.core.wsgi import get_wsgi_application

from commonweal.cli.parent import end_with_parent

_django = get_wsgi_application()
_short = import_module("commonweal.apps.record.rest.short")  # these need Django to be set up
application = import_module("commonweal.web.door").Door(_django, _short.answered, "/fhir/R4/")
import_module("commonweal.config.warming").warm()
end_with_parent()  # a worker whose server was killed would go on answering on its port, and nobody could stop it
