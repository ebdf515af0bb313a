"""WSGI entry point: ``granian --interface wsgi commonweal.config.wsgi:application``."""

import os
import time
from importlib import import_module

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonweal.config.settings")

import psycopg
from django.core.wsgi import get_wsgi_application

from commonweal.cli.parent import end_with_parent

_BEGAN = time.monotonic()
_LOOP_SECONDS = 6.0  # granian stops with a worker that ends within 5.5 seconds of being started again

try:
    _django = get_wsgi_application()
except psycopg.OperationalError:  # the database is away: to be tried again for as long as it is
    time.sleep(max(0.0, _BEGAN + _LOOP_SECONDS - time.monotonic()))
    raise
_short = import_module("commonweal.apps.record.rest.short")  # these need Django to be set up
application = import_module("commonweal.web.door").Door(_django, _short.answered, "/fhir/R4/")
import_module("commonweal.config.warming").warm()
end_with_parent()  # a worker whose server was killed would go on answering on its port, and nobody could stop it
